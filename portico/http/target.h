// portico/http/target.h — the path of a target: decoded for the file system, encoded for a link (RFC 3986).
//
// Room http: see status.h.
#pragma once

#include <string>
#include <string_view>

#include "portico/http/status.h"

namespace portico::http {

// Turns the path of a target, as sent, into the only form in which it is matched, authorized and opened: each escape is
// decoded exactly once, dot segments are removed whether they were escaped or not (RFC 3986 §5.2.4), and several
// slashes in a row become one. The result begins with "/", has no empty segment except perhaps the last, and no "." or
// ".." segment. An empty path (absolute form "http://host") becomes "/".
//
// If `raw_path` already has this form, the result is a view of it, and nothing is copied. Otherwise the result is a
// view of `buffer`, which is overwritten and must not contain `raw_path`. Octets of 0x80 and more are passed on,
// because names on Linux are octets.
//
// Refusals: 400 an escape that is not "%" and two hexadecimal digits                          (RFC 3986 §2.1)
//               "%00", which would end the name early in a system call; names may have other escaped control octets
//               a control octet, "\", "#" or "?" as sent, which no path may contain; "%5C", "%23" and "%3F" are part
//               of a name, since a backslash is not a separator here         (RFC 3986 §3.3)
//               overlong UTF-8: never another spelling of a dot or a slash   (RFC 3629 §3)
//               a path that climbs above the root, or that doesn't begin with "/"
//           404 an escaped slash: it is part of a name, not a separator, and no file has such a name
[[nodiscard]] Result<std::string_view> decode_path(std::string_view raw_path, std::string& buffer);

// Whether a decoded path leads to something hidden: a segment that begins with a dot. "/.well-known" is not hidden,
// because its names are published (RFC 8615 §3). Below it, a dot hides as usual.
[[nodiscard]] bool is_hidden(std::string_view decoded_path);

// Appends a path or one segment of it, encoded so that decode_path() returns the original (RFC 3986 §2.1, §3.3). "/" is
// unchanged. The colon, "&" and the apostrophe are escaped too, so that the result is never read as a scheme or markup.
void append_encoded_path(std::string& out, std::string_view decoded_path);

}  // namespace portico::http
