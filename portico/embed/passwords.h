// portico/embed/passwords.h — the passwords of a program's users.
//
// Room embed: see response.h.
// Threads:   any. Each call computes for a tenth of a second or more: from a handler, go through io::offload().
#pragma once

#include <expected>
#include <string>

namespace portico {

// What to keep instead of the password: its hash (yescrypt, with a new salt). Error: why the system can't make one.
[[nodiscard]] std::expected<std::string, std::string> hash_password(const std::string& password);

// Whether `hash` is that of the password: made by hash_password(), or by another program as bcrypt, yescrypt or
// SHA-crypt. It takes as long for a wrong password as for the right one. To let nobody find out which users there are,
// call it for unknown users too, with the hash of anything.
[[nodiscard]] bool is_password(const std::string& password, const std::string& hash);

}  // namespace portico
