// portico/cli/retype.h — builds command lines for the user to type instead of the one just typed.
//
// Room cli: see command.h.
// Threads:   none. Functions of their arguments.
//
// The value of a secret option is not repeated, because hints end up in logs.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "portico/cli/command.h"

namespace portico::cli {

// Returns the word, quoted if necessary, so that a shell takes it unchanged.
std::string shell_quoted(std::string_view word);

// Returns the same command line without the options that `left_out` names, and with `instead` after the others.
std::string retyped(const Arguments& arguments, std::span<const std::string_view> left_out, std::string_view instead);

// Returns the command line whose arguments are `words`, with `instead` in place of the words from `first` up to, but
// not including, `end`.
std::string retyped(const Command& command, std::span<const std::string_view> words, std::size_t first, std::size_t end,
                    std::string_view instead);

}  // namespace portico::cli
