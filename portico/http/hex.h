// portico/http/hex.h — octets and hexadecimal digits.
//
// Room http: see status.h.
#pragma once

#include <string_view>

namespace portico::http {

// An octet's value: char may be signed.
constexpr unsigned octet(char c) { return static_cast<unsigned char>(c); }

// The value of one digit in either case; -1 if it is not one.
constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const int letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// A digit for each value from 0 to 15.
inline constexpr std::string_view hex_digits_lower = "0123456789abcdef";
inline constexpr std::string_view hex_digits_upper = "0123456789ABCDEF";  // for escapes: RFC 3986 §2.1

}  // namespace portico::http
