// portico/app/program.h — the whole program, except main().
//
// Room app: see command.h.
#pragma once

#include <span>
#include <string_view>

namespace portico::app {

// Does what the words after the program's name ask for. Returns the exit code.
int run(std::span<const std::string_view> words);

}  // namespace portico::app
