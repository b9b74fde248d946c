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

// Reads a value of Authorization. Nothing is returned unless it is the scheme Basic, in any case, with base64 as
// RFC 4648 §4 writes it — padded, no stray octet, no stray bit — of a user and a password, parted by the first colon
// and free of control octets (RFC 7617 §2).
[[nodiscard]] std::optional<Credentials> parse_basic(std::string_view authorization);

// A value of WWW-Authenticate (RFC 7617 §2.1). The realm holds no control octet: asserted, since it is ours.
[[nodiscard]] std::string basic_challenge(std::string_view realm);

// Whether two texts are equal, in a time that depends on their lengths alone.
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace portico::http
