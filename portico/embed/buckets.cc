// portico/embed/buckets.cc — see buckets.h.
#include "portico/embed/buckets.h"

#include <algorithm>

namespace portico {

using std::chrono::nanoseconds;

Buckets::Buckets(nanoseconds interval, std::uint64_t burst, std::size_t clients_max)
    : interval_(interval),
      room_(interval * static_cast<std::int64_t>(burst)),
      rows_(std::max<std::size_t>(clients_max / ways, 1)) {}

nanoseconds Buckets::take(std::string_view client, io::TimePoint now) {
    const std::uint64_t hash = route::sip_hash<2, 4>(hash_key_, client);
    const std::size_t place = hash % rows_.size();
    const std::lock_guard guard(locks_[place % locks_.size()]);
    Row& row = rows_[place];
    auto bucket = std::ranges::find(row, hash, &Bucket::client);
    if (bucket == row.end()) {
        bucket = std::ranges::min_element(row, {}, &Bucket::full_at);
        *bucket = Bucket{hash, now};
    }
    const io::TimePoint full_at = std::max(bucket->full_at, now) + interval_;
    if (full_at - now > room_) return full_at - now - room_;
    bucket->full_at = full_at;
    return nanoseconds(0);
}

}  // namespace portico
