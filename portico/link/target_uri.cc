// portico/link/target_uri.cc — see target_uri.h.
#include "portico/link/target_uri.h"

#include <algorithm>
#include <charconv>

#include "portico/http/fields.h"
#include "portico/wire/h1/authority.h"
#include "portico/wire/h1/octets.h"

namespace portico::link {
namespace {

using Problem = std::unexpected<std::string>;

constexpr std::uint16_t default_port(http::Scheme scheme) { return scheme == http::Scheme::https ? 443 : 80; }
constexpr std::string_view prefix_of(http::Scheme scheme) {
    return scheme == http::Scheme::https ? "https://" : "http://";
}

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// The scheme at the front, without its colon; empty if there is none (RFC 3986 §3.1).
std::string_view scheme_of(std::string_view text) {
    if (text.empty() || !is_letter(text.front())) return {};
    const auto is_part = [](char c) {
        return is_letter(c) || h1::is(h1::digit_octet, c) || c == '+' || c == '-' || c == '.';
    };
    std::size_t end = 0;
    while (end < text.size() && is_part(text[end])) ++end;
    return end < text.size() && text[end] == ':' ? text.substr(0, end) : std::string_view();
}

void append_escaped(std::string& out, std::string_view text, h1::OctetClass plain) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        if (h1::is(plain, c)) {
            out.push_back(c);
        } else {
            const unsigned octet = static_cast<unsigned char>(c);
            out.append({'%', digits[octet >> 4], digits[octet & 15]});
        }
    }
}

// Each escape is decoded once; a "%" without two digits stays.
std::string decoded(std::string_view text) {
    std::string octets;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape = text[i] == '%' && text.size() - i > 2 && h1::is(h1::hex_octet, text[i + 1]) &&
                               h1::is(h1::hex_octet, text[i + 2]);
        if (!is_escape) {
            octets.push_back(text[i]);
            continue;
        }
        octets.push_back(static_cast<char>(h1::hex_value(text[i + 1]) << 4 | h1::hex_value(text[i + 2])));
        i += 2;
    }
    return octets;
}

// RFC 3986 §3.2.1, and RFC 7617 §2: a user-id has no colon, and neither has control characters.
std::expected<void, std::string> read_credentials(std::string_view user_info, TargetUri& uri) {
    const std::size_t colon = user_info.find(':');
    http::Credentials credentials;
    credentials.user = decoded(user_info.substr(0, colon));
    if (colon != std::string_view::npos) credentials.password = decoded(user_info.substr(colon + 1));
    if (credentials.user.find(':') != std::string::npos || std::ranges::any_of(credentials.user, is_control) ||
        std::ranges::any_of(credentials.password, is_control)) {
        return Problem("the user or password has a character that cannot be sent");
    }
    uri.credentials = std::move(credentials);
    return {};
}

std::expected<void, std::string> read_authority(std::string_view text, TargetUri& uri) {
    // The last "@" ends the user information: passwords with an "@" in them are common, hosts are not.
    const std::size_t at = text.rfind('@');
    if (at != std::string_view::npos) {
        const auto read = read_credentials(text.substr(0, at), uri);
        if (!read) return read;
        text.remove_prefix(at + 1);
    }
    if (text.empty()) return Problem("it has no host");
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        return Problem("the host is not ASCII; write its encoded form, which begins with \"xn--\"");
    }
    if (!h1::is_authority(text, h1::Port::optional)) return Problem("its host or port is malformed");
    const std::size_t port_colon = text.find(':', text.starts_with('[') ? text.find(']') : 0);
    const std::string_view port = port_colon == std::string_view::npos ? "" : text.substr(port_colon + 1);
    std::string host(text.substr(0, port_colon));
    std::ranges::transform(host, host.begin(), lower);
    uri.port = default_port(uri.scheme);
    if (!port.empty()) static_cast<void>(std::from_chars(port.data(), port.data() + port.size(), uri.port));
    if (uri.port == 0) return Problem("there is no port 0");
    uri.authority = host;
    if (uri.port != default_port(uri.scheme)) uri.authority += ":" + std::to_string(uri.port);
    // A name's escapes are for no resolver, and a literal of a future version is no address (RFC 3986 §3.2.2).
    const bool is_literal = host.starts_with('[');
    uri.host = is_literal ? host.substr(1, host.size() - 2) : std::move(host);
    if (uri.host.find('%') != std::string::npos || (is_literal && uri.host.starts_with('v'))) {
        return Problem("its host cannot be looked up");
    }
    return {};
}

// RFC 3986 §5.2.4, for a path that begins with "/".
std::string without_dots(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/', 1), path.size());
        const std::string_view segment = path.substr(1, end - 1);
        const bool is_last = end == path.size();
        if (segment == "..") out.erase(std::min(out.rfind('/'), out.size()));
        if (segment == "." || segment == "..") {
            if (is_last) out.push_back('/');
        } else {
            out.append(path.substr(0, end));
        }
        path.remove_prefix(end);
    }
    return out;
}

}  // namespace

std::string TargetUri::text() const {
    std::string text(prefix_of(scheme));
    return text.append(authority).append(target);
}

std::expected<TargetUri, std::string> parse_target_uri(std::string_view text) {
    if (text.size() > target_uri_octets_max) return Problem("it is longer than 8192 bytes");
    if (std::ranges::any_of(text, is_control)) return Problem("it has a control character");
    TargetUri uri;
    const std::string_view scheme = scheme_of(text);
    if (http::equals_ignoring_case(scheme, "https")) {
        uri.scheme = http::Scheme::https;
    } else if (!http::equals_ignoring_case(scheme, "http")) {
        return Problem(scheme.empty() ? "it does not begin with http:// or https://"
                                      : "its scheme is neither http nor https");
    }
    text.remove_prefix(scheme.size() + 1);
    if (!text.starts_with("//")) return Problem("\"//\" is missing after its scheme");
    text = text.substr(2, text.find('#', 2) - 2);  // the fragment is not sent (RFC 9110 §7.1)
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    const auto read = read_authority(text.substr(0, end), uri);
    if (!read) return Problem(read.error());
    text.remove_prefix(end);
    const std::size_t question = std::min(text.find('?'), text.size());
    if (question == 0) uri.target = "/";  // an empty path is "/" (RFC 9112 §3.2.1)
    append_escaped(uri.target, text.substr(0, question), h1::path_octet);
    append_escaped(uri.target, text.substr(question), h1::query_octet);
    return uri;
}

std::expected<TargetUri, std::string> resolve_reference(const TargetUri& base, std::string_view reference) {
    if (reference.size() > target_uri_octets_max) return Problem("it is longer than 8192 bytes");
    if (!scheme_of(reference).empty()) return parse_target_uri(reference);
    const std::string_view scheme = prefix_of(base.scheme);
    if (reference.starts_with("//")) return parse_target_uri(std::string(scheme).append(reference.substr(2)));
    reference = reference.substr(0, reference.find('#'));
    const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
    std::string whole(scheme);
    whole += base.authority;
    if (reference.empty()) return parse_target_uri(whole + base.target);
    const std::size_t question = std::min(reference.find('?'), reference.size());
    if (question == 0) return parse_target_uri(whole.append(base_path).append(reference));
    std::string path(reference.substr(0, question));
    if (!path.starts_with('/')) path.insert(0, base_path.substr(0, base_path.rfind('/') + 1));
    return parse_target_uri(whole.append(without_dots(path)).append(reference.substr(question)));
}

}  // namespace portico::link
