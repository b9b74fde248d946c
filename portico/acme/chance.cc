// portico/acme/chance.cc — see chance.h.
#include "portico/acme/chance.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace portico::acme {

double fraction(io::Core& core) {
    std::array<char, 4> octets{};
    core.kernel().random(octets);
    std::uint32_t number = 0;
    std::memcpy(&number, octets.data(), sizeof number);
    return static_cast<double>(number) / static_cast<double>(UINT32_MAX);
}

}  // namespace portico::acme
