// portico/io/error.h — why the kernel did not do what was requested.
//
// Room io: one core and its kernel. The only room that calls the kernel, reads a clock or draws a random number.
// May use:   base.
// May not:   know HTTP.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>

namespace portico::io {

// A failure in the kernel. `number` is an errno value (errno(3)). Two values come from us: ETIMEDOUT if the deadline of
// a wait has passed, and ECANCELED if the waiting task was asked to stop.
struct Error {
    int number;              // ECONNRESET, ETIMEDOUT …
    std::string_view doing;  // the call that failed, "accept": a string literal
};

// A value, or why the kernel did not provide it.
template <class T>
using Result = std::expected<T, Error>;

// For use as return fail(ENOENT, "open"); `doing` is a string literal.
inline std::unexpected<Error> fail(int number, std::string_view doing) { return std::unexpected(Error{number, doing}); }

// "accept: Too many open files"
std::string describe(const Error& error);

}  // namespace portico::io
