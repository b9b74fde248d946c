// portico/embed/tell.h — messages to a program's operator: on standard error, or where Options::log says.
//
// Room embed: see response.h.
// Threads:   any; a core's functions are for its own thread.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "portico/io/core.h"

namespace portico {

// Gets each sentence for the operator: see Options::log.
using Log = std::function<void(std::string_view sentence)>;

// Null if there is no function.
[[nodiscard]] std::shared_ptr<const Log> share(const Log& log);
// From now on, what is told on this core goes to the log, which is not empty.
void tell_to(io::Core& core, std::shared_ptr<const Log> log);
// Tells the log, whose exceptions go no further; null: standard error gets the sentence in a line of its own.
void tell(const Log* log, std::string_view sentence);

// The end of a sentence about the exception: "threw an exception: no such note".
[[nodiscard]] std::string describe_exception(const std::exception_ptr& exception);

// Reports that `who` threw `exception`, with the exception's message. The library itself does not throw. A function of
// the program that throws affects only its own client.
void tell_of_exception(io::Core& core, std::string_view who, const std::exception_ptr& exception);

// Reports in one line what went wrong, if the client gets an answer such as 500 without an explanation.
void tell_of_error(io::Core& core, std::string_view what);
void tell_of_error(const Log* log, std::string_view what);

// Reports in one line what works, but not well.
void tell_of_warning(io::Core& core, std::string_view what);

}  // namespace portico
