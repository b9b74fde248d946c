// portico/http/html.h — text inside an HTML page.
//
// Room http: see status.h.
#pragma once

#include <string>
#include <string_view>

namespace portico::http {

// Appends `text` as plain text, for an element or a quoted attribute of an HTML page in UTF-8: the five markup octets
// are escaped, and control octets and octets that aren't UTF-8 become U+FFFD.
void append_html(std::string& out, std::string_view text);

}  // namespace portico::http
