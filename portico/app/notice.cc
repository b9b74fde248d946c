// portico/app/notice.cc — see notice.h.
//
// Room app: see command.h.
#include "portico/app/notice.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "portico/app/command.h"
#include "portico/base/printable.h"
#include "portico/io/patient_write.h"

namespace portico::app {
namespace {

void write_whole(std::FILE* where, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), where);
    std::fflush(where);
}

// Messages quote words from the command line and names of files and processes. None of these may control the terminal.
std::string told(std::string_view kind, std::string_view message, std::string_view advice) {
    std::string text = fmt::format("portico: {}: {}\n", kind, printable(message));
    while (!advice.empty()) {
        const std::size_t end = advice.find('\n');
        text += fmt::format("  try: {}\n", printable(advice.substr(0, end)));
        advice.remove_prefix(end == std::string_view::npos ? advice.size() : end + 1);
    }
    return text;
}

}  // namespace

void say(std::string_view text) { write_whole(stdout, text); }

void say_aside(std::string_view text) { io::write_patiently(STDERR_FILENO, text); }

void say_in_passing(std::string_view text) {
    std::fflush(stdout);
    io::write_patiently(STDOUT_FILENO, text);
}

int complain(std::string_view message, std::string_view advice) {
    say_aside(told("error", message, advice));
    return exit_failure;
}

int complain_of_misuse(std::string_view message, std::string_view advice) {
    say_aside(told("error", message, advice));
    return exit_misuse;
}

void note(std::string_view message, std::string_view advice) { say_aside(told("note", message, advice)); }

bool is_set(const char* variable) {
    const char* const value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

bool wants_colour(Colouring colouring, int descriptor) {
    switch (colouring) {
        case Colouring::always: return true;
        case Colouring::never: return false;
        case Colouring::automatic: break;
    }
    // no-color.org and bixense.com/clicolors: a variable counts if it is set and not empty. NO_COLOR takes precedence.
    if (is_set("NO_COLOR")) return false;
    const char* const forced = std::getenv("CLICOLOR_FORCE");
    if (forced != nullptr && *forced != '\0' && std::string_view(forced) != "0") return true;
    const char* const terminal = std::getenv("TERM");
    if (terminal != nullptr && std::string_view(terminal) == "dumb") return false;
    return ::isatty(descriptor) == 1;
}

Colouring colouring_named(std::string_view name) {
    if (name == "always") return Colouring::always;
    return name == "never" ? Colouring::never : Colouring::automatic;
}

}  // namespace portico::app
