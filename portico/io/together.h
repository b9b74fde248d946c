// portico/io/together.h — several tasks at once: until all have ended, or until the first has.
//
//   auto [user, orders] = co_await portico::io::all(user_of(id), orders_of(id));
//   const auto first = co_await portico::io::race(ask(one), ask(other));  // first.index(): who won
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "portico/base/task.h"
#include "portico/io/scope.h"

namespace portico::io {

namespace detail {

// How long the tasks go on together.
enum class Until : std::uint8_t { all_have_ended, one_has_ended };

// The tasks of all() or race(): in the frame of the task that waits for them.
class Together final : public Stoppable {
public:
    explicit Together(Until until) : until_(until) {}
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;

    // Starts the task of that place, unless it is over already: then the task is dropped.
    void start(Task<void> task);
    // The running task has ended; `exception`: what it has thrown, or null.
    void ended(std::size_t place, const std::exception_ptr& exception);
    // The place of the first that has ended.
    [[nodiscard]] std::size_t first() const { return first_; }
    // Waits until it is over, and until the tasks that are left have been destroyed where they wait. Throws what the
    // first task that threw has thrown.
    [[nodiscard]] Task<void> wait();

    // To be awaited: until it is over.
    [[nodiscard]] bool await_ready() const noexcept { return is_over(); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin_wait(waiter, waiter.promise().stop_state(), frame_of(waiter));
    }
    void await_resume() const {}
    void stop_waiting() noexcept override;
    void finish_waiting() noexcept override {}  // stop_waiting() ends the wait of a chain that must end

private:
    [[nodiscard]] bool is_over() const;
    bool begin_wait(std::coroutine_handle<> waiter, StopState* state, const TaskPromiseBase* frame);

    const Until until_;
    std::size_t started_ = 0;
    std::size_t ended_ = 0;
    std::size_t first_ = 0;
    std::exception_ptr exception_;
    std::coroutine_handle<> waiter_;
    StopState* stop_state_ = nullptr;
    Scope tasks_;  // last: they use the others
};

// The place of a task's value. A task without one has a std::monostate.
template <class T>
using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// Keeps the task's value, and says that it has ended.
template <class T>
Task<void> run_together(Together& together, std::size_t place, Task<T> task, std::optional<Value<T>>& value) {
    std::exception_ptr exception;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await task;
            value.emplace();
        } else {
            T made = co_await task;
            value.emplace(std::move(made));
        }
    } catch (...) {
        exception = std::current_exception();
    }
    together.ended(place, exception);
}

// Starts each task, whose value goes to the same place of `values`.
template <class... T, std::size_t... place>
void start_together(Together& together, std::tuple<std::optional<Value<T>>...>& values, std::index_sequence<place...>,
                    Task<T>&... tasks) {
    (together.start(run_together<T>(together, place, std::move(tasks), std::get<place>(values))), ...);
}

template <class... T, std::size_t... place>
std::tuple<Value<T>...> take_all(std::tuple<std::optional<Value<T>>...>& values, std::index_sequence<place...>) {
    return {*std::move(std::get<place>(values))...};
}

template <class Winner, class Values, std::size_t... place>
Winner take_first(Values& values, std::size_t first, std::index_sequence<place...>) {
    std::optional<Winner> winner;
    ((place == first ? void(winner.emplace(std::in_place_index<place>, *std::move(std::get<place>(values)))) : void()),
     ...);
    return *std::move(winner);
}

}  // namespace detail

// Runs the tasks at the same time, and returns their values in the same order: a std::monostate for a task without one.
// If a task throws, the others are destroyed where they wait, and then the exception is thrown here. If the waiting
// task is asked to stop, so are these, and their values are returned as usual.
template <class... T>
[[nodiscard]] Task<std::tuple<detail::Value<T>...>> all(Task<T>... tasks) {
    std::tuple<std::optional<detail::Value<T>>...> values;
    detail::Together together(detail::Until::all_have_ended);
    detail::start_together<T...>(together, values, std::index_sequence_for<T...>(), tasks...);
    co_await together.wait();
    co_return detail::take_all<T...>(values, std::index_sequence_for<T...>());
}

// Runs the tasks at the same time, and returns the value of the first that ends; its place is the variant's index().
// The others are destroyed where they wait, before this returns. If the first task that ends throws, so does this. If
// the waiting task is asked to stop, so are these, and the first that ends because of that has won. A task that is
// inside offload() is waited for until its function has returned.
template <class... T>
    requires(sizeof...(T) > 0)
[[nodiscard]] Task<std::variant<detail::Value<T>...>> race(Task<T>... tasks) {
    std::tuple<std::optional<detail::Value<T>>...> values;
    detail::Together together(detail::Until::one_has_ended);
    detail::start_together<T...>(together, values, std::index_sequence_for<T...>(), tasks...);
    co_await together.wait();
    using Winner = std::variant<detail::Value<T>...>;
    co_return detail::take_first<Winner>(values, together.first(), std::index_sequence_for<T...>());
}

}  // namespace portico::io
