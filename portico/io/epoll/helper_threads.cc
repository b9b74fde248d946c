// portico/io/epoll/helper_threads.cc — see helper_threads.h.
#include "portico/io/epoll/helper_threads.h"

#include <pthread.h>
#include <sys/mman.h>

#include <cassert>
#include <utility>

#include "portico/io/thread.h"

namespace portico::io {
namespace {

OffloadOp* next_of(const OffloadOp& op) { return static_cast<OffloadOp*>(op.next_in_kernel); }

}  // namespace

void HelperThreads::List::append(OffloadOp& op) {
    op.next_in_kernel = nullptr;
    op.previous_in_kernel = last;
    if (last == nullptr) {
        first = &op;
    } else {
        last->next_in_kernel = &op;
    }
    last = &op;
    ++count;
}

void HelperThreads::List::take_out(OffloadOp& op) {
    OffloadOp* const next = next_of(op);
    if (op.previous_in_kernel != nullptr) {
        op.previous_in_kernel->next_in_kernel = next;
    } else {
        first = next;
    }
    if (next != nullptr) {
        next->previous_in_kernel = op.previous_in_kernel;
    } else {
        last = op.previous_in_kernel;
    }
    --count;
}

HelperThreads::~HelperThreads() {
    {
        const std::lock_guard lock(lock_);
        ending_ = true;
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

Result<void> HelperThreads::start_one() {
    Result<std::thread> thread = start_thread([this] { work(); });
    if (!thread) return std::unexpected(thread.error());
    threads_.push_back(*std::move(thread));
    // Longer names are refused.
    if (!name_.empty()) ::pthread_setname_np(threads_.back().native_handle(), name_.substr(0, 15).c_str());
    return {};
}

Result<void> HelperThreads::start_first() {
    const std::lock_guard lock(lock_);
    return start_one();
}

namespace {

// Whether a further thread leaves address space for work (RLIMIT_AS). Its stack takes megabytes at once; if they were
// the last, the next allocation anywhere in the process would fail.
bool has_address_space() {
    constexpr std::size_t stack_and_work = std::size_t{64} << 20;
    void* const probe = ::mmap(nullptr, stack_and_work, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return probe != MAP_FAILED && ::munmap(probe, stack_and_work) == 0;
}

}  // namespace

bool HelperThreads::submit(OffloadOp& op, HelperThreads& home) {
    {
        const std::lock_guard lock(lock_);
        // If this fails, the existing threads do the work later.
        const bool is_wanted = queued_.count >= idle_ && threads_.size() < threads_max_;
        if (is_wanted && has_address_space()) static_cast<void>(start_one());
        if (threads_.empty()) return false;
        op.stage_in_kernel = OffloadOp::Stage::queued;
        op.home_in_kernel = &home;
        queued_.append(op);
    }
    has_work_.notify_one();
    return true;
}

bool HelperThreads::cancel(OffloadOp& op) {
    const std::lock_guard lock(lock_);
    if (op.stage_in_kernel != OffloadOp::Stage::queued) return false;
    queued_.take_out(op);
    return true;
}

void HelperThreads::finish(OffloadOp& op) {
    std::unique_lock lock(lock_);
    has_done_.wait(lock, [&op] { return op.stage_in_kernel == OffloadOp::Stage::done; });
    done_.take_out(op);
}

std::size_t HelperThreads::done() {
    const std::lock_guard lock(lock_);
    return done_.count;
}

OffloadOp* HelperThreads::take_done() {
    const std::lock_guard lock(lock_);
    OffloadOp* const op = done_.first;
    if (op != nullptr) done_.take_out(*op);
    return op;
}

namespace {

thread_local const HelperThreads* threads_of_this_one = nullptr;

}  // namespace

bool HelperThreads::is_own_thread() const { return threads_of_this_one == this; }

void HelperThreads::work() {
    threads_of_this_one = this;
    std::unique_lock lock(lock_);
    for (;;) {
        ++idle_;
        has_work_.wait(lock, [this] { return queued_.first != nullptr || ending_; });
        --idle_;
        if (queued_.first == nullptr) return;
        OffloadOp& op = *queued_.first;
        queued_.take_out(op);
        op.stage_in_kernel = OffloadOp::Stage::running;
        lock.unlock();
        op.work();
        lock.lock();
        HelperThreads& home = *op.home_in_kernel;
        if (&home == this) {
            keep_done(op);
        } else {
            // The stage is written under both locks, and read under either. Nothing locks a pool while it holds its
            // own.
            const std::lock_guard its_lock(home.lock_);
            home.keep_done(op);
        }
    }
}

// The lock is held until this returns: afterwards the kernel may be gone, with these threads.
void HelperThreads::keep_done(OffloadOp& op) {
    op.stage_in_kernel = OffloadOp::Stage::done;
    done_.append(op);
    has_done_.notify_all();
    wake_();
}

}  // namespace portico::io
