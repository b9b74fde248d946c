// portico/route/password.h — passwords, hashed with libxcrypt's methods.
//
// Room route: see handler.h.
// Threads:   none; each call may compute for a second, so from a core go through io::offload.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace portico::route {

// The hash to put into Passwords::users: yescrypt with a fresh salt. Error: the reason, in words for the user.
[[nodiscard]] std::expected<std::string, std::string> hash_password(const std::string& password);

// Whether passwords can be checked against this hash: bcrypt ($2b$, $2y$, $2a$), yescrypt ($y$), SHA-crypt ($5$, $6$).
// Error: what is wrong with it, in words for the user.
[[nodiscard]] std::expected<void, std::string> check_hash_format(const std::string& hash);

// Whether `hash` belongs to the password. Takes as long for a wrong password as for the right one.
[[nodiscard]] bool password_matches(const std::string& password, const std::string& hash);

// Overwrites the octets, so that they don't linger in freed memory.
void wipe(std::string& secret) noexcept;

}  // namespace portico::route
