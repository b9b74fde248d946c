// portico/wire/hpack/integer.h — integers with a prefix (RFC 7541 §5.1).
//
// Room wire: see h1/read_head.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "portico/wire/hpack/failure.h"

namespace portico::hpack {

// The most octets that an integer may take after its first one. Five are enough for every value that we accept.
inline constexpr unsigned continuation_octets_max = 5;

// Reads the integer whose first octet has its value in the low `prefix_bits` bits (1 to 8), and removes it from the
// front of `block`, which is not empty (asserted).
//
// Fails if the block ends in the integer, and beyond the limits that RFC 7541 §5.1 asks for: 2^32-1, and
// continuation_octets_max. An integer that is written with more octets than it needs is accepted within these limits.
[[nodiscard]] Result<std::uint32_t> read_integer(std::string_view& block, unsigned prefix_bits);

// How many octets write_integer() writes.
[[nodiscard]] std::size_t integer_octets(std::size_t value, unsigned prefix_bits);

// Writes `value` to `to`, which has room for integer_octets(). `pattern` has the bits of the first octet before the
// prefix. Returns the end of what it wrote.
[[nodiscard]] char* write_integer(std::size_t value, unsigned prefix_bits, unsigned pattern, char* to);

}  // namespace portico::hpack
