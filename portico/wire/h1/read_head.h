// portico/wire/h1/read_head.h — reads the head of one HTTP/1.1 message, from octets already received.
//
// Room wire: octets in, messages out, and back (RFC 9112, 9113, 9114).
// May use:   base, http.
// May not:   make a system call, read a clock, log, hold a lock, or allocate without a bound. Octets and the
//            time arrive as arguments, so that a test can replay any connection to the nanosecond.
// Threads:   none. An object here belongs to one connection, which belongs to one core.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "portico/http/message.h"
#include "portico/wire/h1/framing.h"

namespace portico::h1 {

// How much one message's head may cost.
struct HeadLimits {
    std::size_t head_octets_max = 16 * 1024;   // first line and field section together, each CRLF counted: 431
    std::size_t target_octets_max = 8 * 1024;  // 414
    std::size_t field_count_max = 100;         // field lines: 431
};

// What is noted of a head while it arrives.
struct HeadNotes {
    std::size_t searched = 0;  // how far it has been searched without success, in octets
    // The sender's, as soon as its line has been read, even if the head is refused.
    http::Version version = http::Version::http_1_1;
};

// Reads one request head — request line and field section, never content — from the start of `received`.
//
// Returns what the head says about the connection, and fills `request`, whose views point into `received`: the octets
// must not move until the request has been answered. While the head is incomplete, returns nothing, and `request` is
// clear: call again with the same octets, wherever they are now, followed by more. `notes` are this function's
// own: new ones for each head, passed back unchanged, so that a head sent one octet at a time costs little more than
// one sent whole. An incomplete head can also be refused: at once if a limit, an octet that is allowed nowhere or the
// first line decides it, and otherwise as the head grows. The refusal is the same however the octets are cut. After a
// refusal `request` may be partly filled (method and target, for the log).
//
// One empty line before the request line is skipped (RFC 9112 §2.2). docs/h1-strictness.md lists what is refused
// although the RFC does not require it, and what is accepted beyond its grammar.
//
// Refusals: 400 malformed line, bare CR or LF, obs-fold, space before a colon, field name no token, control octet
//               in a value, Host missing, repeated or malformed, Content-Length and Transfer-Encoding
//               that allow two readings                                  (RFC 9112 §2.2, §3, §3.2, §5, §6.1, §6.3)
//           414 target longer than target_octets_max                             (RFC 9110 §15.5.15)
//           417 an expectation other than 100-continue                           (RFC 9110 §10.1.1)
//           431 head longer than head_octets_max, or too many field lines        (RFC 6585 §5)
//           501 a transfer coding other than chunked, with chunked last; a method of more than 64 octets
//                                                                                (RFC 9112 §6.1, §3)
//           505 a major version other than 1                                     (RFC 9110 §15.6.6)
[[nodiscard]] http::Result<std::optional<ReadHead>> read_head(std::string_view received, HeadNotes& notes,
                                                              const HeadLimits& limits, http::Request& request);

// Reads one response head in the same way: status line and field section. `method` is that of the request, on which the
// framing depends (RFC 9112 §6.3). Fills the status, the fields, all of them as they were sent, and content_length.
//
// Refusals, all with 502: the same, except for what only requests have; a status that is not three digits, from 100 on
//                         (RFC 9112 §4).
[[nodiscard]] http::Result<std::optional<ReadHead>> read_response_head(std::string_view received, HeadNotes& notes,
                                                                       const HeadLimits& limits, http::Method method,
                                                                       http::Response& response);

}  // namespace portico::h1
