// portico/base/quantity.h — durations and sizes as people write them.
//
// Room base: see fd.h.
// Threads:   none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portico {

// Parses "500ms", "3s", "2m", "1h", "7d"; a bare number is seconds. Returns nothing if `text` is none of these, or
// longer than a hundred years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// Writes a duration in the largest unit that divides it: "90s", "2m".
std::string duration_text(std::chrono::milliseconds duration);

// Parses one decimal number, without a sign, that fits into 64 bits.
std::optional<std::uint64_t> parse_count(std::string_view text);

// Parses octets: "512", "16k", "1M", "2GiB". k, m, g and t are powers of 1024, in either case. Returns nothing if
// `text` is none of these or does not fit into 63 bits.
std::optional<std::uint64_t> parse_octets(std::string_view text);
// Writes a size in the largest unit that divides it: "16k", "1000".
std::string octets_text(std::uint64_t octets);

// Writes a size for people: three digits of the largest decimal unit, rounded down, as in "870 B", "1.43 kB", "12.0
// MB". At most 7 octets, so that the string allocates nothing.
std::string size_text(std::uint64_t octets);

}  // namespace portico
