// portico/io/core.h — one core: one thread, one loop, and the objects that belong to it.
//
// Room io: see error.h.
// Threads:   post() and stop() may be called from any thread; everything else belongs to the thread that calls run().
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/io/kernel.h"
#include "portico/io/timers.h"

namespace portico::io {

// A pass of a core's loop that took long.
struct LongPass {
    Duration time;                        // how long nobody else was served
    std::span<const std::string> labels;  // of the tasks that ran, without repetitions and not too many; not empty
};

// One thread's loop: it waits for its kernel, expires its timers, reads its mailbox, and so resumes the tasks that
// belong to it. Everything that waits refers to the core that it waits on, and the core outlives it.
class Core {
public:
    // `kernel` outlives the core. `memory_max`: the ledger's ceiling, in octets.
    explicit Core(Kernel& kernel, std::size_t memory_max = std::size_t{1} << 30);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    ~Core();

    // Runs until stop(). May be called again. SIGPIPE is blocked on the calling thread from the first call on.
    void run();
    // One pass: waits for the kernel, no longer than `until`, then expires timers and reads the mailbox.
    void run_once(TimePoint until);
    // run() returns after the current pass. If no pass is running, the next run() returns at once.
    void stop();

    // Puts a message into this core's mailbox. Messages are called on the core's thread, in the order of posting.
    void post(std::move_only_function<void()> message);

    [[nodiscard]] Kernel& kernel() { return *kernel_; }       // operations are started here
    [[nodiscard]] Timers& timers() { return timers_; }        // expired by each pass
    [[nodiscard]] Ledger& ledger() { return ledger_; }        // octets that its buffers hold
    [[nodiscard]] BufferPool& buffers() { return buffers_; }  // charged to ledger()
    // The time as of this pass, for deadlines: core.now() + 5s. It does not change until the next pass.
    [[nodiscard]] TimePoint now() const { return kernel_->now(); }
    // The time of day as of this pass.
    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const { return kernel_->wall_clock(); }

    // Calls `report` after each pass that took `limit` or longer without returning to the loop, if tasks with a label
    // ran in it (StopState::set_label): all other clients of the core waited for that time. Zero: no longer.
    void watch_passes(Duration limit, std::function<void(const LongPass&)> report);
    // A copy of the label that lives as long as the core, for StopState::set_label(). Null while passes are not
    // watched. Beyond some thousands of different labels, which few programs have, it is "others".
    [[nodiscard]] const std::string* keep_label(std::string_view label);
    // Code with this label runs in this pass.
    void note_label(std::string_view label) {
        if (pass_limit_ == Duration::max() || label.data() == noted_.data()) return;
        note_other_label(label);
    }

    // What the core keeps under this key, an address that nothing else has: null at first. It is destroyed with the
    // core, the last one first.
    [[nodiscard]] std::shared_ptr<void>& local(const void* key);

private:
    void read_mailbox();
    void note_other_label(std::string_view label);
    void end_pass();

    Kernel* kernel_;
    Ledger ledger_;
    BufferPool buffers_;
    Timers timers_;
    std::vector<std::unique_ptr<const std::string>> kept_labels_;  // sorted; before locals_, whose tasks have them
    const std::string* last_kept_label_ = nullptr;
    std::vector<std::pair<const void*, std::shared_ptr<void>>> locals_;
    Duration pass_limit_ = Duration::max();
    std::function<void(const LongPass&)> report_long_pass_;
    std::string_view noted_;             // the last label; compared, but not read, because it may be gone
    std::array<std::string, 4> labels_;  // the first few of this pass, which keep their memory
    std::size_t labels_noted_ = 0;
    std::atomic<bool> stopping_ = false;
    std::mutex mailbox_lock_;
    std::vector<std::move_only_function<void()>> mailbox_;  // guarded by mailbox_lock_
    std::atomic<bool> has_mail_ = false;
};

// The awaiter of an operation: `co_await` starts the operation at the core's kernel, and resumes when it has completed
// or its deadline has come (the result is then -ETIMEDOUT). A derived class turns the result into the caller's value.
template <class Op>
class Awaited : public Op {
public:
    // `arguments`: the arguments of the operation's constructor after its core.
    template <class... Arguments>
    explicit Awaited(TimePoint deadline, Core& the_core, Arguments&&... arguments)
        : Op(the_core, std::forward<Arguments>(arguments)...), deadline_(deadline) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return this->begin(waiter, deadline_, [this] { return this->core().kernel().start(*this); });
    }

protected:
    // The number of octets or datagrams, or the error.
    [[nodiscard]] Result<std::size_t> count(std::string_view doing) const {
        if (this->result() < 0) return fail(static_cast<int>(-this->result()), doing);
        return static_cast<std::size_t>(this->result());
    }

private:
    TimePoint deadline_;
};

