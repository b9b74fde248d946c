// test/sim/clients.h — the clients of a simulated server, both well-behaved and hostile.
#pragma once

#include <cstdint>

#include "portico/base/task.h"
#include "portico/io/net/address.h"

namespace portico::sim {

class World;
struct Answer;
struct Question;

[[nodiscard]] io::SocketAddress server_address();
[[nodiscard]] io::SocketAddress secure_address();  // with TLS

// What an answer means for the connection.
enum class Next : std::uint8_t { ask, closed, gone };

// Records a failure of the world if the server may not answer in this way, or not at all.
Next judge(World& world, const Question& question, const Answer& answer);

// One client: connects, chooses at random what to do, does it, and leaves.
[[nodiscard]] Task<void> run_client(World& world);

}  // namespace portico::sim
