// portico/wire/h1/interpret.h — what the fields of a head mean for the message and its connection.
//
// Room wire: see read_head.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "portico/http/message.h"
#include "portico/http/status.h"
#include "portico/wire/h1/framing.h"

namespace portico::h1 {

// Reads method and target of `request` and determines the form of the target: fills form, path, query and
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
[[nodiscard]] http::Result<void> interpret_fields(http::Version version, http::Request& request, ReadHead& head);

// Reads the header section of a response to `method`, with at most one Content-Length line: fills `head` except for its
// octets, and the response's content_length.
//
// Refusals, all with 502: Content-Length not one number, or together with Transfer-Encoding; a transfer coding other
// than chunked, in HTTP/1.0, or in an answer that has no content                   (RFC 9112 §6.1, §6.3)
[[nodiscard]] http::Result<void> interpret_fields(http::Method method, http::Version version, http::Response& response,
                                                  ReadHead& head);

// The rules that HTTP/2 has too:

// Fills path, query and has_query from both together, as sent in the origin form (RFC 9112 §3.2.1).
void split_path(std::string_view text, http::Request& request);

// Takes the authority from Host, of which there is at most one line, unless the request has one already.
//
// Refusal: 400 Host missing, except in HTTP/1.0, or malformed                     (RFC 9112 §3.2)
[[nodiscard]] std::optional<http::Refusal> interpret_host(http::Request& request, http::Version version);

// The value of a Content-Length line, in octets; nothing if it is not one decimal number below 2^63 (RFC 9110 §8.6).
[[nodiscard]] std::optional<std::uint64_t> read_content_length(std::string_view value);

// Fills `expectation` from the Expect lines. In HTTP/1.0, 100-continue is ignored.
//
// Refusal: 417 an expectation other than 100-continue                             (RFC 9110 §10.1.1)
[[nodiscard]] std::optional<http::Refusal> interpret_expectation(http::Request& request, http::Version version);

}  // namespace portico::h1
