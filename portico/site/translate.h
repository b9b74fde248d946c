// portico/site/translate.h — step 3 of 5: finds out what a request's target names in the site.
//
// Room site: see options.h.
// Threads:   none; a pure function.
#pragma once

#include <string>
#include <string_view>

#include "portico/http/message.h"
#include "portico/site/site.h"

namespace portico::site {

// The resource that a request asks for.
struct Resource {
    // Decoded, beginning with "/" ("/a b.txt"), or "*" for the server as a whole. A view of the request's target or of
    // the scratch given to translate().
    std::string_view path;
};

// The methods that files support (RFC 9110 §9.3), in the form of an Allow field.
inline constexpr std::string_view allowed_methods = "GET, HEAD, OPTIONS";

// The result's octets live as long as those of the request and of `scratch`.
//
// Refusals: 405 a method of RFC 9110 that files don't support  (RFC 9110 §15.5.6; the answer needs an Allow field)
//           501 any other method                               (RFC 9110 §9.1)
//           400 a path that can name no file: see http::decode_path; "*" for another method than OPTIONS
//           404 a hidden path
[[nodiscard]] http::Result<Resource> translate(const http::Request& request, const Site& site, std::string& scratch);

}  // namespace portico::site
