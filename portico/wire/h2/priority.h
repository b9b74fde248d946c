// portico/wire/h2/priority.h — how urgent a response is (RFC 9218 §4).
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace portico::h2 {

// Whether parts of a response are of use before it is complete (RFC 9218 §4.2).
enum class Delivery : std::uint8_t { whole, incremental };

inline constexpr std::size_t urgency_count = 8;  // RFC 9218 §4.1: 0, which is sent first, to 7

struct Priority {
    std::uint8_t urgency = 3;
    Delivery delivery = Delivery::whole;
    bool operator==(const Priority&) const = default;
};

// Reads a Priority field value, or that of a PRIORITY_UPDATE frame: a Dictionary (RFC 9651 §3.2). What it doesn't say
// is as in `otherwise`. Members that we don't know, or that have another type or range, are ignored; so is a value that
// is not a Dictionary (RFC 9218 §4).
[[nodiscard]] Priority read_priority(std::string_view field_value, Priority otherwise = {});

}  // namespace portico::h2
