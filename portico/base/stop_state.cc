// portico/base/stop_state.cc — see stop_state.h.
#include "portico/base/stop_state.h"

#include <algorithm>
#include <cassert>
#include <deque>

#include "portico/base/task.h"

namespace portico {
namespace {

// A chain whose wait is over, but which could not go on at that time.
struct Parked {
    StopState* chain;
    std::coroutine_handle<> waiter;  // null: it was about to begin a wait
};

std::deque<Parked>& parked() {
    thread_local std::deque<Parked> chains;
    return chains;
}

}  // namespace

bool StopState::settle() noexcept {
    std::deque<Parked>& chains = parked();
    if (chains.empty()) return false;
    for (std::size_t left = chains.size(); left > 0 && !chains.empty(); --left) {
        const Parked next = chains.front();
        chains.pop_front();
        StopState& chain = *next.chain;
        chain.is_parked_ = false;
        if (chain.has_task_on_stack()) {  // this loop is running inside a task
            chain.park(next.waiter);
        } else if (chain.must_end()) {
            chain.end_chain();
        } else {
            chain.resume(next.waiter);
        }
    }
    return true;
}

void StopState::resume(std::coroutine_handle<> waiter) {
    innermost_ = nullptr;
    const OnStack here(*this);
    waiter.resume();
}

void StopState::park(std::coroutine_handle<> waiter) {
    is_parked_ = true;
    parked().push_back({this, waiter});
}

void StopState::go_on(std::coroutine_handle<> waiter) {
    waiting_on_ = nullptr;
    if (ends_now()) return end_chain();
    // Not now, even if none of its own tasks is on the stack: the code that stopped it may be using objects that it
    // owns.
    if (must_end() && top_ != nullptr) return park(waiter);
    if (has_task_on_stack()) return park(waiter);
    if (must_end()) return end_chain();
    resume(waiter);
}

void StopState::end_later(const TaskPromiseBase* innermost) {
    innermost_ = innermost;
    park(nullptr);
}

bool StopState::frames_hold(const void* object) const {
    for (const TaskPromiseBase* frame = innermost_; frame != nullptr; frame = frame->outer()) {
        if (frame->holds(object)) return true;
    }
    return false;
}

void StopState::leave_stack() {
    for (OnStack* at = top_; at != nullptr; at = at->below_) {
        if (at->chain_ == this) at->chain_ = nullptr;
    }
}

bool StopState::is_on_stack() const {
    for (const OnStack* at = top_; at != nullptr; at = at->below_) {
        if (at->chain_ == this) return true;
    }
    return false;
}

bool StopState::has_task_on_stack() const {
    for (const OnStack* at = top_; at != nullptr; at = at->below_) {
        for (const StopState* chain = at->chain_; chain != nullptr; chain = chain->above()) {
            if (chain == this) return true;
        }
    }
    return false;
}

void StopState::ask_to_end_now() {
    after_stop_ = AfterStop::ends;
    stop_ = Stop::at_once;
    if (is_parked_) {
        is_parked_ = false;
        std::erase_if(parked(), [this](const Parked& one) { return one.chain == this; });
        return end_chain();
    }
    if (waiting_on_ != nullptr) return waiting_on_->stop_waiting();
    // It is already being ended, or it awaits something that is not ours, whose awaiter is in its frame.
    if (!is_on_stack()) end_chain();
}

void StopState::end_blocking() {
    assert(waiting_on_ != nullptr && "a scope is destroyed while one of its tasks runs");
    waiting_on_->finish_waiting();
}

}  // namespace portico
