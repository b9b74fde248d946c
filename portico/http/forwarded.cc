// portico/http/forwarded.cc — see forwarded.h.
#include "portico/http/forwarded.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

#include "portico/http/fields.h"
#include "portico/http/hex.h"

namespace portico::http {
namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A token, or a quoted string without its quotation marks and escapes (RFC 9110 §5.6.4).
std::optional<std::string> read_value(std::string_view text) {
    if (is_token(text)) return std::string(text);
    if (text.size() < 2 || text.front() != '"') return std::nullopt;
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1 == text.size() ? std::optional(value) : std::nullopt;
        if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
        if (!is_field_value(text.substr(i, 1))) return std::nullopt;
        value += text[i];
    }
    return std::nullopt;
}

// A number, or a hidden port: "_" and a name (RFC 7239 §6.3), for which 0 stands.
std::optional<std::uint16_t> read_port(std::string_view text) {
    if (text.starts_with('_') && text.size() > 1) {
        const bool is_name =
            std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
        return is_name ? std::optional<std::uint16_t>(0) : std::nullopt;
    }
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped_at, failure] = std::from_chars(text.data(), end, port);
    if (failure != std::errc{} || stopped_at != end) return std::nullopt;
    return port;
}

}  // namespace

std::optional<ForwardedElement> parse_forwarded_element(std::string_view element) {
    ForwardedElement read;
    bool has_node = false;
    bool has_scheme = false;
    bool has_host = false;
    const auto take = [](bool& has, std::string& into, std::string value) {
        into = std::move(value);
        return !std::exchange(has, true);
    };
    while (const auto pair = next_element(element, ';')) {
        const std::size_t equals = std::min(pair->find('='), pair->size());
        const std::string_view name = pair->substr(0, equals);
        std::optional<std::string> value = read_value(pair->substr(std::min(equals + 1, pair->size())));
        if (!is_token(name) || !value) return std::nullopt;
        bool is_new = true;
        if (equals_ignoring_case(name, "for")) is_new = take(has_node, read.node, *std::move(value));
        if (equals_ignoring_case(name, "proto")) is_new = take(has_scheme, read.scheme, *std::move(value));
        if (equals_ignoring_case(name, "host")) is_new = take(has_host, read.host, *std::move(value));
        if (!is_new) return std::nullopt;
    }
    return read;
}

std::optional<ForwardedNode> parse_forwarded_node(std::string_view text) {
    ForwardedNode node;
    std::optional<std::string_view> port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        node.address = text.substr(1, end - 1);
        const std::string_view rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':') return std::nullopt;
        if (!rest.empty()) port = rest.substr(1);
        if (node.address.find(':') == std::string_view::npos) return std::nullopt;
    } else {
        const std::size_t colon = text.find(':');
        const bool is_bare_ipv6 = colon != text.rfind(':');
        node.address = is_bare_ipv6 ? text : text.substr(0, colon);
        if (!is_bare_ipv6 && colon != std::string_view::npos) port = text.substr(colon + 1);
    }
    const bool is_address = !node.address.empty() && std::ranges::all_of(node.address, [](char c) {
        return hex_value(c) >= 0 || c == '.' || c == ':';
    });
    if (!is_address) return std::nullopt;
    if (!port) return node;
    const auto number = read_port(*port);
    if (!number) return std::nullopt;
    node.port = *number;
    return node;
}

bool is_forwarded_host(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return is_alphanumeric(c) || std::string_view(".-_:[]").find(c) != std::string_view::npos;
    });
}

}  // namespace portico::http
