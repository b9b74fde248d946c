// portico/app/help_text.h — the command table as text for a terminal.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "portico/app/command.h"

namespace portico::app {

// What `portico` without arguments prints: examples, then one line for each command.
std::string overview(std::span<const Command> commands);

// What `portico COMMAND --help` prints: examples first, at most 40 lines of at most 100 columns each.
std::string help_of(const Command& command);

// What `portico help limits` prints.
std::string limits_help();

// The usage line, without "usage: ": "portico serve [DIR] [option]…".
std::string usage_of(const Command& command);

// "-p, --port PORT", "--[no-]list".
std::string written_option(const Option& option);

// Returns how many columns `text` takes. It is UTF-8, and each of its characters is one column wide.
std::size_t columns_of(std::string_view text);

}  // namespace portico::app
