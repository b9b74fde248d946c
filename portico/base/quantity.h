// portico/base/quantity.h — times and sizes as people write them.
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

// "500ms", "3s", "2m", "1h", "7d"; a bare number is seconds. Nothing where `text` is none of these or longer than a
// hundred years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// In the largest unit that leaves no rest: "90s", "2m".
std::string duration_text(std::chrono::milliseconds duration);

// One decimal number, without a sign, that fits 64 bits.
std::optional<std::uint64_t> parse_count(std::string_view text);

// Octets: "512", "16k", "1M", "2GiB": k, m, g and t are powers of 1024, whatever the case. Nothing where `text` is none
// of these or does not fit 63 bits.
std::optional<std::uint64_t> parse_octets(std::string_view text);
// In the largest unit that leaves no rest: "16k", "1000".
std::string octets_text(std::uint64_t octets);

// A size as it is shown to people everywhere: three digits of the largest decimal unit, rounded down, as in "870 B",
// "1.43 kB", "12.0 MB". At most 7 octets, so that the string allocates nothing.
std::string size_text(std::uint64_t octets);

}  // namespace portico
