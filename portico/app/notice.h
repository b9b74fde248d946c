// portico/app/notice.h — prints the program's messages for the person at the terminal.
//
// Room app: see command.h.
// Threads:   any; each call writes its text in one piece.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace portico::app {

// Writes `text` to standard output and flushes it, so that the reader of a pipe sees each line at once.
void say(std::string_view text);
// Writes `text` to standard error. If it cannot be written within a second, drops the rest.
void say_aside(std::string_view text);
// Like the function above, but to standard output: for a server, which must go on serving and handling signals even if
// nothing reads its output.
void say_in_passing(std::string_view text);

// Reports a failure: what failed, on what, and why; then what to type. Each line of `advice` becomes a line
// "  try: …"; if `advice` is empty, there is none.
//
//   portico: error: cannot listen on 127.0.0.1:8080: the address is in use by nginx (pid 812)
//     try: portico serve -p 8081
//     try: kill 812
//
// Returns exit_failure, so that a command can end with `return complain(…)`.
int complain(std::string_view message, std::string_view advice = {});
// Like complain(), for a wrong command line. Returns exit_misuse.
int complain_of_misuse(std::string_view message, std::string_view advice = {});
// Reports something that the user should know but that stops nothing: "portico: note: …" on standard error.
void note(std::string_view message, std::string_view advice = {});

// Returns whether an environment variable is set and not empty.
bool is_set(const char* variable);

enum class Colouring : std::uint8_t { automatic, always, never };  // --color

// Returns whether to colour the output to `descriptor`: as --color says, else as NO_COLOR and CLICOLOR_FORCE say, else
// if it is a terminal.
bool wants_colour(Colouring colouring, int descriptor);
Colouring colouring_named(std::string_view name);  // "auto", "always", "never"

}  // namespace portico::app
