// portico/io/descriptor_limit.h — how many descriptors this process may open.
//
// Room io: see error.h.
// Threads:   any; the limit applies to the whole process.
#pragma once

#include <cstddef>

namespace portico::io {

// Raises the limit as far as the process may (getrlimit(2), RLIMIT_NOFILE), and returns the new limit. Each connection
// needs a descriptor, and the default of 1024 exists for programs that use select(2).
std::size_t raise_descriptor_limit();

}  // namespace portico::io
