// portico/http/utf8.h — where valid UTF-8 begins and ends (RFC 3629 §4).
//
// Room http: see status.h.
#pragma once

#include <cstddef>
#include <string_view>

namespace portico::http {

// How many octets the character at the front of `text` takes; 0 if no valid one stands there or `text` is empty.
[[nodiscard]] std::size_t utf8_octets(std::string_view text);

}  // namespace portico::http
