// portico/http/content_type.h — the media type of a file, by its name (RFC 9110 §8.3).
//
// Room http: see status.h.
#pragma once

#include <string_view>

namespace portico::http {

// What a file's name says about its content.
struct ContentType {
    std::string_view value;     // as in Content-Type, with its charset if it is text; a literal
    bool compressible = false;  // whether a content coding is likely to make it smaller
};

// Returns the type of the file at `path`, of which only the last segment matters. The type follows from the letters
// after the last dot, in either case, or from the whole name if it is known ("LICENSE", "Makefile"). A name whose only
// dot is its first character has no extension. Returns application/octet-stream if the type is unknown.
[[nodiscard]] ContentType content_type_of(std::string_view path);

// Whether a media type, with or without parameters, is one that a content coding is likely to make smaller.
[[nodiscard]] bool is_compressible(std::string_view media_type);

}  // namespace portico::http
