// portico/wire/h1/octets.h — which octets are allowed where in an HTTP/1.1 head.
//
// Room wire: see read_head.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace portico::h1 {

// One bit each; an octet may have several.
enum OctetClass : std::uint8_t {
    token_octet = 1,    // tchar (RFC 9110 §5.6.2)
    path_octet = 2,     // of a request target before its "?"
    query_octet = 4,    // of a request target after its "?"
    control_octet = 8,  // ends a field value: every CTL except HTAB (RFC 9110 §5.5)
    host_octet = 16,    // of a registered name (RFC 3986 §3.2.2) except ",", which would make one host into two
    quoted_octet = 32,  // qdtext (RFC 9110 §5.6.4)
    digit_octet = 64,
    hex_octet = 128,
};

namespace detail {

consteval std::uint8_t classes_of(unsigned c) {
    const auto among = [c](std::string_view set) {
        return c < 0x80 && set.find(static_cast<char>(c)) != std::string_view::npos;
    };
    const bool digit = c >= '0' && c <= '9';
    const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool visible = c > 0x20 && c < 0x7f;
    const bool control = (c < 0x20 && c != '\t') || c == 0x7f;
    unsigned classes = 0;
    if (digit || alpha || among("!#$%&'*+-.^_`|~")) classes |= token_octet;
    if (digit || alpha || among("-._~!$&'()*+;=")) classes |= host_octet;
    // Beyond RFC 3986, octets that browsers leave unescaped: in a path "[", "]", "^" and "|", in a query all except SP,
    // "#", "<" and ">" (docs/h1-strictness.md).
    if (digit || alpha || among("-._~!$&'()*+,;=:@/%[]^|")) classes |= path_octet;
    if (visible && !among("#<>")) classes |= query_octet;
    if (control) classes |= control_octet;
    if (!control && !among("\"\\")) classes |= quoted_octet;
    if (digit) classes |= digit_octet;
    if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) classes |= hex_octet;
    return static_cast<std::uint8_t>(classes);
}

consteval std::array<std::uint8_t, 256> make_octet_classes() {
    std::array<std::uint8_t, 256> all{};
    for (unsigned c = 0; c < all.size(); ++c) all[c] = classes_of(c);
    return all;
}

}  // namespace detail

inline constexpr std::array<std::uint8_t, 256> octet_classes = detail::make_octet_classes();

constexpr bool is(OctetClass octet_class, char octet) {
    return (octet_classes[static_cast<unsigned char>(octet)] & octet_class) != 0;
}

constexpr bool is_white(char octet) { return octet == ' ' || octet == '\t'; }  // RFC 9110 §5.6.3

// The value of a hex_octet.
constexpr unsigned hex_value(char octet) {
    return octet <= '9' ? static_cast<unsigned>(octet - '0') : (static_cast<unsigned>(octet) | 0x20U) - 'a' + 10U;
}

}  // namespace portico::h1
