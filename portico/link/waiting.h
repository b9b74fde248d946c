// portico/link/waiting.h — connections that wait for their peers, in the order in which they began to wait.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <utility>

#include "portico/io/kernel.h"

namespace portico::link {

// A connection's place in a ring while one of its operations waits. The ring's head is a place without an operation.
class WaitingPlace {
public:
    WaitingPlace() = default;
    // Joins the ring as the place that has waited for the shortest time. `wait` is about to be awaited, and outlives
    // this place.
    WaitingPlace(WaitingPlace& head, io::Operation& wait)
        : previous_(std::exchange(head.previous_, this)), next_(&head), wait_(&wait) {
        previous_->next_ = this;
    }
    WaitingPlace(const WaitingPlace&) = delete;
    WaitingPlace& operator=(const WaitingPlace&) = delete;
    ~WaitingPlace() { leave(); }

    // For the ring's head: whether no connection waits.
    [[nodiscard]] bool empty() const { return next_ == this; }
    // For the ring's head: ends the longest wait; its operation fails with ECANCELED, now or soon, unless it has just
    // succeeded. False if no connection waits.
    bool end_longest() {
        if (empty()) return false;
        WaitingPlace& longest = *next_;
        longest.leave();  // so that it is not asked twice if its operation takes a while to end
        longest.wait_->stop_waiting();
        return true;
    }

private:
    void leave() {
        previous_->next_ = next_;
        next_->previous_ = previous_;
        next_ = previous_ = this;
    }
    WaitingPlace* previous_ = this;
    WaitingPlace* next_ = this;
    io::Operation* wait_ = nullptr;  // null: the ring's head
};

}  // namespace portico::link
