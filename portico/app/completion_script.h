// portico/app/completion_script.h — the command table as completion scripts for shells.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <span>
#include <string>

#include "portico/app/command.h"

namespace portico::app {

std::string bash_completion(std::span<const Command> commands);
std::string zsh_completion(std::span<const Command> commands);
std::string fish_completion(std::span<const Command> commands);

}  // namespace portico::app
