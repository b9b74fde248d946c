// portico/server/connection.cc — accept → parse → translate → authorize → respond.
//
// Step 1 is in worker.cc; the four others follow one another in serve_requests. An idle connection is nothing but the
// frame of serve_connection: the link, its buffers and the exchange are there only while requests are.
#include "portico/server/connection.h"

#include <memory>
#include <optional>
#include <utility>

#include "portico/link/h1_inbound.h"
#include "portico/server/worker.h"
#include "portico/site/handler.h"
#include "portico/site/translate.h"

namespace portico::server {
namespace {

using http::Persistence;
using link::Arrival;

constexpr auto last_call_wait = std::chrono::milliseconds(500);

// What comes after a request, or after all that have been received.
enum class Next : std::uint8_t {
    request,  // another on this connection
    idle,     // nothing more is here
    close,    // we have answered for the last time: half-close, drain, close
    left,     // the peer has gone
    reset,    // what was sent is not whole: only a reset tells the peer
};

// One request on its way through the steps.
class Turn {
public:
    Turn(Worker& worker, io::Stream& stream, const io::SocketAddress& peer)
        : worker_(&worker), peer_(&peer), link_(stream, worker.inbound_limits()), exchange_(worker.borrow_exchange()) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        exchange_->response.clear();  // lets go of files and contents
        worker_->give_back(std::move(exchange_));
    }

    void take(Buffer received, io::TimePoint head_deadline) { link_.take(std::move(received), head_deadline); }

    // 2. The next request, with its content read and dropped: no handler wants any.
    Task<Next> parse_request();
    // 4. Nothing where the request may go on.
    Task<http::Result<void>> authorize(const site::Resource& resource);
    // 5. Answers with the resource, or says why not.
    Task<Next> respond(const http::Result<site::Resource>& resource);

    [[nodiscard]] http::Result<site::Resource> translate() {
        return site::translate(exchange_->request, worker_->site(), exchange_->scratch);
    }

private:
    Task<Next> refuse(http::Refusal refusal);
    Task<Next> deliver(std::string_view reason);
    void begin();
    void record(std::string_view reason, link::Sent sent) const;

