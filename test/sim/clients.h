// test/sim/clients.h — the clients of a simulated server, both well-behaved and hostile.
#pragma once

#include "portico/base/task.h"
#include "portico/io/net/address.h"

namespace portico::sim {

class World;

[[nodiscard]] io::SocketAddress server_address();
[[nodiscard]] io::SocketAddress secure_address();  // with TLS

// One client: connects, chooses at random what to do, does it, and leaves.
[[nodiscard]] Task<void> run_client(World& world);

}  // namespace portico::sim
