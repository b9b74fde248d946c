// portico/wire/hpack/integer.h — integers with a prefix (RFC 7541 §5.1).
//
// Room wire: see h1/read_head.h.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "portico/http/hex.h"
#include "portico/wire/hpack/failure.h"

namespace portico::hpack {

// The most octets that an integer may take after its first one. Five are enough for every value that we accept.
inline constexpr unsigned continuation_octets_max = 5;

namespace detail {

// The value of a prefix that is full: further octets follow it.
constexpr unsigned full_prefix(unsigned prefix_bits) { return (1U << prefix_bits) - 1; }

// Those octets of an integer. They have what its value is above that of the full prefix.
[[nodiscard]] Result<std::uint32_t> read_further_octets(std::string_view& block, unsigned prefix_bits);
[[nodiscard]] char* write_further_octets(std::size_t value, char* to);

}  // namespace detail

// Reads the integer whose first octet has its value in the low `prefix_bits` bits (1 to 8), and removes it from the
// front of `block`, which is not empty (asserted).
//
// Fails if the block ends in the integer, and beyond the limits that RFC 7541 §5.1 asks for: 2^32-1, and
// continuation_octets_max. An integer that is written with more octets than it needs is accepted within these limits.
[[nodiscard]] inline Result<std::uint32_t> read_integer(std::string_view& block, unsigned prefix_bits) {
    assert(!block.empty() && prefix_bits >= 1 && prefix_bits <= 8);
    const unsigned full = detail::full_prefix(prefix_bits);
    const unsigned first = http::octet(block.front()) & full;
    block.remove_prefix(1);
    if (first < full) return first;
    return detail::read_further_octets(block, prefix_bits);
}

// Writes `value`, below 2^32, to `to`, which has room for 1 + continuation_octets_max octets, or for as many as the
// value needs. `pattern` has the bits of the first octet before the prefix. Returns the end of what it wrote.
[[nodiscard]] inline char* write_integer(std::size_t value, unsigned prefix_bits, unsigned pattern, char* to) {
    const std::size_t full = detail::full_prefix(prefix_bits);
    if (value < full) {
        *to = static_cast<char>(pattern | value);
        return to + 1;
    }
    *to = static_cast<char>(pattern | full);
    return detail::write_further_octets(value - full, to + 1);
}

}  // namespace portico::hpack
