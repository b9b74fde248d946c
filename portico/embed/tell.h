// portico/embed/tell.h — messages to a program's operator, on standard error.
//
// Room embed: see response.h.
// Threads:   any.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace portico {

// The end of a sentence about the exception: "threw an exception: no such note".
[[nodiscard]] std::string describe_exception(const std::exception_ptr& exception);

// Reports that `who` threw `exception`, with the exception's message. The library itself does not throw. A function of
// the program that throws affects only its own client.
void tell_of_exception(std::string_view who, const std::exception_ptr& exception);

// Reports in one line what went wrong, if the client gets an answer such as 500 without an explanation.
void tell_of_error(std::string_view what);

// Reports in one line what works, but not well.
void tell_of_warning(std::string_view what);

}  // namespace portico
