// portico/wire/hpack/integer.cc — see integer.h.
#include "portico/wire/hpack/integer.h"

#include <cassert>

#include "portico/http/hex.h"

namespace portico::hpack {
namespace {

constexpr unsigned prefix_max(unsigned prefix_bits) { return (1U << prefix_bits) - 1; }

}  // namespace

Result<std::uint32_t> read_integer(std::string_view& block, unsigned prefix_bits) {
    assert(!block.empty() && prefix_bits >= 1 && prefix_bits <= 8);
    const unsigned full = prefix_max(prefix_bits);
    const unsigned first = http::octet(block.front()) & full;
    block.remove_prefix(1);
    if (first < full) return first;
    std::uint64_t value = full;  // five octets of seven bits fit
    for (unsigned i = 0; i < continuation_octets_max; ++i) {
        if (block.empty()) return fail("the block ends in an integer");
        const unsigned next = http::octet(block.front());
        block.remove_prefix(1);
        value += std::uint64_t{next & 0x7fU} << (7 * i);
        if (value > UINT32_MAX) return fail("an integer is larger than 2^32-1");
        if ((next & 0x80U) == 0) return static_cast<std::uint32_t>(value);
    }
    return fail("an integer has too many octets");
}

std::size_t integer_octets(std::size_t value, unsigned prefix_bits) {
    const std::size_t full = prefix_max(prefix_bits);
    if (value < full) return 1;
    std::size_t octets = 2;
    for (value -= full; value >= 0x80; value >>= 7) ++octets;
    return octets;
}

char* write_integer(std::size_t value, unsigned prefix_bits, unsigned pattern, char* to) {
    const std::size_t full = prefix_max(prefix_bits);
    if (value < full) {
        *to++ = static_cast<char>(pattern | value);
        return to;
    }
    *to++ = static_cast<char>(pattern | full);
    for (value -= full; value >= 0x80; value >>= 7) *to++ = static_cast<char>(0x80 | (value & 0x7f));
    *to++ = static_cast<char>(value);
    return to;
}

}  // namespace portico::hpack
