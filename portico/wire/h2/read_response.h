// portico/wire/h2/read_response.h — a response from a list of fields (RFC 9113 §8.3.2).
//
// Room wire: see frame.h.
#pragma once

#include <string_view>

#include "portico/http/message.h"
#include "portico/wire/h2/field_list.h"
#include "portico/wire/h2/read_request.h"

namespace portico::h2 {

// Fills `response`, interim or final, whose views are those of the list. `ending` is that of the HEADERS frame.
// `method` is that of the request. The list is within its limits. Returns why the response is malformed (RFC 9113
// §8.1.1); empty if it isn't.
//
// Malformed: :status missing or not three digits, from 100 on; 101, which HTTP/2 does not have; an interim response
//            that ends the stream; Content-Length not one number or not the content's, and all that FieldList finds
//            (RFC 9113 §8.1, §8.1.1, §8.3.2, §8.6)
[[nodiscard]] std::string_view read_response(const FieldList& list, Ending ending, http::Method method,
                                             http::Response& response);

}  // namespace portico::h2
