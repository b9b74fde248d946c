// portico/io/descriptor_limit.h — how many descriptors this process may have.
//
// Room io: see error.h.
// Threads:   any; it is the whole process's.
#pragma once

#include <cstddef>

namespace portico::io {

// Raises the limit as far as the process may (getrlimit(2), RLIMIT_NOFILE), and returns what it is then. Each
// connection is a descriptor, and the default of 1024 is there for programs that use select(2).
std::size_t raise_descriptor_limit();

}  // namespace portico::io
