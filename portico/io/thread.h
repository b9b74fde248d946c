// portico/io/thread.h — starts a thread, and reports if that fails.
//
// Room io: see error.h.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "portico/io/error.h"

namespace portico::io {

// Whether a new thread receives signals that are sent to the process.
enum class ThreadSignals : std::uint8_t {
    blocked,    // it receives none, from its first instruction on: they are for threads that wait for them
    inherited,  // it receives those that the calling thread receives
};

// Starts a thread that calls `run`. Error: EAGAIN if the user, the service or the address space has no room for another
// one (RLIMIT_NPROC, TasksMax, RLIMIT_AS).
Result<std::thread> start_thread(std::function<void()> run, ThreadSignals signals = ThreadSignals::blocked);

}  // namespace portico::io
