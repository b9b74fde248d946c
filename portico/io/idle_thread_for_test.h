// portico/io/idle_thread_for_test.h — a thread that a program has started earlier, and that can receive signals.
//
// Room io: see error.h. Included by tests alone.
#pragma once

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <thread>

namespace portico::io {

// Waits in a system call until it is destroyed. ThreadSanitizer runs no handler on a thread that waits for a mutex.
class IdleThread {
public:
    IdleThread() : ends_(open_pipe()), thread_([this] { wait(); }) {}
    IdleThread(const IdleThread&) = delete;
    IdleThread& operator=(const IdleThread&) = delete;
    ~IdleThread() {
        ::close(ends_[1]);
        thread_.join();
        ::close(ends_[0]);
    }
    [[nodiscard]] pthread_t handle() { return thread_.native_handle(); }

private:
    static std::array<int, 2> open_pipe() {
        std::array<int, 2> ends{};
        const int failure = ::pipe(ends.data());
        assert(failure == 0);
        return ends;
    }
    void wait() {
        char octet = 0;
        while (::read(ends_[0], &octet, 1) < 0) continue;  // interrupted
    }

    std::array<int, 2> ends_;  // of a pipe
    std::thread thread_;       // last: it uses the pipe
};

}  // namespace portico::io
