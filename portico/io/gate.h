// portico/io/gate.h — a place where one task waits until another opens it.
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <cassert>

#include "portico/io/core.h"

namespace portico::io {

// Each opening lets one wait through: the current wait, or else the next. Opening the gate twice before a wait is the
// same as opening it once.
class Gate {
public:
    class Wait;

    Gate() = default;
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    // The waiting task goes on before this returns. But if a task that was started in one of the waiting task's scopes
    // calls this, the waiting task goes on when the loop has control again.
    void open();
    // co_await gate.wait(…): returns once the gate is opened. Errors: ETIMEDOUT the deadline passed first, ECANCELED
    // the task was asked to stop first. At most one task waits (asserted).
    [[nodiscard]] Wait wait(Core& core, TimePoint deadline);

private:
    Wait* waiting_ = nullptr;
    bool is_open_ = false;
};

// What Gate::wait() returns, to be awaited in the same statement.
class Gate::Wait final : public Operation {
public:
    // See Gate::wait().
    Wait(Core& core, Gate& gate, TimePoint deadline) : Operation(core), gate_(&gate), deadline_(deadline) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter, deadline_, [this] { return pass_or_wait(); });
    }
    [[nodiscard]] Result<void> await_resume() const {
        if (result() < 0) return fail(static_cast<int>(-result()), "wait");
        return {};
    }

private:
    friend class Gate;
    bool pass_or_wait() {
        if (gate_->is_open_) {
            gate_->is_open_ = false;
            set_result(0);
            return true;
        }
        assert(gate_->waiting_ == nullptr && "one task waits at a gate");
        gate_->waiting_ = this;
        return false;
    }
    void cancel() override {
        gate_->waiting_ = nullptr;
        complete(-ECANCELED);
    }
    Gate* gate_;
    TimePoint deadline_;
};

inline void Gate::open() {
    if (waiting_ == nullptr) {
        is_open_ = true;
        return;
    }
    std::exchange(waiting_, nullptr)->complete(0);
}

inline Gate::Wait Gate::wait(Core& core, TimePoint deadline) { return {core, *this, deadline}; }

}  // namespace portico::io
