// portico/services/datagrams.cc — see datagrams.h.
#include "portico/services/datagrams.h"

#include <algorithm>
#include <cerrno>
#include <span>

namespace portico::services {
namespace {

// Lower ports belong to services (RFC 6335 §6: system ports); clients use others.
constexpr std::uint16_t client_ports_begin = 1024;
// Further protocols that answer every datagram, and are used for reflection.
constexpr std::array<std::uint16_t, 6> answering_ports{
    1434,   // Microsoft SQL Server Resolution
    1900,   // SSDP
    3702,   // WS-Discovery
    5353,   // mDNS
    5683,   // CoAP
    11211,  // memcached
};

}  // namespace

bool AnswerablePeers::has(const io::SocketAddress& peer) const {
    return peer.port >= client_ports_begin && std::ranges::find(answering_ports, peer.port) == answering_ports.end() &&
           std::ranges::find(own_ports_, peer.port) == own_ports_.end();
}

DatagramBatch::DatagramBatch(io::Core& core, std::size_t octets_max) : core_(&core) {
    for (Buffer& room : rooms_) room = core.buffers().borrow(octets_max);
}

Task<bool> DatagramBatch::receive(io::Datagram& socket) {
    for (;;) {
        for (std::size_t i = 0; i < datagrams_max; ++i) slots_[i].octets = rooms_[i].room();
        const io::Result<std::size_t> received = co_await socket.receive(slots_, io::never);
        if (received) {
            received_ = *received;
            co_return true;
        }
        if (received.error().number == ECANCELED) co_return false;
        // Most errors report that an earlier answer was not received (ICMP), at most one for each answer. Others are
        // the machine's own, and need a pause.
        const io::Duration pause = io::accept_pause(received.error());
        if (pause > io::Duration::zero()) {
            const bool slept = co_await io::sleep_for(*core_, pause);
            if (!slept) co_return false;
        }
    }
}

template <class Drop>
void DatagramBatch::drop_if(Drop drop) {
    const auto received = std::span(slots_).first(received_);
    received_ -= std::ranges::remove_if(received, drop).size();
}

void DatagramBatch::keep(const AnswerablePeers& peers) {
    drop_if([&](const io::DatagramSlot& slot) { return !peers.has(slot.peer); });
}

void DatagramBatch::replace_all(std::string_view octets) {
    drop_if([&](const io::DatagramSlot& slot) {
        return !octets.empty() && std::string_view(slot.octets.data(), slot.octets.size()) == octets;
    });
    for (io::DatagramSlot& slot : std::span(slots_).first(received_)) {
        // A slot's octets are writable for receiving; sending leaves them as they are.
        const std::string_view answer = octets.substr(0, answer_octets_max(slot.octets.size()));
        slot.octets = std::span<char>(const_cast<char*>(answer.data()), answer.size());
        slot.segment_octets = 0;
    }
}

Task<void> DatagramBatch::send_all(io::Datagram& socket) {
    std::span<const io::DatagramSlot> left = std::span(slots_).first(received_);
    while (!left.empty()) {
        const io::Result<std::size_t> sent = co_await socket.send(left, io::never);
        if (!sent && sent.error().number == ECANCELED) co_return;
        left = left.subspan(sent.value_or(1));
    }
}

}  // namespace portico::services
