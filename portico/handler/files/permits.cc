// portico/handler/files/permits.cc — see permits.h.
#include "portico/handler/files/permits.h"

#include <list>

namespace portico::files {

struct Permits::State : std::enable_shared_from_this<Permits::State> {
    explicit State(io::Core& the_core) : core(&the_core) {}

    bool take_next() {
        if (taken >= at_once_max || waiting.empty()) return false;
        Permit& next = *waiting.front();
        waiting.pop_front();
        next.phase_ = Permit::Phase::taken;
        ++taken;
        next.line_.wake_one();
        return true;
    }

    io::Core* core;
    unsigned at_once_max = 1;  // as given by the last task
    unsigned taken = 0;
    std::list<Permit*> waiting;  // in the order of arrival
};

Permits::Permits(io::Core& core) : state_(std::make_shared<State>(core)) {}

std::size_t Permits::taken() const { return state_->taken; }
std::size_t Permits::waiting() const { return state_->waiting.size(); }

Permit::Permit(Permits& permits, unsigned at_once_max, std::size_t waiting_max) : state_(permits.state_) {
    state_->at_once_max = at_once_max;
    if (state_->taken < at_once_max && state_->waiting.empty()) {
        phase_ = Phase::taken;
        ++state_->taken;
    } else if (state_->waiting.size() < waiting_max) {
        state_->waiting.push_back(this);
    } else {
        phase_ = Phase::refused;
    }
}

Permit::~Permit() {
    if (phase_ == Phase::waiting) state_->waiting.remove(this);
    if (phase_ != Phase::taken) return;
    --state_->taken;
    if (state_->waiting.empty()) return;
    state_->core->post([state = state_] {
        while (state->take_next()) {
        }
    });
}

route::WaitInLine Permit::wait() { return line_.wait(*state_->core); }

}  // namespace portico::files
