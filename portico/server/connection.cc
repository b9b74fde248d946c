// portico/server/connection.cc — accept → parse → translate → authorize → respond.
//
// Step 1 is in worker.cc; the other four follow each other in serve_requests. An idle connection consists of the frame
// of serve_connection only: the exchange and its buffers exist only while there are requests.
#include "portico/server/connection.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "portico/link/h1_exchange.h"
#include "portico/link/part.h"
#include "portico/route/router.h"
#include "portico/server/worker.h"

namespace portico::server {
namespace {

using link::Arrival;

// How many heads are read to their end once the time for requests in flight is over: about as many buffers as the
// kernel may have held for the connection.
constexpr unsigned late_reads_max = 64;

// What to do after a request, or after all requests that have been received.
enum class Outcome : std::uint8_t {
    request,  // read the next one
    idle,     // wait: nothing more has been received
    close,    // half-close, drain, close: the last answer has been sent
    left,     // close: the peer has gone
    reset,    // reset: the answer is incomplete, and nothing else tells the peer
};

// Says where unfinished tasks are, until it is destroyed.
class UnfinishedTasks {
public:
    UnfinishedTasks(link::Exchange& exchange, io::Scope& tasks) : exchange_(&exchange) {
        exchange.set_unfinished(&tasks);
    }
    UnfinishedTasks(const UnfinishedTasks&) = delete;
    UnfinishedTasks& operator=(const UnfinishedTasks&) = delete;
    ~UnfinishedTasks() { exchange_->set_unfinished(nullptr); }

private:
    link::Exchange* exchange_;
};

// Sends the response before the tasks that still refer to the exchange have ended.
Task<void> send_before_they_end(link::Exchange& exchange, io::Scope& tasks) {
    tasks.request_stop();
    // Most tasks end as soon as they are asked to and the stack is empty.
    const bool waited = co_await io::sleep_until(exchange.core(), exchange.core().now());
    if (waited && tasks.size() > 0) co_await exchange.send_early();
    co_await tasks.join();
}

Task<void> answer_wholly(route::Route route, link::Exchange& exchange) {
    io::Scope unfinished;
    const UnfinishedTasks announced(exchange, unfinished);
    co_await route.answer(exchange);
    if (unfinished.size() > 0) co_await send_before_they_end(exchange, unfinished);
    exchange.release_kept();
}

// Whether a connection is protected as its listener demands.
enum class Protection : std::uint8_t {
    as_demanded,  // by TLS, or the listener demands none
    missing,      // the client speaks HTTP without TLS to a listener that demands TLS
};

// What decides about a connection's requests before they are read.
struct Admittance {
    route::HostCheck host_check;
    Protection protection = Protection::as_demanded;
};

// The steps of one request after another.
class Connection {
public:
    // All of them outlive it.
    Connection(Worker& worker, link::Transport& transport, const io::SocketAddress& peer, Admittance admittance)
        : worker_(&worker), admittance_(admittance), exchange_(transport, worker.inbound(), peer) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void take(Buffer received, io::TimePoint head_deadline) { exchange_.take(std::move(received), head_deadline); }

    // 2. Reads the next request's head. parse_at_once() never waits, which is enough for most requests; if it returns
    // nothing, parse() goes on from there.
    [[nodiscard]] std::optional<Outcome> parse_at_once();
    Task<Outcome> parse();
    // 3. Finds what answers the request.
    [[nodiscard]] route::Route translate() { return router_->translate(exchange_, admittance_.host_check); }
    // 4. Whether the request is allowed. If the first returns nothing, this takes a while: call the second. If that
    // returns nothing, the peer has left.
    [[nodiscard]] std::optional<http::Result<void>> authorize_at_once(const route::Route& route) {
        if (admittance_.protection == Protection::missing && !route.has_precedence) return needs_tls();
        if (route.guard == nullptr) return http::Result<void>{};
        return route.guard->admit_at_once(exchange_);
    }
    Task<std::optional<http::Result<void>>> authorize(route::Guard& guard);
    [[nodiscard]] route::Route refused(const route::Route& route, const http::Refusal& refusal) {
        return route.refused(exchange_, refusal);
    }
    // 5. Answers the request, or says why not.
    Task<Outcome> respond(const route::Route& route);
    // The peer has left during step 4.
    [[nodiscard]] Outcome after_leaving();

private:
    [[nodiscard]] http::Result<void> needs_tls();
    void begin_exchange();
    Task<std::optional<Outcome>> await_head();
    Task<void> read_head(io::TimePoint latest) { arrival_ = co_await exchange_.next(latest); }
    Task<Outcome> refuse_what_was_unreadable();
    Task<bool> run_watched(Task<void> work, link::ContentReader reader);
    Task<void> end_when_client_leaves(io::Scope& working, link::ContentReader reader);
    Task<void> admit_into(route::Guard& guard, http::Result<void>& allowed);
    [[nodiscard]] Outcome after(link::Sent sent);
    void record(link::Sent sent) const;

