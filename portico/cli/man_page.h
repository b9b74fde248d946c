// portico/cli/man_page.h — the command table as a manual page.
//
// Room cli: see command.h.
// Threads:   none. Pure.
#pragma once

#include <string>
#include <string_view>

#include "portico/cli/command.h"

namespace portico::cli {

// Returns portico.1, written in man(7) macros.
std::string manual_page(const Program& program);

// Returns an entry of a list, for a section that the program adds: the tag in bold, and `text` as a sentence.
std::string manual_entry(std::string_view tag, std::string_view text);

}  // namespace portico::cli
