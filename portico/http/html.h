// portico/http/html.h — text inside an HTML page.
//
// Room http: see status.h.
#pragma once

#include <string>
#include <string_view>

namespace portico::http {

// Appends `text` so that it is nothing but text, in an element or in a quoted attribute of an HTML page in UTF-8: the
// five octets of markup are escaped, and control octets and octets that aren't UTF-8 become U+FFFD.
void append_html(std::string& out, std::string_view text);

}  // namespace portico::http
