// portico/app/retype.h — the command line to type instead, if a server cannot listen where it should.
//
// Room app: see command.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <string>
#include <string_view>

#include "portico/cli/retype.h"

namespace portico::app {

using cli::shell_quoted;

// Returns the same command line with another place to listen: leaves out --port and --listen, and appends `instead`.
std::string retyped(const cli::Arguments& arguments, std::string_view instead);

}  // namespace portico::app
