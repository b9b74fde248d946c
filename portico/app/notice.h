// portico/app/notice.h — how the program speaks to the person at the terminal.
//
// Room app: see command.h.
// Threads:   any; one call writes one piece of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace portico::app {

// Writes `text` to standard output and flushes it, so that a pipe's reader sees each line when it is said.
void say(std::string_view text);
// Writes `text` to standard error. If nobody reads it for a second, the rest is dropped.
void say_aside(std::string_view text);
// The same to standard output: for a server, which must serve and hear signals even if nobody reads what it says.
void say_in_passing(std::string_view text);

// A failure: what, on what, why; then what to type. Each line of `advice` becomes a line "  try: …"; empty: there is
// none.
//
//   portico: error: cannot listen on 127.0.0.1:8080: the address is in use by nginx (pid 812)
//     try: portico serve -p 8081
//     try: kill 812
//
// Returns exit_failure, so that a command can end with `return complain(…)`.
int complain(std::string_view message, std::string_view advice = {});
// The same for a command line that is wrong; returns exit_misuse.
int complain_of_misuse(std::string_view message, std::string_view advice = {});
// Something to know that stops nothing: "portico: note: …" on standard error.
void note(std::string_view message, std::string_view advice = {});

// Whether an environment variable is set, and not to nothing.
bool is_set(const char* variable);

enum class Colouring : std::uint8_t { automatic, always, never };  // --color

// Whether to colour what goes to `descriptor`: as --color says, else NO_COLOR, CLICOLOR_FORCE, then whether it is a
// terminal.
bool wants_colour(Colouring colouring, int descriptor);
Colouring colouring_named(std::string_view name);  // "auto", "always", "never"

}  // namespace portico::app
