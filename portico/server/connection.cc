// portico/server/connection.cc — accept → parse → translate → authorize → respond.
//
// Step 1 is in worker.cc; the other four follow each other in serve_requests. An idle connection consists of the frame
// of serve_connection only: the link, its buffers and the exchange exist only while there are requests.
#include "portico/server/connection.h"

#include <memory>
#include <optional>
#include <utility>

#include "portico/http/basic_auth.h"
#include "portico/link/h1_inbound.h"
#include "portico/server/worker.h"
#include "portico/site/handler.h"
#include "portico/site/translate.h"

namespace portico::server {
namespace {

using http::Persistence;
using link::Arrival;

// How many heads are read to their end once the time for requests in flight is over: about as many buffers as the
// kernel may have held for the connection.
constexpr unsigned late_reads_max = 64;

// What to do after a request, or after all requests that have been received.
enum class Next : std::uint8_t {
    request,  // read the next one
    idle,     // wait: nothing more has been received
    close,    // half-close, drain, close: the last answer has been sent
    left,     // close: the peer has gone
    reset,    // reset: the answer is incomplete, and nothing else tells the peer
};

// One request and its steps.
class Turn {
public:
    Turn(Worker& worker, io::Stream& stream, link::Backlog& backlog, const io::SocketAddress& peer, HostCheck check)
        : worker_(&worker),
          stream_(&stream),
          peer_(&peer),
          host_check_(check),
          link_(stream, worker.inbound_limits(), backlog, worker.transfers()),
          exchange_(worker.borrow_exchange()) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        exchange_->response.clear();  // releases files and content
        worker_->give_back(std::move(exchange_));
    }

    void take(Buffer received, io::TimePoint head_deadline) { link_.take(std::move(received), head_deadline); }

    // 2. Reads the next request, and drops its content, which no handler of files wants. parse_at_once() never waits,
    // which is enough for most requests; if it returns nothing, parse() goes on from there.
    [[nodiscard]] std::optional<Next> parse_at_once();
    Task<Next> parse();
    // 3. Finds the resource that the request names.
    [[nodiscard]] http::Result<site::Resource> translate() {
        if (!names_our_host()) return std::unexpected(foreign_host);
        return site::translate(exchange_->request, worker_->site(), exchange_->scratch);
    }
    // 4. Whether the request is allowed. If the first returns nothing, this takes a while: call the second. If that
    // returns nothing, the peer has left.
    [[nodiscard]] std::optional<http::Result<void>> authorize_at_once() {
        return worker_->handler().authorize(exchange_->request);
    }
    Task<std::optional<http::Result<void>>> authorize();
    [[nodiscard]] Next after_leaving() const { return after(link::Sent::left, peer_left); }
    // 5. Answers with the resource, or says why not.
    Task<Next> respond(const http::Result<site::Resource>& resource);
    // Steps 3 to 5 for a program that answers requests itself.
    Task<Next> answer(Application& application);

private:
    static constexpr http::Refusal foreign_host{http::Status::misdirected_request,
                                                "this server does not answer for that host"};
    static constexpr std::string_view peer_left = "the peer left before it was answered";

    // The authority form names the tunnel's destination, not the server that is asked for it (RFC 9112 §3.2.3).
    [[nodiscard]] bool names_our_host() {
        const http::Request& request = exchange_->request;
        return request.form == http::TargetForm::authority || worker_->hosts().admits(request.authority, host_check_);
    }
    Task<Next> refuse(http::Refusal refusal);
    Task<Next> send(std::string_view reason);
    Task<bool> run_watched(Task<void> work, Call* call);
    Task<void> end_when_peer_leaves(io::Scope& working, Call* call);
    Task<void> authorize_into(http::Result<void>& allowed);
    Task<Next> send_made(bool has_read_all);
    Task<void> end_making_when_peer_leaves(io::Scope& making);
    Task<void> send_early(Call& call);
    Task<void> send_into(link::Sent& sent);
    void begin();
    void decide_persistence();
    Task<std::optional<Next>> await_head();
    [[nodiscard]] bool is_time_over() const;
    Task<void> read_head(io::TimePoint latest);
    [[nodiscard]] Next after(link::Sent sent, std::string_view reason) const;
    void record(std::string_view reason, link::Sent sent) const;
    [[nodiscard]] std::optional<http::Credentials> sent_credentials() const;

