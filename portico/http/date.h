// portico/http/date.h — the dates in fields (RFC 9110 §5.6.7).
//
// Room http: see status.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace portico::http {

// "Sun, 06 Nov 1994 08:49:37 GMT"
inline constexpr std::size_t imf_fixdate_octets = 29;

// Writes `time` as an IMF-fixdate, the only form that a sender may use. The form cannot express a time outside the
// years 0 to 9999, so the nearest possible time is written: a file may have any date.
void write_imf_fixdate(std::chrono::sys_seconds time, std::span<char, imf_fixdate_octets> room);

// Reads a date in any of the three forms that a recipient must accept: IMF-fixdate, RFC 850, asctime. An RFC 850 date
// has a two-digit year; `now` determines its century. A leap second is read as the first second of the next minute.
//
// Returns nothing unless the whole value is one date that exists. The day name must be valid, but need not be the right
// one: it adds no information, and other servers don't check it.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(std::string_view field_value,
                                                                 std::chrono::sys_seconds now);

}  // namespace portico::http
