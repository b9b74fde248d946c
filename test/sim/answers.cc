// test/sim/answers.cc — the oracle: decides whether an answer is right, given the question and the versions on the
// disk.
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "test/sim/questions.h"

namespace portico::sim {
namespace {

std::optional<std::string> gunzip(std::string_view octets) {
    z_stream stream{};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return std::nullopt;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
    stream.avail_in = static_cast<uInt>(octets.size());
    std::string plain(4'000'000, '\0');
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    const int result = inflate(&stream, Z_FINISH);
    plain.resize(stream.total_out);
    const bool is_whole = result == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    if (!is_whole) return std::nullopt;
    return plain;
}

// Removes a decimal number from the front of `text`.
std::optional<std::size_t> take_number(std::string_view& text) {
    std::size_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

// Two versions of a file with the same content have the same entity tag.
bool is_same(const Content& one, const Content& other) {
    return one == other || (one != nullptr && other != nullptr && *one == *other);
}

struct Part {
    std::size_t first;
    std::size_t last;
    friend bool operator==(const Part&, const Part&) = default;
};

// Returns the parts of `size` octets that a Range field asks for (RFC 9110 §14.1.2). Empty: none can be satisfied.
std::vector<Part> resolve(std::string_view range, std::size_t size) {
    std::vector<Part> parts;
    take(range, "bytes=");
    while (!range.empty()) {
        take(range, ", ");
        if (take(range, "-")) {
            const std::size_t suffix = std::min(take_number(range).value_or(0), size);
            if (suffix > 0) parts.push_back({size - suffix, size - 1});
            continue;
        }
        const std::size_t first = take_number(range).value_or(0);
        take(range, "-");
        const std::size_t last = take_number(range).value_or(SIZE_MAX);
        if (first < size && first <= last) parts.push_back({first, std::min(last, size - 1)});
    }
    return parts;
}

class Check {
public:
    Check(World& world, const Question& question, const Answer& answer)
        : world_(&world), question_(&question), answer_(&answer) {
        if (question.path.empty()) return;
        const bool any_age = world.mood().may_be_stale();
        possible_ = world.disk().versions_since(question.path,
                                                any_age ? io::TimePoint() : question.asked_at - world.staleness_max());
    }

    Verdict run();

private:
    void fail(const std::string& why) const;
    void check_all();
    void file();
    // Reports that no version has these octets.
    void unknown(const std::string& why);
    void whole();
    void part();
    void parts(std::string_view boundary);
    void check_other();
    void handled();
    void expect_status(std::initializer_list<int> possible);
    // Returns whether any version that may be sent as the answer fits.
    template <class Fits>
    [[nodiscard]] bool any(Fits fits) const {
        return std::ranges::any_of(possible_,
                                   [&](const Version& version) { return version.content && fits(version.content); });
    }
    [[nodiscard]] bool may_be_absent() const {
        return std::ranges::any_of(possible_, [](const Version& version) { return version.content == nullptr; });
    }
    [[nodiscard]] std::string nearest(const std::string& content) const;
    [[nodiscard]] bool is_part_of(const std::string& content, std::string_view content_range,
                                  std::string_view octets) const;

    World* world_;
    const Question* question_;
    const Answer* answer_;
    std::vector<Version> possible_;
    Verdict verdict_ = Verdict::right;
};

void Check::fail(const std::string& why) const {
    std::string text =
        why + "\n  asked: " + question_->octets.substr(0, 300) + "\n  answered: " + std::to_string(answer_->status);
    for (const auto& [name, value] : answer_->fields) text += "\n    " + name + ": " + value;
    text += "\n    " + std::to_string(answer_->content.size()) + " octets: " + answer_->content.substr(0, 120);
    world_->fail(std::move(text));
}

void Check::expect_status(std::initializer_list<int> possible) {
    if (std::ranges::find(possible, answer_->status) == possible.end()) fail("an unexpected status");
}

Verdict Check::run() {
    check_all();
    return verdict_;
}

void Check::unknown(const std::string& why) {
    if (!world_->disk().may_mix(question_->path)) return fail(why);
    world_->count("mixed");
    verdict_ = Verdict::breaks;
}

void Check::check_all() {
    if (!answer_->find("date")) fail("an answer without a date");
    const int status = answer_->status;
    if ((status == 503 || status == 500) && world_->mood().may_fail()) return;
    if (status == 503 && world_->mood().little_memory) return;
    // Some connections have buffers of a few octets, through which a head takes long.
    const bool has_taken_long = world_->core().now() - question_->asked_at > world_->limits().head_time_max;
    if (status == 408 && (question_->is_slow || has_taken_long || world_->mood().clock_jumps)) return;
    if (question_->closes && !answer_->closes()) fail("the connection should be closed");
    const bool may_close =
        question_->closes || question_->may_close || question_->expects_continue || world_->is_ending();
    if (answer_->closes() && !may_close) fail("the connection should be kept");
    if (question_->about == Question::About::file) return file();
    check_other();
}

void Check::check_other() {
    switch (question_->about) {
        case Question::About::file: break;
        case Question::About::nothing: return expect_status({404});
        case Question::About::listing: {
            expect_status({200});
            if (question_->is_head || question_->octets.find(" /dir/") == std::string::npos) break;
            const std::string& page = answer_->content;
            if (page.find("a.txt") == std::string::npos || !page.ends_with("</html>\n")) fail("an incomplete listing");
            break;
        }
        case Question::About::redirect:
            expect_status({301, 307, 308});
            if (!answer_->find("location").value_or("").ends_with('/')) fail("a redirect to no folder");
            break;
        case Question::About::handler: return handled();
        case Question::About::method: return expect_status({405, 501});
        case Question::About::options: return expect_status({200, 204});
        case Question::About::too_much: return expect_status({413, 414, 431});
        case Question::About::malformed:
            if (answer_->status / 100 != 4 && answer_->status != 501 && answer_->status != 505) fail("no refusal");
            break;
    }
}

void Check::handled() {
    if (answer_->status == 503 && world_->mood().clock_jumps) return;
    if (std::ranges::find(question_->statuses, answer_->status) == question_->statuses.end()) {
        return fail("not a status that the handler answers with");
    }
    if (question_->is_head) return;
    if (question_->breaks && answer_->status == 200) return fail("an answer that was cut looks whole");
    if (question_->content && answer_->content != *question_->content) fail("not the handler's content");
}

void Check::file() {
    switch (answer_->status) {
        case 200: return whole();
        case 206: return part();
        case 304:
            if (!any([&](const Content& content) { return is_same(content, question_->if_none_match); }))
                fail("a wrong 304");
            break;
        case 412:
            if (question_->if_match == nullptr) fail("a 412 without If-Match");
            // If a file's content could not be read, its tag is made from its times until the file is looked up again.
            if (world_->mood().disk_failures) break;
            if (!any([&](const Content& content) { return !is_same(content, question_->if_match); }))
                fail("a wrong 412");
            break;
        case 416:
            if (question_->range.empty()) fail("a 416 without a range");
            if (!any([&](const Content& content) { return resolve(question_->range, content->size()).empty(); })) {
                fail("a wrong 416");
            }
            break;
        case 404:
            if (!may_be_absent()) fail("the file was there");
            break;
        default: fail("an unexpected status");
    }
}

void Check::whole() {
    std::string plain = answer_->content;
    const bool is_encoded = answer_->find("content-encoding").has_value();
    if (is_encoded) {
        auto unpacked = question_->is_head ? std::string() : gunzip(answer_->content);
        if (!question_->accepts_gzip || !unpacked) return fail("a wrong Content-Encoding");
        plain = std::move(*unpacked);
    }
    std::string_view length_text = answer_->find("content-length").value_or("");
    const std::size_t length = take_number(length_text).value_or(SIZE_MAX);
    Content found;
    const bool fits = any([&](const Content& content) {
        const bool same = question_->is_head ? is_encoded || content->size() == length : *content == plain;
        if (same) found = content;
        return same;
    });
    if (!fits) return unknown("content that the file never had" + nearest(plain));
    const bool must_be_part = !question_->range.empty() && question_->range.find(',') == std::string::npos &&
                              question_->if_range == nullptr && !question_->is_head;
    if (must_be_part && !world_->mood().changes && !resolve(question_->range, found->size()).empty()) {
        fail("the range was ignored");
    }
    if (question_->is_head || is_encoded) return;
    const std::string etag(answer_->find("etag").value_or(""));
    if (!etag.starts_with('"')) return fail("no strong entity tag");
    const auto [seen, is_new] = world_->etags.try_emplace({question_->path, etag}, found);
    if (!is_new && *seen->second != *found) fail("one entity tag for two contents");
}

// Describes where `content` differs from the version that it resembles most.
std::string Check::nearest(const std::string& content) const {
    std::size_t longest = 0;
    for (const Version& version : world_->disk().versions_since(question_->path, io::TimePoint())) {
        if (version.content == nullptr) continue;
        const auto [here, there] = std::ranges::mismatch(content, *version.content);
        longest = std::max(longest, static_cast<std::size_t>(here - content.begin()));
    }
    return ": differs from octet " + std::to_string(longest) + ": ..." +
           content.substr(longest - std::min<std::size_t>(longest, 40), 120);
}

// Returns whether `octets` are the part of `content` that a field like "bytes 0-9/100" announces.
bool Check::is_part_of(const std::string& content, std::string_view content_range, std::string_view octets) const {
    if (!take(content_range, "bytes ")) return false;
    const auto first = take_number(content_range);
    if (!first || !take(content_range, "-")) return false;
    const auto last = take_number(content_range);
    if (!last || !take(content_range, "/")) return false;
    const auto size = take_number(content_range);
    if (!size || !content_range.empty() || *size != content.size() || *first > *last || *last >= *size) return false;
    const std::vector<Part> asked = resolve(question_->range, content.size());
    if (std::ranges::find(asked, Part{*first, *last}) == asked.end()) return false;
    return content.compare(*first, *last - *first + 1, octets) == 0;
}

void Check::part() {
    if (question_->range.empty() || question_->is_head) return fail("a 206 that was not asked for");
    std::string_view type = answer_->find("content-type").value_or("");
    if (take(type, "multipart/byteranges; boundary=")) return parts(type);
    const std::string_view content_range = answer_->find("content-range").value_or("");
    const bool fits = any([&](const Content& content) {
        const bool is_meant = question_->if_range == nullptr || is_same(content, question_->if_range);
        return is_meant && is_part_of(*content, content_range, answer_->content);
    });
    if (!fits) unknown("a part that the file never had");
}

void Check::parts(std::string_view boundary) {
    // RFC 9110 §14.6
    std::vector<std::pair<std::string_view, std::string_view>> parts;
    std::string_view left = answer_->content;
    const std::string between = "\r\n--" + std::string(boundary);
    take(left, "\r\n");
    if (!take(left, between.substr(2))) return fail("multipart without a boundary");
    while (!take(left, "--")) {
        const std::size_t head_end = left.find("\r\n\r\n");
        const std::size_t end = left.find(between);
        const std::size_t field = left.find("Content-Range: ");
        if (head_end == std::string_view::npos || end == std::string_view::npos || field > head_end) {
            return fail("a part without an end or a Content-Range");
        }
        const std::string_view line = left.substr(field + 15);
        parts.emplace_back(line.substr(0, line.find("\r\n")), left.substr(head_end + 4, end - head_end - 4));
        left.remove_prefix(end + between.size());
    }
    const bool fits = any([&](const Content& content) {
        const bool is_meant = question_->if_range == nullptr || is_same(content, question_->if_range);
        return is_meant &&
               std::ranges::all_of(parts, [&](const auto& one) { return is_part_of(*content, one.first, one.second); });
    });
    if (!fits || parts.empty()) unknown("parts that the file never had at the same time");
}

}  // namespace

Verdict check_answer(World& world, const Question& question, const Answer& answer) {
    return Check(world, question, answer).run();
}

}  // namespace portico::sim