    Worker* worker_;
    const io::SocketAddress* peer_;
    link::H1Inbound link_;
    std::unique_ptr<Exchange> exchange_;
    std::chrono::system_clock::time_point began_at_;
    io::TimePoint began_;
    Persistence persistence_ = Persistence::keep;
};

void Turn::begin() {
    ++worker_->counters().requests;
    began_at_ = worker_->core().wall_clock();
    began_ = worker_->core().now();
    exchange_->response.clear();
    persistence_ = worker_->is_draining() ? Persistence::close : exchange_->request.persistence;
}

Task<Next> Turn::parse_request() {
    http::Request& request = exchange_->request;
    request.clear();
    std::optional<Arrival> arrival = link_.next_request_at_once(request);
    if (!arrival) arrival = co_await link_.next_request(request);
    if (*arrival == Arrival::idle) co_return Next::idle;
    if (*arrival == Arrival::left) co_return Next::left;
    begin();
    if (*arrival == Arrival::refused) {
        const Next refused = co_await refuse(link_.refusal());
        co_return refused;
    }
    if (request.framing == http::Framing::none) co_return Next::request;
    // The client asks before it sends, and the answer will be no: it may send its content all the same, or not, so the
    // connection's framing is lost (RFC 9110 §10.1.1).
    if (request.expectation == http::Expectation::continue_ && link_.awaits_content() && !link_.has_unread()) {
        persistence_ = Persistence::close;
        co_return Next::request;
    }
    std::optional<link::ContentEnd> end = link_.discard_content_at_once();
    if (!end) end = co_await link_.discard_content();
    if (*end == link::ContentEnd::left) co_return Next::left;
    if (*end == link::ContentEnd::complete) co_return Next::request;
    const Next refused = co_await refuse(link_.refusal());
    co_return refused;
}

Task<http::Result<void>> Turn::authorize(const site::Resource& resource) {
    const http::Request& request = exchange_->request;
    const std::optional<http::Result<void>> known = worker_->handler().authorize(request, resource);
    if (known) co_return *known;
    const http::Result<void> checked = co_await worker_->handler().authorize_slowly(request, resource);
    co_return checked;
}

Task<Next> Turn::respond(const http::Result<site::Resource>& resource) {
    site::Handler& handler = worker_->handler();
    const http::Request& request = exchange_->request;
    http::Response& response = exchange_->response;
    if (!resource) {
        co_await handler.respond_refusal(request, resource.error(), response);
    } else if (!handler.respond_at_once(request, *resource, response)) {
        co_await handler.respond(request, *resource, response);
    }
    const Next next = co_await deliver(resource ? std::string_view() : resource.error().reason);
    co_return next;
}

// A head or a content that can't be read: where the next request begins is not known, so this is the last answer.
Task<Next> Turn::refuse(http::Refusal refusal) {
    ++worker_->counters().refused;
    persistence_ = Persistence::close;
    worker_->handler().write_refusal_page(refusal, exchange_->response);
    const Next next = co_await deliver(refusal.reason);
    co_return next;
}

Task<Next> Turn::deliver(std::string_view reason) {
    const http::Request& request = exchange_->request;
    const link::Sent sent = co_await link_.send(request, exchange_->response, worker_->date(), persistence_);
    if (worker_->log() != nullptr) record(reason, sent);
    if (sent == link::Sent::left) co_return Next::left;
    if (sent == link::Sent::cut) co_return Next::reset;
    co_return persistence_ == Persistence::keep ? Next::request : Next::close;
}

void Turn::record(std::string_view reason, link::Sent sent) const {
    const http::Request& request = exchange_->request;
    const http::Response& response = exchange_->response;
    AccessEntry entry;
    entry.at = began_at_;
    entry.duration = worker_->core().now() - began_;
    entry.peer = peer_;
    entry.method = request.method_token;
    entry.target = request.target;
    entry.version = request.version;
    entry.status = response.status;
    const bool head_only = request.method == http::Method::head || !http::may_have_content(response.status);
    entry.content_octets = head_only ? 0 : response.content_octets();
    entry.referer = request.fields.find(http::FieldName::referer).value_or(std::string_view());
    entry.user_agent = request.fields.find(http::FieldName::user_agent).value_or(std::string_view());
    entry.reason = reason;
    entry.complete = sent == link::Sent::whole;
    worker_->log()->record(worker_->number(), entry);
}

// The requests that `received` begins, and those that come before they are all answered.
Task<Next> serve_requests(Worker& worker, io::Stream& stream, const io::SocketAddress& peer, Buffer received,
                          io::TimePoint head_deadline) {
    Turn turn(worker, stream, peer);
    turn.take(std::move(received), head_deadline);
    for (;;) {
        const Next parsed = co_await turn.parse_request();  // 2. parse
        if (parsed != Next::request) co_return parsed;      //    idle, peer left, or refused

        http::Result<site::Resource> resource = turn.translate();  // 3. translate target to resource
        if (resource) {
            const http::Result<void> allowed = co_await turn.authorize(*resource);  // 4. authorize
            if (!allowed) resource = std::unexpected(allowed.error());
        }
        const Next next = co_await turn.respond(resource);  // 5. respond: the resource, or why not
        if (next != Next::request) co_return next;
    }
}

// Counts the peer out when the connection's task ends, however it ends.
class Guest {
public:
    Guest(Population& population, const io::SocketAddress& peer) : population_(&population), peer_(&peer) {}
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    ~Guest() { population_->leave(*peer_); }

private:
    Population* population_;
    const io::SocketAddress* peer_;
};

// Waits for a request's first octets. The connection may be asked to leave meanwhile, to make place or because the
// worker is draining.
Task<io::Result<Buffer>> wait_for_request(Worker& worker, io::Stream& stream, io::TimePoint deadline) {
    io::ReadBuffer wait = stream.read(worker.core().buffers(), deadline);
    IdlePlace place(wait);
    worker.enter_idle(place);
    io::Result<Buffer> received = co_await wait;
    co_return received;
}

}  // namespace

Task<void> serve_connection(io::Stream stream, io::SocketAddress peer, Worker& worker) {
    const Guest guest(worker.population(), peer);
    io::Core& core = worker.core();
    const Limits& limits = worker.limits();
    io::TimePoint head_deadline = core.now() + limits.head_time_max;  // the first head's time runs from accept
    // Let in while the worker was draining: whoever has queued up has surely sent its request by now.
    io::TimePoint deadline = worker.is_draining() ? core.now() + last_call_wait : head_deadline;
    Next next = Next::idle;
    while (next == Next::idle) {
        io::Result<Buffer> received = co_await wait_for_request(worker, stream, deadline);
        if (!received && received.error().number == ECANCELED && worker.is_draining()) {
            // A request may have come just before we wanted to go.
            received = co_await stream.read(core.buffers(), core.now());
        }
        if (!received || received->empty()) co_return;
        if (head_deadline == io::never) head_deadline = core.now() + limits.head_time_max;
        next = co_await serve_requests(worker, stream, peer, std::move(*received), head_deadline);
        deadline = core.now() + limits.keep_alive_max;
        head_deadline = io::never;
    }
    if (next == Next::reset) stream.abort_on_close();
    if (next == Next::close) {
        co_await io::drain_and_close(std::move(stream), limits.drain_time_max, limits.drain_octets_max);
    }
}

}  // namespace portico::server
