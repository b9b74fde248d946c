// portico/io/together.cc — see together.h.
#include "portico/io/together.h"

namespace portico::io::detail {

bool Together::is_over() const {
    if (exception_ != nullptr) return true;
    return until_ == Until::one_has_ended ? ended_ > 0 : ended_ == started_;
}

void Together::start(Task<void> task) {
    if (exception_ != nullptr || (until_ == Until::one_has_ended && is_over())) return;
    ++started_;
    tasks_.start(std::move(task));
}

void Together::ended(std::size_t place, const std::exception_ptr& exception) {
    if (is_over()) return;  // a task that had ended before it was destroyed
    if (ended_++ == 0) first_ = place;
    exception_ = exception;
    if (waiter_ == nullptr || !is_over()) return;
    const std::coroutine_handle<> waiter = std::exchange(waiter_, nullptr);
    if (stop_state_ == nullptr) return waiter.resume();
    stop_state_->go_on(waiter);  // when the loop has control: one of its tasks is on the stack
}

bool Together::begin_wait(std::coroutine_handle<> waiter, StopState* state, const TaskPromiseBase* frame) {
    if (state != nullptr && state->must_end()) {
        state->end_later(frame);
        return true;
    }
    if (state != nullptr && state->stop_requested()) tasks_.request_stop();  // the request came before this wait
    if (is_over()) return false;
    waiter_ = waiter;
    stop_state_ = state;
    if (state != nullptr) state->begin_wait(*this, frame);
    return true;
}

void Together::stop_waiting() noexcept {
    if (!stop_state_->must_end()) return tasks_.request_stop();
    stop_state_->go_on(std::exchange(waiter_, nullptr));  // the chain itself ends the tasks, which are in its frames
}

Task<void> Together::wait() {
    co_await *this;
    tasks_.request_end();
    co_await tasks_.join();
    if (exception_ != nullptr) std::rethrow_exception(exception_);
}

}  // namespace portico::io::detail
