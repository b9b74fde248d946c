// portico/site/places.cc — see places.h.
#include "portico/site/places.h"

#include <list>

namespace portico::site {

struct Places::State : std::enable_shared_from_this<Places::State> {
    explicit State(io::Core& the_core) : core(&the_core) {}

    bool take_next() {
        if (taken >= at_once_max || waiting.empty()) return false;
        Place& next = *waiting.front();
        waiting.pop_front();
        next.is_taken_ = true;
        ++taken;
        next.line_.wake_one();
        return true;
    }

    io::Core* core;
    unsigned at_once_max = 1;  // as given by the last task
    unsigned taken = 0;
    std::list<Place*> waiting;  // in the order of arrival
};

Places::Places(io::Core& core) : state_(std::make_shared<State>(core)) {}

std::size_t Places::taken() const { return state_->taken; }

Place::Place(Places& places, unsigned at_once_max) : state_(places.state_) {
    state_->at_once_max = at_once_max;
    if (state_->taken < at_once_max && state_->waiting.empty()) {
        is_taken_ = true;
        ++state_->taken;
    } else {
        state_->waiting.push_back(this);
    }
}

Place::~Place() {
    if (!is_taken_) {
        state_->waiting.remove(this);
        return;
    }
    --state_->taken;
    if (state_->waiting.empty()) return;
    state_->core->post([state = state_] {
        while (state->take_next()) {
        }
    });
}

WaitInLine Place::wait() { return line_.wait(*state_->core); }

}  // namespace portico::site
