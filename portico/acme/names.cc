// portico/acme/names.cc — see names.h.
#include "portico/acme/names.h"

#include <cstddef>

#include "portico/io/net/address.h"

namespace portico::acme {
namespace {

using Problem = std::unexpected<std::string>;

constexpr std::size_t name_octets_max = 253;  // RFC 1035 §2.3.4
constexpr std::size_t label_octets_max = 63;

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > label_octets_max) return false;
    if (!is_letter_or_digit(label.front()) || !is_letter_or_digit(label.back())) return false;
    for (const char c : label) {
        if (!is_letter_or_digit(c) && c != '-') return false;
    }
    return true;
}

}  // namespace

std::expected<std::string, std::string> read_name(std::string_view text) {
    std::string name(text);
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (name.ends_with('.')) name.pop_back();
    if (io::IpAddress::parse(name)) return Problem("certificates are ordered for names, not for addresses");
    if (name.size() > name_octets_max) return Problem("the name is too long");
    std::string_view rest = name;
    if (rest.starts_with("*.")) rest.remove_prefix(2);
    for (bool goes_on = true; goes_on;) {
        const std::size_t dot = rest.find('.');
        if (!is_label(rest.substr(0, dot))) return Problem("it is not a host name in ASCII");
        goes_on = dot != std::string_view::npos;
        if (goes_on) rest.remove_prefix(dot + 1);
    }
    return name;
}

}  // namespace portico::acme
