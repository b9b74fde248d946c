// portico/base/task.h — a coroutine that somebody awaits, and how a chain of them is asked to stop.
//
// Room base: see fd.h.
// Threads:   a task runs on the core that started it and on no other.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include "portico/base/frame_pool.h"

namespace portico {

// What a suspended chain of tasks waits for, seen by whoever wants it to stop waiting.
class Stoppable {
public:
    // Ends the wait soon: at once or after the kernel has let go of its buffers. The waiting task is resumed either
    // way.
    virtual void stop_waiting() noexcept = 0;
    // Blocks the thread until the wait has ended. Only after stop_waiting(), and only where the frame that waits is
    // destroyed by code that can't wait for it.
    virtual void finish_waiting() noexcept = 0;

protected:
    ~Stoppable() = default;
};

// What becomes of a chain of tasks that was asked to stop: it goes on, with an error from each wait, and ends by
// itself; or its frames are destroyed where it waits, or would wait next, so that whoever writes the tasks need not
// think of it.
enum class AfterStop : std::uint8_t { goes_on, ends };

// One for each chain of tasks that await each other; it lives where the chain was started (Scope). A chain waits for
// one thing at a time, so asking it to stop is asking that one thing.
class StopState {
public:
    // Whether request_stop() was called: each wait of the chain then ends at once.
    [[nodiscard]] bool stop_requested() const { return stop_requested_; }
    // Whether the chain must not be resumed any more: whoever would resume it ends it, once none of it is on the stack.
    [[nodiscard]] bool must_end() const { return stop_requested_ && after_stop_ == AfterStop::ends; }
    // Destroys the chain's frames, and this with them.
    virtual void end_chain() noexcept = 0;
    // Whether it may be ended as soon as its wait is over, since none of it is on the stack.
    [[nodiscard]] bool ends_at_once() const { return ends_at_once_; }
    // Ends the wait that is under way, and every later one. To ask twice is to ask once.
    void request_stop() {
        stop_requested_ = true;
        if (waiting_on_ != nullptr) waiting_on_->stop_waiting();
    }
    // What the chain waits for from now on; null once it goes on.
    void set_waiting_on(Stoppable* operation) { waiting_on_ = operation; }

protected:
    ~StopState() = default;
    // Before the chain starts.
    void set_after_stop(AfterStop after_stop) { after_stop_ = after_stop; }
    // While it waits: ends it there, before this returns, unless its wait can't be cut short.
    void end_where_it_waits() {
        after_stop_ = AfterStop::ends;
        ends_at_once_ = true;
        request_stop();
    }

private:
    Stoppable* waiting_on_ = nullptr;  // null while the chain runs
    bool stop_requested_ = false;
    AfterStop after_stop_ = AfterStop::goes_on;
    bool ends_at_once_ = false;
};

// What every promise of ours has: the chain it belongs to, and who awaits it.
class TaskPromiseBase {
public:
    static void* operator new(std::size_t octets) { return allocate_frame(octets); }
    static void operator delete(void* frame, std::size_t octets) noexcept { free_frame(frame, octets); }

    // The chain's; null where nobody can ask it to stop.
    [[nodiscard]] StopState* stop_state() const { return stop_state_; }
    // Called by whoever starts or awaits the task, before it runs.
    void set_stop_state(StopState* state) { stop_state_ = state; }
    // Who goes on when the task has ended.
    void set_awaited_by(std::coroutine_handle<> awaiting) { awaiting_ = awaiting; }

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    // Nothing of ours throws. What a program's own task throws comes out where it is awaited.
    void unhandled_exception() noexcept { exception_ = std::current_exception(); }

    // The end of a task: goes on with whoever awaits it.
    struct Finish {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
            const std::coroutine_handle<> awaiting = finished.promise().awaiting_;
            return awaiting ? awaiting : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] Finish final_suspend() const noexcept { return {}; }

protected:
    // Once the task has ended.
    void rethrow() const {
        if (exception_) std::rethrow_exception(exception_);
    }

private:
    StopState* stop_state_ = nullptr;
    std::exception_ptr exception_;
    std::coroutine_handle<> awaiting_;  // null while the awaiting coroutine's await_suspend is still on the stack
};

// What tasks of every value share: the frame that they own, and how it is awaited.
template <class Promise>
class [[nodiscard]] TaskFrame {
public:
    TaskFrame(TaskFrame&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    TaskFrame& operator=(TaskFrame&&) = delete;
    ~TaskFrame() {
        if (handle_) handle_.destroy();
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    // Runs the child here and says false if it finished at once: a loop of ready awaits must not grow the stack, and
    // returning the child's handle is a real call in debug and sanitizer builds.
    template <class Awaiting>
    bool await_suspend(std::coroutine_handle<Awaiting> awaiting) {
        handle_.promise().set_stop_state(awaiting.promise().stop_state());
        handle_.resume();
        if (handle_.done()) return false;
        handle_.promise().set_awaited_by(awaiting);
        return true;
    }

protected:
    // The frame of this promise, which belongs to the task from now on.
    explicit TaskFrame(Promise& promise) : handle_(std::coroutine_handle<Promise>::from_promise(promise)) {}
    // Lives in the frame.
    [[nodiscard]] Promise& promise() const { return handle_.promise(); }

private:
    std::coroutine_handle<Promise> handle_;
};

template <class T = void>
class Task;

// Keeps the value of a task from co_return to the end of co_await.
template <class T>
class TaskPromise final : public TaskPromiseBase {
public:
    Task<T> get_return_object() { return Task<T>(*this); }
    template <class Value = T>  // `co_return {…};` is a T
    void return_value(Value&& value) {
        value_.emplace(std::forward<Value>(value));
    }
    // Once, after the task has ended.
    T take() {
        rethrow();
        return std::move(*value_);
    }

private:
    std::optional<T> value_;
};

// The same for a task without a value.
template <>
class TaskPromise<void> final : public TaskPromiseBase {
public:
    Task<void> get_return_object();
    void return_void() const {}
    void take() const { rethrow(); }  // the same
};

// A lazy coroutine: it starts when it is awaited, and its frame goes when the Task does. [[nodiscard]]: a task that
// nobody awaits does nothing. co_await gives the T that the coroutine returned; await a task once.
template <class T>
class [[nodiscard]] Task final : public TaskFrame<TaskPromise<T>> {
public:
    using promise_type = TaskPromise<T>;
    T await_resume() { return this->promise().take(); }

private:
    friend promise_type;
    explicit Task(promise_type& promise) : TaskFrame<promise_type>(promise) {}
};

inline Task<void> TaskPromise<void>::get_return_object() { return Task<void>(*this); }

}  // namespace portico
