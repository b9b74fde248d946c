// portico/http/basic_auth.h — the Basic authentication scheme (RFC 7617).
//
// Room http: see status.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "portico/http/fields.h"

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

// What a request carries. Nothing is returned unless it has exactly one Authorization line: two are not one list, and a
// proxy in front of us may have read the other one.
[[nodiscard]] std::optional<Credentials> basic_credentials(const FieldSection& fields);

// A value of Authorization with these credentials (RFC 7617 §2). The user has no colon, and neither has control octets:
// asserted, so check what others have written.
[[nodiscard]] std::string basic_authorization(const Credentials& credentials);

// A value of WWW-Authenticate (RFC 7617 §2.1). The realm holds no control octet: asserted, since it is ours.
[[nodiscard]] std::string basic_challenge(std::string_view realm);

// Whether two texts are equal, computed in a time that depends only on their lengths.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace portico::http
