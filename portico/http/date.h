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

// Writes `time` as an IMF-fixdate, the only form a sender may use. A time outside the years 0 to 9999, which the form
// can't express, is written as the nearest that it can: a file may bear any date.
void write_imf_fixdate(std::chrono::sys_seconds time, std::span<char, imf_fixdate_octets> room);

// Reads a date in any of the three forms that a recipient must accept: IMF-fixdate, RFC 850, asctime. `now` gives an
// RFC 850 date, which has two digits for the year, its century. A leap second is the first second of the next minute.
//
// Nothing is returned unless the whole value is one date that exists. The name of the day has to be one, but not the
// right one: it says nothing that the rest doesn't, and other servers don't check it.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(std::string_view field_value,
                                                                 std::chrono::sys_seconds now);

}  // namespace portico::http
