// portico/handler/files/compose.h — turns a representation and a request's conditions and ranges into a response.
//
// Room handler: see options.h.
// Threads:   none; the functions depend only on their arguments.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "portico/handler/files/representation.h"
#include "portico/handler/files/translate.h"
#include "portico/http/message.h"

namespace portico::files {

// The inputs of a response besides the request and the file.
struct Circumstances {
    std::chrono::sys_seconds now;
    std::uint64_t random;  // new for each response, and unpredictable
};

using SharedRepresentation = std::shared_ptr<const Representation>;

// Whether the request asks for the whole representation unconditionally: no condition, no range.
[[nodiscard]] bool is_plain(const http::FieldSection& fields);

// 200 with the whole content. Allocates nothing if `response` has been used before.
void compose_whole(const SharedRepresentation& representation, http::Response& response);

// The response to any request: 200, 206 with one part or many, 304, 412 or 416 (RFC 9110 §13, §14).
void compose(const http::Request& request, const SharedRepresentation& representation,
             const Circumstances& circumstances, http::Response& response);

// The site's own page for a refusal: its content, with the refusal's status.
void compose_refusal(const SharedRepresentation& representation, http::Status status, http::Response& response);

// 301 to the same path with a slash added. The query is kept (RFC 9110 §15.4.2).
void compose_slash_redirect(const http::Request& request, const Resource& resource,
                            const std::shared_ptr<const Folder>& folder, http::Response& response);

}  // namespace portico::files
