// portico/io/timers.cc — the wheels.
//
// A timer is in the wheel of the highest group of six bits in which its tick differs from the present one. So the
// wheels never wrap: every timer in a wheel expires within the present turn of that wheel, in slots after the present
// one, and before every timer in a wheel above.
#include "portico/io/timers.h"

#include <bit>
#include <cassert>

namespace portico::io {

Timers::Timers(TimePoint start) : start_(start) {
    assert(start.time_since_epoch() >= Duration::zero());  // otherwise `never - start` overflows
    for (Head& head : heads_) head.next_ = head.previous_ = &head;
}

std::uint64_t Timers::whole_ticks(Duration since_start) const {
    if (since_start <= Duration::zero()) return 0;
    return static_cast<std::uint64_t>(since_start / tick);
}

void Timers::set(Timer& timer, TimePoint due) {
    assert(!timer.is_set());
    // Rounded up, because the present is rounded down: a timer never expires early.
    timer.due_ = due > start_ ? whole_ticks(due - start_ - Duration(1)) + 1 : 0;
    insert(timer);
    ++count_;
}

void Timers::unset(Timer& timer) {
    if (!timer.is_set()) return;
    unlink(timer);
    --count_;
}

void Timers::append(Head& head, Timer& timer) {
    timer.next_ = &head;
    timer.previous_ = head.previous_;
    head.previous_->next_ = &timer;
    head.previous_ = &timer;
}

void Timers::insert(Timer& timer) {
    if (timer.due_ <= now_) {
        timer.slot_ = overdue;
    } else {
        const auto level = static_cast<unsigned>(std::bit_width(timer.due_ ^ now_) - 1) / slot_bits;
        if (level >= levels) {
            timer.slot_ = beyond;
        } else {
            const auto position = static_cast<unsigned>(timer.due_ >> (level * slot_bits)) % slots;
            timer.slot_ = static_cast<std::uint16_t>(level * slots + position);
            occupied_[level] |= std::uint64_t{1} << position;
        }
    }
    append(heads_[timer.slot_], timer);
}

void Timers::unlink(Timer& timer) {
    timer.previous_->next_ = timer.next_;
    timer.next_->previous_ = timer.previous_;
    // A timer that advance() has taken out of its slot, to expire it, still names that slot. So the slot's own ring is
    // checked.
    if (timer.next_ == timer.previous_ && timer.slot_ < overdue && !holds(timer.slot_)) {
        occupied_[timer.slot_ / slots] &= ~(std::uint64_t{1} << (timer.slot_ % slots));
    }
    timer.next_ = timer.previous_ = nullptr;
}

void Timers::move_all(Head& from, Head& to) {
    if (from.next_ == &from) return;
    from.next_->previous_ = to.previous_;
    to.previous_->next_ = from.next_;
    from.previous_->next_ = &to;
    to.previous_ = from.previous_;
    from.next_ = from.previous_ = &from;
}

std::optional<Timers::Turn> Timers::next_turn() const {
    for (unsigned level = 0; level < levels; ++level) {
        if (occupied_[level] == 0) continue;
        const auto position = static_cast<unsigned>(std::countr_zero(occupied_[level]));
        const unsigned shift = level * slot_bits;
        const std::uint64_t turn_of_wheel = now_ >> (shift + slot_bits) << (shift + slot_bits);
        return Turn{turn_of_wheel | std::uint64_t{position} << shift,
                    static_cast<std::uint16_t>(level * slots + position)};
    }
    constexpr unsigned all_bits = levels * slot_bits;
    if (holds(beyond)) return Turn{((now_ >> all_bits) + 1) << all_bits, beyond};
    return std::nullopt;
}

void Timers::advance(TimePoint now) {
    const std::uint64_t target = whole_ticks(now - start_);
    Head expiring;
    expiring.next_ = expiring.previous_ = &expiring;
    move_all(heads_[overdue], expiring);
    for (;;) {
        const std::optional<Turn> turn = next_turn();
        if (!turn || turn->tick > target) break;
        now_ = turn->tick;
        Head& head = heads_[turn->slot];
        if (turn->slot < overdue) occupied_[turn->slot / slots] &= ~(std::uint64_t{1} << (turn->slot % slots));
        if (turn->slot < slots) {
            move_all(head, expiring);
            continue;
        }
        // A slot of a higher wheel: its timers move down to the slots where they now belong.
        Head falling;
        falling.next_ = falling.previous_ = &falling;
        move_all(head, falling);
        while (falling.next_ != &falling) {
            Timer& timer = *falling.next_;
            falling.next_ = timer.next_;
            timer.next_->previous_ = &falling;
            insert(timer);
        }
        move_all(heads_[overdue], expiring);
    }
    if (target > now_) now_ = target;
    while (expiring.next_ != &expiring) {
        Timer& timer = *expiring.next_;
        unlink(timer);
        --count_;
        timer.expire();
    }
}

std::optional<TimePoint> Timers::next() const {
    const std::optional<Turn> turn = holds(overdue) ? Turn{now_, overdue} : next_turn();
    if (!turn) return std::nullopt;
    const auto ticks = static_cast<std::int64_t>(turn->tick);  // a little more than 36 bits
    return ticks < (never - start_) / tick ? start_ + ticks * tick : never;
}

}  // namespace portico::io
