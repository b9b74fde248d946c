// examples/sockets/descriptors.cc — a listening socket, the sockets that accept() returns, and how they differ.
//
// usage: descriptors [ENDPOINT]
#include <cstdio>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/resolve.h"
#include "portico/io/run_task.h"
#include "portico/io/stream.h"

namespace io = portico::io;
using portico::Task;

namespace {

Task<int> accept_two(io::Core& core, io::SocketAddress at) {
    io::Result<io::Listener> listener = io::Listener::open(core, at);
    if (!listener) co_return 1;
    std::printf("listening            %s\n", listener->local().text().c_str());
    io::Result<io::Stream> first_client = co_await io::connect(core, listener->local(), io::never);
    io::Result<io::Accepted> first = co_await listener->accept();
    io::Result<io::Stream> second_client = co_await io::connect(core, listener->local(), io::never);
    io::Result<io::Accepted> second = co_await listener->accept();
    if (!first_client || !first || !second_client || !second) co_return 1;
    for (const io::Accepted* accepted : {&*first, &*second}) {
        const io::Result<io::SocketAddress> local = accepted->stream.local_address();
        if (!local) co_return 1;
        std::printf("connected, ours      %s  theirs %s\n", local->text().c_str(), accepted->peer.text().c_str());
    }
    std::printf("the same client?     %s\n", first->peer == second->peer ? "yes" : "no, its port differs");
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto endpoint = io::parse_endpoint(argc > 1 ? argv[1] : "127.0.0.1:0");
    const auto kernel = io::make_epoll_kernel();
    if (!endpoint || !kernel) return 1;
    const auto at = io::listening_addresses(*endpoint);
    if (!at) return 1;
    io::Core core(**kernel);
    return io::run_task(core, accept_two(core, at->front()));
}