    Worker* worker_;
    io::Stream* stream_;
    const io::SocketAddress* peer_;
    HostCheck host_check_;
    link::H1Inbound link_;
    std::unique_ptr<Exchange> exchange_;
    std::chrono::system_clock::time_point began_at_;
    io::TimePoint began_;
    std::optional<Arrival> arrival_;  // empty while the head is incomplete
    unsigned late_reads_ = 0;         // of heads, once the time for requests in flight is over
    Persistence persistence_ = Persistence::keep;
    std::optional<Next> sent_early_;  // an answer that was sent before its handler had ended
    std::uint64_t made_octets_ = 0;   // octets of content that was generated while it was sent
};

void Turn::begin() {
    ++worker_->counters().requests;
    began_at_ = worker_->core().wall_clock();
    began_ = worker_->core().now();
    exchange_->response.clear();
    exchange_->notes.clear();
    made_octets_ = 0;
    persistence_ = exchange_->request.persistence;
}

// Called when an answer is sent, and not before: the worker may have begun to drain while the answer was made. Requests
// that have been received after this one are answered too, and the last of them gets "Connection: close". A peer
// that has half-closed sends no further request.
void Turn::decide_persistence() {
    const bool is_last = worker_->is_draining() || link_.has_half_closed();
    if (is_last && !link_.has_further_requests()) persistence_ = Persistence::close;
}

std::optional<Next> Turn::parse_at_once() {
    http::Request& request = exchange_->request;
    request.clear();
    arrival_ = link_.next_request_at_once(request);
    if (!arrival_) return std::nullopt;
    if (*arrival_ == Arrival::idle) return Next::idle;
    begin();
    const bool is_complete = request.framing == http::Framing::none || worker_->application() != nullptr;
    if (*arrival_ == Arrival::request && is_complete) return Next::request;
    return std::nullopt;
}

Task<Next> Turn::parse() {
    http::Request& request = exchange_->request;
    if (!arrival_) {
        const std::optional<Next> end = co_await await_head();
        if (end) co_return *end;
        begin();
    }
    if (*arrival_ == Arrival::refused) {
        const Next refused = co_await refuse(link_.refusal());
        co_return refused;
    }
    if (worker_->application() != nullptr) co_return Next::request;  // reads the content itself
    // The client asks before it sends, and the answer will be no. It may send the content nevertheless, so it is
    // unknown where the next request begins (RFC 9110 §10.1.1).
    const bool asks_first = request.expectation == http::Expectation::continue_;
    if (asks_first && link_.awaits_content() && !link_.has_unread()) {
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

// Sends the output, and then waits for the rest of the head. Nothing if it has been received or refused.
Task<std::optional<Next>> Turn::await_head() {
    if (link_.output_span().iov_len > 0) {
        const link::Sent sent = co_await link_.flush();
        if (sent != link::Sent::whole) co_return Next::reset;
    }
    if (!is_time_over()) {
        io::Scope reading;
        const Place place(worker_->unfinished_heads(), *peer_, worker_->core().now(), reading);
        reading.start(read_head(io::never));
        co_await reading.join();
    }
    // The time for requests in flight is over, perhaps only since this wait began: what has arrived is still answered.
    // A peer that goes on sending does not delay the end.
    if (is_time_over() && (!arrival_ || *arrival_ == Arrival::left)) {
        if (++late_reads_ > late_reads_max) co_return Next::close;
        co_await read_head(worker_->core().now());
        const bool is_incomplete =
            *arrival_ == Arrival::refused && link_.refusal().status == http::Status::request_timeout;
        if (is_incomplete) co_return Next::close;
    }
    if (*arrival_ == Arrival::idle) co_return Next::idle;
    if (*arrival_ == Arrival::left) co_return Next::left;
    co_return std::nullopt;
}

bool Turn::is_time_over() const { return worker_->is_draining() && worker_->core().now() >= worker_->idle_deadline(); }

Task<void> Turn::read_head(io::TimePoint latest) { arrival_ = co_await link_.next_request(exchange_->request, latest); }

Task<void> Turn::authorize_into(http::Result<void>& allowed) {
    allowed = co_await worker_->handler().authorize_slowly(exchange_->request, *peer_);
}

Task<std::optional<http::Result<void>>> Turn::authorize() {
    http::Result<void> allowed;
    const bool ended = co_await run_watched(authorize_into(allowed), nullptr);
    if (!ended) co_return std::nullopt;
    co_return allowed;
}

Task<Next> Turn::respond(const http::Result<site::Resource>& resource) {
    site::Handler& handler = worker_->handler();
    const http::Request& request = exchange_->request;
    http::Response& response = exchange_->response;
    if (!resource) {
        co_await handler.respond_refusal(request, resource.error(), response);
    } else if (!handler.respond_at_once(request, *resource, response)) {
        const bool ended = co_await run_watched(handler.respond(request, *resource, response), nullptr);
        if (!ended) co_return after_leaving();
    }
    const Next next = co_await send(resource ? std::string_view() : resource.error().reason);
    co_return next;
}

// Sends the response.
Task<Next> Turn::send(std::string_view reason) {
    const http::Request& request = exchange_->request;
    const http::Response& response = exchange_->response;
    decide_persistence();
    if (!link_.can_queue(request, response)) {
        const link::Sent sent = co_await link_.send(request, response, worker_->date(), persistence_);
        co_return after(sent, reason);
    }
    // The common case needs no further frame: the whole answer is copied to the output. If more requests have been
    // received, it waits there for the next answer, so that answers to pipelined requests are sent together.
    link_.queue(request, response, worker_->date(), persistence_);
    if (persistence_ == Persistence::keep && link_.has_unread()) co_return after(link::Sent::whole, reason);
    // After the last answer we half-close at once, so that both are sent in one segment.
    const bool more = persistence_ == Persistence::close;
    const iovec span = link_.output_span();
    io::Write wait = stream_->write({&span, 1}, link_.write_deadline(), more);
    io::Result<std::size_t> written = io::fail(ECANCELED, "write");
    {
        const link::WaitingPlace place(worker_->transfers(), wait);
        written = co_await wait;
    }
    if (written) link_.output_sent(*written);
    link::Sent sent = written ? link::Sent::whole : link::Sent::left;
    const bool goes_on = written ? *written < span.iov_len : written.error().number == ETIMEDOUT;
    if (goes_on) sent = co_await link_.flush();
    co_return after(sent, reason);
}

namespace {

Task<void> run_and_say(Task<void> work, bool& ended) {
    co_await work;
    ended = true;
}

}  // namespace

// Runs work that may take time, and ends it while it waits if the peer leaves in the meantime. False: it was ended.
// `call`: of a handler that may read the content; null if the work does not read.
//
// A half-close does not count: the peer has sent its request and waits for the answer. See H1Inbound::watch_peer.
Task<bool> Turn::run_watched(Task<void> work, Call* call) {
    bool ended = false;
    io::Scope working;
    working.start(run_and_say(std::move(work), ended), AfterStop::ends);
    if (working.size() > 0) {
        io::Scope watching;
        watching.start(end_when_peer_leaves(working, call));
        co_await working.join();
        watching.request_stop();
        co_await watching.join();
    }
    co_return ended;
}

Task<void> Turn::end_when_peer_leaves(io::Scope& working, Call* call) {
    if (call == nullptr) {
        const io::Result<void> hung_up = co_await stream_->hang_up(io::never);
        if (hung_up) working.request_stop();
        co_return;
    }
    // Until the content has arrived, only the handler may read.
    if (!link_.has_just_its_content()) {
        const io::Result<void> content_read = co_await call->content_read().wait(worker_->core(), io::never);
        if (!content_read) co_return;
    }
    const bool left = co_await link_.watch_peer();
    if (left) working.request_stop();
}

namespace {

// Counts what is sent, and ends the content's producer once the peer accepts no more.
class EndingWriter final : public http::ContentWriter {
public:
    EndingWriter(http::ContentWriter& to, io::Core& core, io::Scope& making, std::uint64_t& octets)
        : to_(&to), core_(&core), making_(&making), octets_(&octets) {}
    Task<bool> write(std::string_view octets) override {
        const bool written = co_await to_->write(octets);
        if (written) {
            *octets_ += octets.size();
            co_return true;
        }
        making_->request_stop();
        // The producer ends here. One that ignores the result would never wait again, and would go on for ever.
        const bool slept = co_await io::sleep_until(*core_, io::never);
        co_return slept;
    }

private:
    http::ContentWriter* to_;
    io::Core* core_;
    io::Scope* making_;
    std::uint64_t* octets_;
};

Task<bool> make_content(const http::Producer& producer, EndingWriter writer) {
    const bool whole = co_await producer(writer);
    co_return whole;
}

}  // namespace

Task<void> Turn::send_into(link::Sent& sent) {
    sent = co_await link_.send(exchange_->request, exchange_->response, worker_->date(), persistence_);
}

// A peer that receives no octets while none are generated can only be observed to leave.
Task<void> Turn::end_making_when_peer_leaves(io::Scope& making) {
    const bool left = co_await link_.watch_peer();
    if (left) making.request_stop();
}

// Sends content that is produced while it is sent.
Task<Next> Turn::send_made(bool has_read_all) {
    io::Scope making;
    http::Response& response = exchange_->response;
    response.producer = [this, producer = std::move(response.producer), &making](http::ContentWriter& to) {
        return make_content(producer, EndingWriter(to, worker_->core(), making, made_octets_));
    };
    link::Sent sent = link::Sent::left;
    decide_persistence();
    std::optional<EndlessPlace> endless;
    if (response.is_endless) endless.emplace(*worker_, making);
    making.start(send_into(sent), AfterStop::ends);
    if (endless && worker_->is_draining()) making.request_stop();
    io::Scope watching;
    if (has_read_all && making.size() > 0) watching.start(end_making_when_peer_leaves(making));
    co_await making.join();
    watching.request_stop();
    co_await watching.join();
    const Next next = after(sent, exchange_->notes.reason);
    // A stream that never ends by itself is ended with the server: its peer may still read what it was sent.
    const bool ended_by_server = endless && worker_->is_draining();
    co_return next == Next::reset&& ended_by_server ? Next::close : next;
}

// The answer is sent while the handler's task goes on: see Call::send_early.
Task<void> Turn::send_early(Call& call) {
    if (exchange_->response.producer) co_return;
    // Before a task reads, it sends earlier answers, or the invitation to send the content.
    const bool is_alone = co_await call.reading_ended();
    if (!is_alone) co_return;
    // A task that is being ended may have been reading the content, so it is unknown where the next request begins.
    if (exchange_->request.framing != http::Framing::none) persistence_ = Persistence::close;
    const Next next = co_await send(exchange_->notes.reason);
    sent_early_ = next;
    if (next != Next::request) co_return;
    const link::Sent rest = co_await link_.flush();  // it must not wait for the answer to the next request
    if (rest != link::Sent::whole) sent_early_ = Next::reset;
}

Task<Next> Turn::answer(Application& application) {
    if (!names_our_host()) {
        const Next refused = co_await refuse(foreign_host);
        co_return refused;
    }
    const http::Request& request = exchange_->request;
    http::Response& response = exchange_->response;
    Call call(worker_->core(), link_, request, response, exchange_->notes, *peer_);
    call.set_send_early([this, &call] { return send_early(call); });
    sent_early_.reset();
    const bool answered = co_await run_watched(application.answer(call), &call);
    if (sent_early_) co_return *sent_early_;
    if (!answered) co_return after_leaving();
    // If content is left over, it is unknown where the next request begins. HTTP/1.0 has no chunks, so the end of the
    // connection is the end of the content.
    const std::optional<link::ContentEnd> end = link_.discard_content_at_once();
    const bool has_read_all = end && *end == link::ContentEnd::complete;
    const bool ends_it = response.producer && request.version == http::Version::http_1_0;
    if (!has_read_all || ends_it) persistence_ = Persistence::close;
    if (response.producer) {
        const Next next = co_await send_made(has_read_all);
        co_return next;
    }
    const Next next = co_await send(exchange_->notes.reason);
    co_return next;
}

// Answers a request whose head or content can't be read. It is unknown where the next request begins, so this is the
// last answer.
Task<Next> Turn::refuse(http::Refusal refusal) {
    ++worker_->counters().refused;
    persistence_ = Persistence::close;
    if (worker_->application() != nullptr) {
        worker_->application()->answer_refusal(refusal, exchange_->response);
    } else {
        worker_->handler().write_refusal_page(refusal, exchange_->response);
    }
    const http::Request& request = exchange_->request;
    const link::Sent sent = co_await link_.send(request, exchange_->response, worker_->date(), persistence_);
    co_return after(sent, refusal.reason);
}

// What to do after a response that was sent, or was not.
Next Turn::after(link::Sent sent, std::string_view reason) const {
    if (worker_->log() != nullptr) record(reason, sent);
    if (sent != link::Sent::whole) return Next::reset;
    return persistence_ == Persistence::keep ? Next::request : Next::close;
}

// The user who was let in or, with a 401, who tried. Nothing if the site asks for no password, if two were sent, or if
// a program answers: it has users of its own.
std::optional<http::Credentials> Turn::sent_credentials() const {
    if (worker_->application() != nullptr || worker_->site().options().users.empty()) return std::nullopt;
    return http::basic_credentials(exchange_->request.fields);
}

void Turn::record(std::string_view reason, link::Sent sent) const {
    const http::Request& request = exchange_->request;
    const http::Response& response = exchange_->response;
    AccessEntry entry;
    entry.at = began_at_;
    entry.duration = worker_->core().kernel().clock() - began_;
    entry.peer = peer_;
    entry.method = request.method_token;
    entry.target = request.target;
    entry.version = request.version;
    entry.status = response.status;
    const bool head_only = request.method == http::Method::head || !http::may_have_content(response.status);
    entry.content_octets = head_only ? 0 : response.content_octets() + made_octets_;
    entry.referer = request.fields.find(http::FieldName::referer).value_or(std::string_view());
    entry.user_agent = request.fields.find(http::FieldName::user_agent).value_or(std::string_view());
    const std::optional<http::Credentials> credentials = sent_credentials();
    if (credentials) entry.user = credentials->user;
    if (!exchange_->notes.user.empty()) entry.user = exchange_->notes.user;
    entry.reason = reason;
    entry.complete = sent == link::Sent::whole;
    worker_->log()->record(worker_->number(), entry);
}

// Serves the requests that begin in `received`, and those that arrive until all of them have been answered.
Task<Next> serve_requests(Worker& worker, io::Stream& stream, link::Backlog& backlog, const io::SocketAddress& peer,
                          HostCheck check, Buffer received, io::TimePoint head_deadline) {
    Turn turn(worker, stream, backlog, peer, check);
    turn.take(std::move(received), head_deadline);
    for (;;) {
        std::optional<Next> parsed = turn.parse_at_once();  // 2. parse
        if (!parsed) parsed = co_await turn.parse();
        if (*parsed != Next::request) co_return *parsed;  //    idle, peer left, or refused
        if (worker.application() != nullptr) {
            const Next answered = co_await turn.answer(*worker.application());
            if (answered != Next::request) co_return answered;
            continue;
        }

        http::Result<site::Resource> resource = turn.translate();  // 3. translate target to resource
        if (site::needs_authorization(resource)) {
            std::optional<http::Result<void>> allowed = turn.authorize_at_once();  // 4. authorize
            if (!allowed) allowed = co_await turn.authorize();
            if (!allowed) co_return turn.after_leaving();  // the peer has left
            if (!*allowed) resource = std::unexpected(allowed->error());
        }
        const Next next = co_await turn.respond(resource);  // 5. respond: the resource, or the reason why not
        if (next != Next::request) co_return next;
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

// After the last answer: see link::part. A server that is stopping leaves the delivery of the answer to the kernel.
Task<void> linger(io::Stream stream, std::size_t outstanding, Guest guest, Worker& worker) {
    const io::Duration time_max = worker.linger_time_max();
    const std::size_t octets_max = worker.limits().drain_octets_max;
    if (worker.is_draining()) {
        co_await io::drain_and_close(std::move(stream), time_max, octets_max);
    } else {
        co_await link::part(std::move(stream), outstanding, worker.inbound_limits(), worker.transfers(), time_max,
                            octets_max);
    }
    static_cast<void>(guest);
}

}  // namespace

Task<void> serve_connection(io::Stream stream, io::SocketAddress peer, Worker& worker, HostCheck check) {
    Guest guest(worker.population(), std::move(peer));
    io::Core& core = worker.core();
    const Limits& limits = worker.limits();
    link::Backlog backlog(stream);
    io::TimePoint head_deadline = core.now() + limits.head_time_max;  // the first head's time starts at accept
    io::TimePoint deadline = worker.is_draining() ? core.now() + limits.shutdown_idle_max : head_deadline;
    std::optional<link::Patience> patience;
    Next next = Next::idle;
    while (next == Next::idle) {
        // Until the peer has acknowledged the last answer, the connection isn't idle.
        const bool is_sending = !worker.is_draining() && !backlog.is_small();
        if (is_sending && !patience) patience.emplace(worker.inbound_limits(), backlog);
        if (!is_sending) patience.reset();
        // A series of small answered requests must not hide that the peer accepts nothing.
        if (is_sending && backlog.idle(core.now()) >= limits.response_idle_max) {
            next = Next::reset;
            break;
        }
        // In the meantime, the worker may end this wait: an idle one to make room for another connection, any wait
        // because memory is short or because it is draining.
        io::ReadBuffer wait = stream.read(core.buffers(), is_sending ? patience->next_look(core.now()) : deadline);
        io::Result<Buffer> received = io::fail(ECANCELED, "read");
        {
            const Place place(is_sending ? worker.sending() : worker.idle(), guest.peer(), core.now(), wait);
            received = co_await wait;
        }
        if (!received && worker.is_draining()) {
            // A request may have arrived just before the wait ended.
            received = co_await stream.read(core.buffers(), core.now());
        } else if (!received && received.error().number == ETIMEDOUT && is_sending) {
            next = patience->lasts(core.now()) ? Next::idle : Next::reset;
            deadline = core.now() + limits.keep_alive_max;
            continue;
        }
        if (!received || received->empty()) {
            // A connection that is closed because memory is short releases its memory at once.
            const bool is_shed = !received && received.error().number == ECANCELED && is_sending;
            next = is_shed ? Next::reset : Next::left;
            break;
        }
        patience.reset();
        if (head_deadline == io::never) head_deadline = core.now() + limits.head_time_max;
        next =
            co_await serve_requests(worker, stream, backlog, guest.peer(), check, std::move(*received), head_deadline);
        // Draining: the wait ends at once if the time for requests in flight is over.
        deadline = worker.is_draining() ? worker.idle_deadline() : core.now() + limits.keep_alive_max;
        head_deadline = io::never;
    }
    if (next == Next::reset) stream.abort_on_close();
    // A peer that has left, or has to leave, may still owe the acknowledgement of an answer.
    if (next == Next::close || (next == Next::left && !backlog.is_small())) {
        const std::size_t outstanding = backlog.at_most();
        worker.lingering().start(linger(std::move(stream), outstanding, std::move(guest), worker));
    }
}

}  // namespace portico::server
