// portico/embed/collected_max.h — how much content a request may collect in memory.
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <cstddef>

namespace portico {

// Attached to requests by content_in_memory_at_most().
struct CollectedMax {
    std::size_t octets = std::size_t{1} << 20;
};

}  // namespace portico
