// portico/services/datagrams.h — receives and answers many datagrams at a time.
//
// Room services: see service.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "portico/services/service.h"

namespace portico::services {

// Room for any UDP datagram, in octets.
inline constexpr std::size_t datagram_room = 64 * 1024;

// Which peers get an answer. The sender of a datagram can forge its source address. If that address belongs to another
// service that answers everything, the two would answer each other for ever.
class AnswerablePeers {
public:
    // `local`: the address to which a socket of the same service is bound.
    void add_own(const io::SocketAddress& local) { own_ports_.push_back(local.port); }
    // False for ports that services, not clients, send from: this service's own ports, on any host, because another
    // instance of it uses the same; ports below 1024 (echo, daytime, chargen, time, DNS, NTP …); and a few further
    // protocols known for answering forged datagrams (SSDP, mDNS, memcached …).
    [[nodiscard]] bool has(const io::SocketAddress& peer) const;

private:
    std::vector<std::uint16_t> own_ports_;
};

// The longest answer to a datagram of `octets` from an address that may be forged. With the headers of IPv4 and UDP, an
// answer is at most three times as large as the datagram (the factor of RFC 9000 §8.1), so that a service is of little
// use for flooding a victim.
constexpr std::size_t answer_octets_max(std::size_t octets) {
    constexpr std::size_t header_octets = 28;
    return 3 * (header_octets + octets) - header_octets;
}

// The datagrams of one recvmmsg, and the room for them, which is charged to the core's ledger. The batch and the socket
// that its tasks use outlive these tasks.
class DatagramBatch {
public:
    static constexpr std::size_t datagrams_max = 16;

    // For datagrams of up to `octets_max` octets; longer ones are truncated.
    DatagramBatch(io::Core& core, std::size_t octets_max);

    // Waits for datagrams. False if the task is asked to stop. Errors that report an earlier answer are ignored.
    Task<bool> receive(io::Datagram& socket);
    // Drops the datagrams of all other peers.
    void keep(const AnswerablePeers& peers);
    // Replaces each received datagram by the answer `octets`, and truncates it to answer_octets_max(). A datagram with
    // exactly these octets is dropped: an echo service sent it. `octets` outlive the batch.
    void replace_all(std::string_view octets);
    // Sends each datagram back to its source. One that can't be sent is dropped, as UDP allows.
    Task<void> send_all(io::Datagram& socket);
    // Datagrams received and not dropped.
    [[nodiscard]] std::size_t size() const { return received_; }

private:
    template <class Drop>
    void drop_if(Drop drop);

    io::Core* core_;
    std::array<Buffer, datagrams_max> rooms_;
    std::array<io::DatagramSlot, datagrams_max> slots_;
    std::size_t received_ = 0;
};

}  // namespace portico::services
