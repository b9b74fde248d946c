// portico/server/access_ring.cc — see access_ring.h.
#include "portico/server/access_ring.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <type_traits>

namespace portico::server {

// The strings, in the order that they have in the ring.
enum : std::size_t { method, target, user, referer, user_agent, reason, string_count };

// The part before an entry's strings in the ring. `octets` is 0 if the rest of the ring is left empty because an entry
// did not fit there.
struct AccessRing::Packed {
    std::uint32_t octets;  // the whole entry, up to the next one
    http::Status status;
    http::Version version;
    bool complete;
    std::chrono::system_clock::time_point at;
    std::chrono::steady_clock::duration duration;
    std::uint64_t content_octets;
    std::array<std::uint16_t, string_count> lengths;
    std::uint16_t port;
    io::Family family;
    bool has_peer;
    io::IpAddress ip;
};

namespace {

// The length that stands for a view without data.
constexpr std::uint16_t no_string = 0xffff;
static_assert(AccessRing::string_octets_max < no_string);

std::string_view cut(std::string_view text) { return text.substr(0, AccessRing::string_octets_max); }

}  // namespace

AccessRing::AccessRing(AccessStrings strings, std::size_t octets)
    : strings_(strings), octets_(octets), memory_(std::make_unique_for_overwrite<std::byte[]>(octets)) {
    static_assert(std::is_trivially_copyable_v<Packed> && alignof(Packed) <= 8);
    assert((octets & (octets - 1)) == 0 && octets >= 256);
}

std::optional<std::uint64_t> AccessRing::find_room(std::size_t octets) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::size_t to_end = octets_ - static_cast<std::size_t>(head % octets_);
    const std::size_t skipped = octets <= to_end ? 0 : to_end;
    const auto fits = [&] { return head + skipped + octets - seen_tail_ <= octets_; };
    if (!fits()) {
        seen_tail_ = tail_.load(std::memory_order_acquire);
        if (!fits()) return std::nullopt;
    }
    if (skipped > 0) {
        const std::uint32_t nothing = 0;
        std::memcpy(&memory_[head % octets_], &nothing, sizeof nothing);
    }
    return head + skipped;
}

AccessRing::Pushed AccessRing::push(const AccessEntry& entry) {
    std::array<std::string_view, string_count> strings{};
    strings[method] = cut(entry.method);
    strings[target] = cut(entry.target);
    if (strings_.user) strings[user] = cut(entry.user);
    if (strings_.referer) strings[referer] = cut(entry.referer);
    if (strings_.user_agent) strings[user_agent] = cut(entry.user_agent);
    if (strings_.reason) strings[reason] = cut(entry.reason);

    std::size_t octets = sizeof(Packed);
    for (const std::string_view string : strings) octets += string.size();
    octets = (octets + 7) & ~std::size_t{7};

    const auto position = find_room(octets);
    if (!position) {
        dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        return Pushed::not_at_all;
    }
    Packed packed{};
    packed.octets = static_cast<std::uint32_t>(octets);
    packed.status = entry.status;
    packed.version = entry.version;
    packed.complete = entry.complete;
    packed.at = entry.at;
    packed.duration = entry.duration;
    packed.content_octets = entry.content_octets;
    packed.has_peer = entry.peer != nullptr;
    if (packed.has_peer) {
        packed.family = entry.peer->family;
        packed.ip = entry.peer->ip;
        packed.port = entry.peer->port;
    }
    std::byte* to = &memory_[*position % octets_];
    std::byte* string_to = to + sizeof packed;
    for (std::size_t i = 0; i < string_count; ++i) {
        packed.lengths[i] = strings[i].data() == nullptr ? no_string : static_cast<std::uint16_t>(strings[i].size());
        if (!strings[i].empty()) std::memcpy(string_to, strings[i].data(), strings[i].size());
        string_to += strings[i].size();
    }
    std::memcpy(to, &packed, sizeof packed);
    // Sequentially consistent, as are is_empty() and the writer's note that it sleeps. So either the writer sees this
    // entry before it falls asleep, or the core sees that the writer sleeps.
    head_.store(*position + octets);

    if (*position + octets - seen_tail_ <= octets_ / 2) return Pushed::quietly;
    seen_tail_ = tail_.load(std::memory_order_acquire);
    if (*position + octets - seen_tail_ <= octets_ / 2) return Pushed::quietly;
    if (asked_for_writer_.load(std::memory_order_relaxed)) return Pushed::quietly;
    asked_for_writer_.store(true, std::memory_order_relaxed);
    return Pushed::past_half;
}

const AccessEntry* AccessRing::front() {
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (head == tail) return nullptr;
    std::uint32_t octets = 0;
    std::memcpy(&octets, &memory_[tail % octets_], sizeof octets);
    if (octets == 0) {
        tail += octets_ - tail % octets_;
        tail_.store(tail, std::memory_order_release);
    }
    Packed packed;
    const std::byte* from = &memory_[tail % octets_];
    std::memcpy(&packed, from, sizeof packed);
    behind_front_ = tail + packed.octets;

    front_.at = packed.at;
    front_.duration = packed.duration;
    front_.version = packed.version;
    front_.status = packed.status;
    front_.complete = packed.complete;
    front_.content_octets = packed.content_octets;
    front_.peer = packed.has_peer ? &front_peer_ : nullptr;
    if (packed.has_peer) {
        front_peer_.family = packed.family;
        front_peer_.ip = packed.ip;
        front_peer_.port = packed.port;
    }
    const std::array<std::string_view*, string_count> strings = {&front_.method,  &front_.target,     &front_.user,
                                                                 &front_.referer, &front_.user_agent, &front_.reason};
    const char* string_from = reinterpret_cast<const char*>(from) + sizeof packed;
    for (std::size_t i = 0; i < string_count; ++i) {
        *strings[i] = {};
        if (packed.lengths[i] == no_string) continue;
        *strings[i] = {string_from, packed.lengths[i]};
        string_from += packed.lengths[i];
    }
    return &front_;
}

void AccessRing::pop() { tail_.store(behind_front_, std::memory_order_release); }

}  // namespace portico::server
