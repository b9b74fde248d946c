// portico/server/connection.h — the connection loop: the server's table of contents.
//
// Room server: see limits.h.
// Threads:   a connection stays on the core that accepted it.
#pragma once

#include "portico/base/task.h"
#include "portico/io/net/address.h"
#include "portico/link/transport.h"
#include "portico/server/answering.h"

namespace portico::server {

class Worker;

// Serves one connection until either side ends it. `worker` has counted `peer` in its population; the task removes it
// from there.
[[nodiscard]] Task<void> serve_connection(link::Transport transport, io::SocketAddress peer, Worker& worker,
                                          const Admittance& admittance);

}  // namespace portico::server
