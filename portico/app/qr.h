// portico/app/qr.h — a text as a QR code for a terminal.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace portico::app {

// Whose colours the code is drawn in: the terminal's own (assumed to be light on dark) or, by escapes, white and black.
enum class QrColours : std::uint8_t { the_terminals, black_on_white };

// Two modules to a character, by half blocks, with the quiet zone of four modules around. Nothing where `text` is too
// long (over some 2,900 octets).
std::optional<std::string> qr_code(const std::string& text, QrColours colours);

}  // namespace portico::app
