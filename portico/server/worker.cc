// portico/server/worker.cc — see worker.h.
#include "portico/server/worker.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "portico/io/freed_memory.h"
#include "portico/link/inbound_limits.h"
#include "portico/server/connection.h"

namespace portico::server {
namespace {

// How long the listeners stay open while the server ends, if it has never had a connection.
constexpr auto unused_listener_time = std::chrono::milliseconds(100);

// Connections that are accepted after that time: as many as may be queued. This matters only if the kernel can't refuse
// new connections: clients that come faster than they are accepted must not keep the listener open.
constexpr unsigned last_call_max = 4096;

// Connections that are closed in one pass when memory is short. It may take further passes until they have released
// their memory, so only a few are closed at a time.
constexpr unsigned shed_at_once_max = 16;

// After an accept that failed for a reason that will not go away by itself, so that the loop does not spin.
constexpr auto unknown_failure_pause = std::chrono::milliseconds(100);

// Memory that was freed goes back to the kernel this long after the end of a connection, if there is enough of it: a
// crowd that comes and goes should find memory as it left it, and giving it back costs a few milliseconds.
constexpr auto give_back_pause = std::chrono::seconds(5);
constexpr std::size_t give_back_octets_min = 1024 * 1024;

link::InboundLimits limits_of_connections(const Limits& limits) {
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
    inbound.unsent_octets_max = limits.unsent_octets_max;
    inbound.reader_unsent_octets_max = limits.reader_unsent_octets_max;
    inbound.fast_readers_max = limits.fast_readers_max;
    inbound.h2.streams_max = limits.h2_streams_max;
    inbound.h2.resets_max = limits.h2_resets_max;
    inbound.h2.control_frames_rate_max = limits.h2_control_frames_max;
    inbound.h2.control_frames_burst_max = 2 * limits.h2_control_frames_max;
    inbound.h2.header_list_octets_max = limits.h2_header_list_octets_max;
    inbound.h2.field_count_max = limits.field_count_max;
    inbound.h2.target_octets_max = limits.target_octets_max;
    inbound.h2.block_octets_max = limits.h2_block_octets_max;
    inbound.h2.continuations_max = limits.h2_continuations_max;
    inbound.h2.block_time_max = limits.h2_settings_time_max;
    inbound.h2.stream_window_octets = limits.h2_stream_window_octets;
    inbound.h2.connection_window_octets = limits.h2_connection_window_octets;
    inbound.h2.stall_time_max = limits.h2_stall_time_max;
    inbound.h2.output_octets_max = limits.h2_output_octets_max;
    inbound.h2.settings_time_max = limits.h2_settings_time_max;
    return inbound;
}

}  // namespace

// A listener, and the accept that waits at it (null if none does).
struct Worker::OpenListener {
    OpenListener(io::Listener the_listener, const Admittance& the_admittance,
                 std::shared_ptr<const tls::ServerContext> the_tls)
        : listener(std::move(the_listener)), admittance(the_admittance), tls(std::move(the_tls)) {}
    std::optional<io::Listener> listener;           // empty once it is closed
    Admittance admittance;                          // of its connections
    std::shared_ptr<const tls::ServerContext> tls;  // null: without TLS
    io::Operation* wait = nullptr;
    io::TimePoint last_call = io::never;  // when the listener stops waiting for connections, and is closed
};

Worker::Worker(io::Core& core, std::shared_ptr<const route::Routes> routes, const Limits& limits,
               Population& population, AccessLog* log, unsigned number)
    : core_(&core),
      router_(std::make_shared<route::Router>(core, routes)),
      snapshot_(std::make_shared<const Snapshot>(Snapshot{std::move(routes), limits, nullptr})),
      inbound_(core, limits_of_connections(limits)),
      population_(&population),
      log_(log),
      number_(number) {
    core.ledger().set_relief([](void* worker) { static_cast<Worker*>(worker)->ask_for_relief(); }, this);
}

Worker::~Worker() { core_->ledger().set_relief(nullptr, nullptr); }

void Worker::replace(std::shared_ptr<const Snapshot> snapshot) {
    const auto before = std::exchange(snapshot_, std::move(snapshot));
    if (snapshot_->limits != before->limits) inbound_.replace_limits(limits_of_connections(limits()));
    if (snapshot_->routes != before->routes) router_ = next_router(router_, snapshot_->routes);
    if (snapshot_->redirecting != before->redirecting) redirecting_ = next_router(redirecting_, snapshot_->redirecting);
}

std::shared_ptr<route::Router> Worker::next_router(const std::shared_ptr<route::Router>& before,
                                                   const std::shared_ptr<const route::Routes>& routes) {
    // The old router is alive until the new one has been made, which then takes over what has not changed.
    auto next = routes == nullptr ? nullptr : std::make_shared<route::Router>(*core_, routes);
    if (before != nullptr) before->retire();
    return next;
}

void Worker::replace(std::shared_ptr<const route::Routes> routes) {
    replace(std::make_shared<const Snapshot>(Snapshot{std::move(routes), limits(), snapshot_->redirecting}));
}

void Worker::replace_tls(const std::shared_ptr<const tls::ServerContext>& tls) {
    for (OpenListener& open : listeners_) {
        if (open.tls != nullptr) open.tls = tls;
    }
}

void Worker::serve(io::Listener listener, std::shared_ptr<const tls::ServerContext> tls) {
    open(std::move(listener), Protection::as_demanded, std::move(tls));
}

void Worker::redirect(io::Listener listener) {
    assert(redirecting_ != nullptr && "the snapshot says what is answered there");
    open(std::move(listener), Protection::redirected, nullptr);
}

void Worker::open(io::Listener listener, Protection protection, std::shared_ptr<const tls::ServerContext> tls) {
    const Admittance admittance{.place = route::listener_place(listener.local()), .protection = protection};
    listeners_.emplace_back(std::move(listener), admittance, std::move(tls));
    ++listeners_open_;
    accepting_.start(accept_connections(listeners_.back()));
}

Task<void> Worker::accept_connections(OpenListener& open) {
    for (unsigned late = 0; late < last_call_max; late += core_->now() >= open.last_call ? 1 : 0) {
        io::Accept wait = open.listener->accept(open.last_call);
        const bool is_last = is_draining();
        open.wait = &wait;
        io::Result<io::Accepted> accepted = co_await wait;  // 1. accept
        open.wait = nullptr;
        if (accepted) {
            admit(std::move(*accepted), open);
            continue;
        }
        const int failure = accepted.error().number;
        if (failure == ECANCELED && !is_last) continue;  // draining has begun
        if (failure == ECANCELED || failure == ETIMEDOUT) break;
        ++counters_.accept_failed;
        // The loop turns at least once before the next try: a connection that was asked to leave may take some time to
        // end. Closing a connection helps only if descriptors or memory were short.
        io::Duration pause = io::accept_pause(accepted.error());
        if (pause == io::Duration::zero()) {
            pause = unknown_failure_pause;
        } else if (make_room()) {
            pause = io::Duration::zero();
        }
        const bool slept = co_await io::sleep_for(*core_, pause);
        if (!slept) break;
    }
    open.listener.reset();
    --listeners_open_;
    end_idle();
}

void Worker::admit(io::Accepted accepted, const OpenListener& open) {
    ++counters_.accepted;
    if (!let_in(accepted.peer)) {
        ++counters_.turned_away;
        return;  // closes it
    }
    link::Transport transport(std::move(accepted.stream));
    if (open.tls != nullptr) transport.protect(open.tls->make_session(core_->buffers()));
    connections_.start(serve_connection(std::move(transport), std::move(accepted.peer), *this, open.admittance));
}

// Counts the connection of `peer`, and makes room for it if necessary. False: there is no room.
bool Worker::let_in(const io::SocketAddress& peer) {
    // Whoever filled the ledger has asked for relief.
    if (core_->ledger().is_full()) return false;
    const Population::Admission admission = population_->enter(peer);
    if (admission == Population::Admission::admitted) return true;
    if (!(admission == Population::Admission::full ? make_room() : make_room_for(peer))) return false;
    // Counted instead: on some kernels the connection that was asked to leave takes a while to end.
    population_->enter_instead(peer);
    return true;
}

// Closes the connection that has waited the longest for a request or for the rest of its head. False if there is none.
bool Worker::make_room() { return close_older(idle_.oldest(), unfinished_heads_.oldest()); }

// The same among the connections from one address.
bool Worker::make_room_for(const io::SocketAddress& peer) {
    return close_older(idle_.oldest_of(peer), unfinished_heads_.oldest_of(peer));
}

// By age, so that a flood of unfinished heads closes its own connections, and not those that others keep and use.
bool Worker::close_older(Place* idle, Place* unfinished_head) {
    if (idle == nullptr && unfinished_head == nullptr) return false;
    const bool is_head = idle == nullptr || (unfinished_head != nullptr && unfinished_head->since() < idle->since());
    ++(is_head ? counters_.heads_shed : counters_.shed);
    (is_head ? unfinished_head : idle)->close();
    return true;
}

// Memory is short. The code that takes it is in the middle of other work, so memory is released in the next pass.
void Worker::ask_for_relief() {
    if (is_relieving_ || connections() == 0) return;
    chores_.start(relieve());
}

namespace {

// Notes that one of the worker's tasks is under way.
class UnderWay {
public:
    explicit UnderWay(bool& note) : note_(&note) { note = true; }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    ~UnderWay() { *note_ = false; }

private:
    bool* note_;
};

}  // namespace

// Releases memory in this order, until the ledger is no longer strained: cached files, connections that wait for a
// request or the rest of its head, connections whose last answer has not been acknowledged, and then the transfers that
// have waited the longest for their peers.
Task<void> Worker::relieve() {
    const UnderWay guard(is_relieving_);
    // Goes on until nothing is left to shed, because there may be no further request for relief: refused connections
    // take no memory.
    for (bool goes_on = true; goes_on;) {
        const bool slept = co_await io::sleep_for(*core_, io::Duration::zero());
        if (!slept || !core_->ledger().is_strained()) break;
        router_->forget_kept();
        if (redirecting_ != nullptr) redirecting_->forget_kept();
        goes_on = false;
        for (unsigned shed = 0; shed < shed_at_once_max && core_->ledger().is_strained(); ++shed) {
            if (!shed_one()) break;
            goes_on = true;
        }
    }
}

// Closes one connection to release memory. False if there is none.
bool Worker::shed_one() {
    if (make_room()) return true;
    if (Place* const sending = sending_.oldest()) {
        sending->close();
    } else if (!inbound_.transfers().end_longest()) {
        return false;
    }
    ++counters_.broken_off;
    return true;
}

void Worker::say_goodbye(const io::SocketAddress& peer) {
    population_->leave(peer);
    if (has_ebbed() && !is_giving_back_ && !is_draining()) chores_.start(give_memory_back());
}

// Whether far less memory is used than before.
bool Worker::has_ebbed() const { return core_->ledger().tide() >= core_->ledger().used() + give_back_octets_min; }

// Gives freed memory back to the kernel, once it has not been used again at once.
Task<void> Worker::give_memory_back() {
    const UnderWay guard(is_giving_back_);
    const bool slept = co_await io::sleep_for(*core_, give_back_pause);
    if (!slept || !has_ebbed()) co_return;
    core_->ledger().ebb();
    // On a helper thread, because this core has other things to do.
    auto give_back = [] { return io::give_back_freed_memory(); };
    co_await io::offload(*core_, give_back);
}

void Worker::drain(io::Duration time_max) {
    if (is_draining()) return;
    const io::TimePoint now = core_->now();
    idle_deadline_ = now + std::min<io::Duration>(limits().shutdown_idle_max, time_max);
    inbound_.begin_draining();
    for (OpenListener& open : listeners_) {
        if (!open.listener) continue;
        open.listener->refuse_new_connections();
        // A Unix client is in the queue once it has connected. A TCP client's handshake may be in progress.
        const bool is_unix = open.listener->local().family == io::Family::unix_path;
        open.last_call =
            population_->was_used() ? idle_deadline_ : std::min(idle_deadline_, now + unused_listener_time);
        if (is_unix) open.last_call = now;
        if (open.wait != nullptr) open.wait->stop_waiting();
    }
    chores_.start(wind_up(now + time_max));
}

Task<void> Worker::wind_up(io::TimePoint end) {
    bool slept = co_await io::sleep_until(*core_, idle_deadline_);
    if (!slept) co_return;
    end_idle();
    slept = co_await io::sleep_until(*core_, end);
    if (slept) stop();
}

// Called once the time for requests in flight is over and every listener is closed: every request that arrived before
// that is answered.
void Worker::end_idle() {
    if (listeners_open_ > 0 || !is_time_over()) return;
    idle_.close_all();
    sending_.close_all();
    unfinished_heads_.close_all();
    lingering_.request_stop();
}

io::Duration Worker::linger_time_max() const {
    if (!is_draining()) return limits().drain_time_max;
    return std::min(limits().drain_time_max, limits().shutdown_idle_max);
}

void Worker::stop() {
    idle_deadline_ = std::min(idle_deadline_, core_->now());
    inbound_.begin_draining();
    accepting_.request_stop();
    connections_.request_stop();
    lingering_.request_stop();
    last_lingering_.request_stop();
}

Task<void> Worker::ended() {
    co_await accepting_.join();
    co_await connections_.join();
    co_await lingering_.join();
    co_await last_lingering_.join();
    chores_.request_stop();
    co_await chores_.join();
}

}  // namespace portico::server
