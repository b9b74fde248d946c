// portico/wire/h1/write_request.h — writes the head of one HTTP/1.1 request as octets (RFC 9112 §3, §5).
//
// Room wire: see read_head.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "portico/http/message.h"
#include "portico/wire/h1/framing.h"

namespace portico::h1 {

// What the connection adds to the fields of a request.
struct RequestExtras {
    std::optional<std::uint64_t> content_length;  // absent: there is no content, or its length is not known
    bool is_chunked = false;                      // content of unknown length (RFC 9112 §7.1)
    Persistence persistence = Persistence::keep;  // whether the client wants to send further requests
};

// The request line, with method_token and target, and the field section: Host from the authority first (RFC 9110 §7.2),
// then the fields, of which none is Host, Content-Length, Transfer-Encoding or Connection. The caller has checked them:
// the method and the names are tokens, the target has neither space nor control characters, and no value has CR, LF or
// NUL (asserted).
[[nodiscard]] std::string request_head(const http::Request& request, const RequestExtras& extras);

}  // namespace portico::h1
