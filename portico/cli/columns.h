// portico/cli/columns.h — text in columns, for a terminal.
//
// Room cli: see command.h.
// Threads:   none. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace portico::cli {

// Returns how many columns `text` takes. It is UTF-8, and each of its characters is one column wide.
std::size_t columns_of(std::string_view text);

struct ColumnsLine {
    std::string left;
    std::string right;
};

// Returns the lines in two columns. The left column is as wide as most lines need: a left part wider than
// `left_columns_max` only moves its own right part.
std::string in_two_columns(std::span<const ColumnsLine> lines, std::size_t left_columns_max);

}  // namespace portico::cli
