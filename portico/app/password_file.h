// portico/app/password_file.h — users and the hashes of their passwords, from a file as htpasswd writes it.
//
// Room app: see command.h.
// Threads:   none.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "portico/route/passwords.h"

namespace portico::app {

// Reads one "USER:HASH" from each line. Empty lines and lines that begin with "#" are skipped. Error: what is wrong
// with which line; the line itself is not repeated, because it may hold a password.
std::expected<std::vector<route::Credential>, std::string> parse_password_file(std::string_view text);

// The same for a file of at most 1 MiB. Error: also, why it can't be read, or that nobody is in it.
std::expected<std::vector<route::Credential>, std::string> read_password_file(const std::string& path);

}  // namespace portico::app
