// portico/io/broadcast.h — one value to many: from any thread to the tasks of any core.
//
// Room io: see error.h.
// Threads:   publish() and the counts may be called from any thread; a subscription belongs to its core's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/io/gate.h"

namespace portico {

// What happens to a subscriber that has not taken as many values as may wait.
enum class WhenSlow : std::uint8_t {
    drop_oldest,  // it misses the oldest one: see Subscription::missed()
    end,          // its subscription ends, after the values that wait
};

namespace detail {

// The values that wait for one subscriber. Guarded by the hub's lock, except for the gate.
template <class T>
struct Inbox {
    explicit Inbox(io::Core& its_core) : core(&its_core) {}
    io::Core* core;
    std::deque<std::shared_ptr<const T>> values;
    std::uint64_t missed = 0;
    bool has_ended = false;
    bool is_called = false;  // a message to its core is on the way
    io::Gate gate;           // the core's
};

// What a broadcast and its subscriptions share: the last of them destroys it.
template <class T>
struct Hub {
    std::mutex lock;
    std::vector<std::shared_ptr<Inbox<T>>> inboxes;  // in the order in which they came
    std::uint64_t dropped = 0;
    std::uint64_t ended = 0;

    // Wakes the subscriber, on its own core. The lock is held: so the subscription exists, and its core.
    static void call(const std::shared_ptr<Hub>& hub, const std::shared_ptr<Inbox<T>>& inbox) {
        if (std::exchange(inbox->is_called, true)) return;
        inbox->core->post([hub, inbox] {
            {
                const std::lock_guard guard(hub->lock);
                inbox->is_called = false;
            }
            inbox->gate.open();
        });
    }
};

}  // namespace detail

// Receives what is published from the time when it was made. One task uses it, on the core for which it was made.
template <class T>
class Subscription {
public:
    // For Broadcast::subscribe().
    Subscription(std::shared_ptr<detail::Hub<T>> hub, std::shared_ptr<detail::Inbox<T>> inbox)
        : hub_(std::move(hub)), inbox_(std::move(inbox)) {}
    Subscription(Subscription&&) noexcept = default;
    Subscription& operator=(Subscription&&) = delete;
    ~Subscription() {
        if (hub_ == nullptr) return;
        const std::lock_guard guard(hub_->lock);
        std::erase(hub_->inboxes, inbox_);
    }

    // The next value; nothing if the subscription has ended, or the task was asked to stop.
    [[nodiscard]] Task<std::optional<T>> next() {
        for (;;) {
            bool is_over = false;
            const std::shared_ptr<const T> value = take(is_over);
            if (value != nullptr) co_return *value;
            if (is_over) co_return std::nullopt;
            const io::Result<void> woken = co_await inbox_->gate.wait(*inbox_->core, io::never);
            if (!woken) co_return std::nullopt;
        }
    }
    // How many values it has missed because it was slow.
    [[nodiscard]] std::uint64_t missed() const {
        const std::lock_guard guard(hub_->lock);
        return inbox_->missed;
    }

private:
    std::shared_ptr<const T> take(bool& is_over) {
        const std::lock_guard guard(hub_->lock);
        if (inbox_->values.empty()) {
            is_over = inbox_->has_ended;
            return nullptr;
        }
        std::shared_ptr<const T> value = std::move(inbox_->values.front());
        inbox_->values.pop_front();
        return value;
    }

    std::shared_ptr<detail::Hub<T>> hub_;
    std::shared_ptr<detail::Inbox<T>> inbox_;
};

// Gives each subscriber every value that is published while it is subscribed. Nobody waits for a subscriber that is
// slow. Each subscriber gets a copy of the value; until then they share one.
template <class T>
class Broadcast {
public:
    // `waiting_max`: how many values may wait for each subscriber, at least one.
    explicit Broadcast(std::size_t waiting_max = 64, WhenSlow when_slow = WhenSlow::drop_oldest)
        : hub_(std::make_shared<detail::Hub<T>>()),
          waiting_max_(std::max<std::size_t>(waiting_max, 1)),
          when_slow_(when_slow) {}
    Broadcast(const Broadcast&) = delete;
    Broadcast& operator=(const Broadcast&) = delete;
    // Ends all subscriptions, after the values that wait.
    ~Broadcast() {
        const std::lock_guard guard(hub_->lock);
        for (const auto& inbox : hub_->inboxes) {
            inbox->has_ended = true;
            detail::Hub<T>::call(hub_, inbox);
        }
    }

    // Gives the value to all subscribers, and returns how many there are. Any thread may call it.
    std::size_t publish(T value) {
        const auto shared = std::make_shared<const T>(std::move(value));
        const std::lock_guard guard(hub_->lock);
        for (const auto& inbox : hub_->inboxes) put(inbox, shared);
        return hub_->inboxes.size();
    }
    // For a task of this core, which outlives the subscription: see Request::core() and WebSocket::core().
    [[nodiscard]] Subscription<T> subscribe(io::Core& core) {
        auto inbox = std::make_shared<detail::Inbox<T>>(core);
        const std::lock_guard guard(hub_->lock);
        hub_->inboxes.push_back(inbox);
        return Subscription<T>(hub_, std::move(inbox));
    }

    // How many there are now, on all cores.
    [[nodiscard]] std::size_t subscribers() const {
        return counted([](const auto& hub) { return hub.inboxes.size(); });
    }
    // Values that slow subscribers have missed, and slow subscribers that were ended, since the beginning.
    [[nodiscard]] std::uint64_t dropped() const {
        return counted([](const auto& hub) { return hub.dropped; });
    }
    [[nodiscard]] std::uint64_t ended() const {
        return counted([](const auto& hub) { return hub.ended; });
    }

private:
    template <class Count>
    auto counted(Count count) const {
        const std::lock_guard guard(hub_->lock);
        return count(*hub_);
    }
    void put(const std::shared_ptr<detail::Inbox<T>>& inbox, const std::shared_ptr<const T>& value) {
        if (inbox->has_ended) return;
        const bool is_full = inbox->values.size() >= waiting_max_;
        if (is_full && when_slow_ == WhenSlow::end) {
            inbox->has_ended = true;
            ++hub_->ended;
        } else {
            if (is_full) {
                inbox->values.pop_front();
                ++inbox->missed;
                ++hub_->dropped;
            }
            inbox->values.push_back(value);
        }
        detail::Hub<T>::call(hub_, inbox);
    }

    std::shared_ptr<detail::Hub<T>> hub_;
    std::size_t waiting_max_;
    WhenSlow when_slow_;
};

}  // namespace portico