// Awaited as co_await sleep_until(core, t): false if the task was asked to stop before t.
class SleepUntil : public Operation {
public:
    // See sleep_until().
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
// Waits until `due`, on the clock of core.now(): const bool slept = co_await sleep_until(core, due). False if the task
// was asked to stop before that.
[[nodiscard]] inline SleepUntil sleep_until(Core& core, TimePoint due) { return {core, due}; }
// Like sleep_until(), for this long from core.now() on, to a precision of one tick: one millisecond. A time that is too
// long for a TimePoint, such as milliseconds::max(), means for ever.
template <class Rep, class Period>
[[nodiscard]] SleepUntil sleep_for(Core& core, std::chrono::duration<Rep, Period> time) {
    return {core, later(core.now(), time)};
}

// co_await offload(core, function): calls function() on a helper thread and returns what it returned.
template <class Function>
class Offload : public OffloadOp {
public:
    // What `function` returns; not void.
    using Value = std::invoke_result_t<Function&>;
    static_assert(!std::is_void_v<Value>, "return something, so that the wait has a result");

    // See offload().
    template <class F>
    Offload(Core& the_core, F&& function) : OffloadOp(the_core), function_(std::forward<F>(function)) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter, never, [this] { return core().kernel().start(*this); });
    }
    // Nothing if the task was asked to stop before the call began.
    std::optional<Value> await_resume() {
        if (exception_) std::rethrow_exception(exception_);
        return std::move(value_);
    }

private:
    void work() final {
        try {
            value_.emplace(function_());
        } catch (...) {
            exception_ = std::current_exception();
        }
    }
    Function function_;  // or a reference to it
    std::optional<Value> value_;
    std::exception_ptr exception_;
};

// Calls `function`, which may block, on a helper thread. Awaiting it gives a std::optional of the function's result:
// nothing if the task was asked to stop before the call began. The co_await rethrows what the function throws.
//
//   auto work = [path] { return read_all_of_it(path); };
//   const auto text = co_await offload(core, work);
//
// `function` and what it refers to outlive the wait. A request to stop ends the wait while the function is queued. Once
// the function runs, the wait goes on until it returns, even if the waiting task is ended.
template <class Function>
[[nodiscard]] Offload<Function&> offload(Core& core, Function& function) {
    return {core, function};
}
// A function object that is created in the call must be trivially copyable, like a lambda that captures references and
// numbers: g++ 12 destroys any other twice (its bug 98401). Give such an object a name first, as above.
template <class Function>
    requires(!std::is_lvalue_reference_v<Function>)
[[nodiscard]] Offload<Function> offload(Core& core, Function&& function) {
    static_assert(std::is_trivially_copyable_v<Function>,
                  "give the function object a name: auto work = [...] { ... }; co_await offload(core, work)");
    return {core, std::forward<Function>(function)};
}

namespace detail {

// A function, or a reference to it, with its arguments.
template <class Function, class... Arguments>
class Call {
public:
    template <class F, class... A>
    explicit Call(F&& function, A&&... arguments)
        : function_(std::forward<F>(function)), arguments_(std::forward<A>(arguments)...) {}
    decltype(auto) operator()() { return std::apply(function_, std::move(arguments_)); }

private:
    Function function_;
    std::tuple<Arguments...> arguments_;
};

// Whether a function may be an argument in a statement that awaits: see the other offload().
template <class Function>
concept SafeInAwait = std::is_lvalue_reference_v<Function> || std::is_trivially_copyable_v<Function>;

template <class Function, class... Arguments>
using CallOf = Call<Function, std::decay_t<Arguments>...>;

}  // namespace detail

// The same for function(arguments…): co_await offload(core, read_all_of_it, path). The arguments are copied or moved
// into the call, which passes them on as its own.
template <class Function, class... Arguments>
    requires(sizeof...(Arguments) > 0 && std::is_invocable_v<Function&, std::decay_t<Arguments>...>)
[[nodiscard]] auto offload(Core& core, Function&& function, Arguments&&... arguments) {
    static_assert(detail::SafeInAwait<Function>,
                  "give the function object a name: auto work = [...] { ... }; co_await offload(core, work)");
    using Call = detail::CallOf<Function, Arguments...>;
    return Offload<Call>(core, Call(std::forward<Function>(function), std::forward<Arguments>(arguments)...));
}

}  // namespace portico::io
