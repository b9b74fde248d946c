// portico/link/h1_exchange.cc — see h1_exchange.h.
#include "portico/link/h1_exchange.h"

#include <utility>

namespace portico::link {

using h1::Persistence;

std::optional<Arrival> H1Exchange::next_at_once() {
    request_to_fill().clear();
    const std::optional<Arrival> arrival = link_.next_request_at_once(request_to_fill());
    if (arrival) has_arrived(*arrival);
    return arrival;
}

Task<Arrival> H1Exchange::next(io::TimePoint latest) {
    const Arrival arrival = co_await link_.next_request(request_to_fill(), latest);
    has_arrived(arrival);
    co_return arrival;
}

void H1Exchange::has_arrived(Arrival arrival) {
    if (arrival != Arrival::request && arrival != Arrival::refused) return;
    begin(transport_->session());
    persistence_ = arrival == Arrival::request ? link_.persistence() : Persistence::close;
    if (transport_->session() != nullptr && request().form != http::TargetForm::absolute) {
        request_to_fill().scheme = http::Scheme::https;  // RFC 9112 §3.3
    }
    if (arrival == Arrival::request && !request().has_content) content_has_ended();
}

std::optional<ContentEnd> H1Exchange::drop_content_at_once() {
    // The client asks before it sends, and the answer will be no. It may send the content nevertheless, so it is
    // unknown where the next request begins (RFC 9110 §10.1.1).
    const bool asks_first = request().expectation == http::Expectation::continue_;
    if (asks_first && link_.awaits_content() && !link_.has_unread()) {
        persistence_ = Persistence::close;
        return ContentEnd::complete;
    }
    const std::optional<ContentEnd> end = link_.discard_content_at_once();
    if (end == ContentEnd::complete) content_has_ended();
    return end;
}

Task<ContentEnd> H1Exchange::drop_content() {
    const ContentEnd end = co_await link_.discard_content();
    if (end == ContentEnd::complete) content_has_ended();
    co_return end;
}

Task<bool> H1Exchange::client_left(ContentReader reader) {
    if (reader == ContentReader::nobody) {
        const io::Result<void> hung_up = co_await transport_->hang_up(io::never);
        co_return hung_up.has_value();
    }
    // Until the content has arrived, only the handler may read.
    if (!link_.has_just_its_content()) {
        const bool ended = co_await content_ended();
        if (!ended) co_return false;
    }
    const bool left = co_await link_.watch_peer();
    co_return left;
}

// Called when a response is sent, and not before: the server may have begun to drain while the response was made.
// Requests that have been received after this one are answered too, and the last of them gets "Connection: close". A
// client that has half-closed sends no further request.
void H1Exchange::decide_persistence() {
    const bool is_last = context().is_draining() || link_.has_half_closed();
    if (is_last && !link_.has_further_requests()) persistence_ = Persistence::close;
}

// Not a coroutine: a frame less for each response.
Task<Sent> H1Exchange::send() {
    // If content is left over, it is unknown where the next request begins.
    const std::optional<ContentEnd> end = link_.discard_content_at_once();
    const bool has_read_all = end == ContentEnd::complete;
    const bool ends_it = link_.ends_with_connection(response());
    if (!has_read_all || ends_it) persistence_ = Persistence::close;
    if (!response().upgrade.empty()) {
        switch_protocols();
        return send_upgraded();
    }
    if (!response().producer) return send_complete();
    decide_persistence();
    complete_response();
    return send_made(has_read_all);
}

// RFC 9110 §7.8. No further request can follow.
void H1Exchange::switch_protocols() {
    http::Response& answer = response();
    answer.status = http::Status::switching_protocols;
    answer.fields.set(http::FieldName::upgrade, answer.upgrade);
    answer.fields.set(http::FieldName::connection, "Upgrade");
    persistence_ = Persistence::close;
    complete_response();
}

// Sends a response whose content exists already.
Task<Sent> H1Exchange::send_complete() {
    decide_persistence();
    complete_response();
    if (!link_.can_queue(request(), response())) {
        const Sent sent = co_await link_.send(request(), response(), context().date(), persistence_);
        set_sent(sent);
        co_return sent;
    }
    // The common case needs no further frame: the whole answer is copied to the output. If more requests have been
    // received, it waits there for the next answer, so that answers to pipelined requests are sent together.
    link_.queue(request(), response(), context().date(), persistence_);
    if (persistence_ == Persistence::keep && link_.has_unread()) {
        set_sent(Sent::whole);
        co_return Sent::whole;
    }
    // After the last answer we half-close at once, so that both are sent in one segment.
    const io::Result<std::size_t> written = co_await link_.write_once(persistence_ == Persistence::close);
    std::optional<Sent> sent = link_.sent_once(written);
    if (!sent) sent = co_await link_.flush();
    set_sent(*sent);
    co_return *sent;
}

Task<void> H1Exchange::send_early() {
    if (response().producer) co_return;
    // Before a task reads, it sends earlier answers, or the invitation to send the content.
    const bool is_alone = co_await reading_ended();
    if (!is_alone) co_return;
    // A task that is being ended may have been reading the content, so it is unknown where the next request begins.
    if (request().has_content) persistence_ = Persistence::close;
    const Sent sent = co_await send_complete();
    if (sent == Sent::whole && persistence_ == Persistence::keep) {
        const Sent rest = co_await link_.flush();  // it must not wait for the answer to the next request
        set_sent(rest);
    }
    note_early_end();
}

// A peer that receives no octets while none are generated can only be observed to leave.
Task<bool> H1Exchange::client_left_while_sending() {
    const bool left = co_await link_.watch_peer();
    co_return left;
}

Task<Sent> H1Exchange::send_produced() { return link_.send(request(), response(), context().date(), persistence_); }

}  // namespace portico::link
