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

// What `portico` alone says: examples, then one line for each command.
std::string overview(std::span<const Command> commands);

// What `portico COMMAND --help` says: examples first, at most 40 lines, each at most 100 columns.
std::string help_of(const Command& command);

// What `portico help limits` says.
std::string limits_help();

// The usage line, without "usage: ": "portico serve [DIR] [option]…".
std::string usage_of(const Command& command);

// "-p, --port PORT", "--[no-]list".
std::string written_option(const Option& option);

// How many columns `text`, UTF-8 whose characters are one column wide each, takes.
std::size_t columns_of(std::string_view text);

}  // namespace portico::app
