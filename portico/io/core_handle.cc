// portico/io/core_handle.cc — see core_handle.h.
#include "portico/io/core_handle.h"

#include <mutex>
#include <utility>

#include "portico/io/core.h"

namespace portico::io {

struct CoreHandle::State {
    void end() {
        const std::lock_guard guard(lock);
        core = nullptr;
    }

    std::mutex lock;
    Core* core = nullptr;  // guarded by lock: null once it has ended
};

namespace {

constexpr char handle_key = 0;  // its address

// What the core owns: it ends with the core.
template <class State>
struct HandleAnchor {
    HandleAnchor() = default;
    HandleAnchor(const HandleAnchor&) = delete;
    HandleAnchor& operator=(const HandleAnchor&) = delete;
    ~HandleAnchor() { state->end(); }
    std::shared_ptr<State> state = std::make_shared<State>();
};

}  // namespace

CoreHandle::CoreHandle(Core& core) {
    std::shared_ptr<void>& own = core.local(&handle_key);
    if (own == nullptr) {
        auto anchor = std::make_shared<HandleAnchor<State>>();
        anchor->state->core = &core;
        own = std::move(anchor);
    }
    state_ = static_cast<HandleAnchor<State>*>(own.get())->state;
}

bool CoreHandle::post(std::move_only_function<void(Core&)> message) const {
    const std::lock_guard guard(state_->lock);
    if (state_->core == nullptr) return false;
    state_->core->post([core = state_->core, message = std::move(message)]() mutable { message(*core); });
    return true;
}

bool CoreHandle::has_ended() const {
    const std::lock_guard guard(state_->lock);
    return state_->core == nullptr;
}

void CoreHandle::close(Core& core) {
    CoreHandle(core).state_->end();
    core.run_once(core.now());
}

}  // namespace portico::io
