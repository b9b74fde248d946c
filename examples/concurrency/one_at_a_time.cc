// examples/concurrency/one_at_a_time.cc — hello, for one client after another: accept, serve, close.
//
// usage: hello_one_at_a_time [ENDPOINT]
//
// The simplest server. While it waits for one client, all others wait in the listener's queue. That is good enough only
// if serving never waits for the client.
#include "examples/concurrency/hello.h"
#include "portico/io/epoll/epoll_kernel.h"

namespace io = portico::io;
using portico::Task;

namespace {

Task<void> accept_clients(io::Core& core, io::Listener& listener) {
    for (;;) {
        io::Result<io::Accepted> accepted = co_await listener.accept();
        if (accepted) {
            co_await hello::serve_client(core, std::move(accepted->stream));
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
    accepting.start(accept_clients(core, *listener));
    core.run();
    accepting.request_stop();
    hello::run_until_empty(core, accepting);
    return 0;
}
