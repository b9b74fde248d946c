// portico/embed/session_text.h — a session as the value of a cookie: "EXPIRY.VALUES.SIGNATURE".
//
// EXPIRY is in seconds since 1970, VALUES a form ("user=ada&role=editor"), SIGNATURE the HMAC with SHA-256 of the
// cookie's name and what is before it, in base64 for URLs. All of them are octets that a cookie may have.
//
// Room embed: see response.h. Internal.
// Threads:   none. Functions of their arguments.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace portico {

using SessionValues = std::map<std::string, std::string, std::less<>>;

// A session as it was signed.
struct SignedSession {
    SessionValues values;
    std::chrono::sys_seconds valid_until;
};

// The most octets of a cookie's name and value together. Browsers keep 4,096 with the attributes (RFC 6265 §6.1).
inline constexpr std::size_t session_octets_max = 4'000;

// The value of the cookie.
[[nodiscard]] std::string write_session(const SignedSession& session, std::string_view cookie, std::string_view key);
// Reads it. Nothing if it is longer than a session may be, none of the keys has signed it, or it has expired.
[[nodiscard]] std::optional<SignedSession> read_session(std::string_view text, std::string_view cookie,
                                                        std::span<const std::string> keys,
                                                        std::chrono::sys_seconds now);

}  // namespace portico
