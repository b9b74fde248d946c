// portico/io/timers.h — a core's timers: a hierarchical wheel.
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace portico::io {

// A point in time for deadlines, on a clock that cannot be set back.
using TimePoint = std::chrono::steady_clock::time_point;
// A length of time on that clock, such as 5s or 250ms.
using Duration = std::chrono::steady_clock::duration;

// No deadline: waits for ever.
inline constexpr TimePoint never = TimePoint::max();

// `time` after `from`, or `never` if that is later than a TimePoint can represent. For times that a program may choose,
// such as milliseconds::max(): adding those would overflow and give a time in the past.
template <class Rep, class Period>
[[nodiscard]] constexpr TimePoint later(TimePoint from, std::chrono::duration<Rep, Period> time) {
    using Seconds = std::chrono::duration<double>;
    if (Seconds(time) >= Seconds(never - from) - Seconds(1)) return never;
    if (Seconds(time) <= Seconds(0)) return from;
    return from + std::chrono::duration_cast<Duration>(time);
}

class Timers;

// One timer. It is part of the object that waits for it (no allocation). Must not be destroyed or moved while it is
// set.
class Timer {
public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    // Called once, after the timer has been unset, at `due` or at most one tick later.
    virtual void expire() = 0;

    // Whether it will expire.
    [[nodiscard]] bool is_set() const { return next_ != nullptr; }

protected:
    ~Timer() = default;

private:
    friend class Timers;
    Timer* next_ = nullptr;  // a ring; its slot's head is the one without a deadline
    Timer* previous_ = nullptr;
    std::uint64_t due_ = 0;   // in ticks
    std::uint16_t slot_ = 0;  // which head's ring it was put into last
};

// Setting, unsetting and advancing cost the same for ten timers or a million. There are six wheels of 64 slots; a slot
// of one wheel is a whole turn of the wheel below, and a bit says which slots hold timers.
class Timers {
public:
    static constexpr auto tick = std::chrono::milliseconds(1);  // points in time are rounded up to this

    // `start` is the first tick: advance() is never given an earlier time.
    explicit Timers(TimePoint start);
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    void set(Timer& timer, TimePoint due);  // must not be set; a time in the past expires with the next advance()
    void unset(Timer& timer);               // does nothing if it is not set
    // Expires everything due at `now`. A timer set in the meantime for a time that has passed waits for the next call.
    void advance(TimePoint now);
    // When advance() should next be called: the tick in which the first timer expires, or an earlier one.
    [[nodiscard]] std::optional<TimePoint> next() const;
    [[nodiscard]] std::size_t count() const { return count_; }  // timers that are set

private:
    static constexpr unsigned levels = 6;
    static constexpr unsigned slot_bits = 6;
    static constexpr unsigned slots = 1U << slot_bits;
    // Two more rings: timers whose time had already passed when they were set, and those beyond the last wheel's turn
    // (two years).
    static constexpr std::uint16_t overdue = levels * slots;
    static constexpr std::uint16_t beyond = overdue + 1;

    struct Head final : Timer {
        void expire() override {}
    };
    // A slot that holds timers, and the tick of its turn.
    struct Turn {
        std::uint64_t tick;
        std::uint16_t slot;
    };
    void insert(Timer& timer);
    void unlink(Timer& timer);
    static void append(Head& head, Timer& timer);
    static void move_all(Head& from, Head& to);
    [[nodiscard]] std::optional<Turn> next_turn() const;
    [[nodiscard]] bool holds(std::uint16_t slot) const { return heads_[slot].next_ != &heads_[slot]; }
    [[nodiscard]] std::uint64_t whole_ticks(Duration since_start) const;

    TimePoint start_;
    std::uint64_t now_ = 0;  // ticks since start_
    std::size_t count_ = 0;
    std::array<std::uint64_t, levels> occupied_{};
    std::array<Head, beyond + 1> heads_;
};

}  // namespace portico::io
