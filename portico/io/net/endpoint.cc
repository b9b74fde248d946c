// portico/io/net/endpoint.cc — see endpoint.h.
#include "portico/io/net/endpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "portico/base/printable.h"
#include "portico/io/net/ports.h"

namespace portico::io {
namespace {

using Failure = std::unexpected<EndpointError>;

constexpr std::size_t host_octets_max = 253;  // RFC 1035 §2.3.4, without the dot for the root
constexpr std::size_t unix_octets_max = 107;  // sun_path's 108, one of which is a NUL, before or after the name

Failure fail_at(std::size_t offset, std::string message) {
    return Failure(EndpointError{.message = std::move(message), .column = offset + 1});
}

std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

bool is_digit(char octet) { return octet >= '0' && octet <= '9'; }
bool is_letter(char octet) { return (octet | 0x20) >= 'a' && (octet | 0x20) <= 'z'; }
bool is_control(char octet) { return static_cast<unsigned char>(octet) < 0x20 || octet == 0x7f; }
// Octets above 0x7f belong to an internationalised name, which the resolver translates.
bool is_of_name(char octet) {
    return is_digit(octet) || is_letter(octet) || octet == '-' || octet == '_' || octet == '.' || (octet & 0x80) != 0;
}

bool equals_in_any_case(std::string_view text, std::string_view lower_case) {
    return std::ranges::equal(text, lower_case, [](char a, char b) { return (is_letter(a) ? a | 0x20 : a) == b; });
}

// Returns the reason why `host` is not an IPv6 address, if any. Its zone need not exist on this machine.
std::optional<std::string> fault_of_ipv6(std::string_view host) {
    const std::size_t percent = host.find('%');
    const std::string_view address = host.substr(0, percent);
    const auto parsed = IpAddress::parse(address);
    if (!parsed || parsed->family() != Family::ipv6) return quoted(address) + " is not an IPv6 address";
    if (percent == std::string_view::npos) return std::nullopt;
    const std::string_view zone = host.substr(percent + 1);
    if (zone.empty()) return "zone missing after '%'";
    if (!std::ranges::all_of(zone, is_of_name)) return quoted(zone) + " is not an interface name";
    return std::nullopt;
}

std::expected<std::uint16_t, EndpointError> parse_port(std::string_view text, EndpointScheme scheme,
                                                       std::size_t offset) {
    if (text.empty()) return fail_at(offset, "port missing");
    if (!std::ranges::all_of(text, is_digit)) {
        const auto known = port_named(text, scheme);
        if (known) return *known;
        const auto odd = std::ranges::find_if_not(text, is_of_name);
        if (odd != text.end()) {
            const std::string_view rest = text.substr(static_cast<std::size_t>(odd - text.begin()));
            return fail_at(offset + text.size() - rest.size(), "unexpected " + quoted(rest) + " after the port");
        }
        return fail_at(offset, "unknown " + std::string(scheme == EndpointScheme::udp ? "UDP" : "TCP") + " service " +
                                   quoted(text));
    }
    std::uint32_t number = 0;
    const auto [stopped_at, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || number > 65535) {
        return fail_at(offset, "port " + std::string(text) + " is larger than 65535");
    }
    return static_cast<std::uint16_t>(number);
}

// For a host without brackets: empty, an IPv4 address or a name.
std::optional<EndpointError> fault_of_host(std::string_view host, std::size_t offset) {
    const auto odd = std::ranges::find_if_not(host, is_of_name);
    if (odd != host.end()) {
        const auto at = static_cast<std::size_t>(odd - host.begin());
        if (is_control(*odd)) return EndpointError{"control character in the host name", offset + at + 1};
        return EndpointError{"'" + std::string(1, *odd) + "' is not allowed in a host name", offset + at + 1};
    }
    if (is_meant_as_ipv4(host) && !IpAddress::parse(host)) {
        return EndpointError{quoted(host) + " is not an IPv4 address", offset + 1};
    }
    if (host.size() > host_octets_max) return EndpointError{"host name longer than 253 bytes", offset + 1};
    const bool has_empty_label = host == "." || host.starts_with('.') || host.find("..") != std::string_view::npos;
    if (has_empty_label) return EndpointError{quoted(host) + " has an empty label", offset + 1};
    return std::nullopt;
}

// Parses "[::1]:80", which starts at `offset` in the whole text.
std::expected<Endpoint, EndpointError> parse_bracketed(std::string_view text, EndpointScheme scheme,
                                                       std::size_t offset) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return fail_at(offset + text.size(), "missing ']'");
    const std::string_view host = text.substr(1, end - 1);
    if (auto fault = fault_of_ipv6(host)) return fail_at(offset + 1, *std::move(fault));
    const std::string_view rest = text.substr(end + 1);
    if (rest.empty()) return fail_at(offset + text.size(), "port missing: write [" + std::string(host) + "]:PORT");
    if (rest.front() != ':') return fail_at(offset + end + 1, "':' and a port must follow ']'");
    const auto port = parse_port(rest.substr(1), scheme, offset + end + 2);
    if (!port) return Failure(port.error());
    return Endpoint(scheme, std::string(host), *port);
}

// Parses HOST:PORT, :PORT or PORT, which starts at `offset` in the whole text.
std::expected<Endpoint, EndpointError> parse_host_and_port(std::string_view text, EndpointScheme scheme,
                                                           std::size_t offset) {
    if (text.starts_with('[')) return parse_bracketed(text, scheme, offset);
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
        if (!fault_of_ipv6(text)) {
            return fail_at(offset, "an IPv6 address needs brackets and a port: [" + std::string(text) + "]:PORT");
        }
        const std::size_t second = text.find(':', colon + 1);
        return fail_at(offset + second, "unexpected second ':'; write an IPv6 address in brackets, as in [::1]:8080");
    }
    if (colon == std::string_view::npos) {
        const bool is_port = std::ranges::all_of(text, is_digit);
        if (!is_port) {
            if (auto fault = fault_of_host(text, offset)) return Failure(*std::move(fault));
            return fail_at(offset + text.size(), "port missing: write " + std::string(text) + ":PORT");
        }
    }
    const std::string_view host = colon == std::string_view::npos ? std::string_view() : text.substr(0, colon);
    const std::size_t port_at = colon == std::string_view::npos ? 0 : colon + 1;
    if (auto fault = fault_of_host(host, offset)) return Failure(*std::move(fault));
    const auto port = parse_port(text.substr(port_at), scheme, offset + port_at);
    if (!port) return Failure(port.error());
    return Endpoint(scheme, std::string(host), *port);
}

