// portico/io/epoll/epoll_kernel.h — implements the kernel interface with Linux's epoll.
//
// Room io: see error.h.
#pragma once

#include <chrono>
#include <memory>

#include "portico/io/kernel.h"

namespace portico::io {

// How many operations a task may complete at once, because their descriptors are ready, before the loop turns to the
// other descriptors: a peer that sends faster than we answer must not keep a core for itself. The number is small
// enough that a pass is short even if every peer uses its share (a read brings up to 16 KiB), and large enough that the
// fixed cost of a pass matters little.
inline constexpr unsigned at_once_max = 16;
// How long such a task may go on, if what it does with each of them takes long. Other connections wait for that time.
inline constexpr std::chrono::microseconds turn_time_max{200};

// The machine's resources that a kernel may use.
struct EpollOptions {
    // Threads for offloaded work, at least one. The first is started with the kernel, the others when they are needed.
    unsigned helpers_max = 4;
};

// Creates a kernel. Each core needs its own, used on the thread that runs the core. Errors: those of epoll_create1 and
// eventfd, and EAGAIN if no helper thread can be started.
Result<std::unique_ptr<Kernel>> make_epoll_kernel(const EpollOptions& options = {});

}  // namespace portico::io
