// portico/io/error.h — why the kernel did not do what it was asked.
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

// A failure of the kernel's. `number` is an errno value (errno(3)). Two of them are ours to give: ETIMEDOUT when the
// deadline of a wait has come, ECANCELED when the waiting task was asked to stop.
struct Error {
    int number;              // ECONNRESET, ETIMEDOUT …
    std::string_view doing;  // the call that failed, "accept": a string literal
};

// A value, or why the kernel did not give it.
template <class T>
using Result = std::expected<T, Error>;

// return fail(ENOENT, "open"); `doing` is a string literal.
inline std::unexpected<Error> fail(int number, std::string_view doing) { return std::unexpected(Error{number, doing}); }

// "accept: Too many open files"
std::string describe(const Error& error);

}  // namespace portico::io
