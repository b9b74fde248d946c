// portico/link/idle_connections.h — a client's connections that wait for the next request to their origin.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/link/h1_outbound.h"

namespace portico::link {

// How many idle connections are kept, and for how long.
struct IdleLimits {
    // In total, of each version of HTTP: the one that has been idle for the longest time is closed.
    std::size_t count_max = 32;
    std::size_t count_per_origin_max = 4;  // further ones are closed
    std::chrono::milliseconds time_max{30'000};
};

// Connections on which no exchange is in progress. Each is closed when its time is over.
class IdleConnections final : private io::Timer {
public:
    // The core outlives it.
    IdleConnections(io::Core& core, const IdleLimits& limits) : core_(&core), limits_(limits) {}
    IdleConnections(const IdleConnections&) = delete;
    IdleConnections& operator=(const IdleConnections&) = delete;
    ~IdleConnections();

    // Keeps a connection to this origin, if the limits allow it.
    void keep(std::string origin, std::unique_ptr<H1Outbound> connection);
    // Ends a connection that is of no further use: tells its server, and closes it.
    void dismiss(std::unique_ptr<H1Outbound> connection);
    // Returns the connection to this origin that became idle last; null if there is none. The server may have closed
    // it: see H1Outbound::is_alive().
    [[nodiscard]] std::unique_ptr<H1Outbound> take(const std::string& origin);
    // Ends all connections, and waits until their servers have been told.
    [[nodiscard]] Task<void> close();
    [[nodiscard]] std::size_t size() const { return idle_.size(); }

private:
    struct Idle {
        std::string origin;
        std::unique_ptr<H1Outbound> connection;
        io::TimePoint until;
    };

    void expire() override;
    void set_timer();
    void drop_oldest();

    io::Core* core_;
    IdleLimits limits_;
    std::vector<Idle> idle_;  // the one that became idle first comes first
    io::Scope partings_;      // connections whose servers are being told that they end
};

}  // namespace portico::link
