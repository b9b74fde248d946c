// portico/embed/core_function.cc — see core_function.h.
#include "portico/embed/core_function.h"

#include <exception>

#include "portico/embed/tell.h"

namespace portico {

Task<Outcome> detail::with_outcome(Task<void> task) {
    co_await task;
    co_return Outcome();
}

Task<Outcome> CoreFunction::call(io::Core& core) {
    std::exception_ptr exception;
    try {
        if (at_once_) co_return at_once_(core);
        Task<Outcome> task = slowly_(core);
        Outcome outcome = co_await task;
        co_return outcome;
    } catch (...) {
        exception = std::current_exception();
    }
    co_return std::unexpected(describe_exception(exception));
}

}  // namespace portico
