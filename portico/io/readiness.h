// portico/io/readiness.h — waits until a descriptor of another library is ready: libpq's, hiredis's.
//
//   const auto ready = co_await portico::io::readable(core, PQsocket(connection), core.now() + 5s);
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include "portico/io/core.h"

namespace portico::io {

// co_await readable(core, fd, deadline): nothing once the descriptor is ready, or the error.
class Ready final : public Awaited<ReadyOp> {
public:
    using Awaited::Awaited;
    Result<void> await_resume() const;
};

// Waits until reading from `fd` does not block: there are octets, an end or an error to read. The caller keeps the
// descriptor and closes it, but not during the wait; it is not one of a Stream, Listener or Datagram. At most one task
// waits for each direction (asserted). The core watches the descriptor only during the wait.
//
// Errors: ETIMEDOUT, ECANCELED the task was asked to stop, EBADF, EOPNOTSUPP the core has a simulated kernel, which
// knows nothing of the machine's descriptors.
[[nodiscard]] Ready readable(Core& core, int fd, TimePoint deadline);
// The same for writing.
[[nodiscard]] Ready writable(Core& core, int fd, TimePoint deadline);

}  // namespace portico::io
