// portico/link/target_uri.h — takes the URI of a request apart, and resolves references to others (RFC 3986, RFC 9110
// §4.2).
//
// Room link: see h1_inbound.h.
// Threads:   none. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "portico/http/basic_auth.h"
#include "portico/http/message.h"

namespace portico::link {

// The longest URI that is accepted, in octets.
inline constexpr std::size_t target_uri_octets_max = 8 * 1024;

// The parts of an http or https URI that a client needs.
struct TargetUri {
    http::Scheme scheme = http::Scheme::http;
    std::string host;                              // in lower case; an IPv6 address without its brackets
    std::uint16_t port = 80;                       // the scheme's default if the URI has none
    std::string authority;                         // as Host sends it: without the scheme's default port
    std::string target;                            // path and query, with their escapes: never empty
    std::optional<http::Credentials> credentials;  // from "user:password@"

    // The URI without credentials and fragment.
    [[nodiscard]] std::string text() const;
    // Whether both are served by the same origin: scheme, host and port (RFC 9110 §4.3.1).
    [[nodiscard]] bool has_origin_of(const TargetUri& other) const {
        return scheme == other.scheme && port == other.port && host == other.host;
    }
};

// Reads an absolute URI. Octets that a target may not contain but people and servers write anyway (spaces, letters
// beyond ASCII) are escaped; the fragment is dropped. The error is a sentence without a full stop: another scheme, no
// host, a port beyond 65535, a control character, a name that is not ASCII, or more than target_uri_octets_max.
[[nodiscard]] std::expected<TargetUri, std::string> parse_target_uri(std::string_view text);

// Reads a reference, such as the value of Location, relative to `base` (RFC 3986 §5.2). Credentials of the base are not
// taken over.
[[nodiscard]] std::expected<TargetUri, std::string> resolve_reference(const TargetUri& base,
                                                                      std::string_view reference);

}  // namespace portico::link
