// portico/http/content_type.h — the media type of a file, by its name (RFC 9110 §8.3).
//
// Room http: see status.h.
#pragma once

#include <string_view>

namespace portico::http {

// What a file's name tells of its content.
struct ContentType {
    std::string_view value;     // as in Content-Type, with its charset where it is text; a literal
    bool compressible = false;  // whether a content coding is likely to make it smaller
};

// The type of the file at `path` (only its last segment is looked at): by the letters after its last dot in any case,
// or by its whole name for those that are known without ("LICENSE", "Makefile"). A name that begins with its only dot
// has no extension. application/octet-stream where nothing is known.
[[nodiscard]] ContentType content_type_of(std::string_view path);

// Whether a media type, with or without parameters, is one that a content coding is likely to make smaller.
[[nodiscard]] bool is_compressible(std::string_view media_type);

}  // namespace portico::http
