// portico/app/qr.h — a text as a QR code for a terminal.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace portico::app {

// The code's colours: the terminal's own (assumed to be light on dark), or white and black set by escape sequences.
enum class QrColours : std::uint8_t { the_terminals, black_on_white };

// Draws two modules in each character, as half blocks, with a quiet zone of four modules around the code. Returns
// nothing if `text` is too long (over some 2,900 octets).
std::optional<std::string> qr_code(const std::string& text, QrColours colours);

}  // namespace portico::app
