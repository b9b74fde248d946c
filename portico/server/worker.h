// portico/server/worker.h — the work of one core: accepts connections and serves them, until it is drained.
//
// Room server: see limits.h.
// Threads:   one core's, except for the constructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"
#include "portico/link/inbound_context.h"
#include "portico/route/router.h"
#include "portico/server/access_log.h"
#include "portico/server/answering.h"
#include "portico/server/limits.h"
#include "portico/server/places.h"
#include "portico/server/population.h"
#include "portico/server/snapshot.h"
#include "portico/tls/server_context.h"

namespace portico::server {

// A core's counters. Only the core writes them.
struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;            // heads and contents that could not be read
    std::uint64_t turned_away = 0;        // connections over a limit
    std::uint64_t handshakes = 0;         // TLS handshakes that were completed, or begun with early data
    std::uint64_t handshakes_failed = 0;  // TLS handshakes that were begun and not completed
    std::uint64_t clients_untrusted = 0;  // of those, because the client's certificate was bad or missing
    std::uint64_t shed = 0;               // idle connections closed to make room
    std::uint64_t heads_shed = 0;         // connections with an unfinished head closed to make room
    std::uint64_t broken_off = 0;         // transfers that were reset because memory was short
    std::uint64_t accept_failed = 0;      // because descriptors or memory were short
};

class Worker {
public:
    // All references outlive the worker; `log` may be null. `number` is the core's number, from 0.
    Worker(io::Core& core, std::shared_ptr<const route::Routes> routes, const Limits& limits, Population& population,
           AccessLog* log, unsigned number);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    // Answers by another snapshot from now on. Exchanges that have begun keep theirs, but not what its routes have
    // cached, unless the new routes use it too. An HTTP/2 connection may cost what its client was told.
    void replace(std::shared_ptr<const Snapshot> snapshot);
    // The same with the present limits.
    void replace(std::shared_ptr<const route::Routes> routes);
    // Begins new connections with TLS with these certificates from now on.
    void replace_tls(const std::shared_ptr<const tls::ServerContext>& tls);
    // Accepts connections without TLS at `listener` until drain(), and answers them as Snapshot::redirecting says,
    // which every snapshot from now on must have.
    void redirect(io::Listener listener);
    // Accepts connections at `listener` until drain(): with TLS, or without if `tls` is null.
    void serve(io::Listener listener, std::shared_ptr<const tls::ServerContext> tls = nullptr);

    // Ends in order: no new connection begins, connections that have begun are accepted, and requests in progress are
    // answered, each with "Connection: close". Idle connections and unfinished heads stay for shutdown_idle_max. After
    // `time_max`, everything still in progress is aborted; endless responses are aborted at once.
    void drain(io::Duration time_max);
    void drain() { drain(limits().shutdown_time_max); }
    // Aborts everything.
    void stop();
    // Waits until every listener and every connection has ended.
    [[nodiscard]] Task<void> ended();

    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] std::size_t connections() const {
        return connections_.size() + lingering_.size() + last_lingering_.size();
    }

    // --- for the connections of this core
    [[nodiscard]] io::Core& core() { return *core_; }
    // The present ones: a reference is good until the task waits.
    [[nodiscard]] const Limits& limits() const { return snapshot_->limits; }
    [[nodiscard]] link::InboundContext& inbound() { return inbound_; }
    // The core's router of the present snapshot. An exchange holds the one that it began with until it ends, so that no
    // request is authorized by one and answered by another.
    [[nodiscard]] const std::shared_ptr<route::Router>& router() const { return router_; }
    [[nodiscard]] const std::shared_ptr<route::Router>& redirecting() const { return redirecting_; }
    [[nodiscard]] Population& population() { return *population_; }
    [[nodiscard]] Counters& counters() { return counters_; }
    // A connection of `peer` has ended.
    void say_goodbye(const io::SocketAddress& peer);
    [[nodiscard]] bool is_draining() const { return inbound_.is_draining(); }
    // While draining: how long a connection waits for a request, or for the rest of its head.
    [[nodiscard]] io::TimePoint idle_deadline() const { return idle_deadline_; }
    // Whether that time is over.
    [[nodiscard]] bool is_time_over() const { return is_draining() && core_->now() >= idle_deadline_; }
    // Connections that can be closed to make room.
    [[nodiscard]] Places& idle() { return idle_; }
    // Connections that wait for a request while their last answer is still being delivered.
    [[nodiscard]] Places& sending() { return sending_; }
    [[nodiscard]] Places& unfinished_heads() { return unfinished_heads_; }
    // Holds the connections whose last answer has been sent, until link::part() has closed them.
    [[nodiscard]] io::Scope& lingering() { return is_draining() ? last_lingering_ : lingering_; }
    [[nodiscard]] io::Duration linger_time_max() const;
    // Null if nothing is logged.
    [[nodiscard]] AccessLog* log() const { return log_; }
    [[nodiscard]] unsigned number() const { return number_; }

private:
    struct OpenListener;
    Task<void> accept_connections(OpenListener& open);
    Task<void> wind_up(io::TimePoint end);
    void end_idle();
    void admit(io::Accepted accepted, const OpenListener& open);
    void open(io::Listener listener, Protection protection, std::shared_ptr<const tls::ServerContext> tls);
    // The router that `routes` make. `before` has answered until now; either may be null.
    [[nodiscard]] std::shared_ptr<route::Router> next_router(const std::shared_ptr<route::Router>& before,
                                                             const std::shared_ptr<const route::Routes>& routes);
    [[nodiscard]] bool let_in(const io::SocketAddress& peer);
    bool make_room();
    bool shed_one();
    bool make_room_for(const io::SocketAddress& peer);
    bool close_older(Place* idle, Place* unfinished_head);
    void ask_for_relief();
    Task<void> relieve();
    [[nodiscard]] bool has_ebbed() const;
    Task<void> give_memory_back();

    io::Core* core_;
    std::shared_ptr<route::Router> router_;
    std::shared_ptr<route::Router> redirecting_;  // null: nothing is redirected
    std::shared_ptr<const Snapshot> snapshot_;
    link::InboundContext inbound_;
    Population* population_;
    AccessLog* log_;
    unsigned number_;
    Counters counters_;
    io::TimePoint idle_deadline_{};  // set once it is draining
    Places idle_;
    Places sending_;
    Places unfinished_heads_;
    bool is_relieving_ = false;
    bool is_giving_back_ = false;
    std::list<OpenListener> listeners_;
    std::size_t listeners_open_ = 0;
    io::Scope accepting_;
    io::Scope connections_;
    io::Scope lingering_;
    io::Scope last_lingering_;  // connections that began to linger while the worker was draining
    io::Scope chores_;
};

}  // namespace portico::server
