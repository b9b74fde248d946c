// portico/wire/hpack/integer.cc — see integer.h.
#include "portico/wire/hpack/integer.h"

namespace portico::hpack {

Result<std::uint32_t> detail::read_further_octets(std::string_view& block, unsigned prefix_bits) {
    std::uint64_t value = full_prefix(prefix_bits);  // five octets of seven bits fit
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

char* detail::write_further_octets(std::size_t value, char* to) {
    for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(0x80 | (value & 0x7f));
    *to++ = static_cast<char>(value);
    return to;
}

}  // namespace portico::hpack
