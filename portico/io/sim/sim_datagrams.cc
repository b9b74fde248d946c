// portico/io/sim/sim_datagrams.cc — datagrams in a simulation: lost, duplicated and reordered.
#include <algorithm>
#include <cassert>
#include <utility>

#include "portico/io/datagram.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

constexpr std::size_t queued_max = 256;  // datagrams in a socket's buffer; further ones are dropped

}  // namespace

Result<Opened> SimKernel::open_datagram(const SocketAddress& local, bool reuse_port) {
    if (const int failure = failure_of_open(); failure != 0) return fail(failure, "socket");
    auto socket = std::make_shared<SimDatagramSocket>();
    socket->local = local;
    socket->reuse_port = reuse_port;
    if (local.family != Family::unix_path && local.port == 0) socket->local.port = free_port();
    std::erase_if(datagram_sockets_, [](const auto& other) { return other.expired(); });
    for (const auto& weak : datagram_sockets_) {
        const auto other = weak.lock();
        const bool is_shared = other->reuse_port && reuse_port;
        if (other->local == socket->local && !is_shared) return fail(EADDRINUSE, "bind");
    }
    datagram_sockets_.push_back(socket);
    const int number = descriptors_.add(socket);
    return Opened{number, socket->local};
}

void SimKernel::set_coalescing(int socket) { descriptors_.find<SimDatagramSocket>(socket)->coalesces = true; }

// Like UDP_GRO: successive datagrams of the same size from one peer share a slot; the last of them may be shorter.
void SimKernel::add_segments(SimDatagramSocket& socket, std::span<char> room, DatagramSlot& slot) {
    const std::size_t size = slot.octets.size();
    while (!socket.received.empty() && chance_.happens(0.5)) {
        const SimDatagramSocket::Packet& next = socket.received.front();
        const std::size_t filled = slot.octets.size();
        const bool fits = next.octets.size() <= size && filled + next.octets.size() <= room.size();
        if (next.from != slot.peer || next.octets.empty() || !fits) return;
        const bool is_last = next.octets.size() < size;
        next.octets.copy(room.data() + filled, next.octets.size());
        slot.octets = room.first(filled + next.octets.size());
        slot.segment_octets = static_cast<std::uint16_t>(size);
        socket.received.pop_front();
        if (is_last) return;
    }
}

bool SimKernel::start(ReceiveOp& op) {
    const auto socket = descriptors_.find<SimDatagramSocket>(op.socket);
    assert(socket != nullptr && "not a datagram socket");
    return begin(socket, socket->receiving, op, [this, socket, &op] { return try_receive(socket, op); });
}

bool SimKernel::start(SendOp& op) {
    const auto socket = descriptors_.find<SimDatagramSocket>(op.socket);
    assert(socket != nullptr && "not a datagram socket");
    return begin(socket, socket->sending, op, [this, socket, &op] { return try_send(socket, op); });
}

void SimKernel::cancel(ReceiveOp& op) {
    const auto socket = descriptors_.find<SimDatagramSocket>(op.socket);
    cancel(socket, socket->receiving, op);
}

void SimKernel::cancel(SendOp& op) {
    const auto socket = descriptors_.find<SimDatagramSocket>(op.socket);
    cancel(socket, socket->sending, op);
}

std::optional<std::int64_t> SimKernel::try_receive(const std::shared_ptr<SimDatagramSocket>& socket, ReceiveOp& op) {
    assert(!op.slots.empty());
    if (chance_.happens(faults_.datagram_refused)) return -ECONNREFUSED;
    if (socket->received.empty()) return std::nullopt;
    const std::size_t most = chance_.between(1, std::min(op.slots.size(), socket->received.size()));
    std::size_t count = 0;
    for (; count < most && !socket->received.empty(); ++count) {
        DatagramSlot& slot = op.slots[count];
        const std::span<char> room = slot.octets;
        SimDatagramSocket::Packet packet = std::move(socket->received.front());
        socket->received.pop_front();
        const std::size_t octets = std::min(slot.octets.size(), packet.octets.size());
        packet.octets.copy(slot.octets.data(), octets);
        slot.octets = slot.octets.first(octets);
        slot.truncated = octets < packet.octets.size();
        slot.peer = std::move(packet.from);
        slot.segment_octets = 0;
        if (socket->coalesces && !slot.truncated && octets > 0) add_segments(*socket, room, slot);
    }
    return static_cast<std::int64_t>(count);
}

std::optional<std::int64_t> SimKernel::try_send(const std::shared_ptr<SimDatagramSocket>& socket, SendOp& op) {
    assert(!op.slots.empty());
    if (op.slots.front().octets.size() > datagram_octets_max) return -EMSGSIZE;  // also for several in one slot
    if (op.slots.front().peer.port == 0) return -EDESTADDRREQ;                   // no peer is connected here
    const std::size_t most = chance_.between(1, op.slots.size());
    std::size_t sent = 0;
    for (; sent < most && op.slots[sent].octets.size() <= datagram_octets_max; ++sent) {
        const DatagramSlot& slot = op.slots[sent];
        SocketAddress from = socket->local;
        if (is_any(from)) from.ip = IpAddress::loopback(from.family);
        const std::string_view octets(slot.octets.data(), slot.octets.size());
        const std::size_t size = slot.segment_octets == 0 ? octets.size() : slot.segment_octets;
        std::size_t from_octet = 0;
        do {
            launch(slot.peer, {std::string(octets.substr(from_octet, size)), from});
            from_octet += size;
        } while (from_octet < octets.size());
    }
    return static_cast<std::int64_t>(sent);
}

void SimKernel::launch(const SocketAddress& to, const SimDatagramSocket::Packet& packet) {
    if (chance_.happens(faults_.datagram_lost)) return;
    const int copies = chance_.happens(faults_.datagram_doubled) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
        schedule(delay(), [this, to, packet]() mutable { deliver(to, std::move(packet)); });
    }
}

void SimKernel::deliver(const SocketAddress& to, SimDatagramSocket::Packet packet) {
    std::vector<std::shared_ptr<SimDatagramSocket>> fitting;
    for (const auto& weak : datagram_sockets_) {
        auto socket = weak.lock();
        if (socket == nullptr || socket->local.port != to.port || socket->local.family != to.family) continue;
        if (socket->local.ip == to.ip || is_any(socket->local)) fitting.push_back(std::move(socket));
    }
    if (fitting.empty()) return;
    const auto& socket = fitting[chance_.below(fitting.size())];
    if (socket->received.size() == queued_max) return;
    socket->received.push_back(std::move(packet));
    poke(socket, socket->receiving);
}

}  // namespace portico::io
