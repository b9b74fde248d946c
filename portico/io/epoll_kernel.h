// portico/io/epoll_kernel.h — the kernel interface on Linux's epoll.
//
// Room io: see error.h.
#pragma once

#include <memory>

#include "portico/io/kernel.h"

namespace portico::io {

// How many operations a task may have done at once, because their descriptors were ready, before the loop turns to the
// other descriptors: a peer that sends faster than we answer must not keep a core for itself. Few enough that a pass in
// which every peer takes its share is short (a read brings up to 16 KiB), enough that the share of a pass's own cost is
// small.
inline constexpr unsigned at_once_max = 16;

// What a kernel may use of the machine.
struct EpollOptions {
    // Threads for offloaded work, at least one. The first is started with the kernel, the others when they are needed.
    unsigned helpers_max = 4;
};

// One for each core; it is used on the thread that runs the core. Errors: those of epoll_create1 and eventfd, and
// EAGAIN when no helper thread can be started.
Result<std::unique_ptr<Kernel>> make_epoll_kernel(const EpollOptions& options = {});

}  // namespace portico::io
