// portico/base/stop_state.h — a chain of tasks that await each other: what it waits for, and how it is stopped or
// ended.
//
// Room base: see fd.h.
// Threads:   a chain belongs to the thread that started it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <utility>

namespace portico {

class TaskPromiseBase;

// What a suspended chain of tasks waits for, as seen by code that wants it to stop waiting.
class Stoppable {
public:
    // Ends the wait soon: at once, or when the kernel has released its buffers. The waiting task is resumed in either
    // case.
    virtual void stop_waiting() noexcept = 0;
    // Blocks the thread until the wait has ended. Call it only after stop_waiting(), and only if the waiting frame is
    // destroyed by code that can't await this.
    virtual void finish_waiting() noexcept = 0;

protected:
    ~Stoppable() = default;
};

// What happens to a chain of tasks that is asked to stop. `goes_on`: each wait returns an error, and the chain ends by
// itself. `ends`: its frames are destroyed at the point where it waits or would wait next, so tasks need no code for
// it.
enum class AfterStop : std::uint8_t { goes_on, ends };

// There is one for each chain of tasks that await each other; it is stored where the chain was started (io::Scope). A
// chain waits for one thing at a time, so asking the chain to stop means asking that one thing.
//
// A chain is ended in three steps. Its wait ends; then the tasks that were started in scopes of its frames end; then
// its frames are destroyed, innermost first, and its own scope is notified.
class StopState {
public:
    StopState(const StopState&) = delete;
    StopState& operator=(const StopState&) = delete;

    // The chain that is running on this thread; null outside all tasks.
    [[nodiscard]] static StopState* running() { return top_ == nullptr ? nullptr : top_->chain_; }
    // Ends and resumes the chains that had to wait until certain tasks were off the stack. The loop calls this. Returns
    // whether there were any; chains that are added in the meantime wait for the next call.
    static bool settle() noexcept;

    // Whether request_stop() was called: each wait of the chain then ends at once.
    [[nodiscard]] bool stop_requested() const { return stop_ != Stop::none; }
    // Whether the chain must not be resumed any more: it is ended instead.
    [[nodiscard]] bool must_end() const { return stop_requested() && after_stop_ == AfterStop::ends; }
    // What the chain works for, such as the pattern of a route: for reports about it. Null if nobody has said so. A
    // chain that is started in a scope of this one begins with the same label.
    [[nodiscard]] const std::string* label() const { return label_; }
    // `label` outlives the chain and those that are started in its scopes, which may live longer than the chain: see
    // Core::keep_label().
    void set_label(const std::string* label) { label_ = label; }
    // Ends the present wait and every later one. A second call changes nothing.
    void request_stop() {
        if (stop_ == Stop::none) stop_ = Stop::requested;
        if (waiting_on_ != nullptr) waiting_on_->stop_waiting();
    }

    // The chain is about to wait for `operation` in the frame `innermost`.
    void begin_wait(Stoppable& operation, const TaskPromiseBase* innermost) {
        waiting_on_ = &operation;
        innermost_ = innermost;
    }
    // The wait is over: resumes `waiter`, or ends the chain if it must end. This is postponed if a task that was
    // started in one of the chain's own scopes is on the stack, because it may be using objects in this chain's frames.
    // The chain may be destroyed when this returns.
    void go_on(std::coroutine_handle<> waiter);
    // The chain must end, but is about to wait in the frame `innermost`: ends it once it is off the stack.
    void end_later(const TaskPromiseBase* innermost);

    // Whether `object` is inside one of the frames of this chain, which is waiting.
    [[nodiscard]] bool frames_hold(const void* object) const;

protected:
    // While it lives, tasks of `chain` are on the stack.
    class OnStack {
    public:
        // The chain outlives this object, or calls leave_stack() when it ends.
        explicit OnStack(StopState& chain) : OnStack(&chain) {}
        OnStack(const OnStack&) = delete;
        OnStack& operator=(const OnStack&) = delete;
        ~OnStack() { top_ = below_; }

    private:
        friend class StopState;
        explicit OnStack(StopState* chain) : chain_(chain), below_(std::exchange(top_, this)) {}
        StopState* chain_;  // null once it has ended
        OnStack* below_;
    };

public:
    // While it lives, running() is null. What is made meanwhile, such as the scopes of other threads, belongs to no
    // chain.
    class OutsideChains {
    public:
        OutsideChains() : here_(nullptr) {}

    private:
        OnStack here_;
    };

protected:
    StopState() = default;
    ~StopState() = default;

    // Before the chain starts.
    void set_after_stop(AfterStop after_stop) { after_stop_ = after_stop; }
    // The running chain has ended, and this object will be destroyed when the chain's last task returns.
    void leave_stack();
    [[nodiscard]] bool is_on_stack() const;
    // Whether a task that was started in one of this chain's scopes, or in one of that task's, is on the stack.
    [[nodiscard]] bool has_task_on_stack() const;

    // Asks the chain to end: it is destroyed where it waits, or at its next wait.
    void ask_to_end() {
        after_stop_ = AfterStop::ends;
        request_stop();
    }
    // Like ask_to_end(), but before this returns if possible. The chain is not resumed any more.
    void ask_to_end_now();
    // Ends a chain that ask_to_end_now() could not end, because its wait can't be cut short: blocks the thread.
    void end_blocking();
    // Whether the chain ends before the code that asked for it goes on.
    [[nodiscard]] bool ends_now() const { return stop_ == Stop::at_once; }
    // Postpones the chain until settle().
    void park(std::coroutine_handle<> waiter);

private:
    // How the chain was asked to stop.
    enum class Stop : std::uint8_t {
        none,
        requested,
        at_once,  // it ends before the code that asked for it goes on: see ask_to_end_now()
    };

    // Ends the tasks in the chain's own scopes, then destroys its frames, and this object with them. Does nothing if it
    // has to wait for the tasks; their end calls it again. No frame of the chain is on the stack.
    virtual void end_chain() noexcept = 0;
    void resume(std::coroutine_handle<> waiter);
    // The chain whose frames hold the scope that this chain was started in; null if there is none.
    [[nodiscard]] virtual StopState* above() const = 0;

    // Hidden: programs that link the shared library do not need it.
    [[gnu::visibility("hidden")]] inline static constinit thread_local OnStack* top_ = nullptr;

    Stoppable* waiting_on_ = nullptr;             // null unless the chain is waiting
    const TaskPromiseBase* innermost_ = nullptr;  // the frame that waits; null while the chain runs
    const std::string* label_ = nullptr;
    Stop stop_ = Stop::none;
    AfterStop after_stop_ = AfterStop::goes_on;
    bool is_parked_ = false;
};

}  // namespace portico
