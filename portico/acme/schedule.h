// portico/acme/schedule.h — when a certificate is renewed, and when a failed order is tried again.
//
// Room acme: see base64url.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "portico/acme/documents.h"

namespace portico::acme {

// After two thirds of the certificate's lifetime: there is a third left for repeated attempts.
[[nodiscard]] std::chrono::sys_seconds two_thirds(std::chrono::sys_seconds begins, std::chrono::sys_seconds ends);
// A time in the authority's window. `fraction`: 0 to 1, at random, so that not all of its clients come at once
// (RFC 9773 §4.2).
[[nodiscard]] std::chrono::sys_seconds time_in(const RenewalWindow& window, double fraction);

// How long to wait after this many failures in a row, at least one: between half and the whole of a time that doubles
// from ten seconds to twelve hours. Authorities allow few failures in an hour. `fraction`: 0 to 1, at random.
[[nodiscard]] std::chrono::seconds back_off(unsigned failures, double fraction);

// When to ask for the next OCSP response after one that is valid from `begins` to `ends`: after half of that, and up to
// a tenth later. If that has passed already, at half of what is left, and within the hour. `fraction`: 0 to 1, at
// random.
[[nodiscard]] std::chrono::sys_seconds staple_due(std::chrono::sys_seconds begins, std::chrono::sys_seconds ends,
                                                  std::chrono::sys_seconds now, double fraction);

// How long an authority asks to wait, at most a week: a number of seconds, or a date (RFC 9110 §10.2.3). Nothing if it
// does not say.
[[nodiscard]] std::optional<std::chrono::seconds> read_retry_after(std::string_view field_value,
                                                                   std::chrono::sys_seconds now);

// What is known of the attempts at one certificate. It survives the process: a server that is restarted again and again
// would otherwise exhaust the authority's limits.
struct Attempts {
    unsigned failures = 0;            // in a row
    std::chrono::sys_seconds next{};  // no attempt before this
    friend bool operator==(const Attempts&, const Attempts&) = default;
};
[[nodiscard]] std::string text_of(const Attempts& attempts);
// Anything else but text_of()'s result is as if there had been no failures.
[[nodiscard]] Attempts read_attempts(std::string_view text);

}  // namespace portico::acme
