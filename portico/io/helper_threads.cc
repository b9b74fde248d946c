// portico/io/helper_threads.cc — see helper_threads.h.
#include "portico/io/helper_threads.h"

#include <csignal>
#include <utility>

namespace portico::io {
namespace {

void append(Operation*& first, Operation*& last, Operation& op) {
    op.next_in_kernel = nullptr;
    if (first == nullptr) {
        first = &op;
    } else {
        last->next_in_kernel = &op;
    }
    last = &op;
}

// Signals are for the threads that wait for them.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

HelperThreads::~HelperThreads() {
    {
        const std::lock_guard lock(lock_);
        ending_ = true;
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void HelperThreads::submit(OffloadOp& op) {
    {
        const std::lock_guard lock(lock_);
        append(first_, last_, op);
        ++queued_;
        if (queued_ > idle_ && threads_.size() < threads_max_) threads_.emplace_back([this] { work(); });
    }
    has_work_.notify_one();
}

Operation* HelperThreads::take_done() {
    const std::lock_guard lock(lock_);
    last_done_ = nullptr;
    return std::exchange(first_done_, nullptr);
}

void HelperThreads::work() {
    block_signals();
    std::unique_lock lock(lock_);
    for (;;) {
        ++idle_;
        has_work_.wait(lock, [this] { return first_ != nullptr || ending_; });
        --idle_;
        if (first_ == nullptr) return;
        auto& op = static_cast<OffloadOp&>(*first_);
        first_ = op.next_in_kernel;
        --queued_;
        lock.unlock();
        op.work();
        lock.lock();
        append(first_done_, last_done_, op);
        wake_();
    }
}

}  // namespace portico::io
