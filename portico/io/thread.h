// portico/io/thread.h — starting a thread where that may fail.
//
// Room io: see error.h.
#pragma once

#include <functional>
#include <thread>

#include "portico/io/error.h"

namespace portico::io {

// Whether a new thread takes signals that are sent to the process.
enum class ThreadSignals : std::uint8_t {
    blocked,    // none, from its first instruction on: signals are for the threads that wait for them
    inherited,  // those that the calling thread takes
};

// Starts a thread that calls `run`. Error: EAGAIN when the user, the service or the address space has no room for one
// more (RLIMIT_NPROC, TasksMax, RLIMIT_AS).
Result<std::thread> start_thread(std::function<void()> run, ThreadSignals signals = ThreadSignals::blocked);

}  // namespace portico::io
