// portico/io/datagram.h — UDP sockets.
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <span>

#include "portico/io/core.h"
#include "portico/io/kernel.h"

namespace portico::io {

// The largest content of a UDP datagram over IPv4, in octets.
inline constexpr std::size_t datagram_octets_max = 65'507;

// co_await socket.receive(…): how many slots were filled, or why none was.
class Receive final : public Awaited<ReceiveOp> {
public:
    using Awaited::Awaited;
    Result<std::size_t> await_resume() const { return count("recvmmsg"); }
};

// co_await socket.send(…): how many datagrams were taken, or why none was.
class Send final : public Awaited<SendOp> {
public:
    using Awaited::Awaited;
    Result<std::size_t> await_resume() const { return count("sendmmsg"); }
};

// A UDP socket (udp(7)). One receive and one send may wait at the same time (in two tasks), but never two receives or
// two sends. The destructor closes it.
class Datagram {
public:
    // Opens a socket bound to `local` (port 0: any free port).
    static Result<Datagram> open(Core& core, const SocketAddress& local, bool reuse_port = false);

    // Opens a socket at any free port, connected to the first of `peers` to which this machine has a route. Error: of
    // the last one that was tried; EHOSTUNREACH if there are none.
    static Result<Datagram> open_to(Core& core, std::span<const SocketAddress> peers);

    // From now on receives only from `peer`; a receive fails if `peer` refused an earlier datagram.
    Result<void> connect(const SocketAddress& peer);

    // A slot may now receive several datagrams of one peer at once (DatagramSlot::segment_octets), if the kernel has
    // already combined them. Each slot needs room for 64 KiB.
    void coalesce() { core_->kernel().set_coalescing(fd_.number()); }

    // Receives at least one datagram; returns how many slots were filled. ECONNREFUSED and similar concern an earlier
    // send.
    [[nodiscard]] Receive receive(std::span<DatagramSlot> slots, TimePoint deadline) {
        return Receive(deadline, *core_, fd_.number(), slots);
    }
    // Sends at least one of the datagrams and returns how many were taken. Each goes to its slot's peer or, if the slot
    // has none (port 0), to the peer to which the socket is connected (EDESTADDRREQ if it is not connected).
    [[nodiscard]] Send send(std::span<const DatagramSlot> slots, TimePoint deadline) {
        return Send(deadline, *core_, fd_.number(), slots);
    }
    // The address it is bound to, with the port that was chosen.
    [[nodiscard]] const SocketAddress& local() const { return local_; }
    // The address it is connected to; with port 0 if it is not.
    [[nodiscard]] const SocketAddress& peer() const { return peer_; }
    // The core whose tasks may wait for the socket.
    [[nodiscard]] Core& core() const { return *core_; }

private:
    Datagram(Core& core, Fd fd, SocketAddress local) : core_(&core), fd_(std::move(fd)), local_(std::move(local)) {}
    Core* core_;
    Fd fd_;
    SocketAddress local_;
    SocketAddress peer_;
};

}  // namespace portico::io
