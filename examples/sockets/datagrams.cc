// examples/sockets/datagrams.cc — three datagrams, received as they were sent: one by one.
//
// usage: datagrams
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "portico/io/datagram.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"

namespace io = portico::io;
using portico::Task;

namespace {

Task<bool> send(io::Datagram& socket, std::string text, io::SocketAddress to) {
    std::array<io::DatagramSlot, 1> slots{};
    slots[0].octets = text;
    slots[0].peer = std::move(to);
    const io::Result<std::size_t> sent = co_await socket.send(slots, io::never);
    co_return sent.has_value();
}

Task<bool> receive_and_print(io::Datagram& socket) {
    std::array<char, 8> room{};
    std::array<io::DatagramSlot, 1> slots{};
    slots[0].octets = room;
    const io::Result<std::size_t> received = co_await socket.receive(slots, io::never);
    if (!received) co_return false;
    const std::string_view text(slots[0].octets.data(), slots[0].octets.size());
    std::printf("%zu octets: \"%.*s\"%s\n", text.size(), static_cast<int>(text.size()), text.data(),
                slots[0].truncated ? ", and the rest is lost" : "");
    co_return true;
}

Task<int> send_and_receive(io::Core& core) {
    const io::SocketAddress any_port = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
    io::Result<io::Datagram> here = io::Datagram::open(core, any_port);
    io::Result<io::Datagram> there = io::Datagram::open(core, any_port);
    if (!here || !there) co_return 1;
    for (const char* text : {"one", "", "a third, which is long"}) {
        const bool sent = co_await send(*here, text, there->local());
        if (!sent) co_return 1;
    }
    for (int i = 0; i < 3; ++i) {
        const bool received = co_await receive_and_print(*there);
        if (!received) co_return 1;
    }
    co_return 0;
}

}  // namespace

int main() {
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 1;
    io::Core core(**kernel);
    return io::run_task(core, send_and_receive(core));
}
