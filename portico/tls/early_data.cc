// portico/tls/early_data.cc — see early_data.h.
#include "portico/tls/early_data.h"

#include <algorithm>
#include <utility>

namespace portico::tls {

EarlyData::EarlyData(std::uint32_t octets_max, Time now, std::chrono::sys_seconds wall_now)
    : octets_max_(octets_max), began_(now), wall_began_(wall_now), generation_began_(now) {}

bool EarlyData::accept(std::span<const unsigned char, random_octets> random, std::chrono::sys_seconds ticket_made,
                       Time now) {
    if (ticket_made < wall_began_ && now < began_ + memory) return false;
    Key key;
    std::ranges::copy(random.first<sizeof(Key)>(), key.begin());
    const std::lock_guard guard(lock_);
    if (now >= generation_began_ + memory) {
        const bool are_both_old = now >= generation_began_ + 2 * memory;
        older_ = are_both_old ? std::set<Key>() : std::move(newer_);
        newer_.clear();
        generation_began_ = now;
    }
    if (older_.contains(key) || newer_.size() >= messages_max) return false;
    return newer_.insert(key).second;
}

}  // namespace portico::tls
