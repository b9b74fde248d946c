// test/sim/fetching_client.h — a client of a simulated server that is our own: link::Client, which portico::fetch uses.
#pragma once

#include <cstdint>

#include "portico/base/task.h"

namespace portico::sim {

class World;

enum class Security : std::uint8_t { none, tls };

// Sends some requests, several at a time, over kept connections and new ones. May stop some of them midway.
[[nodiscard]] Task<void> fetch_answers(World& world, Security security);

}  // namespace portico::sim
