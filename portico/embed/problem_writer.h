// portico/embed/problem_writer.h — writes the members that every problem has (RFC 9457 §3.1).
//
// Room embed: see response.h.
// Threads:   values.
#pragma once

#include <string>
#include <string_view>

#include "portico/http/json.h"
#include "portico/http/status.h"

namespace portico {

// Opens an object and writes its first members; the caller closes it. Without a type of its own, the title of a problem
// is the status's phrase (RFC 9457 §4.2.1). `detail`: left out if it is empty.
inline void begin_problem(http::JsonWriter<std::string>& json, http::Status status, std::string_view detail) {
    json.open_object();
    json.member("type", "about:blank");
    json.member("title", http::reason_phrase(status));
    json.member("status", unsigned{http::code(status)});
    if (!detail.empty()) json.member("detail", detail);
}

}  // namespace portico
