// portico/server/h2_requests.cc — the steps of HTTP/2's requests, many at a time: see requests.h.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "portico/link/h2_exchange.h"
#include "portico/link/h2_inbound.h"
#include "portico/server/places.h"
#include "portico/server/requests.h"
#include "portico/server/worker.h"

namespace portico::server {
namespace {

// For the last words on a connection that has to end.
constexpr io::Duration farewell_time = std::chrono::milliseconds(100);

// One request at a time. Most are answered while the octets that were received are read, and then the object serves the
// next one; the others have a task of their own.
class H2Request {
public:
    // All of them outlive it.
    H2Request(Worker& worker, link::H2Inbound& link, const io::SocketAddress& peer, const Admittance& admittance)
        : worker_(&worker), answering_(worker, admittance, exchange_), exchange_(link, worker.inbound(), peer) {}

    // Answers the request if nothing has to be waited for. False: answer() goes on from there.
    [[nodiscard]] bool answer_at_once(const link::H2Inbound::Arrived& arrived);
    Task<void> answer();

private:
    [[nodiscard]] bool begin_response();
    Task<void> respond();

    Worker* worker_;
    Answering answering_;  // holds the snapshot, which outlives the exchange
    link::H2Exchange exchange_;
    route::Route route_;
    std::optional<http::Result<void>> allowed_;  // empty: not known yet
    Answering::Left left_ = Answering::Left::content;
    bool is_answered_ = false;
};

bool H2Request::answer_at_once(const link::H2Inbound::Arrived& arrived) {
    exchange_.begin(arrived);  // 2. parse: done
    answering_.begin();
    if (exchange_.refusal_of_head()) {
        answering_.refuse(*exchange_.refusal_of_head());
        allowed_.emplace();
        left_ = Answering::Left::sending;
    } else {
        route_ = answering_.translate();                  // 3. translate
        allowed_ = answering_.authorize_at_once(route_);  // 4. authorize
        if (!allowed_) return false;
        if (!begin_response()) return false;
    }
    const std::optional<link::Sent> sent = exchange_.send_at_once();
    if (!sent) return false;
    answering_.record(*sent);
    is_answered_ = true;
    if (exchange_.awaits_content()) return false;
    exchange_.end();
    is_answered_ = false;
    return true;
}

// 5. Responds: by the handler, or why not. Whether the response only has to be sent.
bool H2Request::begin_response() {
    if (!*allowed_) route_ = answering_.refused(route_, allowed_->error());
    left_ = answering_.respond_at_once(route_);
    return left_ == Answering::Left::sending;
}

Task<void> H2Request::respond() {
    if (!allowed_) {
        allowed_ = co_await answering_.authorize(*route_.guard);
        if (allowed_) static_cast<void>(begin_response());
    }
    if (allowed_) {
        const std::optional<link::Sent> sent = co_await answering_.respond(route_, left_);
        static_cast<void>(sent);  // what is incomplete is reset
    } else {
        static_cast<void>(answering_.give_up());
    }
}

Task<void> H2Request::answer() {
    if (!is_answered_) co_await respond();
    if (exchange_.awaits_content()) {
        co_await exchange_.linger(worker_->linger_time_max(), worker_->limits().drain_octets_max);
    }
    exchange_.end();
    exchange_.wake_writer();
}

Task<void> answer(std::unique_ptr<H2Request> request) { co_await request->answer(); }

// How reading a connection goes on.
enum class Reading : std::uint8_t {
    goes_on,
    half_closed,  // the peer sends nothing more, and waits for its answers
    left,         // the peer has gone
    shed,         // the wait was ended: memory or a place is needed, or the server stops
    timed_out,    // it was idle for too long
};

// A connection's reading task.
class H2Requests {
public:
    // All of them outlive it.
    H2Requests(Worker& worker, link::Transport& transport, const io::SocketAddress& peer, const Admittance& admittance,
               link::H2Inbound& link, io::Scope& answering)
        : worker_(&worker),
          transport_(&transport),
          peer_(&peer),
          admittance_(&admittance),
          link_(&link),
          answering_(&answering) {}

    // A turn: begins to answer the requests in these octets, and sends what is ready.
    void take(std::string_view octets);
    // The same with what receive() has returned.
    [[nodiscard]] Reading take_received(Buffer received);
    [[nodiscard]] Reading take_encrypted(std::optional<Buffer> received);
    // Reads until the connection ends.
    Task<Reading> read();

private:
    void begin_requests(std::string_view octets);
    Task<io::Result<Buffer>> wait(bool is_reading);
    [[nodiscard]] io::Duration idle_time_max() const;

