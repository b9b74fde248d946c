// test/sim/http_client.cc — see http_client.h.
#include "test/sim/http_client.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace portico::sim {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads the head, without the empty line at its end, into `answer`. Returns what is wrong with it.
std::string parse_head(std::string_view head, Answer& answer) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const bool is_status_line = line.size() >= 13 && line.starts_with("HTTP/1.1 ") && line[12] == ' ' &&
                                std::all_of(line.begin() + 9, line.begin() + 12, is_digit);
    if (!is_status_line) return "no status line: " + std::string(line);
    answer.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    head.remove_prefix(std::min(line.size() + 2, head.size()));
    while (!head.empty()) {
        const std::string_view field = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(field.size() + 2, head.size()));
        const std::size_t colon = field.find(": ");
        if (colon == 0 || colon == std::string_view::npos) return "no field line: " + std::string(field);
        if (field.find_first_of("\r\n") != std::string_view::npos) return "a bare CR or LF in the head";
        std::string name(field.substr(0, colon));
        for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        if (answer.find(name) && name != "set-cookie") return "a field twice: " + name;
        answer.fields.emplace_back(std::move(name), std::string(field.substr(colon + 2)));
    }
    return {};
}

bool is_chunked(const Answer& answer) { return answer.find("transfer-encoding") == "chunked"; }

// The content of the chunks at the front of `octets`, and where they end (RFC 9112 §7.1). Nothing while they are
// incomplete.
struct Chunks {
    std::string content;
    std::size_t end = 0;
    std::string wrong;
};
std::optional<Chunks> read_chunks(std::string_view octets) {
    Chunks chunks;
    for (;;) {
        const std::size_t line_end = octets.find("\r\n", chunks.end);
        if (line_end == std::string_view::npos) return std::nullopt;
        std::size_t size = 0;
        const char* const last = octets.data() + line_end;
        const auto [end, failure] = std::from_chars(octets.data() + chunks.end, last, size, 16);
        const bool is_size = failure == std::errc() && end == last;
        if (!is_size) chunks.wrong = "no chunk-size line: " + std::string(octets.substr(chunks.end, 40));
        if (!is_size) return chunks;
        chunks.end = line_end + 2 + size + 2;
        if (octets.size() < chunks.end) return std::nullopt;
        if (octets.substr(chunks.end - 2, 2) != "\r\n") chunks.wrong = "a chunk without its CRLF";
        if (size == 0 || !chunks.wrong.empty()) return chunks;
        chunks.content += octets.substr(line_end + 2, size);
    }
}

// Returns how much content follows the head, or nothing if the head does not say.
std::optional<std::size_t> content_octets(const Answer& answer, bool to_head) {
    const bool never_has = answer.status / 100 == 1 || answer.status == 204 || answer.status == 304;
    if (to_head || never_has) return 0;
    if (is_chunked(answer)) return 0;
    const auto length = answer.find("content-length");
    if (!length) return std::nullopt;
    std::size_t octets = 0;
    const auto [end, failure] = std::from_chars(length->data(), length->data() + length->size(), octets);
    if (failure != std::errc() || end != length->data() + length->size()) return std::nullopt;
    return octets;
}

}  // namespace

std::optional<std::string_view> Answer::find(std::string_view name) const {
    const auto field = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
    if (field == fields.end()) return std::nullopt;
    return field->second;
}

Task<std::optional<Answer::End>> AnswerReader::read_more(io::Duration patience) {
    std::array<char, 4096> room;
    const io::TimePoint deadline = line_->core().now() + patience;
    const io::Result<std::size_t> got = co_await line_->read(room, deadline);
    if (!got && got.error().number == ETIMEDOUT) co_return Answer::End::timed_out;
    if (!got || *got == 0) co_return Answer::End::ended;
    received_.append(room.data(), *got);
    co_return std::nullopt;
}

Task<Answer> AnswerReader::next(bool to_head, io::Duration patience) {
    for (;;) {
        Answer answer = co_await next_of_any_kind(to_head, patience);
        if (answer.end != Answer::End::whole || answer.status / 100 != 1) co_return answer;
        ++interim_;
    }
}

Task<Answer> AnswerReader::next_of_any_kind(bool to_head, io::Duration patience) {
    Answer answer;
    std::size_t head_end = std::string::npos;
    for (;;) {
        answer.octets = received_.size();
        head_end = received_.find("\r\n\r\n");
        if (head_end != std::string::npos) break;
        const std::optional<Answer::End> end = co_await read_more(patience);
        if (!end) continue;
        answer.end = *end;
        co_return answer;
    }
    answer.wrong = parse_head(std::string_view(received_).substr(0, head_end), answer);
    const std::optional<std::size_t> octets = content_octets(answer, to_head);
    if (answer.wrong.empty() && !octets) answer.wrong = "no Content-Length that can be read";
    if (!answer.wrong.empty()) {
        answer.end = Answer::End::garbage;
        co_return answer;
    }
    received_.erase(0, head_end + 4);
    if (is_chunked(answer) && !to_head) {
        answer = co_await chunked(std::move(answer), patience);
        co_return answer;
    }
    while (received_.size() < *octets) {
        answer.octets = head_end + 4 + received_.size();
        const std::optional<Answer::End> end = co_await read_more(patience);
        if (!end) continue;
        answer.end = *end;
        co_return answer;
    }
    answer.content = received_.substr(0, *octets);
    received_.erase(0, *octets);
    answer.end = Answer::End::whole;
    co_return answer;
}

// Reads the chunks of an answer whose head has been read.
Task<Answer> AnswerReader::chunked(Answer answer, io::Duration patience) {
    const std::size_t head_octets = answer.octets - received_.size();
    std::optional<Chunks> chunks = read_chunks(received_);
    while (!chunks) {
        answer.octets = head_octets + received_.size();
        const std::optional<Answer::End> end = co_await read_more(patience);
        if (end) {
            answer.end = *end;
            co_return answer;
        }
        chunks = read_chunks(received_);
    }
    answer.end = chunks->wrong.empty() ? Answer::End::whole : Answer::End::garbage;
    answer.wrong = std::move(chunks->wrong);
    answer.content = std::move(chunks->content);
    received_.erase(0, chunks->end);
    co_return answer;
}

Task<bool> AnswerReader::ends(io::Duration patience) {
    if (!received_.empty()) co_return false;
    const std::optional<Answer::End> end = co_await read_more(patience);
    co_return end == Answer::End::ended;
}

}  // namespace portico::sim
