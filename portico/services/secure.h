// portico/services/secure.h — octets over a connection with TLS, for services.
//
// Room services: see service.h.
#pragma once

#include <string_view>

#include "portico/base/task.h"
#include "portico/io/error.h"
#include "portico/link/transport.h"

namespace portico::services {

// Writes all of `octets`, which outlive the task. The deadline applies to the whole call.
[[nodiscard]] Task<io::Result<void>> write_all(link::Transport& transport, std::string_view octets,
                                               io::TimePoint deadline);

}  // namespace portico::services
