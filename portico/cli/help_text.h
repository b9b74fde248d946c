// portico/cli/help_text.h — the command table as text for a terminal.
//
// Room cli: see command.h.
// Threads:   none. Pure.
#pragma once

#include <string>

#include "portico/cli/command.h"

namespace portico::cli {

// What `portico` without arguments prints: examples, then one line for each command.
std::string overview(const Program& program);

// What `portico COMMAND --help` prints: examples first, at most 40 lines of at most 100 columns each.
std::string help_of(const Command& command);

// The usage line, without "usage: ": "portico serve [DIR] [option]…".
std::string usage_of(const Command& command);

// "-p, --port PORT", "--[no-]list".
std::string written_option(const Option& option);

}  // namespace portico::cli
