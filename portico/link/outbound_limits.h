// portico/link/outbound_limits.h — how many resources one server may use of its client.
//
// Room link: see h1_inbound.h.
// Threads:   none. Values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "portico/wire/h1/read_chunked.h"
#include "portico/wire/h1/read_head.h"

namespace portico::link {

// How many resources one server may use of its client.
class OutboundLimits {
public:
    OutboundLimits() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice

    // The time for finding the host's addresses and connecting to one of them.
    std::chrono::milliseconds connect_time_max{10'000};
    // The time for the TLS handshake.
    std::chrono::milliseconds handshake_time_max{10'000};
    // How long content waits for a server that was asked whether it wants it (RFC 9110 §10.1.1). Then it is sent: some
    // servers don't answer.
    std::chrono::milliseconds consent_time_max{1'000};
    // How long the server may accept no octet of the request.
    std::chrono::milliseconds request_idle_max{60'000};
    // From the request's last octet to the end of the final response's head, whatever interim responses come before it.
    std::chrono::milliseconds response_time_max{60'000};
    // From the first octet of a head to its last.
    std::chrono::milliseconds head_time_max{10'000};
    // How long the content of a response may pause.
    std::chrono::milliseconds content_idle_max{60'000};
    // The minimum mean rate of a response's content, in octets per second. Only the time spent waiting for the server
    // counts.
    std::uint64_t rate_min = 100;
    // How long, of that time, content may be slower than rate_min.
    std::chrono::milliseconds rate_grace{30'000};

    // Of each response, interim or final.
    h1::HeadLimits head{.head_octets_max = 64 * 1024, .field_count_max = 250};
    // Of a response's content.
    h1::ChunkedLimits chunked;
    // Interim responses (RFC 9110 §15.2) before the final one.
    unsigned interim_count_max = 16;
    // HTTP/2: the content that a server may send before it has been read: of one response, and of all responses of a
    // connection. Lower values save memory, higher ones are faster over long distances.
    std::size_t stream_window_octets = 1024 * 1024;
    std::size_t connection_window_octets = 4 * 1024 * 1024;
    // HTTP/2: requests at a time on one connection, if the server allows as many. More of them take another connection.
    std::size_t streams_max = 100;

    // The content of one response, in octets: for content that is read step by step.
    std::uint64_t content_octets_max = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace portico::link
