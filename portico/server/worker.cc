// portico/server/worker.cc — see worker.h.
#include "portico/server/worker.h"

#include <algorithm>
#include <utility>

#include "portico/server/connection.h"

namespace portico::server {
namespace {

// Exchanges kept for the next request. Only requests that wait for something hold one beyond their turn.
constexpr std::size_t exchanges_kept_max = 64;

// Connections that are still accepted while the server ends: as many as may have queued up. Who comes faster than they
// are accepted does not keep the door open.
constexpr unsigned last_call_max = 4096;

// After an accept that failed for a reason that will not go by itself, so that the loop does not spin.
constexpr auto unknown_failure_pause = std::chrono::milliseconds(100);

link::InboundLimits inbound(const Limits& limits) {
    link::InboundLimits inbound;
    inbound.head.head_octets_max = limits.head_octets_max;
    inbound.head.field_count_max = limits.field_count_max;
    inbound.head.target_octets_max = limits.target_octets_max;
    inbound.chunked.chunk_line_octets_max = limits.chunk_line_octets_max;
    inbound.chunked.trailer_octets_max = limits.trailer_octets_max;
    inbound.head_time_max = limits.head_time_max;
    inbound.content_idle_max = limits.content_idle_max;
    inbound.response_idle_max = limits.response_idle_max;
    inbound.rate_min = limits.rate_min;
    inbound.rate_grace = limits.rate_grace;
    inbound.content_octets_max = limits.content_octets_max;
    return inbound;
}

}  // namespace

// A listener, and the accept that waits at it (null while none does).
struct Worker::Door {
    Door(io::Listener the_listener, HostCheck check) : listener(std::move(the_listener)), host_check(check) {}
    std::optional<io::Listener> listener;  // nothing once it is closed
    HostCheck host_check;
    io::Operation* wait = nullptr;
};

IdlePlace::IdlePlace(Worker& worker, io::Operation& wait) : wait_(&wait) {
    IdlePlace& head = worker.idle_;
    previous_ = std::exchange(head.previous_, this);
    next_ = &head;
    previous_->next_ = this;
}

Worker::Worker(io::Core& core, const Limits& limits, Population& population, AccessLog* log, unsigned number)
    : core_(&core),
      limits_(&limits),
      inbound_limits_(inbound(limits)),
      population_(&population),
      log_(log),
      number_(number) {}

Worker::Worker(io::Core& core, std::shared_ptr<const site::Site> site, const Limits& limits, Population& population,
               AccessLog* log, unsigned number)
    : Worker(core, limits, population, log, number) {
    site_ = std::move(site);
    handler_.emplace(core, site_);
}

Worker::Worker(io::Core& core, std::unique_ptr<Application> application, const Limits& limits, Population& population,
               AccessLog* log, unsigned number)
    : Worker(core, limits, population, log, number) {
    application_ = std::move(application);
}

Worker::~Worker() = default;

void Worker::serve(io::Listener listener) {
    const HostCheck check = hosts_.check_at(listener.local());
    doors_.emplace_back(std::move(listener), check);
    accepting_.start(accept_connections(doors_.back()));
}

Task<void> Worker::accept_connections(Door& door) {
    for (unsigned late = 0; late < last_call_max; late += draining_ ? 1 : 0) {
        // Draining: who has queued up is let in, and then the door is closed.
        const bool last_call = draining_;
        io::Accept wait = door.listener->accept(last_call ? core_->now() : io::never);
        door.wait = &wait;
        io::Result<io::Accepted> accepted = co_await wait;  // 1. accept
        door.wait = nullptr;
        if (accepted) {
            admit(std::move(*accepted), door.host_check);
            continue;
        }
        const int failure = accepted.error().number;
        if (failure == ECANCELED && !last_call) continue;
        if (failure == ECANCELED || failure == ETIMEDOUT) break;
        ++counters_.accept_failed;
        // The loop turns at least once before the next try: a kernel may take its time to end the wait of whom we shed.
        io::Duration pause = io::Duration::zero();
        if (!shed_idle()) pause = std::max<io::Duration>(io::accept_pause(accepted.error()), unknown_failure_pause);
        const bool slept = co_await io::sleep_for(*core_, pause);
        if (!slept) break;
    }
    door.listener.reset();
}

void Worker::admit(io::Accepted accepted, HostCheck check) {
    ++counters_.accepted;
    Population::Entry entry = population_->enter(accepted.peer);
    if (entry == Population::Entry::full && shed_idle()) entry = population_->enter(accepted.peer);
    if (entry != Population::Entry::admitted || core_->ledger().is_full()) {
        if (entry == Population::Entry::admitted) population_->leave(accepted.peer);
        ++counters_.turned_away;
        return;  // closes it
    }
    connections_.start(serve_connection(std::move(accepted.stream), std::move(accepted.peer), *this, check));
}

// Closes the connection that has been idle for longest. False where none is idle.
bool Worker::shed_idle() {
    if (idle_.next_ == &idle_) return false;
    ++counters_.shed;
    IdlePlace& longest = *idle_.next_;
    longest.leave();  // so that it is not asked twice, where it takes a while to go
    longest.wait_->stop_waiting();
    return true;
}

EndlessPlace::EndlessPlace(Worker& worker, io::Scope& sending) : worker_(&worker), sending_(&sending) {
    worker_->endless_.insert(sending_);
}
EndlessPlace::~EndlessPlace() { worker_->endless_.erase(sending_); }

void Worker::drain() {
    if (draining_) return;
    draining_ = true;
    for (Door& door : doors_) {
        if (door.wait != nullptr) door.wait->stop_waiting();
    }
    // A connection that is asked to leave looks once more whether a request has come, and is idle again meanwhile: so
    // each is asked once, by its turn in the ring.
    std::vector<io::Operation*> waits;
    for (IdlePlace* place = idle_.next_; place != &idle_; place = place->next_) waits.push_back(place->wait_);
    for (io::Operation* wait : waits) wait->stop_waiting();
    while (!endless_.empty()) endless_.extract(endless_.begin()).value()->request_stop();
    chores_.start(break_off_later());
}

Task<void> Worker::break_off_later() {
    const bool slept = co_await io::sleep_for(*core_, limits_->shutdown_time_max);
    if (slept) stop();
}

void Worker::stop() {
    draining_ = true;
    accepting_.request_stop();
    connections_.request_stop();
}

Task<void> Worker::ended() {
    co_await accepting_.join();
    co_await connections_.join();
    chores_.request_stop();
    co_await chores_.join();
}

std::string_view Worker::date() {
    const auto second = std::chrono::floor<std::chrono::seconds>(core_->wall_clock());
    if (second != date_second_) {
        date_second_ = second;
        http::write_imf_fixdate(second, date_);
    }
    return {date_.data(), date_.size()};
}

std::unique_ptr<Exchange> Worker::borrow_exchange() {
    if (exchanges_.empty()) return std::make_unique<Exchange>();
    std::unique_ptr<Exchange> exchange = std::move(exchanges_.back());
    exchanges_.pop_back();
    return exchange;
}

void Worker::give_back(std::unique_ptr<Exchange> exchange) {
    if (exchanges_.size() < exchanges_kept_max) exchanges_.push_back(std::move(exchange));
}

}  // namespace portico::server
