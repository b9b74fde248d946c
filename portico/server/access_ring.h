// portico/server/access_ring.h — carries a core's entries to the access log's writer.
//
// Room server: see limits.h.
// Threads:   two: the core that pushes, and the writer that takes. Neither ever waits for the other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "portico/server/access_log.h"

namespace portico::server {

// Which strings of an entry its line will need. The others are not copied.
struct AccessStrings {
    bool user = true;
    bool referer = true;
    bool user_agent = true;
    bool reason = true;
};

// A ring of packed entries. Each is a header followed by its strings, so that a short entry takes few octets.
class AccessRing {
public:
    static constexpr std::size_t usual_octets = std::size_t{1} << 20;
    // The limit for each string of an entry. A longer string is truncated.
    static constexpr std::size_t string_octets_max = 16 * 1024;

    // `octets` is a power of two.
    explicit AccessRing(AccessStrings strings, std::size_t octets = usual_octets);

    // --- the core
    enum class Pushed : std::uint8_t { quietly, past_half, not_at_all };
    // Copies the entry, or counts it as dropped if there is no room. Returns `past_half` once until the writer arrives.
    Pushed push(const AccessEntry& entry);

    // --- the writer
    // The oldest entry, or nothing if the ring is empty. Its views and its peer stay valid until pop().
    [[nodiscard]] const AccessEntry* front();
    void pop();
    // Returns whether front() would be null; ordered with a core's push() and its check for a sleeping writer.
    [[nodiscard]] bool is_empty() const { return head_.load() == tail_.load(std::memory_order_relaxed); }
    // From now on push() may say `past_half` again.
    void arrive() { asked_for_writer_.store(false, std::memory_order_relaxed); }

    // --- any thread
    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

private:
    struct Packed;
    // Returns the position for an entry of this many octets, or nothing if there is no room. An entry never crosses the
    // ring's end.
    std::optional<std::uint64_t> find_room(std::size_t octets);

    const AccessStrings strings_;
    const std::size_t octets_;
    const std::unique_ptr<std::byte[]> memory_;

    // Positions only grow; modulo octets_ they are offsets. Each is written by one side only, and has a cache line of
    // its own.
    alignas(64) std::atomic<std::uint64_t> head_ = 0;  // where the next entry will be put
    std::uint64_t seen_tail_ = 0;                      // tail_ as the core last saw it
    std::atomic<std::uint64_t> dropped_ = 0;
    alignas(64) std::atomic<std::uint64_t> tail_ = 0;  // the oldest entry
    AccessEntry front_;                                // the oldest entry, unpacked
    io::SocketAddress front_peer_;
    std::uint64_t behind_front_ = 0;
    alignas(64) std::atomic<bool> asked_for_writer_ = false;
};

}  // namespace portico::server
