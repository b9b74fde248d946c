// portico/wire/h2/pace.h — counts what a peer may do only so often.
//
// Room wire: see frame.h.
#pragma once

#include <algorithm>
#include <cstddef>

#include "portico/wire/h2/limits.h"

namespace portico::h2 {

// Allows something at a mean rate, with a number at once. It is a token bucket, kept as the time at which it will be
// full again: so it needs no update while nothing happens.
class Pace {
public:
    // `each`: the time after which one more is allowed. `burst_max`: how many are allowed at once.
    Pace(Duration each, std::size_t burst_max)
        : each_(each), backlog_max_(each * static_cast<Duration::rep>(burst_max)) {}

    // Counts one at `now`, which never goes back. False if it is one too many.
    [[nodiscard]] bool allow(TimePoint now) {
        full_at_ = std::max(full_at_, now) + each_;
        return full_at_ - now <= backlog_max_;
    }

private:
    Duration each_;
    Duration backlog_max_;
    TimePoint full_at_;
};

}  // namespace portico::h2
