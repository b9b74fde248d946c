// portico/server/limits.h — how many resources one peer, and all peers together, may use.
//
// Room server: the five steps; cores, draining, the access log, the memory ledger.
// May use:   base, http, io, tls, link, route, acme, services.
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

// Each limit is set by its name: --set head_time_max=3s. `portico help limits` lists them. When a server's limits are
// replaced while it runs, the new ones hold for the next request of each connection, and for new HTTP/2 connections.
struct Limits {
    // The time for a request's head, from accept or from a later request's first octet: 408. Guards against heads that
    // are sent one octet a minute. Zero is refused: "no limit" is not offered. If it is ten seconds or more, a silent
    // connection is accepted only after a second (TCP_DEFER_ACCEPT), and its time begins then.
    std::chrono::milliseconds head_time_max{10'000};
    // How long a connection may wait for its next request. Then it is closed.
    std::chrono::milliseconds keep_alive_max{75'000};
    // How long the content of a request may pause: 408.
    std::chrono::milliseconds content_idle_max{60'000};
    // How long a peer may acknowledge no octet of a response. Then the connection is reset. The server checks four
    // times in that period, so it may take a quarter longer.
    std::chrono::milliseconds response_idle_max{60'000};
    // The minimum mean rate of a request's content or of a response, in octets per second: 408, or the connection is
    // reset. Only the time spent waiting for the peer counts, not the time in which a response is made.
    std::uint64_t rate_min = 500;
    // How long, of that time, content or a response may be slower than rate_min.
    std::chrono::milliseconds rate_grace{30'000};
    // Octets of a response that wait in the kernel and have not been sent yet (TCP_NOTSENT_LOWAT). The rate of a peer
    // that reads does not depend on this, because octets in flight do not count. A peer that does not read can make the
    // kernel hold a few times this much. 0: the system's setting (net.ipv4.tcp_notsent_lowat).
    std::size_t unsent_octets_max = 128 * 1024;
    // The same for a fast reader: a connection that is sent a large file, and has acknowledged 256 KiB before. The file
    // is then sent in fewer pieces, which costs the server less. Not more than unsent_octets_max: there are none.
    std::size_t reader_unsent_octets_max = 1024 * 1024;
    // Fast readers of one thread at the same time. Further connections have unsent_octets_max.
    std::size_t fast_readers_max = 32;
    // Octets of a response that have not been acknowledged, sent or not (SO_SNDBUF). This limits the rate: only this
    // much can be sent in each round trip. 0: the system's setting, which adapts to the path (net.ipv4.tcp_wmem).
    std::size_t unacknowledged_octets_max = 0;

    // Request line and field section together, each CRLF counted: 431.
    std::size_t head_octets_max = 16 * 1024;
    // Field lines in one head: 431.
    std::size_t field_count_max = 100;
    // The request target: 414.
    std::size_t target_octets_max = 8 * 1024;
    // The content of one request: 413.
    std::uint64_t content_octets_max = 16 * 1024 * 1024;
    // One chunk-size line with its extensions: 400.
    std::size_t chunk_line_octets_max = 4 * 1024;
    // The trailer section of chunked content: 431.
    std::size_t trailer_octets_max = 8 * 1024;

    // HTTP/2: what one connection may cost. Requests at the same time; one that was cancelled counts until the server
    // has stopped working on it. Further ones are refused, and may be tried again.
    std::size_t h2_streams_max = 128;
    // HTTP/2: requests that are reset within ten seconds, by the client or because of it. Then the connection ends, as
    // for the next seven limits, with ENHANCE_YOUR_CALM.
    std::size_t h2_resets_max = 100;
    // HTTP/2: frames per second, on average, that carry no part of a message: PING, SETTINGS, PRIORITY, empty DATA and
    // so on. Twice as many may come at once.
    std::size_t h2_control_frames_max = 100;
    // HTTP/2: the header section of one request, each field with 32 octets more and each piece of a Cookie counted:
    // 431.
    std::size_t h2_header_list_octets_max = 32 * 1024;
    // HTTP/2: a header section as it is sent, compressed.
    std::size_t h2_block_octets_max = 64 * 1024;
    // HTTP/2: the CONTINUATION frames of one header section.
    std::size_t h2_continuations_max = 8;
    // HTTP/2: the content that a client may send before the server has used it, of one request.
    std::size_t h2_stream_window_octets = 128 * 1024;
    // HTTP/2: the same of all requests of a connection together.
    std::size_t h2_connection_window_octets = 1024 * 1024;
    // HTTP/2: how long a client may keep the flow-control window of a response closed: the request is reset.
    std::chrono::milliseconds h2_stall_time_max{30'000};
    // HTTP/2: octets that are ready to be sent on one connection. A client that makes the server write twice as much
    // without reading loses the connection.
    std::size_t h2_output_octets_max = 128 * 1024;
    // HTTP/2: how long a client may take to acknowledge the server's settings, and for a frame or header section that
    // it has begun.
    std::chrono::milliseconds h2_settings_time_max{10'000};

    // Requests that a client sends before the TLS handshake is complete, if that is allowed at all. Then the connection
    // ends.
    std::size_t early_data_octets_max = 16 * 1024;

    // Simultaneous connections. When the limit is reached, the server makes room for a new connection: it closes the
    // one that has waited the longest for a request, or for the rest of a head. If every connection is being answered,
    // it closes the new one.
    std::size_t connections_max = 16'384;
    // Simultaneous connections from one address (an IPv6 /64 counts as one). When the limit is reached, the server
    // makes room in the same way, but only among the connections from that address. The default is a quarter of
    // connections_max: one client can't keep the others out, and some 700 browsers with six connections each still fit
    // behind one NAT address. A proxy in front of the server counts as one address: raise the limit if it opens more.
    // Lower it together with connections_max, or it has no effect.
    std::size_t connections_per_address_max = 4'096;
    // Memory for buffers, for cached files and for the part of responses that the kernel holds until peers acknowledge
    // it, in octets, for all cores together. Above three quarters of it the server releases memory, in this order:
    // cached files; idle connections and unfinished heads; connections whose last response has not been acknowledged,
    // and those that have waited the longest for their peers during content, which is refused with 503, or a response,
    // which is reset. Above seven eighths, new connections are closed, as are idle ones on which a request arrives, and
    // all content is refused with 503. Above the limit itself, responses are aborted. Each core has an equal part, of
    // at least 256 KiB.
    std::size_t memory_max = std::size_t{1} << 30;

    // Helper threads of each core, for work that may block: opening and reading files that are not cached, compressing,
    // listing folders, checking passwords, and a program's offload(). While all of them are busy, further work waits.
    std::size_t helpers_max = 4;

    // After the last answer on a connection: how long the server still reads, so that the peer can receive that answer
    // before the connection is closed.
    std::chrono::milliseconds drain_time_max{2'000};
    // After the last answer on a connection: how many octets the server still reads.
    std::size_t drain_octets_max = 256 * 1024;
    // After SIGTERM: how long requests in flight may take. Then they are aborted.
    std::chrono::milliseconds shutdown_time_max{30'000};
    // After SIGTERM: how long the server waits for requests that may be in flight, on idle connections and on
    // connections that have just begun. Clients that connect in the meantime are not answered, and may try the next
    // server.
    std::chrono::milliseconds shutdown_idle_max{500};

    bool operator==(const Limits&) const = default;  // whether all limits are the same
};

// Whether a server can run with these limits: each of them must be in the range that set_limit() accepts.
//
// Error: a sentence for the user about the first limit that is not.
std::expected<void, std::string> check_limits(const Limits& limits);

// Whether a server that runs with `present` can go on with `next`. The limits of the process as a whole, such as
// memory_max, stay as they were when it was opened.
//
// Error: a sentence for the user about the first limit that is out of its range, or can't change.
std::expected<void, std::string> check_replacement(const Limits& present, const Limits& next);

// Sets one limit from its form on a command line, "head_time_max=3s". Durations are "500ms", "3s", "2m" (a bare number
// is seconds), octets are "512", "16k", "1m", and counts are plain numbers.
//
// Error: a sentence for the user; `limits` is unchanged. The name is unknown, or the value is not of the limit's kind,
// or is out of its range (usually because it is zero).
std::expected<void, std::string> set_limit(Limits& limits, std::string_view name_and_value);

// The documentation of a limit.
struct LimitRow {
    std::string_view name;     // "head_time_max"
    std::string standard;      // the default, in the form that set_limit() accepts
    std::string_view meaning;  // a sentence
};
// All limits, in the order of the struct.
std::vector<LimitRow> limit_rows();

}  // namespace portico::server
