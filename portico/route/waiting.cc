// portico/route/waiting.cc — see waiting.h.
#include "portico/route/waiting.h"

#include <cassert>
#include <cerrno>
#include <utility>

namespace portico::route {

bool WaitInLine::join() {
    line_->add(*this);
    return false;
}

void WaitInLine::cancel() {
    line_->remove(*this);
    complete(-ECANCELED);
}

Waiting::~Waiting() { assert(first_ == nullptr); }

bool Waiting::wake_one() {
    if (first_ == nullptr) return false;
    WaitInLine& waiter = *first_;
    remove(waiter);
    waiter.complete(0);
    return true;
}

void Waiting::wake_all() {
    while (wake_one()) {
    }
}

void Waiting::add(WaitInLine& waiter) {
    waiter.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &waiter;
    last_ = &waiter;
    ++size_;
}

void Waiting::remove(WaitInLine& waiter) {
    (waiter.previous_ == nullptr ? first_ : waiter.previous_->next_) = waiter.next_;
    (waiter.next_ == nullptr ? last_ : waiter.next_->previous_) = waiter.previous_;
    waiter.next_ = waiter.previous_ = nullptr;
    --size_;
}

void wake_all_later(io::Core& core, std::shared_ptr<Waiting> line) {
    if (line->size() == 0) return;
    core.post([line = std::move(line)] { line->wake_all(); });
}

}  // namespace portico::route
