// portico/io/datagram.cc — see datagram.h.
#include "portico/io/datagram.h"

#include <cerrno>

namespace portico::io {

Result<Datagram> Datagram::open(Core& core, const SocketAddress& local, bool reuse_port) {
    Result<Opened> opened = core.kernel().open_datagram(local, reuse_port);
    if (!opened) return std::unexpected(opened.error());
    return Datagram(core, Fd(core.kernel(), opened->number), std::move(opened->local));
}

Result<Datagram> Datagram::open_to(Core& core, std::span<const SocketAddress> peers) {
    Error failure{EHOSTUNREACH, "connect"};
    for (const SocketAddress& peer : peers) {
        Result<Datagram> socket = open(core, SocketAddress::of(IpAddress::any(peer.family), 0));
        const Result<void> connected = socket ? socket->connect(peer) : std::unexpected(socket.error());
        if (connected) return socket;
        failure = connected.error();
    }
    return std::unexpected(failure);
}

Result<void> Datagram::connect(const SocketAddress& peer) {
    const Result<void> connected = core_->kernel().connect_datagram(fd_.number(), peer);
    if (connected) peer_ = peer;
    return connected;
}

}  // namespace portico::io
