// portico/embed/tell.h — what a program's operator is told on standard error.
//
// Room embed: see response.h.
// Threads:   any.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace portico {

// What the exception says, as the end of a sentence: "threw an exception: no such note".
[[nodiscard]] std::string describe_exception(const std::exception_ptr& exception);

// Says that `who` threw `exception`, with what it says. Nothing of ours throws, and a program's function that does
// costs nobody but its own client anything.
void tell_of_exception(std::string_view who, const std::exception_ptr& exception);

// Says what went wrong, in one line: for an answer of 500 or the like that its client gets no explanation of.
void tell_of_error(std::string_view what);

}  // namespace portico
