// portico/handler/files/cache.h — the entries that a core caches, by path. The least recently used entry is dropped
// first.
//
// Room handler: see options.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "portico/handler/files/representation.h"
#include "portico/route/sip_hash.h"

namespace portico::files {

class Cache {
public:
    struct Budget {
        std::size_t entries_max;
        std::size_t octets_max;
        std::size_t descriptors_max;
    };

    Cache(const route::HashKey& key, const Budget& budget) : budget_(budget), entries_(0, route::KeyedHash{key}) {}
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    // Returns the entry, which becomes the most recently used; null if there is none. It lives until the cache is
    // changed.
    [[nodiscard]] const std::shared_ptr<Entry>* find(std::string_view path);
    // Caches the entry, and drops another one with the same path. An entry that alone exceeds the budget is not cached.
    void insert(std::shared_ptr<Entry> entry);
    // Drops this entry, unless another has taken its place.
    void erase(const Entry& entry);
    void erase_path(std::string_view path);
    // Call it when an entry has grown. Does nothing if the entry is not cached.
    void recount(const Entry& entry);
    // Drops the least recently used entries until at most this many descriptors are held.
    void shrink_descriptors(std::size_t descriptors_max);
    // Drops all entries and sets another budget.
    void reset(const Budget& budget);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t octets() const { return octets_; }
    [[nodiscard]] std::size_t descriptors() const { return descriptors_; }

private:
    struct Slot {
        std::shared_ptr<Entry> entry;
        std::size_t octets;
        std::size_t descriptors;
    };
    using Order = std::list<Slot>;

    void remove(Order::iterator slot);
    void shrink();

    Budget budget_;
    std::size_t octets_ = 0;
    std::size_t descriptors_ = 0;
    Order order_;  // the most recently used entry is first
    // The keys are the entries' own paths.
    std::unordered_map<std::string_view, Order::iterator, route::KeyedHash> entries_;
};

}  // namespace portico::files
