// portico/cli/columns.cc — text in columns, for a terminal.
//
// Room cli: see command.h.
#include "portico/cli/columns.h"

#include <algorithm>

namespace portico::cli {
namespace {

void append_padded(std::string& out, std::string_view text, std::size_t columns) {
    out += text;
    const std::size_t taken = columns_of(text);
    if (taken < columns) out.append(columns - taken, ' ');
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    // Octets 10xxxxxx continue a character (RFC 3629 §3).
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char octet) { return (octet & 0xC0) != 0x80; }));
}

std::string in_two_columns(std::span<const ColumnsLine> lines, std::size_t left_columns_max) {
    std::size_t left = 0;
    for (const ColumnsLine& line : lines) {
        const std::size_t columns = columns_of(line.left);
        if (columns <= left_columns_max) left = std::max(left, columns);
    }
    std::string text;
    for (const ColumnsLine& line : lines) {
        text += "  ";
        append_padded(text, line.left, left);
        text += "  " + line.right + "\n";
    }
    return text;
}

}  // namespace portico::cli
