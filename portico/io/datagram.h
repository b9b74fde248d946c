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

// The largest UDP datagram over IPv4, in octets of content.
inline constexpr std::size_t datagram_octets_max = 65'507;

// co_await socket.receive(…): how many slots were filled, or why none.
class Receive final : public Awaited<ReceiveOp> {
public:
    using Awaited::Awaited;
    Result<std::size_t> await_resume() const { return count("recvmmsg"); }
};

// co_await socket.send(…): how many datagrams were taken, or why none.
class Send final : public Awaited<SendOp> {
public:
    using Awaited::Awaited;
    Result<std::size_t> await_resume() const { return count("sendmmsg"); }
};

// A UDP socket (udp(7)). One receive and one send may wait at the same time (in two tasks), never two of a kind.
// Closing is destroying.
class Datagram {
public:
    // Bound to `local` (port 0: any free one).
    static Result<Datagram> open(Core& core, const SocketAddress& local, bool reuse_port = false);

    // Only `peer` is heard from now on; a receive tells where it refuses what was sent.
    Result<void> connect(const SocketAddress& peer) { return core_->kernel().connect_datagram(fd_.number(), peer); }

    // A slot may now be given several datagrams of one peer at once (DatagramSlot::segment_octets), where the kernel
    // has them together already. Each slot needs room for 64 KiB.
    void coalesce() { core_->kernel().set_coalescing(fd_.number()); }

    // At least one datagram; returns how many slots were filled. ECONNREFUSED and the like tell of an earlier send.
    [[nodiscard]] Receive receive(std::span<DatagramSlot> slots, TimePoint deadline) {
        return Receive(deadline, *core_, fd_.number(), slots);
    }
    // Sends at least one of the datagrams to its peer, or, where its slot names none (port 0), to the one that the
    // socket is connected with (EDESTADDRREQ where it is not); returns how many were taken.
    [[nodiscard]] Send send(std::span<const DatagramSlot> slots, TimePoint deadline) {
        return Send(deadline, *core_, fd_.number(), slots);
    }
    // Where it is bound, with the port that was chosen.
    [[nodiscard]] const SocketAddress& local() const { return local_; }

private:
    Datagram(Core& core, Fd fd, SocketAddress local) : core_(&core), fd_(std::move(fd)), local_(std::move(local)) {}
    Core* core_;
    Fd fd_;
    SocketAddress local_;
};

}  // namespace portico::io
