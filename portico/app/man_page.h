// portico/app/man_page.h — the command table as a manual page.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <span>
#include <string>

#include "portico/app/command.h"

namespace portico::app {

// Returns portico.1, written in man(7) macros.
std::string manual_page(std::span<const Command> commands);

}  // namespace portico::app
