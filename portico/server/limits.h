// portico/server/limits.h — what one peer, and all of them, may make the server cost.
//
// Room server: the five steps; cores, draining, the access log, the memory ledger.
// May use:   base, http, io, link, site, services.
// Threads:   none. Values, read by every core.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace portico::server {

// Each is set by its name: --set head_time_max=3s. `portico help limits` lists them.
struct Limits {
    // From accept, or a later request's first octet, to the end of its head: 408. Guards against heads sent one octet a
    // minute. Zero is refused: "no limit" is not offered. From ten seconds on, a connection that says nothing is
    // accepted only after a second (TCP_DEFER_ACCEPT), and its time begins then.
    std::chrono::milliseconds head_time_max{10'000};
    // How long a connection may wait for its next request.
    std::chrono::milliseconds keep_alive_max{75'000};
    // How long a request's content may pause: 408.
    std::chrono::milliseconds content_idle_max{60'000};
    // How long a peer may take no octet of a response: the connection is reset.
    std::chrono::milliseconds response_idle_max{60'000};
    // The least mean rate, in octets a second, of a content or a response that goes on for longer than rate_grace.
    std::uint64_t rate_min = 500;
    // How long a content or a response may be slower than that.
    std::chrono::milliseconds rate_grace{30'000};

    // Request line and field section together, each CRLF counted: 431.
    std::size_t head_octets_max = 16 * 1024;
    // Field lines in one head: 431.
    std::size_t field_count_max = 100;
    // The request target: 414.
    std::size_t target_octets_max = 8 * 1024;
    // Content of one request: 413.
    std::uint64_t content_octets_max = 16 * 1024 * 1024;
    // One chunk-size line with its extensions: 400.
    std::size_t chunk_line_octets_max = 4 * 1024;
    // The trailer section of chunked content: 431.
    std::size_t trailer_octets_max = 8 * 1024;

    // Connections at the same time, all together. Past it, the one that has been idle for longest is closed for the new
    // one.
    std::size_t connections_max = 16'384;
    // The same from one address (an IPv6 /64 counts as one): more are closed at once.
    std::size_t connections_per_address_max = 16'384;
    // Memory for buffers and content on the way, in octets, all cores together.
    std::size_t memory_max = std::size_t{1} << 30;

    // After the last answer: how long we read on, so that the peer can read that answer.
    std::chrono::milliseconds drain_time_max{2'000};
    // And how many octets we read at most.
    std::size_t drain_octets_max = 256 * 1024;
    // After SIGTERM: how long requests in flight may take.
    std::chrono::milliseconds shutdown_time_max{30'000};
};

// Sets one limit as it is written on a command line, "head_time_max=3s". Durations are "500ms", "3s", "2m" (a bare
// number is seconds), octets "512", "16k", "1m", counts plain numbers.
//
// Error: a sentence to show; `limits` is as it was. Names that are not known, values that are no quantity of the
// limit's kind, or outside what makes sense for it (zero, mostly).
std::expected<void, std::string> set_limit(Limits& limits, std::string_view name_and_value);

// A limit as it is documented.
struct LimitRow {
    std::string_view name;     // "head_time_max"
    std::string standard;      // the default, as set_limit would take it
    std::string_view meaning;  // a sentence
};
// All of them, in the order of the struct.
std::vector<LimitRow> limit_rows();

}  // namespace portico::server
