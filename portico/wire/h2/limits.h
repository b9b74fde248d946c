// portico/wire/h2/limits.h — how much one peer may make one HTTP/2 connection cost, and what it has cost.
//
// Room wire: see frame.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace portico::h2 {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// What one peer may make one connection cost. Each limit guards against a known attack, and each has a counter.
struct Limits {
    // Streams at a time. A request that was cancelled counts until the server has stopped working on it: otherwise a
    // client that opens and resets streams in turn could start any number of requests (CVE-2023-44487). Further
    // streams are refused with REFUSED_STREAM, so clients may try them again.
    std::size_t streams_max = 128;

    // Streams that were reset, by the client or by us because of what the client did, within reset_time: as many at
    // once, and as many per reset_time on average. Past it, the connection ends with ENHANCE_YOUR_CALM.
    std::size_t resets_max = 100;
    std::chrono::milliseconds reset_time{10'000};

    // Frames that carry no part of a message, or hardly any: PING, SETTINGS, PRIORITY, PRIORITY_UPDATE, GOAWAY, unknown
    // types, DATA that is empty or mostly padding, and WINDOW_UPDATE beyond what our DATA explains. Per second on
    // average; past it, the connection ends with ENHANCE_YOUR_CALM.
    std::size_t control_frames_rate_max = 100;
    // As many of them may come at once, for instance when a browser sets its priorities.
    std::size_t control_frames_burst_max = 200;

    // One header or trailer section, as RFC 9113 §6.5.2 counts: name, value and 32 octets for each line, and each line
    // of a Cookie field that was sent in pieces. Counted while it is decoded. Past it, the answer is 431.
    std::size_t header_list_octets_max = 32 * 1024;
    std::size_t field_count_max = 100;
    // The path and query of a target. Past it, the answer is 414.
    std::size_t target_octets_max = 8 * 1024;
    // One field block as sent, and the CONTINUATION frames in which it is continued. Past it, the connection ends with
    // ENHANCE_YOUR_CALM, because a block that is not decoded leaves the compression state unknown.
    std::size_t block_octets_max = 64 * 1024;
    std::size_t continuations_max = 8;
    // From a HEADERS frame to the end of its field block: ENHANCE_YOUR_CALM.
    std::chrono::milliseconds block_time_max{10'000};

    // The content that a client may send before the server has used it: of one request, and of all together. Lower
    // values save memory, higher ones make uploads over long distances faster.
    std::size_t stream_window_octets = 128 * 1024;
    std::size_t connection_window_octets = 1024 * 1024;

    // How long a client may leave a response's flow-control window, or the connection's, closed: the stream is reset.
    std::chrono::milliseconds stall_time_max{30'000};

    // Octets that are ready to be sent. Above it, no content is added, and no answer begun. A client that makes us
    // write twice as much without reading any of it loses the connection: ENHANCE_YOUR_CALM.
    std::size_t output_octets_max = 128 * 1024;

    // From the client's first octets until it has acknowledged our settings: SETTINGS_TIMEOUT.
    std::chrono::milliseconds settings_time_max{10'000};
    // How long a connection that shuts down waits for requests on their way, unless the client answers a PING earlier.
    std::chrono::milliseconds shutdown_time_max{1'000};
};

// How often peers did what the limits are for; for all connections of a core.
struct Counters {
    std::uint64_t requests = 0;                // passed on
    std::uint64_t malformed = 0;               // requests that were not passed on (RFC 9113 §8.1.1)
    std::uint64_t streams_refused = 0;         // over streams_max
    std::uint64_t resets_received = 0;         // RST_STREAM frames
    std::uint64_t resets_sent = 0;             // RST_STREAM frames
    std::uint64_t control_frames = 0;          // those that control_frames_rate_max counts
    std::uint64_t header_lists_too_large = 0;  // over header_list_octets_max or field_count_max
    std::uint64_t blocks_too_large = 0;        // over block_octets_max or continuations_max: the connection ended
    std::uint64_t blocks_too_slow = 0;         // over block_time_max: the connection ended
    std::uint64_t streams_stalled = 0;         // over stall_time_max: the stream was reset
    std::uint64_t resets_floods = 0;           // over resets_max: the connection ended
    std::uint64_t control_floods = 0;          // over control_frames_rate_max: the connection ended
    std::uint64_t outputs_unread = 0;          // over twice output_octets_max: the connection ended
    std::uint64_t settings_timeouts = 0;       // over settings_time_max: the connection ended
    std::uint64_t connection_errors = 0;       // connections that ended with an error, for any reason
};

}  // namespace portico::h2
