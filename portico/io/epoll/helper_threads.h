// portico/io/epoll/helper_threads.h — threads for work that may block.
//
// Room io: see error.h.
// Threads:   the work runs on threads of this object; everything else belongs to one core.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "portico/io/kernel.h"

namespace portico::io {

// The helper threads of one kernel, or those of a pool that the kernels of several cores use. A result is handed to the
// threads that belong to the kernel which submitted the work: they keep it for that kernel, and wake it.
//
// Starts a thread when work arrives and no thread is free, up to `threads_max`. If no further thread can be started,
// work waits for the existing threads. Queued work is done in order of submission.
class HelperThreads {
public:
    // `threads_max`: at least one. `wake` is called on a helper thread after each piece of work; it is null in a pool.
    // `name`: of the threads, for debuggers; only the first 15 octets count.
    HelperThreads(unsigned threads_max, std::function<void()> wake, std::string name = {})
        : threads_max_(threads_max), wake_(std::move(wake)), name_(std::move(name)) {}
    HelperThreads(const HelperThreads&) = delete;
    HelperThreads& operator=(const HelperThreads&) = delete;
    ~HelperThreads();  // waits for the work in progress; no task may be waiting for it

    // Call it before the first submit(). Once there is one thread, all work is done eventually. Error: see
    // start_thread().
    Result<void> start_first();
    // `home` keeps the result. False if there is no thread, and none can be started.
    [[nodiscard]] bool submit(OffloadOp& op, HelperThreads& home);
    // Removes `op` from the queue. False if its work has begun.
    [[nodiscard]] bool cancel(OffloadOp& op);
    // Of the work's home: blocks until the work of `op`, which has begun, is done. take_done() no longer returns it
    // afterwards.
    void finish(OffloadOp& op);
    // How many operations take_done() would return now.
    [[nodiscard]] std::size_t done();
    // The next operation that is done, in order; null if there is none.
    [[nodiscard]] OffloadOp* take_done();
    // Whether the calling thread is one of these.
    [[nodiscard]] bool is_own_thread() const;

private:
    // Operations, linked by next_in_kernel and previous_in_kernel.
    struct List {
        OffloadOp* first = nullptr;
        OffloadOp* last = nullptr;
        std::size_t count = 0;

        void append(OffloadOp& op);
        void take_out(OffloadOp& op);
    };
    Result<void> start_one();
    void work();
    void keep_done(OffloadOp& op);

    const unsigned threads_max_;
    const std::function<void()> wake_;
    const std::string name_;
    std::mutex lock_;
    std::condition_variable has_work_;
    std::condition_variable has_done_;
    // Everything below is guarded by lock_.
    List queued_;
    List done_;
    std::size_t idle_ = 0;  // number of threads that wait for work
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace portico::io
