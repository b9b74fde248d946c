// portico/base/task.h — a coroutine that another coroutine awaits.
//
// Room base: see fd.h.
// Threads:   a task runs on the core that started it and on no other.
#pragma once

#if __cplusplus <= 202002L
#error "Portico needs C++23: compile with -std=c++23"
#endif

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "portico/base/frame_pool.h"
#include "portico/base/stop_state.h"

// If a coroutine needs a value but ends without co_return, the behaviour is undefined, and with clang it crashes. clang
// detects this, and it is an error, even in the program that includes this header. g++ 12 does not detect it, but the
// program runs on: see TaskPromise::take().
#if defined(__clang__)
#pragma clang diagnostic error "-Wreturn-type"
#endif

namespace portico {

// The members that every promise of ours has: the chain it belongs to, and the coroutine that awaits it.
class TaskPromiseBase {
public:
    static void* operator new(std::size_t octets) { return allocate_frame(octets); }
    static void operator delete(void* frame, std::size_t octets) noexcept { free_frame(frame, octets); }

    TaskPromiseBase() noexcept : frame_end_(end_of_newest_frame(this)) {}
    TaskPromiseBase(const TaskPromiseBase&) = delete;
    TaskPromiseBase& operator=(const TaskPromiseBase&) = delete;

    // The chain's state; null if the chain cannot be asked to stop.
    [[nodiscard]] StopState* stop_state() const { return stop_state_; }
    // Called by the code that starts or awaits the task, before the task runs.
    void set_stop_state(StopState* state) { stop_state_ = state; }
    // The coroutine to resume when the task has ended.
    void set_awaited_by(std::coroutine_handle<> awaiting) { awaiting_ = awaiting; }

    // The frame that awaits this one; null for a chain's first frame.
    [[nodiscard]] const TaskPromiseBase* outer() const { return outer_; }
    void set_outer(const TaskPromiseBase& outer) { outer_ = &outer; }
    // Whether `object` is inside this frame. A compiler may put a frame into the one that awaits it; then the outer
    // frame returns true.
    [[nodiscard]] bool holds(const void* object) const {
        const auto at = reinterpret_cast<std::uintptr_t>(object);
        return at > reinterpret_cast<std::uintptr_t>(this) && at < frame_end_;
    }

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    // None of our code throws. An exception in a program's own task is rethrown where the task is awaited.
    void unhandled_exception() noexcept { exception_ = std::current_exception(); }

    // The end of a task, which resumes the coroutine that awaits it.
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
    // Call it once the task has ended.
    void rethrow() const {
        if (exception_) std::rethrow_exception(exception_);
    }

private:
    StopState* stop_state_ = nullptr;
    const TaskPromiseBase* outer_ = nullptr;
    std::uintptr_t frame_end_;  // zero if the frame is part of another
    std::exception_ptr exception_;
    std::coroutine_handle<> awaiting_;  // null while the awaiting coroutine's await_suspend is still on the stack
};

// The part that tasks of all types share: the frame that they own, and how it is awaited.
template <class Promise>
class [[nodiscard]] TaskFrame {
public:
    TaskFrame(TaskFrame&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    TaskFrame& operator=(TaskFrame&&) = delete;
    ~TaskFrame() {
        if (handle_) handle_.destroy();
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    // Runs the child here and returns false if it finished at once: a loop of ready awaits must not grow the stack, and
    // returning the child's handle is a real call in debug and sanitizer builds.
    template <class Awaiting>
    bool await_suspend(std::coroutine_handle<Awaiting> awaiting) {
        handle_.promise().set_stop_state(awaiting.promise().stop_state());
        if constexpr (std::derived_from<Awaiting, TaskPromiseBase>) handle_.promise().set_outer(awaiting.promise());
        handle_.resume();
        if (handle_.done()) return false;
        handle_.promise().set_awaited_by(awaiting);
        return true;
    }

protected:
    // The frame of this promise. From now on it belongs to the task.
    explicit TaskFrame(Promise& promise) : handle_(std::coroutine_handle<Promise>::from_promise(promise)) {}
    // The promise, which is inside the frame.
    [[nodiscard]] Promise& promise() const { return handle_.promise(); }

private:
    std::coroutine_handle<Promise> handle_;
};

// The frame of a suspended coroutine; null if the coroutine is not a task.
template <class Promise>
[[nodiscard]] const TaskPromiseBase* frame_of(std::coroutine_handle<Promise> suspended) {
    if constexpr (std::derived_from<Promise, TaskPromiseBase>) return &suspended.promise();
    return nullptr;
}

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
    // Call it once, after the task has ended.
    T take() {
        rethrow();
        if (!value_) throw std::logic_error("a coroutine that must return a value ended without co_return");
        return std::move(*value_);
    }

private:
    std::optional<T> value_;
};

// Like TaskPromise above, for a task without a value.
template <>
class TaskPromise<void> final : public TaskPromiseBase {
public:
    Task<void> get_return_object();
    void return_void() const {}
    void take() const { rethrow(); }  // the same
};

// A lazy coroutine: it starts when it is awaited, and its frame is destroyed with the Task. [[nodiscard]]: a task that
// is never awaited does nothing. co_await gives the T that the coroutine returned. Await a task only once.
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
