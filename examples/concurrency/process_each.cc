// examples/concurrency/process_each.cc — hello, with a process for each client.
//
// usage: hello_process_each [ENDPOINT]
//
// Nothing is shared: a crash of a child affects only its own client. The child's memory is the parent's until one of
// them writes. A parent must collect its children's exit statuses (wait(2)), or they stay as zombies.
#include <sys/wait.h>
#include <unistd.h>

#include "examples/concurrency/hello.h"
#include "portico/io/epoll/epoll_kernel.h"

namespace io = portico::io;
using portico::Task;

namespace {

// Everything that the child does. It has copies of the parent's descriptors, including epoll's, and must not touch the
// parent's core: both refer to the same kernel objects.
[[noreturn]] void serve_one(portico::Fd connection) {
    for (const int number : {SIGTERM, SIGINT, SIGCHLD}) std::signal(number, SIG_DFL);
    if (const auto kernel = io::make_epoll_kernel()) {
        io::Core core(**kernel);
        io::Scope scope;
        scope.start(hello::serve_client(core, io::Stream::attach(core, std::move(connection))));
        hello::run_until_empty(core, scope);
    }
    ::_exit(0);  // at once: exit() would write the parent's buffers a second time
}

void start_process(io::Stream client) {
    portico::Fd connection = std::move(client).detach();
    const pid_t child = ::fork();
    if (child == 0) serve_one(std::move(connection));
    if (child < 0) std::fputs("no process for a client: it is closed\n", stderr);
    // Our descriptor is closed here: the connection ends when the child closes its own.
}

Task<void> accept_clients(io::Core& core, io::Listener& listener) {
    for (;;) {
        io::Result<io::Accepted> accepted = co_await listener.accept();
        if (accepted) {
            start_process(std::move(accepted->stream));
            continue;
        }
        const bool goes_on = co_await hello::may_accept_again(core, accepted.error());
        if (!goes_on) co_return;
    }
}

// One SIGCHLD may stand for several children: those that end while it is pending send no other.
void reap(int) {
    const int number_before = errno;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
    errno = number_before;
}

}  // namespace

int main(int argc, char** argv) {
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 1;
    io::Core core(**kernel);
    auto listener = hello::open_listener(core, argc > 1 ? argv[1] : nullptr);
    if (!listener) return 1;
    hello::stop_on_signals(core);
    std::signal(SIGCHLD, reap);

    io::Scope accepting;
    accepting.start(accept_clients(core, *listener));
    core.run();
    accepting.request_stop();
    hello::run_until_empty(core, accepting);
    while (::wait(nullptr) > 0 || errno == EINTR) continue;  // each child's time is limited
    return 0;
}
