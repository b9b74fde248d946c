// portico/link/shake_hands.h — a client's TLS handshake, and why it failed.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <optional>
#include <string>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/link/failure.h"
#include "portico/link/transport.h"

namespace portico::link {

// Completes the handshake of a client's transport, which is protected and has sent nothing. Nothing: it is complete.
// Failures: not_trusted, not_secured, timed_out, stopped. `where`: the server in messages, printable.
[[nodiscard]] Task<std::optional<Failure>> shake_hands(Transport& transport, std::string where, io::TimePoint deadline);

}  // namespace portico::link
