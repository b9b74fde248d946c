// examples/sockets/backlog.cc — a listener that accepts no connections, and the clients that can connect nevertheless.
//
// usage: backlog
#include <array>
#include <cstdio>
#include <string_view>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/stream.h"

namespace io = portico::io;
using portico::Task;

namespace {

Task<int> connect_before_accept(io::Core& core) {
    const io::SocketAddress any_port = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
    io::Result<io::Listener> listener = io::Listener::open(core, any_port);
    if (!listener) co_return 1;
    std::puts("the server listens, and does not accept");

    io::Result<io::Stream> client = co_await io::connect(core, listener->local(), io::never);
    if (!client) co_return 1;
    std::puts("the client is connected: its kernel and the server's have shaken hands");
    const io::Result<void> sent = co_await client->write_all("hello", io::never);
    if (!sent) co_return 1;
    std::puts("the client has sent: the octets wait in the server's kernel");

    io::Result<io::Accepted> server = co_await listener->accept();
    if (!server) co_return 1;
    std::array<char, 64> room{};
    const io::Result<std::size_t> octets = co_await server->stream.read(room, io::never);
    if (!octets) co_return 1;
    std::printf("the server accepts, and reads: %.*s\n", static_cast<int>(*octets), room.data());
    co_return 0;
}

}  // namespace

int main() {
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 1;
    io::Core core(**kernel);
    return io::run_task(core, connect_before_accept(core));
}
