// portico/wire/h1/write_head.h — writes the head of one HTTP/1.1 response as octets (RFC 9112 §4, §5).
//
// Room wire: see read_head.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "portico/http/message.h"
#include "portico/wire/h1/framing.h"

namespace portico::h1 {

// What the connection adds to the fields of a response.
struct HeadExtras {
    std::string_view date;                        // an IMF-fixdate (RFC 9110 §6.6.1), or empty: then no Date is written
    Persistence persistence = Persistence::keep;  // not sent in an interim response
    http::Version peer_version = http::Version::http_1_1;  // HTTP/1.0 needs an explicit keep-alive: RFC 9112 §9.3
    std::optional<std::uint64_t> content_length;           // absent: no Content-Length is written (1xx, 204, 304)
    bool chunked = false;                                  // content of unknown length
};

// The most octets that write_head() needs for this response, whatever the extras are. So a caller that asks early,
// before it knows them, gets the same bound as the one that writes.
[[nodiscard]] std::size_t head_octets_at_most(const http::Response& response);

// Writes the status line and the field section to the front of `room`, which has at least head_octets_at_most(response)
// octets. Returns how many it wrote. Field values contain no CR, LF or NUL (asserted): we made each value or checked it
// when we read it.
[[nodiscard]] std::size_t write_head(const http::Response& response, const HeadExtras& extras, std::span<char> room);

// Room for the line before a chunk: 16 hexadecimal digits at most, and CRLF.
using ChunkLine = std::array<char, 18>;

// Writes the line before a chunk's octets, of which there is at least one (asserted), to `line` (RFC 9112 §7.1). The
// result points into it. CRLF follows the octets.
[[nodiscard]] std::string_view write_chunk_line(std::size_t octets, ChunkLine& line);

// The last chunk and the trailer section (RFC 9112 §7.1.2). The values are like those of a head; none of the fields is
// about framing (RFC 9110 §6.5.1, asserted).
[[nodiscard]] std::string last_chunk(const http::FieldSection& trailers);

}  // namespace portico::h1
