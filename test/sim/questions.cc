// test/sim/questions.cc — see questions.h. The checks are in answers.cc.
#include "test/sim/questions.h"

#include <array>
#include <utility>

namespace portico::sim {
namespace {

constexpr std::string_view host = "Host: example.org\r\n";

std::string percent_encoded(std::string_view path) {
    std::string encoded;
    for (const char c : path) {
        const auto octet = static_cast<unsigned char>(c);
        constexpr std::string_view digits = "0123456789ABCDEF";
        if (octet > 0x20 && octet < 0x7f && c != '%' && c != '&') {
            encoded += c;
        } else {
            encoded += '%';
            encoded += digits[octet >> 4];
            encoded += digits[octet & 15];
        }
    }
    return encoded;
}

// Content with either framing. No answer here depends on it.
std::string draw_content(io::Chance& chance, std::string& fields) {
    std::string content;
    if (chance.happens(0.5)) {
        content.assign(chance.below(20) == 0 ? 150'000 : chance.below(300), 'c');
        fields += "Content-Length: " + std::to_string(content.size()) + "\r\n";
        return content;
    }
    fields += "Transfer-Encoding: chunked\r\n";
    for (auto left = chance.below(4); left > 0; --left) content += "a;name=\"value\"\r\n0123456789\r\n";
    content += chance.happens(0.5) ? "0\r\n\r\n" : "0\r\nTrailer-Field: value\r\n\r\n";
    return content;
}

std::string draw_range(io::Chance& chance, std::size_t size) {
    const auto some = [&chance, size] { return std::to_string(chance.below(size + size / 8 + 2)); };
    const auto one = [&] {
        switch (chance.below(4)) {
            case 0: return "-" + some();
            case 1: return some() + "-";
            default: {
                const std::uint64_t first = chance.below(size + 1);
                return std::to_string(first) + "-" + std::to_string(first + chance.below(size + 1));
            }
        }
    };
    std::string range = "bytes=" + one();
    while (chance.happens(0.3)) range += ", " + one();
    return range;
}

// An entity tag that was seen for the path, and the content that it stood for.
std::optional<std::pair<std::string, Content>> draw_etag(World& world, const std::string& path) {
    std::vector<std::pair<std::string, Content>> known;
    for (auto entry = world.etags.lower_bound({path, ""}); entry != world.etags.end(); ++entry) {
        if (entry->first.first != path) break;
        known.emplace_back(entry->first.second, entry->second);
    }
    if (known.empty()) return std::nullopt;
    return known[world.chance().below(known.size())];
}

void draw_conditions(World& world, Question& question, std::string& fields) {
    io::Chance& chance = world.chance();
    if (chance.happens(0.25)) {
        const Content content = world.disk().latest(question.path).content;
        question.range = draw_range(chance, content == nullptr ? 100 : content->size());
        fields += "Range: " + question.range + "\r\n";
    }
    if (!chance.happens(0.4)) return;
    const auto etag = draw_etag(world, question.path);
    if (!etag) return;
    switch (chance.below(3)) {
        case 0:
            question.if_none_match = etag->second;
            fields += "If-None-Match: \"other\", " + etag->first + "\r\n";
            break;
        case 1:
            question.if_match = etag->second;
            fields += "If-Match: " + etag->first + "\r\n";
            break;
        default:
            question.if_range = etag->second;
            fields += "If-Range: " + etag->first + "\r\n";
            break;
    }
}

void ask_for_file(World& world, Question& question, std::string& target, std::string& fields) {
    io::Chance& chance = world.chance();
    const std::vector<std::string>& paths = world.disk().paths();
    question.path = paths[chance.below(paths.size())];
    target = percent_encoded(question.path);
    constexpr std::string_view index = "/index.html";
    if (question.path.ends_with(index)) target.resize(target.size() - index.size() + 1);
    if (chance.happens(0.1)) target.insert(0, "/dir/..");
    if (chance.happens(0.1)) target += "?query=1";
    if (chance.happens(0.1)) target.insert(0, "http://example.org");
    draw_conditions(world, question, fields);
    const bool is_plain = question.range.empty() && !question.if_match && !question.if_none_match && !question.if_range;
    if (is_plain && chance.happens(0.3)) {
        question.accepts_gzip = true;
        fields += "Accept-Encoding: gzip\r\n";
    }
}

void ask_for_too_much(io::Chance& chance, std::string& target, std::string& fields) {
    switch (chance.below(3)) {
        case 0: fields += "Content-Length: 200001\r\n"; break;
        case 1: target += std::string(2100, 'a'); break;
        default: fields += "Long: " + std::string(5000, 'a') + "\r\n"; break;
    }
}

template <std::size_t count>
std::string_view one_of(io::Chance& chance, const std::array<std::string_view, count>& choice) {
    return choice[chance.below(count)];
}

Question::About draw_about(io::Chance& chance) {
    using About = Question::About;
    constexpr std::array others{About::nothing,  About::nothing, About::listing, About::listing,
                                About::redirect, About::method,  About::options, About::too_much};
    return chance.happens(0.75) ? About::file : others[chance.below(others.size())];
}

}  // namespace

Question draw_question(World& world) {
    if (world.mood().program) return draw_program_question(world);
    io::Chance& chance = world.chance();
    Question question;
    question.about = draw_about(chance);
    question.is_head = chance.happens(0.15);
    std::string_view method = question.is_head ? "HEAD" : "GET";
    std::string_view version = "HTTP/1.1";
    std::string target = "/";
    std::string fields(host);
    switch (question.about) {
        case Question::About::file: ask_for_file(world, question, target, fields); break;
        case Question::About::nothing:
            target = one_of<8>(chance, {"/missing", "/.hidden", "/escape", "/dangling", "/loop", "/fifo", "/small.txt/",
                                        "/dir/a.txt/b"});
            break;
        case Question::About::listing: target = one_of<3>(chance, {"/dir/", "/dir/?sort=size", "/vacant/"}); break;
        case Question::About::redirect: target = one_of<2>(chance, {"/dir", "/sub"}); break;
        case Question::About::method: method = one_of<3>(chance, {"DELETE", "FLY", "PUT"}); break;
        case Question::About::options: method = "OPTIONS"; break;
        default: ask_for_too_much(chance, target, fields); break;
    }
    if (question.about == Question::About::method || question.about == Question::About::options)
        question.is_head = false;
    if (chance.happens(0.1)) {
        fields += "Connection: close\r\n";
        question.closes = true;
    } else if (chance.happens(0.1)) {
        version = "HTTP/1.0";
        question.closes = true;
    }
    if (question.about == Question::About::too_much) question.closes = true;
    std::string content;
    const bool may_have_content = question.about != Question::About::too_much && version == "HTTP/1.1";
    if (may_have_content && chance.happens(0.15)) content = draw_content(chance, fields);
    if (!content.empty() && chance.happens(0.2)) {
        question.expects_continue = true;
        fields += "Expect: 100-continue\r\n";
    }
    question.octets =
        std::string(method) + " " + target + " " + std::string(version) + "\r\n" + fields + "\r\n" + content;
    return question;
}

Question draw_malformed(World& world) {
    constexpr std::array<std::string_view, 17> malformed{
        "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "\x16\x03\x01\x02\x01\x01\r\n\r\n",
    };
    Question question;
    question.about = Question::About::malformed;
    question.closes = true;
    question.octets = malformed[world.chance().below(malformed.size())];
    return question;
}

}  // namespace portico::sim
