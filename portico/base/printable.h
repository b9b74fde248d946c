// portico/base/printable.h — octets from elsewhere, made fit for a terminal or a line of a log.
//
// Room base: see fd.h.
// Threads:   none. A function of its argument.
#pragma once

#include <string>
#include <string_view>

namespace portico {

// Control octets as "\x1b", so that nobody's name moves a cursor or begins a line; all else as it is.
[[nodiscard]] inline std::string printable(std::string_view octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char octet : octets) {
        const auto value = static_cast<unsigned char>(octet);
        if (value >= 0x20 && value != 0x7f) {
            text += octet;
            continue;
        }
        text += "\\x";
        text += digits[value >> 4];
        text += digits[value & 15];
    }
    return text;
}

}  // namespace portico
