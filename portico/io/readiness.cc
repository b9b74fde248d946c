// portico/io/readiness.cc — see readiness.h.
#include "portico/io/readiness.h"

#include <cerrno>

namespace portico::io {

Result<void> Ready::await_resume() const {
    if (result() >= 0) return {};
    const bool is_simulated = result() == -EOPNOTSUPP;
    const auto* const doing =
        is_simulated ? "wait for a descriptor of the machine on a simulated kernel" : "wait for a descriptor";
    return fail(static_cast<int>(-result()), doing);
}

Ready readable(Core& core, int fd, TimePoint deadline) { return Ready(deadline, core, fd, Direction::reading); }
Ready writable(Core& core, int fd, TimePoint deadline) { return Ready(deadline, core, fd, Direction::writing); }

}  // namespace portico::io
