// portico/app/retype.h — command lines to type instead of the one that was typed.
//
// Room app: see command.h.
// Threads:   none. Functions of their arguments.
//
// The value of a secret option is not repeated: hints end up in logs.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "portico/app/command.h"

namespace portico::app {

// A word as a shell takes it unchanged.
std::string shell_quoted(std::string_view word);

// The same command line with another place to listen: --port and --listen are left out, and `instead` is appended.
std::string retyped(const Arguments& arguments, std::string_view instead);

// The command line that `words` are the arguments of, with `instead` for the words from `first` to before `end`.
std::string retyped(const Command& command, std::span<const std::string_view> words, std::size_t first, std::size_t end,
                    std::string_view instead);

}  // namespace portico::app
