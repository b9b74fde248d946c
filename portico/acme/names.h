// portico/acme/names.h — names that a certificate can be ordered for.
//
// Room acme: see base64url.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace portico::acme {

// The name of a host, or "*." and the name above all hosts that a certificate is to cover: in lower case, without a dot
// at the end (RFC 8555 §7.1.4). An international name is written in its ASCII form ("xn--…"). The error is a sentence
// for people.
[[nodiscard]] std::expected<std::string, std::string> read_name(std::string_view text);

}  // namespace portico::acme
