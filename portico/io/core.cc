// portico/io/core.cc — see core.h and kernel.h.
#include "portico/io/core.h"

#include <algorithm>
#include <utility>

#include "portico/io/signals.h"

namespace portico::io {
namespace {

const std::string others = "others";
constexpr std::size_t kept_labels_max = 4096;

}  // namespace

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
    if (stop_state_->label() != nullptr) core_->note_label(*stop_state_->label());
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
void ReadyOp::cancel() { core().kernel().cancel(*this); }
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
    if (pass_limit_ != Duration::max()) end_pass();
    kernel_->wait(std::min(until, timers_.next().value_or(never)));
    timers_.advance(kernel_->now());
    if (has_mail_.load(std::memory_order_acquire)) read_mailbox();
    StopState::settle();
}

void Core::watch_passes(Duration limit, std::function<void(const LongPass&)> report) {
    pass_limit_ = limit > Duration::zero() ? limit : Duration::max();
    report_long_pass_ = std::move(report);
}

const std::string* Core::keep_label(std::string_view label) {
    if (pass_limit_ == Duration::max()) return nullptr;
    if (last_kept_label_ != nullptr && *last_kept_label_ == label) return last_kept_label_;
    const bool is_full = kept_labels_.size() >= kept_labels_max;
    const auto place =
        std::ranges::lower_bound(kept_labels_, label, {}, [](const auto& one) { return std::string_view(*one); });
    const bool is_known = place != kept_labels_.end() && **place == label;
    if (is_full && !is_known) return &others;
    last_kept_label_ =
        is_known ? place->get() : kept_labels_.insert(place, std::make_unique<const std::string>(label))->get();
    return last_kept_label_;
}

// A label that alternates with others is looked up among the few that are kept.
void Core::note_other_label(std::string_view label) {
    noted_ = label;
    const auto kept = std::span(labels_).first(labels_noted_);
    if (std::ranges::find(kept, label) != kept.end()) return;
    if (kept.size() == labels_.size()) {
        labels_.back() = others;  // instead of the last one: the report must not leave out who took the time
    } else {
        labels_[labels_noted_++] = label;
    }
}

// The time is read once for a pass, here or by the kernel's wait.
void Core::end_pass() {
    const Duration time = kernel_->end_pass() - kernel_->now();
    if (time >= pass_limit_ && labels_noted_ > 0) {
        report_long_pass_(LongPass{time, std::span(labels_).first(labels_noted_)});
    }
    labels_noted_ = 0;
    noted_ = {};
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