    Worker* worker_;
    link::Transport* transport_;
    const io::SocketAddress* peer_;
    const Admittance* admittance_;
    link::H2Inbound* link_;
    io::Scope* answering_;
    std::unique_ptr<H2Request> spare_;  // for the next request
    io::TimePoint idle_since_ = io::never;
};

void H2Requests::begin_requests(std::string_view octets) {
    link_->receive(octets);
    while (const std::optional<link::H2Inbound::Arrived> arrived = link_->next_request()) {
        if (spare_ == nullptr) spare_ = std::make_unique<H2Request>(*worker_, *link_, *peer_, *admittance_);
        if (!spare_->answer_at_once(*arrived)) answering_->start(answer(std::move(spare_)));
    }
}

void H2Requests::take(std::string_view octets) {
    begin_requests(octets);
    link_->end_turn();
}

Reading H2Requests::take_received(Buffer received) {
    if (transport_->session() != nullptr) return take_encrypted(std::move(received));
    if (received.empty()) return Reading::half_closed;
    take(received.octets());
    return Reading::goes_on;
}

// All records are one turn.
Reading H2Requests::take_encrypted(std::optional<Buffer> received) {
    Reading reading = Reading::goes_on;
    while (received || transport_->has_unopened()) {
        io::Result<link::Opened> opened = transport_->open(std::exchange(received, std::nullopt));
        if (!opened) reading = Reading::left;
        if (opened && opened->progress == tls::Progress::ended) reading = Reading::half_closed;
        if (reading != Reading::goes_on || opened->progress == tls::Progress::needs_input) break;
        begin_requests(opened->octets.octets());
    }
    link_->end_turn();
    return reading;
}

// A handshake has to be completed sooner, whatever came early.
io::Duration H2Requests::idle_time_max() const {
    const bool is_early = transport_->session() != nullptr && transport_->session()->is_early();
    return is_early ? worker_->limits().head_time_max : worker_->limits().keep_alive_max;
}

// Waits for what the peer sends or, if it sends nothing more, until it has gone. Something else may end the wait.
Task<io::Result<Buffer>> H2Requests::wait(bool is_reading) {
    const bool is_idle = link_->is_idle();
    if (!is_idle) {
        idle_since_ = io::never;
    } else {
        spare_.reset();
        if (idle_since_ == io::never) idle_since_ = worker_->core().now();
    }
    io::TimePoint deadline = link_->deadline();
    if (is_idle) deadline = std::min(deadline, idle_since_ + idle_time_max());
    if (!is_reading) {
        io::HangUp wait = transport_->hang_up(deadline);
        const link::H2Inbound::ReaderWait watched(*link_, wait, deadline);
        const io::Result<void> hung_up = co_await wait;
        if (!hung_up) co_return std::unexpected(hung_up.error());
        co_return io::fail(ECONNRESET, "read");
    }
    io::ReadBuffer wait = transport_->receive(deadline);
    const link::H2Inbound::ReaderWait watched(*link_, wait, deadline);
    std::optional<Place> place;
    if (is_idle) place.emplace(worker_->idle(), *peer_, idle_since_, wait);
    io::Result<Buffer> received = co_await wait;
    co_return std::move(received);
}

Task<Reading> H2Requests::read() {
    bool is_reading = true;
    for (;;) {
        if (link_->has_ended()) co_return Reading::goes_on;
        if (!is_reading && link_->is_idle()) co_return Reading::half_closed;
        io::Result<Buffer> received = co_await wait(is_reading);
        Reading reading = Reading::goes_on;
        if (received) {
            reading = take_received(std::move(*received));
        } else if (received.error().number == ECANCELED && !link_->was_woken()) {
            reading = Reading::shed;
        } else if (received.error().number == ECANCELED || received.error().number == ETIMEDOUT) {
            take({});  // for its deadlines
            const bool is_idle = link_->is_idle() && idle_since_ != io::never;
            const bool is_late = is_idle && worker_->core().now() >= idle_since_ + idle_time_max();
            if (is_late) reading = Reading::timed_out;
        } else {
            reading = Reading::left;
        }
        if (reading == Reading::half_closed && std::exchange(is_reading, false)) link_->peer_half_closed();
        if (reading != Reading::goes_on && reading != Reading::half_closed) co_return reading;
    }
}

}  // namespace

Task<Outcome> serve_h2(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                       const Admittance& admittance, Buffer received) {
    link::H2Inbound link(transport, worker.inbound());
    io::Scope answering;
    io::Scope writing;
    H2Requests requests(worker, transport, peer, admittance, link, answering);
    writing.start(link.write());
    Reading reading = Reading::goes_on;
    if (received.has_block()) requests.take(received.octets());
    received = Buffer();
    if (transport.has_unopened()) reading = requests.take_encrypted(std::nullopt);
    if (reading == Reading::goes_on) reading = co_await requests.read();

    // The end. A peer that reads is told.
    const bool is_stuck = link.is_waiting_to_send();
    if (reading == Reading::left) link.peer_left();
    if (reading != Reading::goes_on) link.end();
    requests.take({});
    if (reading == Reading::left || reading == Reading::shed) answering.request_stop();
    co_await answering.join();
    link.finish(reading == Reading::shed ? worker.core().now() + farewell_time : io::never);
    if (reading == Reading::left || (reading == Reading::shed && is_stuck)) writing.request_stop();
    co_await writing.join();
    if (link.is_broken()) co_return Outcome::reset;
    // A connection that had to end says so now: the server may not wait for what lingers.
    const bool goes_on = reading == Reading::goes_on || reading == Reading::timed_out;
    co_return goes_on ? Outcome::close : Outcome::left;
}

}  // namespace portico::server
