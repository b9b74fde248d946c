// portico/link/inbound_limits.h — how many resources one peer may use on one connection.
//
// Room link: see h1_inbound.h.
// Threads:   none. Values, read by every connection of a core.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "portico/wire/h1/read_chunked.h"
#include "portico/wire/h1/read_head.h"
#include "portico/wire/h2/limits.h"

namespace portico::link {

// How many resources one peer may use on one connection.
struct InboundLimits {
    h1::HeadLimits head;                                  // of one request
    h1::ChunkedLimits chunked;                            // of one request's content
    std::chrono::milliseconds head_time_max{10'000};      // from the first octet of a head to its last
    std::chrono::milliseconds content_idle_max{60'000};   // between two reads of content
    std::chrono::milliseconds response_idle_max{60'000};  // how long a peer may acknowledge no octet of a response
    std::uint64_t rate_min = 500;                         // mean octets per second, once rate_grace is over
    std::chrono::milliseconds rate_grace{30'000};         // how long a content or a response may be slower
    std::uint64_t content_octets_max = 16 * 1024 * 1024;  // of one request
    std::size_t unsent_octets_max = 0;                    // in the kernel; the listener sets it. 0: no limit
    std::size_t reader_unsent_octets_max = 0;             // the same of a fast reader
    std::size_t fast_readers_max = 0;                     // connections of one core
    h2::Limits h2;                                        // of one HTTP/2 connection
};

}  // namespace portico::link
