// examples/concurrency/event_loop.cc — hello, for all clients on one thread: each client is a task.
//
// usage: hello_event_loop [ENDPOINT]
//
// A waiting task takes a few hundred octets and an entry in epoll's list. The thread runs the tasks that can go on, and
// must never wait for anything except the kernel's next event: work that takes long belongs elsewhere (offload()).
#include "examples/concurrency/hello.h"
#include "portico/io/epoll/epoll_kernel.h"

namespace io = portico::io;
using portico::Task;

namespace {

Task<void> accept_clients(io::Core& core, io::Listener& listener, io::Scope& clients) {
    for (;;) {
        io::Result<io::Accepted> accepted = co_await listener.accept();
        if (accepted) {
            clients.start(hello::serve_client(core, std::move(accepted->stream)));
            continue;
        }
        const bool goes_on = co_await hello::may_accept_again(core, accepted.error());
        if (!goes_on) co_return;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 1;
    io::Core core(**kernel);
    auto listener = hello::open_listener(core, argc > 1 ? argv[1] : nullptr);
    if (!listener) return 1;
    hello::stop_on_signals(core);

    io::Scope accepting;
    io::Scope clients;
    accepting.start(accept_clients(core, *listener, clients));
    core.run();
    accepting.request_stop();
    clients.request_stop();
    hello::run_until_empty(core, accepting);
    hello::run_until_empty(core, clients);
    return 0;
}
