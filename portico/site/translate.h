// portico/site/translate.h — step 3 of 5 for files: finds out what a request's path names in the site.
//
// Room site: see options.h.
// Threads:   none; a pure function.
#pragma once

#include <string_view>

#include "portico/http/message.h"
#include "portico/site/site.h"

namespace portico::site {

// The resource that a request asks for.
struct Resource {
    // Decoded, beginning with "/" ("/a b.txt"), or "*" for the server as a whole.
    std::string_view path;
};

// The methods that files support (RFC 9110 §9.3), in the form of an Allow field.
inline constexpr std::string_view allowed_methods = "GET, HEAD, OPTIONS";

// Whether files support the request's method.
//
// Refusals: 405 a method of RFC 9110 that files don't support  (RFC 9110 §15.5.6; the answer needs an Allow field)
//           501 any other method                               (RFC 9110 §9.1)
//           400 "*" for another method than OPTIONS            (RFC 9112 §3.2.4)
[[nodiscard]] http::Result<void> check_method(const http::Request& request);

// `path`: the request's, decoded; the result is a view of it. "*" in asterisk form. Refusals: those of check_method();
// 404 a hidden path.
[[nodiscard]] http::Result<Resource> translate(const http::Request& request, std::string_view path, const Site& site);

}  // namespace portico::site
