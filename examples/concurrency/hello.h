// examples/concurrency/hello.h — the service that all four servers offer, and the code they share.
//
// A client gets one line and our end of the stream; then we read until its end. So the server has to wait for a client
// that stays, and the four servers differ only in how they wait.
#pragma once

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

#include "portico/io/net/resolve.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"

namespace hello {

namespace io = portico::io;
using portico::Task;

inline constexpr std::string_view line = "Hello from Portico\n";
inline constexpr auto client_time_max = std::chrono::seconds(10);

inline Task<void> serve_client(io::Core& core, io::Stream client) {
    const io::TimePoint deadline = core.now() + client_time_max;
    const io::Result<void> said = co_await client.write_all(line, deadline);
    if (!said || !client.finish_sending()) co_return;
    for (;;) {
        const io::Result<portico::Buffer> octets = co_await client.read(core.buffers(), deadline);
        if (!octets || octets->empty()) co_return;
    }
}

// Pauses after an accept that failed. False if the task was asked to stop.
inline Task<bool> may_accept_again(io::Core& core, io::Error error) {
    if (error.number == ECANCELED) co_return false;
    const io::Duration pause = std::max<io::Duration>(io::accept_pause(error), std::chrono::milliseconds(10));
    const bool slept = co_await io::sleep_for(core, pause);
    co_return slept;
}

// Opens the listener that argv[1] asks for, and prints its address.
inline std::optional<io::Listener> open_listener(io::Core& core, const char* endpoint) {
    const auto parsed = io::parse_endpoint(endpoint != nullptr ? endpoint : "127.0.0.1:8080");
    const auto addresses = parsed ? io::listening_addresses(*parsed) : io::Resolved<std::vector<io::SocketAddress>>();
    if (!parsed || !addresses || addresses->empty()) return std::nullopt;
    io::Result<io::Listener> listener = io::Listener::open(core, addresses->front());
    if (!listener) {
        std::fprintf(stderr, "%s\n", io::describe(listener.error()).c_str());
        return std::nullopt;
    }
    std::printf("Listening on %s\n", io::endpoint_at(listener->local()).text().c_str());
    std::fflush(stdout);
    return *std::move(listener);
}

// SIGTERM and SIGINT make core.run() return. A signal handler may not do much; stop() sets a flag and writes to an
// eventfd, which is allowed (signal-safety(7)).
inline io::Core* stopped_by_signals = nullptr;
inline void stop_on_signals(io::Core& core) {
    stopped_by_signals = &core;
    for (const int number : {SIGTERM, SIGINT}) std::signal(number, [](int) { stopped_by_signals->stop(); });
    std::signal(SIGPIPE, SIG_IGN);
}

inline void run_until_empty(io::Core& core, io::Scope& scope) {
    while (scope.size() > 0) core.run_once(io::never);
}

}  // namespace hello
