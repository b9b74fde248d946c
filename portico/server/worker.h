// portico/server/worker.h — what one core does: accepts connections and serves them, until it is drained.
//
// Room server: see limits.h.
// Threads:   one core's, but for the constructor.
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
#include "portico/server/access_log.h"
#include "portico/server/application.h"
#include "portico/server/hosts.h"
#include "portico/server/limits.h"
#include "portico/server/population.h"
#include "portico/site/handler.h"
#include "portico/site/site.h"

namespace portico::server {

// What a core counts. Written by the core alone; others read it when somebody asks.
struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;        // heads and contents that could not be read
    std::uint64_t turned_away = 0;    // connections over a limit
    std::uint64_t shed = 0;           // idle connections closed to make place
    std::uint64_t accept_failed = 0;  // for want of descriptors or memory
};

class Worker;

// An idle connection's place in its worker's ring, so that it can be asked to leave.
class IdlePlace {
public:
    IdlePlace() = default;
    IdlePlace(Worker& worker, io::Operation& wait);
    IdlePlace(const IdlePlace&) = delete;
    IdlePlace& operator=(const IdlePlace&) = delete;
    ~IdlePlace() { leave(); }

private:
    friend class Worker;
    void leave() {
        previous_->next_ = next_;
        next_->previous_ = previous_;
        next_ = previous_ = this;
    }
    IdlePlace* next_ = this;
    IdlePlace* previous_ = this;
    io::Operation* wait_ = nullptr;  // null: the ring's head
};

// A response without an end of its own, known to its worker for as long as it is sent: draining breaks it off.
class EndlessPlace {
public:
    // `sending`: holds the task that sends it. If the worker is draining already, the caller breaks it off.
    EndlessPlace(Worker& worker, io::Scope& sending);
    EndlessPlace(const EndlessPlace&) = delete;
    EndlessPlace& operator=(const EndlessPlace&) = delete;
    ~EndlessPlace();

private:
    Worker* worker_;
    io::Scope* sending_;
};

// What serving one request needs besides its connection. A core keeps those that are not in use.
struct Exchange {
    http::Request request;
    http::Response response;
    std::string scratch;  // for translate
    CallNotes notes;      // of the program that answers
};

class Worker {
public:
    // All of them outlive the worker; `log` may be null. `number`: which core this is, from 0.
    Worker(io::Core& core, std::shared_ptr<const site::Site> site, const Limits& limits, Population& population,
           AccessLog* log, unsigned number);
    // The same for a program's own answers.
    Worker(io::Core& core, std::unique_ptr<Application> application, const Limits& limits, Population& population,
           AccessLog* log, unsigned number);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    // Which hosts requests may name. Before serve(); otherwise every host is answered.
    void answer_only(const HostOptions& options) { hosts_ = Hosts(options); }
    // Accepts connections at `listener` until drain().
    void serve(io::Listener listener);

    // Accepts what has queued up, then no more; idle connections end, requests under way are finished, each with
    // "Connection: close"; those that take longer than shutdown_time_max are broken off, and endless ones at once.
    void drain();
    // Breaks off everything.
    void stop();
    // Waits until every listener and every connection has ended.
    [[nodiscard]] Task<void> ended();

    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] std::size_t connections() const { return connections_.size(); }

    // --- for the connections of this core
    [[nodiscard]] io::Core& core() { return *core_; }
    [[nodiscard]] const Limits& limits() const { return *limits_; }
    [[nodiscard]] const link::InboundLimits& inbound_limits() const { return inbound_limits_; }
    // Null where a site is served: then, and only then, there is a handler and a site.
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
    [[nodiscard]] std::string_view date();  // an IMF-fixdate, made once a second
    [[nodiscard]] std::unique_ptr<Exchange> borrow_exchange();
    void give_back(std::unique_ptr<Exchange> exchange);
    // Null where nothing is logged.
    [[nodiscard]] AccessLog* log() const { return log_; }
    [[nodiscard]] unsigned number() const { return number_; }

private:
    friend class IdlePlace;
    friend class EndlessPlace;
    struct Door;
    Task<void> accept_connections(Door& door);
    Task<void> break_off_later();
    void admit(io::Accepted accepted, HostCheck check);
    bool shed_idle();

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
    IdlePlace idle_;  // head of the ring; the one that has been idle for longest is next
    std::set<io::Scope*> endless_;
    std::list<Door> doors_;
    std::vector<std::unique_ptr<Exchange>> exchanges_;
    std::chrono::sys_seconds date_second_{};
    std::array<char, http::imf_fixdate_octets> date_{};
    io::Scope accepting_;
    io::Scope connections_;
    io::Scope chores_;
};

}  // namespace portico::server
