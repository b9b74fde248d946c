// test/sim/clients.h — the clients of a simulated server, well-behaved and not.
#pragma once

#include "portico/base/task.h"
#include "portico/io/address.h"

namespace portico::sim {

class World;

[[nodiscard]] io::SocketAddress server_address();

// One client: connects, does what it has drawn, and leaves.
[[nodiscard]] Task<void> run_client(World& world);

}  // namespace portico::sim
