// portico/http/utf8.h — finds valid UTF-8 characters (RFC 3629 §4).
//
// Room http: see status.h.
#pragma once

#include <cstddef>
#include <string_view>

namespace portico::http {

// How many octets the character at the front of `text` has; 0 if `text` is empty or does not begin with a valid one.
[[nodiscard]] std::size_t utf8_octets(std::string_view text);
// Whether the text is nothing but valid characters.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace portico::http
