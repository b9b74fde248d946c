// portico/services/secure.h — octets over a connection with TLS, for services.
//
// Room services: see service.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/io/error.h"
#include "portico/link/transport.h"

namespace portico::services {

// How many octets have passed.
struct Traffic {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
};

// Octets as they arrive; none at the end, if the peer has said that it is the end. ECONNRESET: with TLS, it has not, so
// that the octets may have been cut.
[[nodiscard]] Task<io::Result<Buffer>> read(link::Transport& transport, io::TimePoint deadline);
// Writes all of `octets`, which outlive the task. The deadline applies to the whole call. `traffic` counts what has
// been written so far; null: nothing does.
[[nodiscard]] Task<io::Result<void>> write_all(link::Transport& transport, std::string_view octets,
                                               io::TimePoint deadline, Traffic* traffic = nullptr);

}  // namespace portico::services
