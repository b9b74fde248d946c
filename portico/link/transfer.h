// portico/link/transfer.h — how the transfer of a request's content or of a response went, in any version of HTTP.
//
// Room link: see h1_inbound.h.
// Threads:   none. Values.
#pragma once

#include <cstdint>
#include <string_view>

namespace portico::link {

// How reading content ended.
enum class ContentEnd : std::uint8_t {
    complete,  // all of it was read
    left,      // the peer ended or broke the connection
    refused,   // see refusal(): answer it and close
};

// A step of reading content: octets, which stay valid until the next step, or how it ended.
struct ContentStep {
    std::string_view octets;                // empty at the end
    ContentEnd end = ContentEnd::complete;  // meaningless while there are octets
};

// Whether a response was sent.
enum class Sent : std::uint8_t {
    whole,    // given to the kernel, or to the output that the next call sends
    left,     // the peer broke the connection or was too slow, or there was no memory left; closing is a reset
    ended,    // the wait was ended: memory is short, or the task was asked to stop. After flush(), the output keeps the
              // rest; after send(), closing is a reset
    cut,      // the file ended before the range that was announced: only a reset can show that to the peer
    stopped,  // an endless response was ended, because the server is ending
};

}  // namespace portico::link
