// portico/services/copy.h — copies one stream to another.
//
// Room services: see service.h.
#pragma once

#include <cstdint>

#include "portico/base/task.h"
#include "portico/io/stream.h"

namespace portico::services {

// Reads from `from` and writes to `to`, which may be the same stream, until `from` ends; then it ends `to` as well
// (Stream::finish_sending). Everything read is written before more is read, so a peer that does not read is not read
// from. Returns how many octets it has copied.
//
// If reading fails, `to` has not received everything. So, unless the task is asked to stop, `to` is aborted
// (Stream::break_off). If writing fails, `from` is left unchanged. Errors: those of reading and writing, ETIMEDOUT if
// the deadline passed, ECANCELED.
[[nodiscard]] Task<io::Result<std::uint64_t>> copy(io::Stream& from, io::Stream& to,
                                                   io::TimePoint deadline = io::never);

}  // namespace portico::services
