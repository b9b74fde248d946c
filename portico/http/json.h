// portico/http/json.h — strings inside JSON (RFC 8259 §7).
//
// Room http: see status.h.
#pragma once

#include <string>
#include <string_view>

namespace portico::http {

// Appends `text` as a JSON string, including quotation marks. Octets that aren't UTF-8 become \ufffd, because JSON
// can't contain them. DEL and U+0080 to U+009F are escaped too, so that a log line never moves a terminal's cursor.
void append_json_string(std::string& out, std::string_view text);

}  // namespace portico::http
