// portico/server/answering.cc — see answering.h.
#include "portico/server/answering.h"

#include <utility>

#include "portico/server/misdirected.h"
#include "portico/server/worker.h"

namespace portico::server {
namespace {

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

// While it lives, the running chain works for the exchange's route, in reports about passes that take long.
class RouteLabel {
public:
    explicit RouteLabel(link::Exchange& exchange) : chain_(StopState::running()), before_(chain_->label()) {
        const std::string_view pattern = exchange.notes().pattern;
        if (pattern.empty()) return;
        chain_->set_label(exchange.core().keep_label(pattern));
        exchange.core().note_label(pattern);
    }
    RouteLabel(const RouteLabel&) = delete;
    RouteLabel& operator=(const RouteLabel&) = delete;
    ~RouteLabel() { chain_->set_label(before_); }

private:
    StopState* chain_;
    const std::string* before_;
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
    const RouteLabel label(exchange);
    co_await route.answer(exchange);
    if (unfinished.size() > 0) co_await send_before_they_end(exchange, unfinished);
    exchange.release_kept();
}

Task<void> run_and_say(Task<void> work, bool& ended) {
    co_await work;
    ended = true;
}

}  // namespace

void Answering::begin() {
    ++worker_->counters().requests;
    const bool is_redirected = admittance_->protection == Protection::redirected;
    const std::shared_ptr<route::Router>& router = is_redirected ? worker_->redirecting() : worker_->router();
    if (router_ != router) router_ = router;
    dropped_.reset();
}

route::Route Answering::translate() { return router_->translate(*exchange_, admittance_->place); }

std::optional<http::Result<void>> Answering::authorize_at_once(const route::Route& route) {
    if (route.has_precedence) return http::Result<void>{};
    if (admittance_->protection == Protection::missing) return needs_tls();
    if (is_misdirected(exchange_->session(), exchange_->request())) {
        return http::refuse(http::Status::misdirected_request, "the host belongs on another TLS connection");
    }
    // The handshake tells a copy from the first one, and the client repeats the request after it (RFC 8470 §5.2).
    if (exchange_->came_in_early_data() && !http::is_safe(exchange_->request().method)) {
        return http::refuse(http::Status::too_early, "a request that is not safe came in early data");
    }
    if (route.guard == nullptr) return http::Result<void>{};
    return route.guard->admit_at_once(*exchange_);
}

// Everybody on the way has read the request. A redirect would hide that, and the next request would be sent in the same
// way: a person has to mend the link.
http::Result<void> Answering::needs_tls() {
    exchange_->notes().advice = "This port speaks HTTPS only: use https:// instead of http:// in the address.";
    exchange_->close_afterwards();
    return std::unexpected(http::Refusal{http::Status::bad_request, "HTTP without TLS on a port for HTTPS"});
}

Task<void> Answering::admit_into(route::Guard& guard, http::Result<void>& allowed) {
    allowed = co_await guard.admit(*exchange_);
}

Task<std::optional<http::Result<void>>> Answering::authorize(route::Guard& guard) {
    http::Result<void> allowed;
    const bool ended = co_await run_watched(admit_into(guard, allowed), link::ContentReader::nobody);
    if (!ended) co_return std::nullopt;
    co_return allowed;
}

Answering::Left Answering::respond_at_once(const route::Route& route) {
    if (route.content_use() != route::ContentUse::reads) {
        dropped_ = exchange_->drop_content_at_once();
        if (dropped_ != link::ContentEnd::complete) return Left::content;
    }
    return route.answer_at_once(*exchange_) ? Left::sending : Left::answer;
}

Task<std::optional<link::Sent>> Answering::respond(route::Route route, Left left) {
    if (left == Left::content) {
        if (!dropped_) dropped_ = co_await exchange_->drop_content();
        if (*dropped_ == link::ContentEnd::left) co_return std::nullopt;
        left = Left::answer;
        if (*dropped_ == link::ContentEnd::refused) {
            refuse(exchange_->refusal());
            left = Left::sending;
        } else if (route.answer_at_once(*exchange_)) {
            left = Left::sending;
        }
    }
    if (left == Left::answer) {
        const bool reads = route.content_use() == route::ContentUse::reads;
        const auto reader = reads ? link::ContentReader::handler : link::ContentReader::nobody;
        const bool ended = co_await run_watched(answer_wholly(route, *exchange_), reader);
        if (!ended && !exchange_->sent()) co_return give_up();
    }
    std::optional<link::Sent> sent = exchange_->sent();  // by the handler
    if (!sent) {
        std::optional<RouteLabel> label;
        if (exchange_->response().producer) label.emplace(*exchange_);  // which is the program's
        sent = co_await exchange_->send();
    }
    record(*sent);
    co_return sent;
}

// It is unknown where the next request begins, so this is the last answer of an HTTP/1.1 connection.
void Answering::refuse(const http::Refusal& refusal) {
    ++worker_->counters().refused;
    exchange_->close_afterwards();
    router_->refuse(*exchange_, refusal);
}

link::Sent Answering::give_up() {
    exchange_->notes().reason = "the peer left before it was answered";
    exchange_->response().clear();  // middleware may still have been at work on it
    record(link::Sent::left);
    return link::Sent::left;
}

// Runs work that may take time, and ends it while it waits if the client leaves in the meantime. False: it was ended.
// `reader`: who may read the content meanwhile.
Task<bool> Answering::run_watched(Task<void> work, link::ContentReader reader) {
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

Task<void> Answering::end_when_client_leaves(io::Scope& working, link::ContentReader reader) {
    const bool left = co_await exchange_->client_left(reader);
    if (left) working.request_stop();
}

void Answering::record(link::Sent sent) const {
    if (worker_->log() == nullptr) return;
    const http::Request& request = exchange_->request();
    AccessEntry entry;
    entry.at = exchange_->began_at();
    entry.duration = exchange_->duration();
    entry.peer = &exchange_->client();
    entry.method = request.method_token;
    entry.target = request.target;
    entry.version = exchange_->version();
    entry.status = exchange_->response().status;
    if (exchange_->response().sends_content(request.method)) entry.content_octets = exchange_->content_octets();
    entry.referer = request.fields.find(http::FieldName::referer).value_or(std::string_view());
    entry.user_agent = request.fields.find(http::FieldName::user_agent).value_or(std::string_view());
    const tls::Session* const session = exchange_->session();
    const tls::PeerCertificate* const client = session == nullptr ? nullptr : session->client_certificate();
    if (client != nullptr) entry.user = client->subject;
    if (!exchange_->notes().user.empty()) entry.user = exchange_->notes().user;
    entry.reason = exchange_->notes().reason;
    entry.complete = sent == link::Sent::whole;
    worker_->log()->record(worker_->number(), entry);
}

}  // namespace portico::server
