// portico/io/helper_threads.h — where work that may block is done.
//
// Room io: see error.h.
// Threads:   submit() and take_done() belong to one core; the work runs on threads of this object.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "portico/io/kernel.h"

namespace portico::io {

// Starts a thread when work comes and none is free, up to `threads_max`. Queued work is done in order of submission.
class HelperThreads {
public:
    // `wake` is called on a helper thread after each piece of work.
    HelperThreads(unsigned threads_max, std::function<void()> wake)
        : threads_max_(threads_max), wake_(std::move(wake)) {}
    HelperThreads(const HelperThreads&) = delete;
    HelperThreads& operator=(const HelperThreads&) = delete;
    ~HelperThreads();  // waits for the work under way; there must be none that somebody waits for

    void submit(OffloadOp& op);
    // The first of what was done since the last call, in order, linked by next_in_kernel; null if nothing.
    Operation* take_done();

private:
    void work();

    const unsigned threads_max_;
    const std::function<void()> wake_;
    std::mutex lock_;
    std::condition_variable has_work_;
    // All below is guarded by lock_.
    Operation* first_ = nullptr;
    Operation* last_ = nullptr;
    Operation* first_done_ = nullptr;
    Operation* last_done_ = nullptr;
    std::size_t queued_ = 0;  // in the list that begins with first_
    std::size_t idle_ = 0;    // threads that wait for work
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace portico::io
