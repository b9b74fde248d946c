// portico/wire/h2/read_request.h — a request from a list of fields (RFC 9113 §8.3.1).
//
// Room wire: see frame.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "portico/http/message.h"
#include "portico/http/status.h"
#include "portico/wire/h2/field_list.h"

namespace portico::h2 {

// Whether more of a message follows.
enum class Ending : std::uint8_t { more, last };

// What a list of fields is as a request.
struct ReadRequest {
    std::string_view malformation;         // not empty: RFC 9113 §8.1.1. Nothing else counts then
    std::optional<http::Refusal> refusal;  // the request is to be answered so; it may be partly filled
};

// Fills `request`, whose views are those of the list. `ending` is that of the HEADERS frame. The rules are those of
// HTTP/1.1 where both have the same.
//
// Malformed: pseudo-header fields that are missing, not allowed or invalid, Host other than :authority, Content-Length
//            not one number or not the content's, and all that FieldList finds    (RFC 9113 §8.1.1, §8.3.1, §8.5)
//            :protocol without CONNECT or :authority, or not a token              (RFC 8441 §4)
// Refusals:  400 a scheme other than http and https, no authority                 (RFC 9110 §4.2, §7.2)
//            414 target longer than target_octets_max                             (RFC 9110 §15.5.15)
//            417 an expectation other than 100-continue                           (RFC 9110 §10.1.1)
//            431 a field list over its limits                                     (RFC 6585 §5)
//            501 a method of more than 64 octets                                  (RFC 9110 §15.6.2)
[[nodiscard]] ReadRequest read_request(const FieldList& list, Ending ending, const Limits& limits,
                                       http::Request& request);

}  // namespace portico::h2
