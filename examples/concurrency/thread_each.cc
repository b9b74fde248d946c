// examples/concurrency/thread_each.cc — hello, with a thread for each client.
//
// usage: hello_thread_each [ENDPOINT]
//
// Each thread may wait, and the kernel runs another one in the meantime. Threads share memory, so shared data needs a
// lock; here that is one number. A waiting thread can't be asked to stop: after SIGTERM we wait until the last client
// has left or its time is over.
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "examples/concurrency/hello.h"
#include "portico/io/epoll/epoll_kernel.h"

namespace io = portico::io;
using portico::Task;

namespace {

std::mutex clients_lock;
std::condition_variable clients_have_left;
int clients = 0;  // guarded by clients_lock

// Everything that a thread does: serves one client, on its own core.
void serve_one(portico::Fd connection) {
    if (const auto kernel = io::make_epoll_kernel()) {
        io::Core core(**kernel);
        io::Scope scope;
        scope.start(hello::serve_client(core, io::Stream::attach(core, std::move(connection))));
        hello::run_until_empty(core, scope);
    }
    std::unique_lock lock(clients_lock);
    --clients;
    std::notify_all_at_thread_exit(clients_have_left, std::move(lock));
}

void start_thread(io::Stream client) {
    const std::lock_guard lock(clients_lock);
    try {
        std::thread(serve_one, std::move(client).detach()).detach();
        ++clients;
    } catch (const std::system_error&) {
        std::fputs("no thread for a client: it is closed\n", stderr);
    }
}

Task<void> accept_clients(io::Core& core, io::Listener& listener) {
    for (;;) {
        io::Result<io::Accepted> accepted = co_await listener.accept();
        if (accepted) {
            start_thread(std::move(accepted->stream));
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
    std::unique_lock lock(clients_lock);
    clients_have_left.wait(lock, [] { return clients == 0; });
    return 0;
}
