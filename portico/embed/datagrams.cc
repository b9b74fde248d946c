// portico/embed/datagrams.cc — see datagrams.h.
#include "portico/embed/datagrams.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "portico/base/printable.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/net/resolve.h"

namespace portico {
namespace {

using Why = ConnectError::Kind;

std::unexpected<ConnectError> unopened(Why kind, std::string message) {
    return std::unexpected(ConnectError{kind, std::move(message)});
}

Why kind_of(io::ResolveError::Kind kind) {
    switch (kind) {
        case io::ResolveError::Kind::timed_out: return Why::timed_out;
        case io::ResolveError::Kind::stopped: return Why::stopped;
        case io::ResolveError::Kind::not_found:
        case io::ResolveError::Kind::temporary:
        case io::ResolveError::Kind::failed: break;
    }
    return Why::not_resolved;
}

}  // namespace

Task<std::expected<Datagram, ConnectError>> open_datagram(io::Core& core, std::string endpoint,
                                                          io::TimePoint deadline) {
    const auto parsed = io::parse_endpoint(endpoint, io::EndpointScheme::udp);
    const std::string shown = "'" + printable(endpoint) + "'";
    if (!parsed) co_return unopened(Why::misuse, shown + " is not an endpoint: " + parsed.error().message);
    if (parsed->scheme != io::EndpointScheme::udp || parsed->port == 0) {
        co_return unopened(Why::misuse, shown + " is nowhere to send datagrams to: write HOST:PORT");
    }
    const auto peers = co_await io::resolve(core, parsed->host, parsed->port, std::nullopt, deadline);
    if (!peers) co_return unopened(kind_of(peers.error().kind), peers.error().message);
    io::Result<Datagram> opened = Datagram::open_to(core, *peers);
    if (!opened) {
        const std::string why = std::strerror(opened.error().number);
        co_return unopened(Why::not_connected, "cannot reach " + printable(parsed->text()) + ": " + why);
    }
    co_return *std::move(opened);
}

Task<io::Result<void>> send_to(Datagram& socket, io::SocketAddress address, std::string_view octets,
                               io::TimePoint deadline) {
    std::array<io::DatagramSlot, 1> slots;
    // A slot's octets are writable for receiving; sending leaves them as they are.
    slots[0].octets = std::span<char>(const_cast<char*>(octets.data()), octets.size());
    slots[0].peer = std::move(address);
    const io::Result<std::size_t> sent = co_await socket.send(slots, deadline);
    if (!sent) co_return std::unexpected(sent.error());
    co_return io::Result<void>();
}

Task<io::Result<ReceivedDatagram>> receive_from(Datagram& socket, io::TimePoint deadline, std::size_t octets_max) {
    // Held while the task waits: the kernel writes into it.
    std::string room(octets_max, '\0');
    std::array<io::DatagramSlot, 1> slots;
    slots[0].octets = room;
    const io::Result<std::size_t> received = co_await socket.receive(slots, deadline);
    if (!received) co_return std::unexpected(received.error());
    if (slots[0].truncated) co_return io::fail(EMSGSIZE, "receive");
    room.resize(slots[0].octets.size());
    ReceivedDatagram datagram;
    datagram.octets = std::move(room);
    datagram.peer = std::move(slots[0].peer);
    co_return std::move(datagram);
}

}  // namespace portico
