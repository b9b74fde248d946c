// portico/tls/early_data.h — which early data (0-RTT) a server accepts, so that none is accepted twice.
//
// Room tls: see session.h.
// Threads:   any; all cores share one object, which a handshake with early data locks for a look-up.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <span>

namespace portico::tls {

// Early data is what a client that resumes a session sends with its first message, before the server has proved that
// it is there (RFC 8446 §2.3). Somebody who records that message can send it again. OpenSSL refuses it once it is older
// than the client says, by more than ten seconds; this object refuses it in the time before (RFC 8446 §8.2): it
// remembers the messages that were accepted. Its memory is one process's. Machines that share ticket keys don't share
// it, so that each of them accepts a message once.
class EarlyData {
public:
    using Time = std::chrono::steady_clock::time_point;

    // How long a message is remembered, at least. OpenSSL accepts it for eleven seconds.
    static constexpr std::chrono::seconds memory{30};
    // Messages that are remembered, at most twice as many: with more, early data is refused for a while. Each takes
    // about 64 octets.
    static constexpr std::size_t messages_max = 32'768;
    // The client's random number (RFC 8446 §4.1.2). Nobody can change it without the ticket's secret.
    static constexpr std::size_t random_octets = 32;

    // `octets_max`: of early data in one connection. `now`, and `wall_now` by the clock that dates tickets.
    EarlyData(std::uint32_t octets_max, Time now, std::chrono::sys_seconds wall_now);
    EarlyData(const EarlyData&) = delete;
    EarlyData& operator=(const EarlyData&) = delete;
    ~EarlyData() = default;

    [[nodiscard]] std::uint32_t octets_max() const { return octets_max_; }
    // Whether early data may be accepted with a client's first message, which has this random number, and uses a ticket
    // that was made at `ticket_made`. True only once for each number. A ticket that is older than this object is
    // refused at first: the process before this one may have accepted the message.
    [[nodiscard]] bool accept(std::span<const unsigned char, random_octets> random,
                              std::chrono::sys_seconds ticket_made, Time now);

private:
    using Key = std::array<unsigned char, 16>;  // half of a random number

    const std::uint32_t octets_max_;
    const Time began_;
    const std::chrono::sys_seconds wall_began_;
    std::mutex lock_;
    // Two generations, guarded by lock_: when the newer one is old enough, it takes the place of the older one.
    Time generation_began_;
    std::set<Key> newer_;
    std::set<Key> older_;
};

}  // namespace portico::tls
