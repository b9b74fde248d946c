// portico/server/population.h — counts connections, in total and for each address.
//
// Room server: see limits.h.
// Threads:   every core counts its connections here, once for each connection and never for a request.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "portico/io/net/address.h"

namespace portico::server {

class Population {
public:
    Population(std::size_t connections_max, std::size_t per_address_max);

    // A peer's key for counting: see io::network_of().
    using Key = std::uint64_t;
    static Key key_of(const io::SocketAddress& peer);

    enum class Admission : std::uint8_t { admitted, full, address_full };
    // Counts a connection if there is room for it. If both limits are reached, returns address_full. An admitted
    // connection must leave() later, with the same address.
    [[nodiscard]] Admission enter(const io::SocketAddress& peer);
    // Counts a connection although a limit is reached: another connection has been asked to leave for it.
    void enter_instead(const io::SocketAddress& peer);
    // Returns how many connections there were with this one. Of several that leave at the same time, each gets another
    // number.
    std::size_t leave(const io::SocketAddress& peer);

    [[nodiscard]] std::size_t count() const { return count_.load(std::memory_order_relaxed); }
    // Whether a connection has ever been counted, on any core.
    [[nodiscard]] bool was_used() const { return was_used_.load(std::memory_order_relaxed); }

private:
    const std::size_t connections_max_;
    const std::size_t per_address_max_;
    const bool counts_addresses_;  // false if the limit can never be reached: then no lock is taken
    std::atomic<std::size_t> count_ = 0;
    std::atomic<bool> was_used_ = false;
    std::mutex lock_;
    // Guarded by lock_. Not a hash table, because peers could choose addresses that collide in it.
    std::map<Key, std::size_t> by_address_;
};

}  // namespace portico::server
