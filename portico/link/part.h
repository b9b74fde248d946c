// portico/link/part.h — how a connection ends after its last answer.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>

#include "portico/base/task.h"
#include "portico/link/inbound_context.h"
#include "portico/link/transport.h"

namespace portico::link {

// Half-closes, reads on for at most `time_max` and `octets_max` (io::drain), and, if much is outstanding, waits for as
// long as the peer goes on acknowledging. If the peer stops, the connection is reset: otherwise the kernel would hold
// the octets that the peer has not received for minutes after the close. While it waits, the connection is in the
// context's ring, so that it can be ended if memory is short; then it is reset, too. A server that is draining leaves
// the delivery of the answer to the kernel.
Task<void> part(Transport transport, InboundContext& context, io::Duration time_max, std::size_t octets_max);

}  // namespace portico::link
