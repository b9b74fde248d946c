// portico/wire/h1/interpret.h — what the fields of a head mean for the message and its connection.
//
// Room wire: see read_head.h.
#pragma once

#include "portico/http/message.h"
#include "portico/http/status.h"
#include "portico/wire/h1/framing.h"

namespace portico::h1 {

// Reads method, target and version of `request` and determines the form of the target: fills form, path, query and
// has_query, and the authority if the form has one (RFC 9112 §3.2).
//
// Refusal: 400 if the target has none of the four forms, or a form that the method may not have.
[[nodiscard]] http::Result<void> interpret_target(http::Request& request);

// Reads the whole header section, with at most one Host line and one Content-Length line: fills authority,
// has_content, content_length and expectation, and `head` except for its octets.
//
// Refusals: 400 Host missing or malformed, Content-Length not one number, Transfer-Encoding that does not end in one
//               chunked or comes with Content-Length or in HTTP/1.0               (RFC 9112 §3.2, §6.1, §6.3)
//           417 an expectation other than 100-continue                            (RFC 9110 §10.1.1)
//           501 a transfer coding other than chunked, with chunked last           (RFC 9112 §6.1)
[[nodiscard]] http::Result<void> interpret_fields(http::Request& request, ReadHead& head);

// Reads the header section of a response to `method`, with at most one Content-Length line: fills `head` except for its
// octets, and the response's content_length.
//
// Refusals, all with 502: Content-Length not one number, or together with Transfer-Encoding; a transfer coding other
// than chunked, in HTTP/1.0, or in an answer that has no content                   (RFC 9112 §6.1, §6.3)
[[nodiscard]] http::Result<void> interpret_fields(http::Method method, http::Version version, http::Response& response,
                                                  ReadHead& head);

}  // namespace portico::h1
