// portico/http/forwarded.h — what proxies say of the requests that they pass on (RFC 7239).
//
// Room http: see status.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portico::http {

// One element of Forwarded: what one proxy has said. A parameter that is not there is empty.
struct ForwardedElement {
    std::string node;    // "for": see parse_forwarded_node()
    std::string scheme;  // "proto"
    std::string host;    // "host"
};

// Reads one element: pairs of a token, "=", and a token or quoted string, separated by ";". Names are case-insensitive;
// unknown ones are skipped. Nothing if it is anything else, or names a parameter twice (RFC 7239 §4).
[[nodiscard]] std::optional<ForwardedElement> parse_forwarded_element(std::string_view element);

// The address of a node, as text, and its port.
struct ForwardedNode {
    std::string_view address;  // without brackets: digits, letters from a to f, "." and ":". It may be no address
    std::uint16_t port = 0;    // 0: not said
};

// Reads a node with an address: "192.0.2.43", "192.0.2.43:80", "[2001:db8::1]:80" (RFC 7239 §6), and "2001:db8::1", as
// X-Forwarded-For has it. Nothing for "unknown", for hidden names such as "_proxy", and for whatever else.
[[nodiscard]] std::optional<ForwardedNode> parse_forwarded_node(std::string_view text);

// Whether a text can be a host with or without a port, as far as its octets tell.
[[nodiscard]] bool is_forwarded_host(std::string_view text);

}  // namespace portico::http
