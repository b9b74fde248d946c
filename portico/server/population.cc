// portico/server/population.cc — see population.h.
#include "portico/server/population.h"

#include <cassert>

namespace portico::server {

Population::Population(std::size_t connections_max, std::size_t per_address_max)
    : connections_max_(connections_max),
      per_address_max_(per_address_max),
      counts_addresses_(per_address_max < connections_max) {}

Population::Key Population::key_of(const io::SocketAddress& peer) { return io::network_of(peer); }

Population::Admission Population::enter(const io::SocketAddress& peer) {
    if (!was_used()) was_used_.store(true, std::memory_order_relaxed);
    Admission admission =
        count_.fetch_add(1, std::memory_order_relaxed) < connections_max_ ? Admission::admitted : Admission::full;
    if (counts_addresses_) {
        const std::lock_guard lock(lock_);
        const auto found = by_address_.find(key_of(peer));
        if (found != by_address_.end() && found->second >= per_address_max_) admission = Admission::address_full;
        if (admission == Admission::admitted && found == by_address_.end()) by_address_.emplace(key_of(peer), 1);
        if (admission == Admission::admitted && found != by_address_.end()) ++found->second;
    }
    if (admission != Admission::admitted) count_.fetch_sub(1, std::memory_order_relaxed);
    return admission;
}

void Population::enter_instead(const io::SocketAddress& peer) {
    count_.fetch_add(1, std::memory_order_relaxed);
    if (!counts_addresses_) return;
    const std::lock_guard lock(lock_);
    ++by_address_[key_of(peer)];
}

std::size_t Population::leave(const io::SocketAddress& peer) {
    const std::size_t before = count_.fetch_sub(1, std::memory_order_relaxed);
    if (!counts_addresses_) return before;
    const std::lock_guard lock(lock_);
    const auto found = by_address_.find(key_of(peer));
    assert(found != by_address_.end() && "a connection that leaves has entered");
    if (--found->second == 0) by_address_.erase(found);
    return before;
}

}  // namespace portico::server
