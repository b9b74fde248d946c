// portico/wire/h1/authority.cc — see authority.h.
#include "portico/wire/h1/authority.h"

#include <algorithm>
#include <cstddef>

#include "portico/wire/h1/octets.h"

namespace portico::h1 {
namespace {

bool is_port(std::string_view digits, Port port) {
    if (digits.empty()) return port == Port::optional;
    unsigned number = 0;
    for (const char c : digits) {
        if (!is(digit_octet, c)) return false;
        number = number * 10 + static_cast<unsigned>(c - '0');
        if (number > 65535) return false;
    }
    return true;
}

// RFC 3986 §3.2.2: IPv4address. A dec-octet has no leading zero.
bool is_ipv4(std::string_view text) {
    for (int part = 0; part < 4; ++part) {
        const std::size_t digits = static_cast<std::size_t>(
            std::find_if_not(text.begin(), text.end(), [](char c) { return is(digit_octet, c); }) - text.begin());
        if (digits == 0 || digits > 3 || (digits > 1 && text[0] == '0')) return false;
        unsigned number = 0;
        for (const char c : text.substr(0, digits)) number = number * 10 + static_cast<unsigned>(c - '0');
        if (number > 255) return false;
        text.remove_prefix(digits);
        if (part == 3) return text.empty();
        if (!text.starts_with('.')) return false;
        text.remove_prefix(1);
    }
    return false;
}

// RFC 3986 §3.2.2: IPv6address. A zone has no meaning outside the machine on which it was written, so it is refused.
bool is_ipv6(std::string_view text) {
    int groups = 0;
    bool gap = text.starts_with("::");  // stands for one group of zeros or more
    if (gap) text.remove_prefix(2);
    while (!text.empty()) {
        if (is_ipv4(text)) {
            groups += 2;
            break;
        }
        std::size_t digits = 0;
        while (digits < text.size() && is(hex_octet, text[digits])) ++digits;
        if (digits == 0 || digits > 4) return false;
        ++groups;
        text.remove_prefix(digits);
        if (text.empty()) break;
        if (text.starts_with("::")) {
            if (gap) return false;
            gap = true;
            text.remove_prefix(2);
        } else if (text.starts_with(':') && text.size() > 1) {
            text.remove_prefix(1);
        } else {
            return false;
        }
    }
    return gap ? groups <= 7 : groups == 8;
}

// RFC 3986 §3.2.2: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool is_ip_future(std::string_view text) {
    if (text.empty() || (text[0] != 'v' && text[0] != 'V')) return false;
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot == 1 || dot + 1 == text.size()) return false;
    const auto is_hex = [](char c) { return is(hex_octet, c); };
    const auto is_rest = [](char c) { return is(host_octet, c) || c == ':'; };
    return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(dot), is_hex) &&
           std::all_of(text.begin() + static_cast<std::ptrdiff_t>(dot) + 1, text.end(), is_rest);
}

// The octets of the registered name or IPv4 address at the front of `text`, which ends at the first octet that can be
// in neither.
std::size_t name_octets(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        if (is(host_octet, text[i])) {
            i += 1;
        } else if (text[i] == '%' && text.size() - i > 2 && is(hex_octet, text[i + 1]) && is(hex_octet, text[i + 2])) {
            i += 3;
        } else {
            break;
        }
    }
    return i;
}

}  // namespace

bool is_authority(std::string_view text, Port port) {
    std::size_t host_octets = 0;
    if (text.starts_with('[')) {
        const std::size_t closing = text.find(']');
        if (closing == std::string_view::npos) return false;
        const std::string_view literal = text.substr(1, closing - 1);
        if (!is_ipv6(literal) && !is_ip_future(literal)) return false;
        host_octets = closing + 1;
    } else {
        host_octets = name_octets(text);
        if (host_octets == 0) return false;
    }
    if (host_octets == text.size()) return port == Port::optional;
    return text[host_octets] == ':' && is_port(text.substr(host_octets + 1), port);
}

}  // namespace portico::h1
