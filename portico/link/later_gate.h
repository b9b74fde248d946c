// portico/link/later_gate.h — a gate that the core's loop opens.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include "portico/io/core.h"
#include "portico/io/gate.h"
#include "portico/io/timers.h"

namespace portico::link {

// A gate whose waiting task goes on from the core's loop, in the same pass or the next, and never within open(). So the
// task may destroy everything that the code that opens the gate is working with.
class LaterGate final : private io::Timer {
public:
    // The core outlives it.
    explicit LaterGate(io::Core& core) : core_(&core) {}
    LaterGate(const LaterGate&) = delete;
    LaterGate& operator=(const LaterGate&) = delete;
    ~LaterGate() { core_->timers().unset(*this); }

    void open() {
        if (!is_set()) core_->timers().set(*this, io::TimePoint{});  // a time in the past
    }
    // See io::Gate::wait(). The wait may also end without a reason.
    [[nodiscard]] io::Gate::Wait wait(io::TimePoint deadline) { return gate_.wait(*core_, deadline); }

private:
    void expire() override { gate_.open(); }  // nothing follows: the object may be gone

    io::Core* core_;
    io::Gate gate_;
};

}  // namespace portico::link
