// portico/http/preconditions.h — conditional requests (RFC 9110 §13).
//
// Room http: see status.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "portico/http/fields.h"
#include "portico/http/message.h"

namespace portico::http {

// The validators of the selected representation: they distinguish it from other versions (RFC 9110 §8.8).
struct Validators {
    std::string_view etag;  // as it is sent, including quotation marks; empty if there is none
    std::optional<std::chrono::sys_seconds> last_modified;  // whole seconds, because a field has no finer resolution
};

// The result of evaluating a request's preconditions.
enum class Verdict : std::uint8_t {
    proceed,              // answer as if there were no preconditions
    not_modified,         // answer 304
    precondition_failed,  // answer 412
};

// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in the order of RFC 9110 §13.2.2, for a
// request whose target has a representation and which would otherwise be answered with 2xx (§13.2.1). An invalid or
// repeated date is ignored; an invalid entity tag matches nothing. `now` is for dates with a two-digit year.
[[nodiscard]] Verdict evaluate_preconditions(const FieldSection& request, Method method, const Validators& validators,
                                             std::chrono::sys_seconds now);

// Whether If-Range allows Range to be applied (RFC 9110 §13.1.5). True without If-Range. A date must be the exact
// Last-Modified, at least one second old: within that second the file may have changed twice (§8.8.2.2).
[[nodiscard]] bool if_range_holds(const FieldSection& request, const Validators& validators,
                                  std::chrono::sys_seconds now);

// Returns the Last-Modified of a file. A time in the future becomes the time of the answer (RFC 9110 §8.8.2.1).
[[nodiscard]] std::chrono::sys_seconds last_modified_of(std::chrono::sys_time<std::chrono::nanoseconds> modified,
                                                        std::chrono::sys_seconds now);

}  // namespace portico::http
