// portico/wire/h1/write_head.cc — see write_head.h.
#include "portico/wire/h1/write_head.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <charconv>
#include <cstring>

#include "portico/http/date.h"
#include "portico/wire/h1/octets.h"
#include "portico/wire/h1/scan.h"

namespace portico::h1 {
namespace {

using http::FieldName;
using http::Status;

constexpr std::string_view date_name = "Date: ";
constexpr std::string_view length_name = "Content-Length: ";
constexpr std::string_view chunked_line = "Transfer-Encoding: chunked\r\n";
constexpr std::string_view close_line = "Connection: close\r\n";
constexpr std::string_view keep_line = "Connection: keep-alive\r\n";
constexpr std::size_t length_digits_max = 20;
constexpr std::size_t status_line_octets = sizeof("HTTP/1.1 200 \r\n") - 1;  // and the reason phrase

// Copies with two overlapping moves if a call of memcpy would cost more than the copying.
template <std::size_t size>
void copy_ends(char* to, const char* from, std::size_t octets) {
    char front[size];
    char back[size];
    std::memcpy(front, from, size);
    std::memcpy(back, from + octets - size, size);
    std::memcpy(to, front, size);
    std::memcpy(to + octets - size, back, size);
}

// Appends to octets that have been counted beforehand.
class Writer {
public:
    explicit Writer(char* to) : to_(to) {}

    void add(std::string_view text) {
        const std::size_t octets = text.size();
        if (octets > 32) {
            std::memcpy(to_, text.data(), octets);
        } else if (octets >= 16) {
            copy_ends<16>(to_, text.data(), octets);
        } else if (octets >= 8) {
            copy_ends<8>(to_, text.data(), octets);
        } else if (octets >= 4) {
            copy_ends<4>(to_, text.data(), octets);
        } else {
            for (std::size_t i = 0; i < octets; ++i) to_[i] = text[i];
        }
        to_ += octets;
    }
    template <std::size_t size>
    void add_literal(const char (&text)[size]) {
        std::memcpy(to_, text, size - 1);
        to_ += size - 1;
    }
    void add_number(std::uint64_t number) { to_ = std::to_chars(to_, to_ + length_digits_max, number).ptr; }

    [[nodiscard]] char* end() const { return to_; }

private:
    char* to_;
};

void add_status_line(Writer& writer, Status status) {
    const unsigned code = http::code(status);
    assert(code >= 100 && code <= 999);
    const char digits[] = {static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
                           static_cast<char>('0' + code % 10), '\0'};
    writer.add_literal("HTTP/1.1 ");
    writer.add_literal(digits);
    writer.add_literal(" ");
    writer.add(http::reason_phrase(status));
    writer.add_literal("\r\n");
}

// Whether there are more line ends than `lines`. The peer would then read an octet of a value as framing, and the rest
// as another message (response splitting, RFC 9112 §11.1).
bool is_split(std::string_view head, std::size_t lines) {
    // Every CR and LF is a control octet, so if there are only as many as the lines need, there are none elsewhere.
    if (Scanner(head).count_controls() == 2 * lines) return false;
    return std::ranges::count(head, '\n') + std::ranges::count(head, '\r') != static_cast<std::ptrdiff_t>(2 * lines) ||
           head.find('\0') != std::string_view::npos;
}

}  // namespace

std::size_t head_octets_at_most(const http::Response& response) {
    constexpr std::size_t punctuation = sizeof(": \r\n") - 1;
    std::size_t octets = status_line_octets + http::reason_phrase(response.status).size();
    for (const http::FieldLine& line : response.fields.lines()) {
        octets += line.name.size() + line.value.size() + punctuation;
    }
    octets += date_name.size() + http::imf_fixdate_octets + 2;
    octets += length_name.size() + length_digits_max + 2;
    return octets + chunked_line.size() + keep_line.size() + 2;
}

std::size_t write_head(const http::Response& response, const HeadExtras& extras, std::span<char> room) {
    assert(room.size() >= head_octets_at_most(response));
    assert(extras.date.size() <= http::imf_fixdate_octets);
    // Only one framing, and one that the peer supports: RFC 9112 §6.1, §6.2.
    assert(!(extras.chunked && extras.content_length));
    assert(!(extras.chunked && extras.peer_version == http::Version::http_1_0));
    assert(!response.fields.has(FieldName::content_length) && !response.fields.has(FieldName::transfer_encoding));
    const bool interim = http::code(response.status) < 200;
    Writer writer(room.data());
    std::size_t lines = 2 + response.fields.size();  // the status line, the fields, the empty line
    add_status_line(writer, response.status);
    if (!extras.date.empty()) {
        writer.add(date_name);
        writer.add(extras.date);
        writer.add_literal("\r\n");
        ++lines;
    }
    for (const http::FieldLine& line : response.fields.lines()) {
        writer.add(line.name);
        writer.add_literal(": ");
        writer.add(line.value);
        writer.add_literal("\r\n");
    }
    if (extras.content_length) {
        writer.add(length_name);
        writer.add_number(*extras.content_length);
        writer.add_literal("\r\n");
        ++lines;
    }
    if (extras.chunked) {
        writer.add(chunked_line);
        ++lines;
    }
    if (!interim && extras.persistence == Persistence::close) {
        writer.add(close_line);
        ++lines;
    } else if (!interim && extras.peer_version == http::Version::http_1_0) {
        writer.add(keep_line);
        ++lines;
    }
    writer.add_literal("\r\n");
    const auto octets = static_cast<std::size_t>(writer.end() - room.data());
    assert(!is_split(std::string_view(room.data(), octets), lines));
    return octets;
}

std::string_view write_chunk_line(std::size_t octets, ChunkLine& line) {
    assert(octets > 0 && "an empty chunk would be the last");
    char* end = std::to_chars(line.data(), line.data() + line.size() - 2, octets, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    return {line.data(), end};
}

std::string last_chunk(const http::FieldSection& trailers) {
    assert(!trailers.has(FieldName::content_length) && !trailers.has(FieldName::transfer_encoding));
    std::string octets = "0\r\n";
    for (const http::FieldLine& line : trailers.lines()) {
        octets.append(line.name).append(": ").append(line.value).append("\r\n");
    }
    octets += "\r\n";
    assert(!is_split(octets, 2 + trailers.size()));
    return octets;
}

}  // namespace portico::h1
