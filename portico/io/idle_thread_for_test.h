// portico/io/idle_thread_for_test.h — a thread that a program has started earlier, and that can receive signals.
//
// Room io: see error.h. Included by tests alone.
#pragma once

#include <pthread.h>
#include <unistd.h>

#include <thread>

#include "portico/io/pipe_for_test.h"

namespace portico::io {

// Waits in a system call until it is destroyed. ThreadSanitizer runs no handler on a thread that waits for a mutex.
class IdleThread {
public:
    IdleThread() : pipe_(make_test_pipe()), thread_([this] { wait(); }) {}
    IdleThread(const IdleThread&) = delete;
    IdleThread& operator=(const IdleThread&) = delete;
    ~IdleThread() {
        pipe_.write_end.reset();
        thread_.join();
    }
    [[nodiscard]] pthread_t handle() { return thread_.native_handle(); }

private:
    void wait() {
        char octet = 0;
        while (::read(pipe_.read_end->number(), &octet, 1) < 0) continue;  // interrupted
    }

    TestPipe pipe_;
    std::thread thread_;  // last: it uses the pipe
};

}  // namespace portico::io
