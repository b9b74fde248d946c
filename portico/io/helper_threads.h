// portico/io/helper_threads.h — where work that may block is done.
//
// Room io: see error.h.
// Threads:   the work runs on threads of this object; everything else belongs to one core.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "portico/io/kernel.h"

namespace portico::io {

// Starts a thread when work comes and none is free, up to `threads_max`. Where no further thread can be started, work
// waits for those that there are. Queued work is done in order of submission.
class HelperThreads {
public:
    // `threads_max`: at least one. `wake` is called on a helper thread after each piece of work.
    HelperThreads(unsigned threads_max, std::function<void()> wake)
        : threads_max_(threads_max), wake_(std::move(wake)) {}
    HelperThreads(const HelperThreads&) = delete;
    HelperThreads& operator=(const HelperThreads&) = delete;
    ~HelperThreads();  // waits for the work under way; no task may be waiting for any

    // Before the first submit(): with one thread, all work is done some time. Error: see start_thread().
    Result<void> start_first();
    void submit(OffloadOp& op);
    // Takes `op` out of the queue. False if its work has begun.
    [[nodiscard]] bool cancel(OffloadOp& op);
    // Blocks until the work of `op`, which has begun, is done: take_done() does not return it any more.
    void finish(OffloadOp& op);
    // How many take_done() would return now.
    [[nodiscard]] std::size_t done();
    // What was done, in order; null if nothing is left.
    [[nodiscard]] OffloadOp* take_done();

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

    const unsigned threads_max_;
    const std::function<void()> wake_;
    std::mutex lock_;
    std::condition_variable has_work_;
    std::condition_variable has_done_;
    // All below is guarded by lock_.
    List queued_;
    List done_;
    std::size_t idle_ = 0;  // threads that wait for work
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace portico::io
