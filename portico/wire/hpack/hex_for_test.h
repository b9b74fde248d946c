// portico/wire/hpack/hex_for_test.h — octets as the RFC prints them.
//
// Room wire: see h1/read_head.h. Included by tests alone.
#pragma once

#include <string>
#include <string_view>

#include "portico/http/hex.h"

namespace portico::hpack {

inline std::string hex(std::string_view octets) {
    std::string digits;
    for (const char c : octets) {
        digits += http::hex_digits_lower[http::octet(c) >> 4];
        digits += http::hex_digits_lower[http::octet(c) & 15];
    }
    return digits;
}

// Ignores everything between the digits.
inline std::string from_hex(std::string_view digits) {
    std::string octets;
    int high = -1;
    for (const char c : digits) {
        const int value = http::hex_value(c);
        if (value < 0) continue;
        if (high < 0) {
            high = value;
            continue;
        }
        octets += static_cast<char>(high * 16 + value);
        high = -1;
    }
    return octets;
}

}  // namespace portico::hpack