// Parses the text after "unix:".
std::expected<Endpoint, EndpointError> parse_unix_path(std::string_view text, std::size_t offset) {
    if (text.starts_with("//")) {
        if (!text.starts_with("///")) return fail_at(offset, "a Unix socket has no host: write unix:/path");
        const std::size_t extra = std::min(text.find_first_not_of('/'), text.size()) - 1;
        text.remove_prefix(extra);  // the URI form unix:///path means /path
        offset += extra;
    }
    const auto control = std::ranges::find_if(text, is_control);
    if (control != text.end()) {
        return fail_at(offset + static_cast<std::size_t>(control - text.begin()), "control character in the path");
    }
    const bool is_abstract = text.starts_with('@');
    if (is_abstract) text.remove_prefix(1);
    if (text.empty()) return fail_at(offset, is_abstract ? "name missing after '@'" : "path missing after \"unix:\"");
    if (text.size() > unix_octets_max) {
        return fail_at(offset, "path longer than the " + std::to_string(unix_octets_max) + " bytes that Linux allows");
    }
    std::string path(text);
    if (is_abstract) path.insert(path.begin(), '\0');
    return Endpoint::unix_stream(std::move(path));
}

}  // namespace

Endpoint Endpoint::unix_stream(std::string path) {
    Endpoint endpoint(EndpointScheme::unix_stream, {}, 0);
    endpoint.path = std::move(path);
    return endpoint;
}

Endpoint Endpoint::stdio() { return {EndpointScheme::stdio, {}, 0}; }

std::string Endpoint::text() const {
    switch (scheme) {
        case EndpointScheme::stdio: return "stdio";
        case EndpointScheme::unix_stream: return path.starts_with('\0') ? "unix:@" + path.substr(1) : "unix:" + path;
        case EndpointScheme::tcp:
        case EndpointScheme::udp: break;
    }
    const std::string prefix = scheme == EndpointScheme::tcp ? "tcp://" : "udp://";
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return prefix + (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::expected<Endpoint, EndpointError> parse_endpoint(std::string_view text, EndpointScheme unless_said) {
    if (text.empty()) return fail_at(0, "endpoint missing");
    if (equals_in_any_case(text, "stdio")) {
        return Endpoint::stdio();
    }
    if (equals_in_any_case(text.substr(0, 5), "unix:")) return parse_unix_path(text.substr(5), 5);
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) {
        // Takes "tcp:9000", as socat and systemd would write it: no host is called tcp.
        for (const auto& [prefix, scheme] :
             {std::pair("tcp:", EndpointScheme::tcp), std::pair("udp:", EndpointScheme::udp)}) {
            if (equals_in_any_case(text.substr(0, 4), prefix)) return parse_host_and_port(text.substr(4), scheme, 4);
        }
        return parse_host_and_port(text, unless_said, 0);
    }

    const std::string_view written = text.substr(0, scheme_end);
    const std::size_t offset = scheme_end + 3;
    EndpointScheme scheme = EndpointScheme::tcp;
    if (equals_in_any_case(written, "udp")) {
        scheme = EndpointScheme::udp;
    } else if (!equals_in_any_case(written, "tcp")) {
        return fail_at(0, quoted(written) + " is not a transport: write tcp://, udp://, unix: or stdio");
    }
    if (offset == text.size()) return fail_at(offset, "host and port missing");
    return parse_host_and_port(text.substr(offset), scheme, offset);
}

std::expected<Endpoint, EndpointError> endpoint_of(std::string_view host, std::string_view port,
                                                   EndpointScheme scheme) {
    const auto number = parse_port(port, scheme, 0);
    if (!number) return Failure(number.error());
    Endpoint endpoint(scheme, {}, *number);
    if (host.starts_with('[')) {
        if (!host.ends_with(']')) return fail_at(host.size(), "missing ']'");
        host = host.substr(1, host.size() - 2);
        if (auto fault = fault_of_ipv6(host)) return fail_at(1, *std::move(fault));
    } else if (host.find(':') != std::string_view::npos) {
        if (auto fault = fault_of_ipv6(host)) return fail_at(0, *std::move(fault));
    } else if (auto fault = fault_of_host(host, 0)) {
        return Failure(*std::move(fault));
    }
    endpoint.host = host;
    return endpoint;
}

bool is_meant_as_ipv4(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    const std::string_view label = host.substr(host.rfind('.') + 1);
    if (label.starts_with("0x") || label.starts_with("0X")) return true;
    return !label.empty() && std::ranges::all_of(label, is_digit);
}

Endpoint endpoint_at(const SocketAddress& address, EndpointScheme scheme) {
    if (address.family == Family::unix_path) {
        return Endpoint::unix_stream(address.path);
    }
    return {scheme, address.ip.text(), address.port};
}

}  // namespace portico::io
