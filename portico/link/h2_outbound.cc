// portico/link/h2_outbound.cc — see h2_outbound.h.
#include "portico/link/h2_outbound.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "portico/io/scope.h"
#include "portico/link/h2_outbound_exchange.h"

namespace portico::link {
namespace {

using Kind = Failure::Kind;

// How long the last words of a connection may take.
constexpr auto last_words_time = std::chrono::milliseconds(100);

}  // namespace

H2Outbound::H2Outbound(Transport transport, h2::Context& context, const OutboundLimits& limits,
                       std::chrono::milliseconds idle_time_max, H2Keeper& keeper)
    : transport_(std::move(transport)),
      limits_(&limits),
      idle_time_max_(idle_time_max),
      keeper_(&keeper),
      engine_(context, transport_.session() == nullptr ? http::Scheme::http : http::Scheme::https, h2::Role::client),
      beginning_(transport_.core()),
      has_output_(transport_.core()),
      idle_since_(transport_.core().now()) {
    set_timer(io::later(core().now(), idle_time_max_));
    beginning_.open();
}

H2Outbound::~H2Outbound() {
    end_with(Cause::ours);
    core().timers().unset(*this);
}

// --- Exchanges

void H2Outbound::add(H2OutboundExchange& exchange) {
    assert((exchanges_.empty() || exchanges_.back()->stream() < exchange.stream()) && "streams are opened in order");
    exchanges_.push_back(&exchange);
    core().timers().unset(*this);
    wake_writer();
}

void H2Outbound::remove(h2::StreamId stream) {
    const auto found = std::ranges::lower_bound(exchanges_, stream, {}, &H2OutboundExchange::stream);
    assert(found != exchanges_.end() && (*found)->stream() == stream);
    exchanges_.erase(found);
    wake_writer();
    if (!exchanges_.empty()) return;
    idle_since_ = core().now();
    // What the engine has to do after its last stream, it does in a turn.
    const bool is_last = phase_ != Phase::open || !engine_.can_open();
    set_timer(is_last ? io::TimePoint{} : io::later(idle_since_, idle_time_max_));
    if (!is_last) keeper_->became_idle(*this);
}

H2OutboundExchange* H2Outbound::find(h2::StreamId stream) const {
    const auto found = std::ranges::lower_bound(exchanges_, stream, {}, &H2OutboundExchange::stream);
    return found != exchanges_.end() && (*found)->stream() == stream ? *found : nullptr;
}

void H2Outbound::retire() {
    if (phase_ == Phase::open) phase_ = Phase::retired;
    if (exchanges_.empty()) set_timer(io::TimePoint{});
}

void H2Outbound::set_timer(io::TimePoint due) {
    core().timers().unset(*this);
    core().timers().set(*this, due);
}

// The connection has been idle for long enough. Ends its wait for octets: nothing follows here, since all may be gone.
void H2Outbound::expire() { end(); }

void H2Outbound::end() {
    end_with(Cause::ours);
    reads_.end_longest();
}

// --- How it ends

void H2Outbound::end_with(Cause cause) {
    if (cause_) return;
    cause_ = cause;
    if (phase_ == Phase::open) phase_ = Phase::retired;
    engine_.end({h2::ErrorCode::no_error, {}});
    tell_all_of_end();
}

void H2Outbound::tell_all_of_end() {
    const std::vector<H2OutboundExchange*> exchanges = std::exchange(exchanges_, {});
    for (H2OutboundExchange* const exchange : exchanges) exchange->connection_ended(failure_of(*exchange));
}

std::string H2Outbound::reason() const {
    const bool is_tls = error_.number == EPROTO && transport_.session() != nullptr;
    return is_tls ? std::string(transport_.session()->failure()) : std::strerror(error_.number);
}

Failure H2Outbound::failure_of_fault() const {
    const std::string why(fault_.reason);
    switch (fault_.error) {
        case h2::ErrorCode::internal_error: return {Kind::no_memory, "memory is short"};
        case h2::ErrorCode::settings_timeout: return {Kind::timed_out, "the server does not answer in time: " + why};
        default: return {Kind::malformed, "the answer is not valid HTTP/2: " + why};
    }
}

Failure H2Outbound::failure_of(const H2OutboundExchange& exchange) const {
    const bool has_received = exchange.has_received();
    switch (*cause_) {
        case Cause::ours: return {Kind::stopped, "stopped"};
        case Cause::fault: return failure_of_fault();
        case Cause::closed:
            if (goaway_ != h2::ErrorCode::no_error) {
                return {Kind::not_received, "the server ended the connection: " + std::string(h2::spelling(goaway_))};
            }
            if (!has_received) return {Kind::no_answer, "the server closed the connection without an answer"};
            return {Kind::incomplete, "the connection ended before the end of the answer"};
        case Cause::read_lost:
        case Cause::write_lost: break;
    }
    if (error_.number == ECANCELED) return {Kind::stopped, "stopped"};
    if (error_.number == ENOBUFS) return {Kind::no_memory, "memory is short"};
    if (error_.number == ETIMEDOUT) return {Kind::timed_out, "the server does not accept the request in time"};
    if (!exchange.sent() && !has_received) {
        return {Kind::not_sent, "the connection was lost while the request was sent: " + reason()};
    }
    return {Kind::not_received, "the connection was lost: " + reason()};
}

Task<void> H2Outbound::run() {
    const io::Result<void> begun = co_await beginning_.wait(io::never);
    if (!begun) co_return;
    io::Scope writing;
    writing.start(write());
    co_await read();
    phase_ = Phase::finishing;
    latest_ = core().now() + last_words_time;
    wake_writer();
    writes_.end_longest();
    co_await writing.join();
    if (is_broken_) {
        transport_.abort_on_close();
    } else {
        co_await transport_.say_end(latest_);
    }
}

// --- Reading

Task<void> H2Outbound::read() {
    // The handshake may have received more than its own octets.
    if (transport_.has_unopened()) static_cast<void>(take_encrypted(std::nullopt));
    while (!cause_) {
        reader_deadline_ = engine_.deadline().value_or(io::never);
        was_reader_woken_ = false;
        io::ReadBuffer wait = transport_.receive(reader_deadline_);
        const WaitingPlace place(reads_, wait);
        io::Result<Buffer> received = co_await wait;
        if (cause_) co_return;
        if (received) {
            const bool goes_on = take_received(std::move(*received));
            if (!goes_on) co_return;
            continue;
        }
        if (received.error().number == ETIMEDOUT || was_reader_woken_) {
            take({});
            continue;
        }
        error_ = received.error();
        end_with(Cause::read_lost);
    }
}

// False if nothing more can be received.
bool H2Outbound::take_received(Buffer received) {
    if (transport_.session() != nullptr) return take_encrypted(std::move(received));
    if (received.empty()) {
        end_with(Cause::closed);
    } else {
        take(received.octets());
    }
    return !cause_;
}

// What has been received, or nothing further. False if nothing more can be received.
bool H2Outbound::take_encrypted(std::optional<Buffer> received) {
    while (!cause_) {
        const io::Result<Opened> opened = transport_.open(std::exchange(received, std::nullopt));
        if (!opened) {
            error_ = opened.error();
            end_with(Cause::read_lost);
            return false;
        }
        if (opened->progress == tls::Progress::needs_input) return true;
        if (opened->progress == tls::Progress::ended) {
            end_with(Cause::closed);
            return false;
        }
        take(opened->octets.octets());
    }
    return false;
}

// A turn of the engine.
void H2Outbound::take(std::string_view octets) {
    if (!octets.empty()) last_received_ = core().now();
    engine_.receive(octets, core().now());
    while (const std::optional<h2::Event> event = engine_.next_event()) take_event(*event);
    wake_writer();
}

void H2Outbound::take_event(const h2::Event& event) {
    using What = h2::Event::Kind;
    H2OutboundExchange* const exchange = find(event.stream);
    switch (event.kind) {
        case What::request: return;  // for servers
        case What::response:
            if (exchange != nullptr) exchange->take_response(*event.response, event.ending);
            return;
        case What::content:
            if (exchange != nullptr) return exchange->take_content(event.content);
            return engine_.used(event.stream, event.content.size());
        case What::content_end:
            if (exchange != nullptr) exchange->take_content_end();
            return;
        case What::reset:
            if (event.is_peers) note(event.fault.error);
            if (exchange != nullptr) exchange->take_reset(event.fault, event.is_peers);
            return;
        case What::leaving:
            goaway_ = event.fault.error;
            note(goaway_);
            return;
        case What::ended:
            fault_ = event.fault;
            // Without a fault, the server has sent GOAWAY, and the last exchange has ended.
            end_with(fault_.error == h2::ErrorCode::no_error ? Cause::ours : Cause::fault);
            return;
    }
}

// RFC 9113 §7: HTTP_1_1_REQUIRED is about the server's resource, or all of it. One is enough for us.
void H2Outbound::note(h2::ErrorCode from_server) {
    if (from_server != h2::ErrorCode::http_1_1_required) return;
    retire();
    keeper_->must_speak_h1(*this);
}

// --- Writing

// What the exchanges have to send, in the order of their priorities.
void H2Outbound::fill_output() {
    while (const std::optional<h2::StreamId> stream = engine_.next_to_send(core().now())) {
        H2OutboundExchange* const exchange = find(*stream);
        if (exchange == nullptr) {
            engine_.has_no_data(*stream);
        } else {
            exchange->write_pending();
        }
    }
}

// The reading task looks after the deadlines, which what was sent may bring forward, and after the end.
void H2Outbound::wake_reader_if_due() {
    const bool is_due = engine_.has_ended() || engine_.deadline().value_or(io::never) < reader_deadline_;
    if (is_due && !was_reader_woken_) was_reader_woken_ = reads_.end_longest();
}

Task<void> H2Outbound::write() {
    for (bool may_try_again = true;;) {
        fill_output();
        wake_reader_if_due();
        const std::string_view output = engine_.output();
        if (output.empty()) {
            if (phase_ == Phase::finishing) co_return;
            const io::Result<void> woken = co_await has_output_.wait(io::never);
            if (!woken) co_return;
            continue;
        }
        const iovec span{const_cast<char*>(output.data()), output.size()};
        const bool is_finishing = phase_ == Phase::finishing;
        const io::TimePoint latest = is_finishing ? latest_ : io::later(core().now(), limits_->request_idle_max);
        const io::Result<std::size_t> written = co_await transport_.write({&span, 1}, latest, false, &writes_);
        if (written) {
            engine_.output_sent(*written);
            continue;
        }
        // The wait was ended so that its deadline becomes another.
        const bool is_shortened = phase_ == Phase::finishing && written.error().number == ECANCELED;
        if (is_shortened && std::exchange(may_try_again, false)) continue;
        is_broken_ = true;
        error_ = written.error();
        // The server may have answered before it broke the connection: then reading finds out more.
        const bool may_have_answered = error_.number == EPIPE || error_.number == ECONNRESET;
        if (may_have_answered) co_return;
        end_with(Cause::write_lost);
        reads_.end_longest();
        co_return;
    }
}

}  // namespace portico::link
