// portico/server/worker.h — the work of one core: accepts connections and serves them, until it is drained.
//
// Room server: see limits.h.
// Threads:   one core's, except for the constructor.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/date.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"
#include "portico/link/h1_inbound.h"
#include "portico/link/waiting.h"
#include "portico/server/access_log.h"
#include "portico/server/application.h"
#include "portico/server/hosts.h"
#include "portico/server/limits.h"
#include "portico/server/places.h"
#include "portico/server/population.h"
#include "portico/site/handler.h"
#include "portico/site/site.h"

namespace portico::server {

// A core's counters. Only the core writes them.
struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;        // heads and contents that could not be read
    std::uint64_t turned_away = 0;    // connections over a limit
    std::uint64_t shed = 0;           // idle connections closed to make room
    std::uint64_t heads_shed = 0;     // connections with an unfinished head closed to make room
    std::uint64_t broken_off = 0;     // transfers that were reset because memory was short
    std::uint64_t accept_failed = 0;  // because descriptors or memory were short
};

class Worker;

// Registers an endless response with its worker while it is sent: draining aborts it.
class EndlessPlace {
public:
    // `sending` holds the task that sends it. If the worker is already draining, the caller aborts the response.
    EndlessPlace(Worker& worker, io::Scope& sending);
    EndlessPlace(const EndlessPlace&) = delete;
    EndlessPlace& operator=(const EndlessPlace&) = delete;
    ~EndlessPlace();

private:
    Worker* worker_;
    io::Scope* sending_;
};

// The objects that serving a request needs besides its connection. A core keeps some unused ones.
struct Exchange {
    http::Request request;
    http::Response response;
    std::string scratch;  // for translate
    CallNotes notes;      // from the program that answers
};

class Worker {
public:
    // Serves a site. All references outlive the worker; `log` may be null. `number` is the core's number, from 0.
    Worker(io::Core& core, std::shared_ptr<const site::Site> site, const Limits& limits, Population& population,
           AccessLog* log, unsigned number);
    // Lets a program answer.
    Worker(io::Core& core, std::unique_ptr<Application> application, const Limits& limits, Population& population,
           AccessLog* log, unsigned number);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    // Sets which hosts requests may name. Call it before serve(); otherwise every host is answered.
    void answer_only(const HostOptions& options) { hosts_ = Hosts(options); }
    // Accepts connections at `listener` until drain().
    void serve(io::Listener listener);

    // Ends in order: no new connection begins, connections that have begun are accepted, and requests in progress are
    // answered, each with "Connection: close". Idle connections and unfinished heads stay for shutdown_idle_max. After
    // `time_max`, everything still in progress is aborted; endless responses are aborted at once.
    void drain(io::Duration time_max);
    void drain() { drain(limits_->shutdown_time_max); }
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
    [[nodiscard]] const Limits& limits() const { return *limits_; }
    [[nodiscard]] const link::InboundLimits& inbound_limits() const { return inbound_limits_; }
    // Null if a site is served: only then are there a handler and a site.
    [[nodiscard]] Application* application() const { return application_.get(); }
    [[nodiscard]] site::Handler& handler() { return *handler_; }
    [[nodiscard]] const site::Site& site() const {
        assert(site_ != nullptr && "a program answers");
        return *site_;
    }
    [[nodiscard]] Hosts& hosts() { return hosts_; }
    [[nodiscard]] Population& population() { return *population_; }
    [[nodiscard]] Counters& counters() { return counters_; }
    [[nodiscard]] bool is_draining() const { return draining_; }
    // While draining: how long a connection waits for a request, or for the rest of its head.
    [[nodiscard]] io::TimePoint idle_deadline() const { return idle_deadline_; }
    // Connections that can be closed to make room.
    [[nodiscard]] Places& idle() { return idle_; }
    // Connections that wait for a request while their last answer is still being delivered.
    [[nodiscard]] Places& sending() { return sending_; }
    [[nodiscard]] Places& unfinished_heads() { return unfinished_heads_; }
    // Holds the connections whose last answer has been sent, until drain_and_close() has closed them.
    [[nodiscard]] io::Scope& lingering() { return draining_ ? last_lingering_ : lingering_; }
    [[nodiscard]] io::Duration linger_time_max() const;
    [[nodiscard]] std::string_view date();  // an IMF-fixdate, updated once per second
    [[nodiscard]] std::unique_ptr<Exchange> borrow_exchange();
    void give_back(std::unique_ptr<Exchange> exchange);
    [[nodiscard]] std::size_t exchanges_kept() const { return exchanges_.size(); }
    // The ring of connections that wait for their peers during content or an answer.
    [[nodiscard]] link::WaitingPlace& transfers() { return transfers_; }
    // Null if nothing is logged.
    [[nodiscard]] AccessLog* log() const { return log_; }
    [[nodiscard]] unsigned number() const { return number_; }

private:
    friend class EndlessPlace;
    struct Door;
    Task<void> accept_connections(Door& door);
    Task<void> wind_up(io::TimePoint end);
    void end_idle();
    void admit(io::Accepted accepted, HostCheck check);
    [[nodiscard]] bool let_in(const io::SocketAddress& peer);
    bool make_room();
    bool shed_one();
    bool make_room_for(const io::SocketAddress& peer);
    bool close_older(Place* idle, Place* unfinished_head);
    void ask_for_relief();
    Task<void> relieve();

    Worker(io::Core& core, const Limits& limits, Population& population, AccessLog* log, unsigned number);

    io::Core* core_;
    std::unique_ptr<Application> application_;
    std::shared_ptr<const site::Site> site_;
    const Limits* limits_;
    link::InboundLimits inbound_limits_;
    Hosts hosts_;
    Population* population_;
    AccessLog* log_;
    unsigned number_;
    std::optional<site::Handler> handler_;
    Counters counters_;
    bool draining_ = false;
    io::TimePoint idle_deadline_{};  // set once it is draining
    Places idle_;
    Places sending_;
    Places unfinished_heads_;
    link::WaitingPlace transfers_;
    bool is_relieving_ = false;
    std::set<io::Scope*> endless_;
    std::list<Door> doors_;
    std::size_t doors_open_ = 0;
    std::vector<std::unique_ptr<Exchange>> exchanges_;
    std::chrono::sys_seconds date_second_{};
    std::array<char, http::imf_fixdate_octets> date_{};
    io::Scope accepting_;
    io::Scope connections_;
    io::Scope lingering_;
    io::Scope last_lingering_;  // connections that began to linger while the worker was draining
    io::Scope chores_;
};

}  // namespace portico::server
