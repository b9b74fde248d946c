// portico/app/program.h — the program, but for main().
//
// Room app: see command.h.
#pragma once

#include <span>
#include <string_view>

namespace portico::app {

// Does what the words behind the program's name ask for. Returns the exit code.
int run(std::span<const std::string_view> words);

}  // namespace portico::app
