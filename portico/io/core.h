// portico/io/core.h — one core: one thread, one loop, and what lives on it.
//
// Room io: see error.h.
// Threads:   post() and stop() may be called from any thread; all else belongs to the thread that calls run().
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/io/kernel.h"
#include "portico/io/timers.h"

namespace portico::io {

class Core {
public:
    // `kernel` outlives the core. `memory_max`: the ledger's ceiling, in octets.
    explicit Core(Kernel& kernel, std::size_t memory_max = std::size_t{1} << 30);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // Runs until stop(). May be called again.
    void run();
    // One pass: waits for the kernel until `until` at the latest, then expires timers and reads the mailbox.
    void run_once(TimePoint until);
    void stop();

    // Puts a message into this core's mailbox: it is called on the core's thread, in the order of posting.
    void post(std::move_only_function<void()> message);

    [[nodiscard]] Kernel& kernel() { return *kernel_; }
    [[nodiscard]] Timers& timers() { return timers_; }
    [[nodiscard]] Ledger& ledger() { return ledger_; }
    [[nodiscard]] BufferPool& buffers() { return buffers_; }
    [[nodiscard]] TimePoint now() const { return kernel_->now(); }
    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const { return kernel_->wall_clock(); }

private:
    friend class Operation;
    // Ends the chain before the next wait: not now, while some of it may be on the stack.
    void end_later(StopState& chain) { to_end_.push_back(&chain); }
    void end_chains();
    void read_mailbox();

    Kernel* kernel_;
    Ledger ledger_;
    BufferPool buffers_;
    Timers timers_;
    std::vector<StopState*> to_end_;
    std::atomic<bool> stopping_ = false;
    std::mutex mailbox_lock_;
    std::vector<std::move_only_function<void()>> mailbox_;  // guarded by mailbox_lock_
    std::atomic<bool> has_mail_ = false;
};

// What awaits an operation: `co_await` starts it at the core's kernel, and resumes when it has completed or its
// deadline has come (then its result is -ETIMEDOUT). A derived class says what the result is to the caller.
template <class Op>
class Awaited : public Op {
public:
    template <class... Arguments>
    explicit Awaited(TimePoint deadline, Core& the_core, Arguments&&... arguments)
        : Op(the_core, std::forward<Arguments>(arguments)...), deadline_(deadline) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return this->begin(waiter, deadline_, [this] { return this->core().kernel().start(*this); });
    }

protected:
    // How many octets or datagrams, or why not.
    [[nodiscard]] Result<std::size_t> count(std::string_view doing) const {
        if (this->result() < 0) return fail(static_cast<int>(-this->result()), doing);
        return static_cast<std::size_t>(this->result());
    }

private:
    TimePoint deadline_;
};

// co_await sleep_until(core, t): false where the task was asked to stop before.
class SleepUntil : public Operation {
public:
    SleepUntil(Core& core, TimePoint due) : Operation(core), due_(due) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter, due_, [] { return false; });
    }
    [[nodiscard]] bool await_resume() const { return result() == -ETIMEDOUT; }

private:
    void cancel() final { complete(-ECANCELED); }
    TimePoint due_;
};
[[nodiscard]] inline SleepUntil sleep_until(Core& core, TimePoint due) { return {core, due}; }
[[nodiscard]] inline SleepUntil sleep_for(Core& core, Duration time) { return {core, core.now() + time}; }

// co_await offload(core, function): calls function() on a helper thread and hands back what it returned. What
// `function` refers to outlives the wait, which is not cut short by a request to stop.
template <class Function>
class Offload : public OffloadOp {
public:
    using Value = std::invoke_result_t<Function&>;
    static_assert(!std::is_void_v<Value>, "return something, so that the wait has a result");

    Offload(Core& the_core, Function function) : OffloadOp(the_core), function_(std::move(function)) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter, never, [this] { return core().kernel().start(*this); });
    }
    // Nothing where the task had been asked to stop before the call began.
    std::optional<Value> await_resume() { return std::move(value_); }

private:
    void work() final { value_.emplace(function_()); }
    Function function_;
    std::optional<Value> value_;
};
// Name the function object first and std::move it (rule 2): auto work = [&] {…}; auto done = co_await offload(core,
// std::move(work));
template <class Function>
[[nodiscard]] Offload<Function> offload(Core& core, Function function) {
    return Offload<Function>(core, std::move(function));
}

}  // namespace portico::io
