// portico/embed/websocket_session.h — one WebSocket while it is open: the tasks that read, write and handle it.
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "portico/base/task.h"
#include "portico/embed/websocket.h"
#include "portico/io/gate.h"
#include "portico/io/scope.h"
#include "portico/link/exchange.h"
#include "portico/wire/websocket/connection.h"

namespace portico {

// One task reads, one writes, one is the handler. The reading task goes on for as long as the handler takes messages.
class WebSocketSession {
public:
    // All of them outlive it.
    WebSocketSession(link::Exchange& exchange, const WebSocketOptions& options,
                     const std::optional<websocket::DeflateParameters>& deflate, std::string_view subprotocol);
    WebSocketSession(const WebSocketSession&) = delete;
    WebSocketSession& operator=(const WebSocketSession&) = delete;

    // Runs the handler, until both ends have closed. False: the connection is to be reset.
    [[nodiscard]] Task<bool> run(const BoundWebSocket& handler, http::ContentWriter& writer);

    // --- for WebSocket
    [[nodiscard]] Task<std::optional<WebSocketMessage>> receive();
    [[nodiscard]] Task<bool> send(websocket::MessageType type, std::string octets);
    [[nodiscard]] Task<void> close(std::uint16_t code, std::string reason);
    void ignore_messages();
    [[nodiscard]] websocket::CloseCode close_code() const { return close_code_; }
    [[nodiscard]] std::string_view close_reason() const { return close_reason_; }
    [[nodiscard]] std::string_view subprotocol() const { return subprotocol_; }
    [[nodiscard]] Request& request() { return request_; }
    [[nodiscard]] io::Core& core() const { return exchange_->core(); }

private:
    class SendTurn;

    // What the client sends.
    enum class Incoming : std::uint8_t {
        open,    // further messages may come
        ended,   // nothing more is received: one of the ends has closed
        silent,  // nothing more is received: the client has gone without a close frame
    };
    // What the client is sent.
    enum class Outgoing : std::uint8_t {
        open,
        finishing,  // nothing more than what waits in the output
        broken,     // the output can't be sent
    };
    // What becomes of a message that arrives.
    enum class Handler : std::uint8_t {
        takes_messages,
        ignores_messages,  // until it returns
        returned,
    };

    Task<void> handle(const BoundWebSocket& handler);
    Task<void> read();
    Task<void> write(http::ContentWriter& to);
    Task<void> close_when_draining();
    Task<void> limit_closing();
    Task<Incoming> take_events();
    Task<Incoming> deliver();
    Task<void> end_reading(Incoming how);
    [[nodiscard]] io::TimePoint next_deadline() const;
    [[nodiscard]] Incoming meet_deadline();
    void answer_close();
    void begin_closing(websocket::CloseCode code, std::string_view reason);
    void wake_writer() { output_gate_.open(); }
    [[nodiscard]] bool has_ended() const { return incoming_ != Incoming::open; }

    link::Exchange* exchange_;
    Charge charge_;
    const WebSocketOptions* options_;
    std::string_view subprotocol_;
    Request request_;
    websocket::Connection engine_;

    // Reading.
    std::optional<websocket::Event> ready_;  // a message that the handler has not taken
    bool is_receiving_ = false;              // a task waits in receive()
    Incoming incoming_ = Incoming::open;
    io::Gate ready_gate_;
    io::Gate room_gate_;  // for another message
    io::Gate ended_gate_;
    io::TimePoint heard_at_;
    std::optional<io::TimePoint> pinged_at_;
    std::optional<io::TimePoint> message_began_at_;
    websocket::CloseCode close_code_ = websocket::CloseCode::abnormal;
    std::string close_reason_;

    // Writing.
    std::deque<SendTurn*> senders_;  // the first one's message is being sent
    std::uint64_t taken_ = 0;        // how often the output was taken
    std::uint64_t written_ = 0;      // and written
    io::Gate output_gate_;
    Outgoing outgoing_ = Outgoing::open;

    // The handler.
    std::exception_ptr exception_;
    Handler handler_ = Handler::takes_messages;
    io::Gate returned_gate_;
    io::Scope* reading_ = nullptr;
    io::Scope* handling_ = nullptr;
    io::Scope* closing_ = nullptr;
};

}  // namespace portico
