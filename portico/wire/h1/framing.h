// portico/wire/h1/framing.h — what the head of an HTTP/1.1 message says about its connection.
//
// Room wire: see read_head.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace portico::h1 {

// How a recipient finds the end of a message's content (RFC 9112 §6.3).
enum class Framing : std::uint8_t {
    none,      // there is no content
    length,    // by Content-Length, in octets
    chunked,   // by Transfer-Encoding: chunked
    to_close,  // by the end of the connection: responses only
};

// Whether the connection persists after this message (RFC 9112 §9.3).
enum class Persistence : std::uint8_t { keep, close };

// What a complete head says besides the message itself.
struct ReadHead {
    std::size_t octets = 0;  // how many octets the head took
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;             // octets, if framing is `length`
    Persistence persistence = Persistence::keep;  // what the sender wants; the recipient may close anyway
};

}  // namespace portico::h1
