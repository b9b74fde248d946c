// portico/handler/files/translate.h — step 3 of 5 for files: finds out what a request's path names in the folder.
//
// Room handler: see options.h.
// Threads:   none; a pure function.
#pragma once

#include <string_view>

#include "portico/handler/files/folder.h"
#include "portico/http/message.h"

namespace portico::files {

// The resource that a request asks for.
struct Resource {
    // Decoded and below the folder, beginning with "/": "/a b.txt".
    std::string_view path;
    // What comes before it in the request's path, decoded and without a slash at its end: "/files".
    std::string_view prefix = {};
};

// `path`: the request's, decoded and beginning with `prefix`; the result is a view of both. Refusal: 404 a hidden path.
[[nodiscard]] http::Result<Resource> translate(std::string_view path, std::string_view prefix, const Folder& folder);

}  // namespace portico::files
