// portico/base/printable.cc — see printable.h.
//
// Room base: see fd.h.
#include "portico/base/printable.h"

#include <cstdint>
#include <utility>

namespace portico {
namespace {

// Before a line's end, so many do no harm.
constexpr std::size_t carriage_returns_max = 16;

void append_escaped(std::string& text, std::string_view octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char octet : octets) {
        const auto value = static_cast<unsigned char>(octet);
        text += "\\x";
        text += digits[value >> 4];
        text += digits[value & 15];
    }
}

enum class Character : std::uint8_t { harmless, control, incomplete, malformed };

bool continues(char octet) { return (octet & 0xC0) == 0x80; }

// Classifies `octets`, which are the start of one character and nothing more (RFC 3629 §4).
Character classify(std::string_view octets) {
    const auto first = static_cast<unsigned char>(octets.front());
    if (first < 0x80) return first < 0x20 || first == 0x7f ? Character::control : Character::harmless;
    if (first < 0xC2 || first > 0xF4) return Character::malformed;
    const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    for (std::size_t i = 1; i < octets.size(); ++i) {
        if (!continues(octets[i])) return Character::malformed;
    }
    if (octets.size() >= 2) {
        // The second octet reveals overlong forms, surrogates and values beyond U+10FFFF.
        const auto second = static_cast<unsigned char>(octets[1]);
        if (first == 0xC2 && second < 0xA0) return Character::control;
        if (first == 0xE0 && second < 0xA0) return Character::malformed;
        if (first == 0xED && second > 0x9F) return Character::malformed;
        if (first == 0xF0 && second < 0x90) return Character::malformed;
        if (first == 0xF4 && second > 0x8F) return Character::malformed;
    }
    return octets.size() < length ? Character::incomplete : Character::harmless;
}

// Appends the character that `pending` and `octet` form, or keeps them while it is incomplete.
void append_character(std::string& text, std::string& pending, char octet) {
    // An octet that begins a character ends an incomplete one before it.
    if (!pending.empty() && !continues(octet)) append_escaped(text, std::exchange(pending, {}));
    pending += octet;
    switch (classify(pending)) {
        case Character::incomplete: return;
        case Character::harmless: text += pending; break;
        case Character::control:
        case Character::malformed: append_escaped(text, pending); break;
    }
    pending.clear();
}

}  // namespace

std::string printable(std::string_view octets) {
    std::string text;
    std::string pending;
    for (const char octet : octets) append_character(text, pending, octet);
    append_escaped(text, pending);
    return text;
}

void StreamPrinter::take(std::string& text, char octet) {
    if (octet == '\r') {
        append_escaped(text, std::exchange(pending_, {}));
        // A stream of nothing else must not be held back for ever, and then take much memory at once.
        if (carriage_returns_ < carriage_returns_max) {
            ++carriage_returns_;
        } else {
            text += "\\r";
        }
        return;
    }
    if (carriage_returns_ > 0) {
        // Several CRs before a line's end do no harm: some servers send them.
        if (octet == '\n') text += '\r';
        for (; octet != '\n' && carriage_returns_ > 0; --carriage_returns_) text += "\\r";
        carriage_returns_ = 0;
    }
    if (octet == '\n' || octet == '\t') {
        append_escaped(text, std::exchange(pending_, {}));
        text += octet;
        return;
    }
    append_character(text, pending_, octet);
}

std::string StreamPrinter::print(std::string_view octets) {
    std::string text;
    text.reserve(octets.size());
    for (const char octet : octets) take(text, octet);
    return text;
}

std::string StreamPrinter::finish() {
    std::string text;
    append_escaped(text, std::exchange(pending_, {}));
    for (; carriage_returns_ > 0; --carriage_returns_) text += "\\r";
    return text;
}

}  // namespace portico
