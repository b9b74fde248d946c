// portico/embed/websocket_session.cc — see websocket_session.h.
#include "portico/embed/websocket_session.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "portico/embed/tell.h"
#include "portico/link/inbound_context.h"

namespace portico {

using websocket::CloseCode;
using websocket::Event;
using websocket::MessageType;

namespace {

// Of the session's tasks and a simple handler.
constexpr std::size_t frame_octets_about = 4 * 1024;

websocket::Limits limits_of(const WebSocketOptions& options) {
    return {.message_octets_max = options.message_octets_max,
            .frames_max = options.frames_max,
            .control_frames_max = options.control_frames_max};
}

// True for as long as a task waits, also if it is destroyed meanwhile.
class WhileTrue {
public:
    explicit WhileTrue(bool& flag) : flag_(&flag) { flag = true; }
    WhileTrue(const WhileTrue&) = delete;
    WhileTrue& operator=(const WhileTrue&) = delete;
    ~WhileTrue() { *flag_ = false; }

private:
    bool* flag_;
};

// Says which tasks a scope has, for as long as it exists.
class Announced {
public:
    Announced(io::Scope*& place, io::Scope& scope) : place_(&place) { place = &scope; }
    Announced(const Announced&) = delete;
    Announced& operator=(const Announced&) = delete;
    ~Announced() { *place_ = nullptr; }

private:
    io::Scope** place_;
};

}  // namespace

// A place in the queue of those who send, until it is destroyed.
class WebSocketSession::SendTurn {
public:
    explicit SendTurn(WebSocketSession& session) : session_(&session) { session.senders_.push_back(this); }
    SendTurn(const SendTurn&) = delete;
    SendTurn& operator=(const SendTurn&) = delete;
    ~SendTurn() {
        std::deque<SendTurn*>& all = session_->senders_;
        const bool was_first = is_first();
        all.erase(std::ranges::find(all, this));
        if (was_first && !all.empty()) all.front()->gate_.open();
    }
    [[nodiscard]] bool is_first() const { return session_->senders_.front() == this; }
    [[nodiscard]] io::Gate::Wait wait() { return gate_.wait(session_->core(), io::never); }
    void go_on() { gate_.open(); }

private:
    WebSocketSession* session_;
    io::Gate gate_;
};

WebSocketSession::WebSocketSession(link::Exchange& exchange, const WebSocketOptions& options,
                                   const std::optional<websocket::DeflateParameters>& deflate,
                                   std::string_view subprotocol)
    : exchange_(&exchange),
      charge_(exchange.core().ledger(), sizeof(WebSocketSession) + frame_octets_about),
      options_(&options),
      subprotocol_(subprotocol),
      request_(exchange),
      engine_(websocket::Role::server, limits_of(options), deflate, exchange.core().ledger()),
      heard_at_(exchange.core().now()) {}

// The tasks end in this order: the handler, reading, writing. What they refer to outlives them.
Task<bool> WebSocketSession::run(const BoundWebSocket& handler, http::ContentWriter& writer) {
    io::Scope writing;
    io::Scope reading;
    io::Scope closing;
    io::Scope handling;
    const Announced where_reading(reading_, reading);
    const Announced where_closing(closing_, closing);
    const Announced where_handling(handling_, handling);
    io::Scope draining;
    const link::EndlessPlace place(exchange_->shared(), draining);
    draining.start(close_when_draining());
    if (exchange_->shared().is_draining()) draining.request_stop();
    writing.start(write(writer));
    reading.start(read());
    handling.start(handle(handler), AfterStop::ends);
    co_await handling.join();
    handler_ = Handler::returned;
    returned_gate_.open();
    room_gate_.open();
    if (has_ended()) answer_close();
    begin_closing(exception_ ? CloseCode::internal_error : CloseCode::normal, {});
    co_await reading.join();
    closing.request_stop();
    co_await closing.join();
    if (outgoing_ == Outgoing::open) outgoing_ = Outgoing::finishing;
    wake_writer();
    if (incoming_ == Incoming::silent) writing.request_stop();  // nobody reads what is left
    co_await writing.join();
    draining.request_stop();
    co_await draining.join();
    const bool has_left = outgoing_ == Outgoing::broken || incoming_ == Incoming::silent;
    co_return !has_left;
}

Task<void> WebSocketSession::handle(const BoundWebSocket& handler) {
    WebSocket socket(*this);
    try {
        Task<void> task = handler.run(socket);
        co_await task;
    } catch (...) {
        exception_ = std::current_exception();
    }
    if (!exception_) co_return;
    tell_of_exception(core(), "the WebSocket " + std::string(request_.target()), exception_);
    exchange_->notes().reason = "the handler " + describe_exception(exception_);
    exchange_->notes().has_failed = true;
    exchange_->notes().exception = exception_;
}

// --- Closing

// Waits for nothing but the request to stop, which is what the server's end does to endless responses.
Task<void> WebSocketSession::close_when_draining() {
    io::Gate never_opened;
    const io::Result<void> stopped = co_await never_opened.wait(core(), io::never);
    static_cast<void>(stopped);
    if (handler_ != Handler::returned) begin_closing(CloseCode::going_away, "the server stops");
}

void WebSocketSession::begin_closing(CloseCode code, std::string_view reason) {
    if (has_ended() || engine_.is_closing()) return;
    engine_.close(code, reason);
    closing_->start(limit_closing());
    wake_writer();
}

// The client has closed. What the handler sends before it has been told of that still goes first.
void WebSocketSession::answer_close() {
    if (incoming_ == Incoming::silent || engine_.is_closing()) return;
    engine_.close(close_code_, {});
    wake_writer();
}

// A client need not answer.
Task<void> WebSocketSession::limit_closing() {
    const bool slept = co_await io::sleep_for(core(), options_->close_time_max);
    if (slept && reading_ != nullptr) reading_->request_stop();
}

Task<void> WebSocketSession::close(std::uint16_t code, std::string reason) {
    ignore_messages();
    auto sent = static_cast<CloseCode>(code);
    websocket::Utf8Reader text;
    if (!websocket::is_close_code(code) || !text.read(reason) || !text.is_complete()) {
        tell_of_error(core(), "a WebSocket can't be closed with the code " + std::to_string(code) + " or its reason");
        sent = CloseCode::internal_error;
        reason.clear();
    }
    begin_closing(sent, reason);
    while (!has_ended()) {
        const io::Result<void> ended = co_await ended_gate_.wait(core(), io::never);
        if (!ended) co_return;
    }
}

// --- Receiving

void WebSocketSession::ignore_messages() {
    assert(handler_ != Handler::returned && "only the handler calls this");
    handler_ = Handler::ignores_messages;
    ready_.reset();
    room_gate_.open();
}

Task<std::optional<WebSocketMessage>> WebSocketSession::receive() {
    for (;;) {
        if (ready_) {
            const bool is_text = ready_->type == MessageType::text;
            const auto type = is_text ? WebSocketMessage::Type::text : WebSocketMessage::Type::binary;
            WebSocketMessage message(type, std::move(ready_->octets));
            ready_.reset();
            room_gate_.open();
            co_return std::optional<WebSocketMessage>(std::move(message));
        }
        if (has_ended()) {
            answer_close();
            co_return std::nullopt;
        }
        const WhileTrue receiving(is_receiving_);
        const io::Result<void> woken = co_await ready_gate_.wait(core(), io::never);
        if (!woken) co_return std::nullopt;
    }
}

io::TimePoint WebSocketSession::next_deadline() const {
    io::TimePoint deadline =
        pinged_at_ ? io::later(*pinged_at_, options_->pong_time_max) : io::later(heard_at_, options_->ping_after);
    if (message_began_at_) deadline = std::min(deadline, io::later(*message_began_at_, options_->message_time_max));
    return deadline;
}

WebSocketSession::Incoming WebSocketSession::meet_deadline() {
    const io::TimePoint now = core().now();
    if (message_began_at_ && now >= io::later(*message_began_at_, options_->message_time_max)) {
        close_code_ = CloseCode::policy;
        exchange_->notes().reason = "the WebSocket's client took too long for a message";
        engine_.close(CloseCode::policy, "the message took too long");
        wake_writer();
        return Incoming::ended;
    }
    if (pinged_at_ && now >= io::later(*pinged_at_, options_->pong_time_max)) {
        exchange_->notes().reason = "the WebSocket's client did not answer a ping";
        return Incoming::silent;
    }
    if (!pinged_at_ && now >= io::later(heard_at_, options_->ping_after)) {
        pinged_at_ = now;
        engine_.ping();
        wake_writer();
    }
    return Incoming::open;
}

Task<void> WebSocketSession::read() {
    Incoming next = Incoming::open;
    while (next == Incoming::open) {
        io::Result<Buffer> octets = co_await exchange_->receive_upgraded(next_deadline());
        if (octets && !octets->empty()) {
            heard_at_ = core().now();
            pinged_at_.reset();
            engine_.receive(octets->octets(), core().now());
            next = co_await take_events();
        } else if (!octets && octets.error().number == ETIMEDOUT) {
            next = meet_deadline();
        } else {
            // A task that was asked to stop ends a connection whose close frame was not answered in time.
            next = engine_.is_closing() ? Incoming::ended : Incoming::silent;
        }
    }
    co_await end_reading(next);
}

Task<WebSocketSession::Incoming> WebSocketSession::take_events() {
    for (;;) {
        std::optional<Event> event = engine_.next_event();
        if (engine_.has_output()) wake_writer();
        if (!event) {
            if (!engine_.is_in_message()) message_began_at_.reset();
            if (engine_.is_in_message() && !message_began_at_) message_began_at_ = core().now();
            co_return Incoming::open;
        }
        switch (event->kind) {
            case Event::Kind::pong: break;
            case Event::Kind::closed:
                close_code_ = event->code;
                close_reason_ = std::move(event->octets);
                if (!event->fault.empty()) exchange_->notes().reason = "WebSocket: " + std::string(event->fault);
                co_return Incoming::ended;
            case Event::Kind::message: {
                message_began_at_.reset();
                if (handler_ != Handler::takes_messages) break;
                ready_ = std::move(event);
                const Incoming next = co_await deliver();
                if (next != Incoming::open) co_return next;
                break;
            }
        }
    }
}

// Until the message has been taken. Nothing is received meanwhile, so that the client's silence is not its fault.
Task<WebSocketSession::Incoming> WebSocketSession::deliver() {
    ready_gate_.open();
    while (ready_ && handler_ != Handler::returned) {
        const io::Result<void> woken = co_await room_gate_.wait(core(), io::never);
        if (!woken) co_return engine_.is_closing() ? Incoming::ended : Incoming::silent;
    }
    heard_at_ = core().now();
    co_return Incoming::open;
}

// Nothing more is received: tells the handler, and ends it if it does not end by itself.
Task<void> WebSocketSession::end_reading(Incoming how) {
    incoming_ = how;
    const bool takes_messages = handler_ == Handler::takes_messages;
    const bool is_at_work = takes_messages && (is_receiving_ || ready_ || how == Incoming::ended);
    if (how == Incoming::silent && exchange_->notes().reason.empty()) {
        exchange_->notes().reason = "the WebSocket's client left without a close frame";
    }
    ended_gate_.open();
    ready_gate_.open();
    if (is_at_work) {
        const io::TimePoint latest = io::later(core().now(), options_->close_time_max);
        const io::Result<void> returned = co_await returned_gate_.wait(core(), latest);
        static_cast<void>(returned);
    }
    answer_close();
    if (handler_ != Handler::returned) handling_->request_stop();
}

// --- Sending

Task<bool> WebSocketSession::send(MessageType type, std::string octets) {
    SendTurn turn(*this);
    while (!turn.is_first()) {
        const io::Result<void> woken = co_await turn.wait();
        if (!woken) co_return false;
    }
    const bool is_over = incoming_ == Incoming::silent || outgoing_ == Outgoing::broken;
    if (is_over || engine_.is_closing()) co_return false;
    engine_.send(type, octets);
    octets = std::string();
    const std::uint64_t own = taken_ + 1;
    wake_writer();
    while (written_ < own && outgoing_ != Outgoing::broken) {
        const io::Result<void> woken = co_await turn.wait();
        if (!woken) co_return false;
    }
    co_return outgoing_ != Outgoing::broken;
}

// The output is written as it comes. The limits on responses say how long the client may take.
Task<void> WebSocketSession::write(http::ContentWriter& to) {
    for (;;) {
        const std::string octets = engine_.take_output();
        if (octets.empty()) {
            if (outgoing_ == Outgoing::finishing) co_return;
            const io::Result<void> woken = co_await output_gate_.wait(core(), io::never);
            if (!woken) co_return;
            continue;
        }
        const Charge charge(core().ledger(), octets.size());
        const std::uint64_t own = ++taken_;
        const bool is_written = co_await to.write(octets);
        written_ = own;
        if (!is_written) {
            outgoing_ = Outgoing::broken;
            if (reading_ != nullptr) reading_->request_stop();
        }
        if (!senders_.empty()) senders_.front()->go_on();
        if (!is_written) co_return;
    }
}

}  // namespace portico
