// portico/io/core.cc — see core.h and kernel.h.
#include "portico/io/core.h"

#include <algorithm>
#include <utility>

#include "portico/io/signals.h"

namespace portico::io {

void Operation::wait(std::coroutine_handle<> waiter, TimePoint deadline) {
    waiter_ = waiter;
    if (deadline != never) core_->timers().set(*this, deadline);
}

void Operation::complete(std::int64_t result) {
    core_->timers().unset(*this);
    result_ = result == -ECANCELED && deadline_passed_ ? -ETIMEDOUT : result;
    // `this` may be destroyed when either function returns.
    const std::coroutine_handle<> waiter = std::exchange(waiter_, nullptr);
    if (stop_state_ == nullptr) return waiter.resume();
    stop_state_->go_on(waiter);
}

void Operation::expire() {
    deadline_passed_ = true;
    cancel();
}

void Operation::stop_waiting() noexcept {
    if (waiter_) cancel();  // otherwise it has completed, and its chain only has to go on
}

void Operation::finish_waiting() noexcept { core_->kernel().finish(*this); }

void AcceptOp::cancel() { core().kernel().cancel(*this); }
void ConnectOp::cancel() { core().kernel().cancel(*this); }
void ReadOp::cancel() { core().kernel().cancel(*this); }
void HangUpOp::cancel() { core().kernel().cancel(*this); }
void WriteOp::cancel() { core().kernel().cancel(*this); }
void SendFileOp::cancel() { core().kernel().cancel(*this); }
void ReceiveOp::cancel() { core().kernel().cancel(*this); }
void SendOp::cancel() { core().kernel().cancel(*this); }
void OffloadOp::cancel() { core().kernel().cancel(*this); }

Core::Core(Kernel& kernel, std::size_t memory_max)
    : kernel_(&kernel), ledger_(memory_max), buffers_(ledger_), timers_(kernel.now()) {}

Core::~Core() {
    while (!locals_.empty()) locals_.pop_back();
}

std::shared_ptr<void>& Core::local(const void* key) {
    for (auto& [its_key, own] : locals_) {
        if (its_key == key) return own;
    }
    return locals_.emplace_back(key, nullptr).second;
}

void Core::run() {
    block_broken_pipes();
    while (!stopping_.load(std::memory_order_relaxed)) run_once(never);
    stopping_.store(false, std::memory_order_relaxed);
}

void Core::run_once(TimePoint until) {
    // If a chain has gone on now, the caller may no longer have a reason to wait.
    if (StopState::settle()) until = kernel_->now();
    kernel_->wait(std::min(until, timers_.next().value_or(never)));
    timers_.advance(kernel_->now());
    if (has_mail_.load(std::memory_order_acquire)) read_mailbox();
    StopState::settle();
}

void Core::stop() {
    stopping_.store(true, std::memory_order_relaxed);
    kernel_->wake();
}

void Core::post(std::move_only_function<void()> message) {
    {
        const std::lock_guard lock(mailbox_lock_);
        mailbox_.push_back(std::move(message));
    }
    has_mail_.store(true, std::memory_order_release);
    kernel_->wake();
}

void Core::read_mailbox() {
    std::vector<std::move_only_function<void()>> mail;
    {
        const std::lock_guard lock(mailbox_lock_);
        mail.swap(mailbox_);
        has_mail_.store(false, std::memory_order_relaxed);
    }
    for (auto& message : mail) message();
}

}  // namespace portico::io
