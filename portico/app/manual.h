// portico/app/manual.h — what the help and the manual page say besides the commands.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <string>
#include <vector>

#include "portico/cli/command.h"

namespace portico::app {

// What `portico help limits` prints.
std::string limits_help();

// The sections of the manual page after the commands.
std::vector<cli::ManualSection> manual_sections();

}  // namespace portico::app
