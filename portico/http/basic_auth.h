// portico/http/basic_auth.h — the Basic authentication scheme (RFC 7617).
//
// Room http: see status.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace portico::http {

// The user-id and password that a client sent. They are octets as received; most clients send UTF-8 (RFC 7617 §2.1).
struct Credentials {
    std::string user;      // without a colon
    std::string password;  // may be empty, and may hold colons
};

// Reads a value of Authorization. Returns nothing unless the scheme is Basic, in any case, with a user and a password
// in base64 as RFC 4648 §4 defines it: padded, with no stray octet or bit. The first colon separates the user from the
// password; neither contains control octets (RFC 7617 §2).
[[nodiscard]] std::optional<Credentials> parse_basic(std::string_view authorization);

// Returns a value for WWW-Authenticate (RFC 7617 §2.1). The realm contains no control octet: asserted, since it is
// ours.
[[nodiscard]] std::string basic_challenge(std::string_view realm);

// Whether two texts are equal, computed in a time that depends only on their lengths.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace portico::http
