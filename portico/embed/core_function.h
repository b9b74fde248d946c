// portico/embed/core_function.h — a function of the program that runs on a core: a hook, a task of the server's own.
//
// Room embed: see response.h.
// Threads:   it is called on a core's.
#pragma once

#include <concepts>
#include <expected>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "portico/base/task.h"
#include "portico/io/core.h"

namespace portico {

// What such a function has achieved: nothing, or a sentence that says what is wrong.
using Outcome = std::expected<void, std::string>;

namespace detail {

// Waits for a task without an outcome.
[[nodiscard]] Task<Outcome> with_outcome(Task<void> task);
[[nodiscard]] inline Task<Outcome> with_outcome(Task<Outcome> task) { return task; }

template <class F>
concept RunsOnCore = std::invocable<F&, io::Core&> || std::invocable<F&>;

// Whether T is a task that such a function may return.
template <class T>
concept MakesOutcome = requires { with_outcome(std::declval<T>()); };

}  // namespace detail

// A function that takes an io::Core& or nothing, and returns nothing, an Outcome (std::expected<void, std::string>), or
// a Task of one of them. A function that returns a Task takes the io::Core&. It is kept as long as its task runs, so
// that a lambda may have captures.
class CoreFunction {
public:
    // Of a function, or an object with an operator(), such as a lambda.
    // NOLINTBEGIN(google-explicit-constructor): it is written as an argument
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, CoreFunction>)
    CoreFunction(F function) {
        // Each check is made only if those before it have passed, so that the compiler reports one error.
        if constexpr (!detail::RunsOnCore<F>) {
            static_assert(detail::RunsOnCore<F>,
                          "what runs on a core must be a function that takes an io::Core& or nothing; pass the "
                          "function, not its Task");
        } else if constexpr (std::invocable<F&, io::Core&>) {
            if constexpr (detail::MakesOutcome<std::invoke_result_t<F&, io::Core&>>) {
                slowly_ = [own = std::move(function)](io::Core& core) mutable {
                    return detail::with_outcome(own(core));
                };
            } else {
                at_once_ = [own = std::move(function)](io::Core& core) mutable { return outcome_of(own, core); };
            }
        } else if constexpr (detail::MakesOutcome<std::invoke_result_t<F&>>) {
            // g++ 12 miscompiles a coroutine without any parameter that awaits in a condition.
            static_assert(std::invocable<F&, io::Core&>, "a function that returns a Task must take an io::Core&");
        } else {
            at_once_ = [own = std::move(function)](io::Core&) mutable { return outcome_of(own); };
        }
    }
    // NOLINTEND(google-explicit-constructor)

    // Calls it. The function outlives the task. An exception becomes a sentence.
    [[nodiscard]] Task<Outcome> call(io::Core& core);

private:
    template <class F, class... Arguments>
    static Outcome outcome_of(F& function, Arguments&... arguments) {
        using Returned = std::invoke_result_t<F&, Arguments&...>;
        if constexpr (std::same_as<Returned, Outcome>) {
            return function(arguments...);
        } else {
            static_assert(std::is_void_v<Returned>,
                          "a function that runs on a core must return nothing, a std::expected<void, std::string>, or "
                          "a Task of one of them");
            function(arguments...);
            return {};
        }
    }

    // One of the two is set.
    std::move_only_function<Outcome(io::Core&)> at_once_;
    std::move_only_function<Task<Outcome>(io::Core&)> slowly_;
};

}  // namespace portico
