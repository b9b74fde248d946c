// portico/link/h2_inbound.cc — see h2_inbound.h.
#include "portico/link/h2_inbound.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "portico/link/h2_exchange.h"

namespace portico::link {

H2Inbound::H2Inbound(Transport& transport, InboundContext& context)
    : transport_(&transport),
      context_(&context),
      in_force_(context.in_force()),
      engine_(in_force_->h2, transport.session() == nullptr ? http::Scheme::http : http::Scheme::https) {
    number_ = context.add(*this);
    if (context.is_draining()) engine_.shut_down(core().now());
}

H2Inbound::~H2Inbound() {
    assert(exchanges_.empty() && "exchanges end before their connection");
    context_->remove(number_);
}

H2Inbound::ReaderWait::ReaderWait(H2Inbound& link, io::Operation& wait, io::TimePoint deadline) : link_(&link) {
    link.reader_ = &wait;
    link.reader_deadline_ = deadline;
    link.reading_ = Reading::between_turns;
}

// --- Exchanges

void H2Inbound::add(h2::StreamId stream, H2Exchange& exchange) {
    assert((exchanges_.empty() || exchanges_.back().stream < stream) && "streams begin in their order");
    exchanges_.push_back(Entry{stream, &exchange});
}

void H2Inbound::remove(h2::StreamId stream) {
    const auto found = std::ranges::lower_bound(exchanges_, stream, {}, &Entry::stream);
    assert(found != exchanges_.end() && found->stream == stream);
    exchanges_.erase(found);
}

H2Exchange* H2Inbound::find(h2::StreamId stream) const {
    const auto found = std::ranges::lower_bound(exchanges_, stream, {}, &Entry::stream);
    return found != exchanges_.end() && found->stream == stream ? found->exchange : nullptr;
}

// A task that is told may end the exchange, so it is looked up each time.
void H2Inbound::tell_of_end(h2::StreamId stream) {
    using Waiter = H2Exchange::Waiter;
    for (const Waiter waiter : {Waiter::reader, Waiter::sender, Waiter::watcher}) {
        H2Exchange* const exchange = find(stream);
        if (exchange == nullptr) return;
        exchange->tell_of_end(waiter);
    }
}

void H2Inbound::tell_all_of_end() {
    std::vector<h2::StreamId> streams;
    for (const Entry& entry : exchanges_) streams.push_back(entry.stream);
    for (const h2::StreamId stream : streams) tell_of_end(stream);
}

template <class Test>
void H2Inbound::cancel_if(Test test) {
    std::vector<h2::StreamId> streams;
    for (const Entry& entry : exchanges_) {
        if (test(*entry.exchange)) streams.push_back(entry.stream);
    }
    for (const h2::StreamId stream : streams) {
        engine_.reset(stream, h2::ErrorCode::cancel);
        tell_of_end(stream);
    }
}

// --- Reading

void H2Inbound::receive(std::string_view octets) {
    reading_ = Reading::in_turn;
    engine_.receive(octets, core().now());
}

std::optional<H2Inbound::Arrived> H2Inbound::next_request() {
    while (std::optional<h2::Event> event = engine_.next_event()) {
        using What = h2::Event::Kind;
        if (event->kind == What::request) return Arrived{event->stream, event->request, event->refusal};
        if (event->kind == What::ended) tell_all_of_end();
        if (event->kind == What::reset) tell_of_end(event->stream);
        H2Exchange* const exchange = find(event->stream);
        if (event->kind == What::content) {
            if (exchange == nullptr) {
                engine_.used(event->stream, event->content.size());
            } else {
                exchange->take_content(event->content);
            }
        }
        if (event->kind == What::content_end && exchange != nullptr) exchange->take_content_end();
    }
    return std::nullopt;
}

void H2Inbound::end_turn() {
    reading_ = Reading::between_turns;
    wake_writer();
}

io::TimePoint H2Inbound::deadline() const { return engine_.deadline().value_or(io::never); }

// The writing task may have found the connection broken before the reading task sees its end.
void H2Inbound::advance_to(Phase next) { phase_ = std::max(phase_, next); }

void H2Inbound::peer_left() {
    engine_.end({h2::ErrorCode::no_error, {}});
    tell_all_of_end();
}

void H2Inbound::peer_half_closed() {
    advance_to(Phase::half_closed);
    cancel_if([](const H2Exchange& exchange) { return !exchange.has_all_content(); });
    wake_writer();
}

void H2Inbound::end() { engine_.end({h2::ErrorCode::no_error, {}}); }

void H2Inbound::finish(io::TimePoint latest) {
    advance_to(Phase::finishing);
    latest_ = latest;
    wake_writer();
}

void H2Inbound::shut_down() {
    engine_.shut_down(core().now());
    wake_writer();
}

void H2Inbound::wake_reader() {
    if (reader_ == nullptr) return;
    reading_ = Reading::woken;
    std::exchange(reader_, nullptr)->stop_waiting();
}

// The reading task looks after the deadlines, and after the end.
void H2Inbound::wake_reader_if_due() {
    if (has_ended() || is_idle() || deadline() < reader_deadline_) wake_reader();
}

// --- Writing

void H2Inbound::wake_writer() {
    if (reading_ != Reading::in_turn) has_output_.open();
}

Task<bool> H2Inbound::wait_for_room(H2Exchange& exchange) {
    while (!engine_.has_room_for_head()) {
        if (has_ended()) co_return false;
        awaiting_room_.push_back(exchange.stream());
        wake_writer();
        const bool woken = co_await exchange.wait_to_send();
        if (!woken) co_return false;
    }
    co_return true;
}

// What the streams have to send, in the order of their priorities.
void H2Inbound::fill_output() {
    while (!awaiting_room_.empty() && engine_.has_room_for_head()) {
        const h2::StreamId stream = awaiting_room_.front();
        awaiting_room_.erase(awaiting_room_.begin());
        if (H2Exchange* const exchange = find(stream)) exchange->go_on_sending();
    }
    while (const std::optional<h2::StreamId> stream = engine_.next_to_send(core().now())) {
        H2Exchange* const exchange = find(*stream);
        if (exchange == nullptr) {
            engine_.has_no_data(*stream);
            continue;
        }
        window_octets_ += exchange->write_pending();
    }
}

void H2Inbound::end_sending() {
    if (--sending_ > 0) return;
    window_waited_ = {};
    window_octets_ = 0;
}

// Nothing can be sent at the moment. False: the task was asked to stop. If content waits, it waits for the peer, whose
// windows are closed: one that opens them a little at a time must not hold the content for ever.
Task<bool> H2Inbound::wait_for_output() {
    const bool is_for_window = sending_ > 0;
    const io::TimePoint began = core().now();
    const io::Result<void> opened = co_await has_output_.wait(core(), io::never);
    if (!opened) co_return false;
    if (is_for_window && sending_ > 0) {
        window_waited_ += core().now() - began;
        if (!is_fast_enough(window_octets_, window_waited_, in_force_->limits)) {
            engine_.end({h2::ErrorCode::enhance_your_calm, "responses are read too slowly"});
        }
    }
    co_return true;
}

Task<void> H2Inbound::write() {
    std::optional<Patience> patience;  // while there is output
    for (;;) {
        fill_output();
        const std::string_view output = engine_.output();
        if (output.empty()) {
            patience.reset();
            if (transport_->owes_output()) {
                const auto latest = std::min(latest_, core().now() + in_force_->limits.response_idle_max);
                const io::Result<void> sent = co_await transport_->send_owed(latest);
                if (!sent) break;
                continue;
            }
            if (phase_ == Phase::finishing) co_return;
            if (phase_ == Phase::half_closed && sending_ > 0) {  // for windows that nobody will open
                const std::size_t before = sending_;
                cancel_if([](const H2Exchange& exchange) { return exchange.has_pending(); });
                if (sending_ < before) continue;
            }
            wake_reader_if_due();
            const bool goes_on = co_await wait_for_output();
            if (!goes_on) co_return;
            continue;
        }
        if (!patience) patience.emplace(in_force_->limits, transport_->backlog());
        const iovec span{const_cast<char*>(output.data()), output.size()};
        const io::TimePoint deadline = std::min(patience->step(core().now()), latest_);
        const io::Result<std::size_t> written =
            co_await transport_->write({&span, 1}, deadline, false, &context_->transfers());
        const bool is_late = !written && written.error().number == ETIMEDOUT && core().now() < latest_;
        if (is_late && patience->lasts(core().now())) continue;
        if (!written || !patience->took(*written, core().now())) break;
        engine_.output_sent(*written);
    }
    // A reset also frees what the kernel holds.
    transport_->abort_on_close();
    advance_to(Phase::broken);
    peer_left();  // no exchange may begin either: nobody would tell it
    wake_reader();
}

}  // namespace portico::link
