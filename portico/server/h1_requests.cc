// portico/server/h1_requests.cc — the steps of HTTP/1.1's requests, one after another: see requests.h.
#include <optional>
#include <utility>

#include "portico/link/h1_exchange.h"
#include "portico/server/requests.h"
#include "portico/server/worker.h"

namespace portico::server {
namespace {

using link::Arrival;

// How many heads are read to their end once the time for requests in flight is over: about as many buffers as the
// kernel may have held for the connection.
constexpr unsigned late_reads_max = 64;

class H1Requests {
public:
    // All of them outlive it.
    H1Requests(Worker& worker, link::Transport& transport, const io::SocketAddress& peer, const Admittance& admittance)
        : worker_(&worker), answering_(worker, admittance, exchange_), exchange_(transport, worker.inbound(), peer) {}
    H1Requests(const H1Requests&) = delete;
    H1Requests& operator=(const H1Requests&) = delete;

    void take(Buffer received, io::TimePoint head_deadline) { exchange_.take(std::move(received), head_deadline); }

    // 2. Reads the next request's head. parse_at_once() never waits, which is enough for most requests; if it returns
    // nothing, parse() goes on from there.
    [[nodiscard]] std::optional<Outcome> parse_at_once();
    Task<Outcome> parse();
    // 3 to 5.
    [[nodiscard]] Answering& answering() { return answering_; }
    // What to do after a response that was sent, or was not.
    [[nodiscard]] Outcome after(std::optional<link::Sent> sent) const;

private:
    Task<std::optional<Outcome>> await_head();
    Task<void> read_head(io::TimePoint latest) { arrival_ = co_await exchange_.next(latest); }
    Task<Outcome> refuse_what_was_unreadable();

    Worker* worker_;
    Answering answering_;  // holds the snapshot, which outlives the exchange
    link::H1Exchange exchange_;
    std::optional<Arrival> arrival_;  // empty while the head is incomplete
    unsigned late_reads_ = 0;         // of heads, once the time for requests in flight is over
};

std::optional<Outcome> H1Requests::parse_at_once() {
    arrival_ = exchange_.next_at_once();
    if (!arrival_ || *arrival_ == Arrival::refused) return std::nullopt;
    if (*arrival_ == Arrival::idle) return Outcome::idle;
    answering_.begin();
    return Outcome::request;
}

Task<Outcome> H1Requests::parse() {
    if (!arrival_) {
        const std::optional<Outcome> end = co_await await_head();
        if (end) co_return *end;
    }
    answering_.begin();
    if (*arrival_ == Arrival::request) co_return Outcome::request;
    const Outcome refused = co_await refuse_what_was_unreadable();
    co_return refused;
}

// Sends the output, and then waits for the rest of the head. Nothing if it has been received or refused.
Task<std::optional<Outcome>> H1Requests::await_head() {
    if (exchange_.has_output()) {
        const link::Sent sent = co_await exchange_.flush();
        if (sent != link::Sent::whole) co_return Outcome::reset;
    }
    // The exchange before has ended, and this wait may take long.
    exchange_.release();
    answering_.rest();
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

// Answers a request whose head can't be read.
Task<Outcome> H1Requests::refuse_what_was_unreadable() {
    answering_.refuse(exchange_.refusal());
    const link::Sent sent = co_await exchange_.send();
    answering_.record(sent);
    co_return after(sent);
}

Outcome H1Requests::after(std::optional<link::Sent> sent) const {
    if (!sent) return Outcome::left;
    if (*sent == link::Sent::stopped) return Outcome::close;
    if (*sent != link::Sent::whole) return Outcome::reset;
    return exchange_.persists() ? Outcome::request : Outcome::close;
}

}  // namespace

Task<Outcome> serve_h1(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                       const Admittance& admittance, Buffer received, io::TimePoint head_deadline) {
    H1Requests requests(worker, transport, peer, admittance);
    Answering& answering = requests.answering();
    requests.take(std::move(received), head_deadline);
    for (;;) {
        std::optional<Outcome> parsed = requests.parse_at_once();  // 2. parse
        if (!parsed) parsed = co_await requests.parse();
        if (*parsed != Outcome::request) co_return *parsed;  //    idle, peer left, or refused

        route::Route route = answering.translate();                                      // 3. translate
        std::optional<http::Result<void>> allowed = answering.authorize_at_once(route);  // 4. authorize
        if (!allowed) allowed = co_await answering.authorize(*route.guard);
        if (!allowed) co_return requests.after(answering.give_up());
        if (!*allowed) route = answering.refused(route, allowed->error());
        const Answering::Left left = answering.respond_at_once(route);  // 5. respond: by the handler, or why not
        const std::optional<link::Sent> sent = co_await answering.respond(route, left);
        const Outcome answered = requests.after(sent);
        if (answered != Outcome::request) co_return answered;
    }
}

}  // namespace portico::server
