// portico/embed/buckets.h — how many requests each client has left, in a table of fixed size.
//
// Room embed: see response.h. Internal.
// Threads:   any; the table is in parts with a lock each, which is held for some instructions and never while a task
//            waits. Cores have no other way to agree on each request.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "portico/io/core.h"
#include "portico/route/sip_hash.h"

namespace portico {

// Token buckets, each kept as the time at which it will be full again (the generic cell rate algorithm, ITU-T I.371): a
// bucket is full once that time has come, and then need not be remembered.
class Buckets {
public:
    // `interval`: in which one token comes. `burst`: how many a full bucket has. Both are at least 1, and their product
    // fits a TimePoint.
    Buckets(std::chrono::nanoseconds interval, std::uint64_t burst, std::size_t clients_max);

    // The hash's key, which no client must know. Once, before the first take().
    void set_key(const route::HashKey& key) { hash_key_ = key; }
    // Takes a token out of the client's bucket. Returns zero, or how long it takes until there is one.
    [[nodiscard]] std::chrono::nanoseconds take(std::string_view client, io::TimePoint now);

private:
    struct Bucket {
        std::uint64_t client = 0;  // the hash of its name; two clients with the same hash share a bucket
        io::TimePoint full_at{};
    };
    static constexpr std::size_t ways = 8;  // places where a client's bucket may be
    using Row = std::array<Bucket, ways>;

    std::chrono::nanoseconds interval_;
    std::chrono::nanoseconds room_;  // the time in which an empty bucket fills
    route::HashKey hash_key_{};
    std::vector<Row> rows_;
    std::array<std::mutex, 16> locks_;  // of the rows with this remainder
};

}  // namespace portico
