// portico/io/epoll_kernel.h — the kernel interface on Linux's epoll.
//
// Room io: see error.h.
#pragma once

#include <memory>

#include "portico/io/kernel.h"

namespace portico::io {

// One for each core; it is used on the thread that runs the core. The error is that of epoll_create1 or eventfd.
Result<std::unique_ptr<Kernel>> make_epoll_kernel();

}  // namespace portico::io
