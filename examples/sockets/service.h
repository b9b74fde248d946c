// examples/sockets/service.h — a server built around one function that serves a client.
//
// Each client is a task on the only thread; examples/concurrency shows other ways.
#pragma once

#include <csignal>
#include <cstdio>
#include <utility>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/resolve.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"

namespace service {

namespace io = portico::io;
using portico::Task;

using Serve = Task<void> (*)(io::Core& core, io::Stream client);

inline Task<void> accept_clients(io::Core& core, io::Listener& listener, io::Scope& clients, Serve serve) {
    for (;;) {
        io::Result<io::Accepted> accepted = co_await listener.accept();
        if (accepted) {
            clients.start(serve(core, std::move(accepted->stream)));
            continue;
        }
        const bool slept = co_await io::sleep_for(core, std::chrono::milliseconds(10));  // false: asked to stop
        if (!slept) co_return;
    }
}

inline io::Core* stopped_by_signals = nullptr;

// Serves until SIGTERM or SIGINT. Returns the exit status.
inline int run(const char* endpoint_text, Serve serve) {
    const auto endpoint = io::parse_endpoint(endpoint_text);
    const auto kernel = io::make_epoll_kernel();
    if (!endpoint || !kernel) return 1;
    const auto addresses = io::listening_addresses(*endpoint);
    if (!addresses) return 1;
    io::Core core(**kernel);
    auto listener = io::Listener::open(core, addresses->front());
    if (!listener) {
        std::fprintf(stderr, "%s\n", io::describe(listener.error()).c_str());
        return 1;
    }
    stopped_by_signals = &core;
    for (const int number : {SIGTERM, SIGINT}) std::signal(number, [](int) { stopped_by_signals->stop(); });
    std::signal(SIGPIPE, SIG_IGN);
    std::printf("Listening on %s\n", io::endpoint_at(listener->local()).text().c_str());
    std::fflush(stdout);

    io::Scope accepting;
    io::Scope clients;
    accepting.start(accept_clients(core, *listener, clients, serve));
    core.run();
    accepting.request_stop();
    clients.request_stop();
    while (accepting.size() + clients.size() > 0) core.run_once(core.now());
    return 0;
}

}  // namespace service