    Worker* worker_;
    Admittance admittance_;
    std::shared_ptr<route::Router> router_;  // the snapshot with which the exchange began; outlives it
    link::H1Exchange exchange_;
    std::optional<Arrival> arrival_;  // empty while the head is incomplete
    unsigned late_reads_ = 0;         // of heads, once the time for requests in flight is over
};

std::optional<Outcome> Connection::parse_at_once() {
    arrival_ = exchange_.next_at_once();
    if (!arrival_ || *arrival_ == Arrival::refused) return std::nullopt;
    if (*arrival_ == Arrival::idle) return Outcome::idle;
    begin_exchange();
    return Outcome::request;
}

void Connection::begin_exchange() {
    ++worker_->counters().requests;
    if (router_ != worker_->router()) router_ = worker_->router();
}

Task<Outcome> Connection::parse() {
    if (!arrival_) {
        const std::optional<Outcome> end = co_await await_head();
        if (end) co_return *end;
    }
    begin_exchange();
    if (*arrival_ == Arrival::request) co_return Outcome::request;
    const Outcome refused = co_await refuse_what_was_unreadable();
    co_return refused;
}

// Sends the output, and then waits for the rest of the head. Nothing if it has been received or refused.
Task<std::optional<Outcome>> Connection::await_head() {
    if (exchange_.has_output()) {
        const link::Sent sent = co_await exchange_.flush();
        if (sent != link::Sent::whole) co_return Outcome::reset;
    }
    // The exchange before has ended, and this wait may take long.
    exchange_.release();
    router_.reset();
    if (!worker_->is_time_over()) {
        io::Scope reading;
        const Place place(worker_->unfinished_heads(), exchange_.peer(), worker_->core().now(), reading);
        reading.start(read_head(io::never));
        co_await reading.join();
    }
    // The time for requests in flight is over, perhaps only since this wait began: what has arrived is still answered.
    // A peer that goes on sending does not delay the end.
    if (worker_->is_time_over() && (!arrival_ || *arrival_ == Arrival::left)) {
        if (++late_reads_ > late_reads_max) co_return Outcome::close;
        co_await read_head(worker_->core().now());
        const bool is_incomplete =
            *arrival_ == Arrival::refused && exchange_.refusal().status == http::Status::request_timeout;
        if (is_incomplete) co_return Outcome::close;
    }
    if (*arrival_ == Arrival::idle) co_return Outcome::idle;
    if (*arrival_ == Arrival::left) co_return Outcome::left;
    co_return std::nullopt;
}

// Answers a request whose head or content can't be read. It is unknown where the next request begins, so this is the
// last answer.
Task<Outcome> Connection::refuse_what_was_unreadable() {
    ++worker_->counters().refused;
    exchange_.close_afterwards();
    router_->refuse(exchange_, exchange_.refusal());
    const link::Sent sent = co_await exchange_.send();
    co_return after(sent);
}

// Everybody on the way has read the request. A redirect would hide that, and the next request would be sent in the same
// way: a person has to mend the link.
http::Result<void> Connection::needs_tls() {
    exchange_.notes().advice = "This port speaks HTTPS only: use https:// instead of http:// in the address.";
    exchange_.close_afterwards();
    return std::unexpected(http::Refusal{http::Status::bad_request, "HTTP without TLS on a port for HTTPS"});
}

Task<void> Connection::admit_into(route::Guard& guard, http::Result<void>& allowed) {
    allowed = co_await guard.admit(exchange_);
}

Task<std::optional<http::Result<void>>> Connection::authorize(route::Guard& guard) {
    http::Result<void> allowed;
    const bool ended = co_await run_watched(admit_into(guard, allowed), link::ContentReader::nobody);
    if (!ended) co_return std::nullopt;
    co_return allowed;
}

Task<Outcome> Connection::respond(const route::Route& route) {
    const bool reads = route.content_use() == route::ContentUse::reads;
    if (!reads) {
        std::optional<link::ContentEnd> end = exchange_.drop_content_at_once();
        if (!end) end = co_await exchange_.drop_content();
        if (*end == link::ContentEnd::left) co_return Outcome::left;
        if (*end == link::ContentEnd::refused) {
            const Outcome refused = co_await refuse_what_was_unreadable();
            co_return refused;
        }
    }
    if (!route.answer_at_once(exchange_)) {
        const auto reader = reads ? link::ContentReader::handler : link::ContentReader::nobody;
        const bool ended = co_await run_watched(answer_wholly(route, exchange_), reader);
        if (!ended && !exchange_.sent()) co_return after_leaving();
    }
    std::optional<link::Sent> sent = exchange_.sent();  // by the handler
    if (!sent) sent = co_await exchange_.send();
    co_return after(*sent);
}

namespace {

Task<void> run_and_say(Task<void> work, bool& ended) {
    co_await work;
    ended = true;
}

}  // namespace

// Runs work that may take time, and ends it while it waits if the client leaves in the meantime. False: it was ended.
// `reader`: who may read the content meanwhile.
Task<bool> Connection::run_watched(Task<void> work, link::ContentReader reader) {
    bool ended = false;
    io::Scope working;
    working.start(run_and_say(std::move(work), ended), AfterStop::ends);
    if (working.size() > 0) {
        io::Scope watching;
        watching.start(end_when_client_leaves(working, reader));
        co_await working.join();
        watching.request_stop();
        co_await watching.join();
    }
    co_return ended;
}

Task<void> Connection::end_when_client_leaves(io::Scope& working, link::ContentReader reader) {
    const bool left = co_await exchange_.client_left(reader);
    if (left) working.request_stop();
}

Outcome Connection::after_leaving() {
    exchange_.notes().reason = "the peer left before it was answered";
    exchange_.response().clear();  // middleware may still have been at work on it
    return after(link::Sent::left);
}

// What to do after a response that was sent, or was not.
Outcome Connection::after(link::Sent sent) {
    if (worker_->log() != nullptr) record(sent);
    if (sent == link::Sent::stopped) return Outcome::close;
    if (sent != link::Sent::whole) return Outcome::reset;
    return exchange_.persistence() == h1::Persistence::keep ? Outcome::request : Outcome::close;
}

void Connection::record(link::Sent sent) const {
    const http::Request& request = exchange_.request();
    AccessEntry entry;
    entry.at = exchange_.began_at();
    entry.duration = exchange_.duration();
    entry.peer = &exchange_.peer();
    entry.method = request.method_token;
    entry.target = request.target;
    entry.version = request.version;
    entry.status = exchange_.response().status;
    const bool head_only = request.method == http::Method::head || !http::may_have_content(entry.status);
    entry.content_octets = head_only ? 0 : exchange_.content_octets();
    entry.referer = request.fields.find(http::FieldName::referer).value_or(std::string_view());
    entry.user_agent = request.fields.find(http::FieldName::user_agent).value_or(std::string_view());
    if (!exchange_.notes().user.empty()) entry.user = exchange_.notes().user;
    entry.reason = exchange_.notes().reason;
    entry.complete = sent == link::Sent::whole;
    worker_->log()->record(worker_->number(), entry);
}

// Serves the requests that begin in `received`, and those that arrive until all of them have been answered.
Task<Outcome> serve_requests(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                             Admittance admittance, Buffer received, io::TimePoint head_deadline) {
    Connection connection(worker, transport, peer, admittance);
    connection.take(std::move(received), head_deadline);
    for (;;) {
        std::optional<Outcome> parsed = connection.parse_at_once();  // 2. parse
        if (!parsed) parsed = co_await connection.parse();
        if (*parsed != Outcome::request) co_return *parsed;  //    idle, peer left, or refused

        route::Route route = connection.translate();                                      // 3. translate
        std::optional<http::Result<void>> allowed = connection.authorize_at_once(route);  // 4. authorize
        if (!allowed) allowed = co_await connection.authorize(*route.guard);
        if (!allowed) co_return connection.after_leaving();
        if (!*allowed) route = connection.refused(route, allowed->error());
        const Outcome answered = co_await connection.respond(route);  // 5. respond: by the handler, or why not
        if (answered != Outcome::request) co_return answered;
    }
}

// Counts the peer out of the population when the connection ends, however it ends.
class Guest {
public:
    Guest(Population& population, io::SocketAddress peer) : population_(&population), peer_(std::move(peer)) {}
    Guest(Guest&& other) noexcept
        : population_(std::exchange(other.population_, nullptr)), peer_(std::move(other.peer_)) {}
    Guest& operator=(Guest&&) = delete;
    ~Guest() {
        if (population_ != nullptr) population_->leave(peer_);
    }
    [[nodiscard]] const io::SocketAddress& peer() const { return peer_; }

private:
    Population* population_;
    io::SocketAddress peer_;
};

// After the last answer: see link::part.
Task<void> linger(link::Transport transport, Guest guest, Worker& worker) {
    co_await link::part(std::move(transport), worker.inbound(), worker.linger_time_max(),
                        worker.limits().drain_octets_max);
    static_cast<void>(guest);
}

// What has been received already. In a frame of its own, which an idle connection does not have.
Task<io::Result<Buffer>> read_at_once(link::Transport& transport, io::Core& core) {
    io::Result<Buffer> received = co_await transport.receive(core.now());
    co_return std::move(received);
}

Task<void> shake_hands_into(link::Transport& transport, Buffer received, io::TimePoint deadline, bool& is_complete) {
    is_complete = co_await transport.handshake(std::move(received), deadline);
}

// Completes the TLS handshake that `received` begins. It counts as an unfinished head, which may be ended to make room.
// False: it failed.
Task<bool> shake_hands(Worker& worker, link::Transport& transport, const io::SocketAddress& peer, Buffer received,
                       io::TimePoint deadline) {
    bool is_complete = false;
    io::Scope shaking;
    const Place place(worker.unfinished_heads(), peer, worker.core().now(), shaking);
    shaking.start(shake_hands_into(transport, std::move(received), deadline, is_complete));
    co_await shaking.join();
    ++(is_complete ? worker.counters().handshakes : worker.counters().handshakes_failed);
    co_return is_complete;
}

Task<void> read_rest_into(link::Transport& transport, io::TimePoint deadline, io::Result<link::Opened>& opened) {
    io::Result<Buffer> octets = co_await transport.read_ahead(deadline);
    if (octets) {
        opened->octets = std::move(*octets);
    } else {
        opened = std::unexpected(octets.error());
    }
}

// Reads the rest of a record. It counts as an unfinished head.
Task<void> read_rest(Worker& worker, link::Transport& transport, const io::SocketAddress& peer, io::TimePoint deadline,
                     io::Result<link::Opened>& opened) {
    io::Scope reading;
    const Place place(worker.unfinished_heads(), peer, worker.core().now(), reading);
    reading.start(read_rest_into(transport, deadline, opened));
    co_await reading.join();
}

// Whether the octets begin a TLS handshake (RFC 8446 §5.1). No request of HTTP begins with this one.
bool begins_handshake(std::string_view octets) { return octets.front() == '\x16'; }

// Serves the requests in a connection's first octets, or further ones, with TLS.
Task<Outcome> serve_secure(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                           Admittance& admittance, Buffer received, io::TimePoint head_deadline) {
    std::optional<Buffer> encrypted = std::move(received);
    // Once the time for requests in flight is over, only what has arrived counts.
    if (worker.is_draining()) head_deadline = std::min(head_deadline, worker.idle_deadline());
    if (!transport.session()->is_established()) {
        if (!begins_handshake(encrypted->octets())) {
            transport.give_up_security();
            admittance.protection = Protection::missing;
            co_return co_await serve_requests(worker, transport, peer, admittance, *std::move(encrypted),
                                              head_deadline);
        }
        const bool is_shaken = co_await shake_hands(worker, transport, peer, *std::move(encrypted), head_deadline);
        if (!is_shaken) co_return Outcome::close;
        if (!transport.has_unopened()) co_return Outcome::idle;
        encrypted.reset();
    }
    Outcome next = Outcome::idle;
    while (next == Outcome::idle && (encrypted || transport.has_unopened())) {
        io::Result<link::Opened> opened = transport.open(std::exchange(encrypted, std::nullopt));
        if (opened && opened->progress == tls::Progress::needs_input) {
            co_await read_rest(worker, transport, peer, head_deadline, opened);
        }
        if (!opened) co_return Outcome::close;
        if (opened->octets.empty()) co_return Outcome::left;
        next = co_await serve_requests(worker, transport, peer, admittance, std::move(opened->octets), head_deadline);
        head_deadline = worker.core().now() + worker.limits().head_time_max;
    }
    co_return next;
}

// Not a coroutine: without TLS there is a frame less. `admittance` outlives the task.
Task<Outcome> serve_octets(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                           Admittance& admittance, Buffer received, io::TimePoint head_deadline) {
    if (transport.session() == nullptr) {
        return serve_requests(worker, transport, peer, admittance, std::move(received), head_deadline);
    }
    return serve_secure(worker, transport, peer, admittance, std::move(received), head_deadline);
}

// The parameters are what an idle connection keeps: there is no second copy of them in the frame.
Task<void> serve(link::Transport transport, Guest guest, Worker& worker, Admittance admittance) {
    io::Core& core = worker.core();
    const Limits& limits = worker.limits();
    link::Backlog& backlog = transport.backlog();
    io::TimePoint head_deadline = core.now() + limits.head_time_max;  // the first head's time starts at accept
    io::TimePoint deadline = worker.is_draining() ? core.now() + limits.shutdown_idle_max : head_deadline;
    std::optional<link::Patience> patience;
    Outcome next = Outcome::idle;
    while (next == Outcome::idle) {
        // Until the peer has acknowledged the last answer, the connection isn't idle.
        const bool is_sending = !worker.is_draining() && !backlog.is_small();
        if (is_sending && !patience) patience.emplace(worker.inbound().limits(), backlog);
        if (!is_sending) patience.reset();
        // A series of small answered requests must not hide that the peer accepts nothing.
        if (is_sending && backlog.idle(core.now()) >= limits.response_idle_max) {
            next = Outcome::reset;
            break;
        }
        // In the meantime, the worker may end this wait: an idle one to make room for another connection, any wait
        // because memory is short or because it is draining.
        io::ReadBuffer wait = transport.receive(is_sending ? patience->next_look(core.now()) : deadline);
        io::Result<Buffer> received = io::fail(ECANCELED, "read");
        {
            const Place place(is_sending ? worker.sending() : worker.idle(), guest.peer(), core.now(), wait);
            received = co_await wait;
        }
        if (!received && worker.is_draining()) {
            // A request may have arrived just before the wait ended.
            received = co_await read_at_once(transport, core);
        } else if (!received && received.error().number == ETIMEDOUT && is_sending) {
            next = patience->lasts(core.now()) ? Outcome::idle : Outcome::reset;
            deadline = core.now() + limits.keep_alive_max;
            continue;
        }
        if (!received || received->empty()) {
            // A connection that is closed because memory is short releases its memory at once.
            const bool is_shed = !received && received.error().number == ECANCELED && is_sending;
            next = is_shed ? Outcome::reset : Outcome::left;
            break;
        }
        patience.reset();
        if (head_deadline == io::never) head_deadline = core.now() + limits.head_time_max;
        next = co_await serve_octets(worker, transport, guest.peer(), admittance, std::move(*received), head_deadline);
        // Draining: the wait ends at once if the time for requests in flight is over.
        deadline = worker.is_draining() ? worker.idle_deadline() : core.now() + limits.keep_alive_max;
        head_deadline = io::never;
    }
    if (next == Outcome::left && transport.session() != nullptr) co_await transport.say_end(core.now());
    if (next == Outcome::reset) transport.abort_on_close();
    // A peer that has left, or has to leave, may still owe the acknowledgement of an answer.
    if (next == Outcome::close || (next == Outcome::left && !backlog.is_small())) {
        worker.lingering().start(linger(std::move(transport), std::move(guest), worker));
    }
}

}  // namespace

Task<void> serve_connection(link::Transport transport, io::SocketAddress peer, Worker& worker, route::HostCheck check) {
    return serve(std::move(transport), Guest(worker.population(), std::move(peer)), worker, Admittance{check});
}

}  // namespace portico::server
