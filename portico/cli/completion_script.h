// portico/cli/completion_script.h — the command table as completion scripts for shells.
//
// Room cli: see command.h.
// Threads:   none. Pure.
#pragma once

#include <string>

#include "portico/cli/command.h"

namespace portico::cli {

std::string bash_completion(const Program& program);
std::string zsh_completion(const Program& program);
std::string fish_completion(const Program& program);

}  // namespace portico::cli
