// portico/acme/base64url.cc — see base64url.h.
#include "portico/acme/base64url.h"

#include <cstddef>
#include <cstdint>

namespace portico::acme {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string base64url(std::string_view octets) {
    std::string text;
    text.reserve(octets.size() * 4 / 3 + 2);
    std::uint32_t bits = 0;
    unsigned count = 0;  // of bits that are not written yet
    for (const char octet : octets) {
        bits = bits << 8 | static_cast<unsigned char>(octet);
        for (count += 8; count >= 6; count -= 6) text += alphabet[bits >> (count - 6) & 0x3f];
    }
    if (count > 0) text += alphabet[bits << (6 - count) & 0x3f];
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    std::string octets;
    std::uint32_t bits = 0;
    unsigned count = 0;  // of bits that are not written yet
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        octets += static_cast<char>(bits >> count & 0xff);
    }
    // What is left over is less than a character, and zero.
    if (count >= 6 || (bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return octets;
}

}  // namespace portico::acme
