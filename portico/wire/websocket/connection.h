// portico/wire/websocket/connection.h — either end of one WebSocket (RFC 6455), without I/O.
//
// Room wire: see frame.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/wire/h2/pace.h"
#include "portico/wire/websocket/deflate.h"
#include "portico/wire/websocket/frame.h"
#include "portico/wire/websocket/limits.h"
#include "portico/wire/websocket/utf8_reader.h"

namespace portico::websocket {

using h2::TimePoint;

enum class MessageType : std::uint8_t { text, binary };

// What the peer has sent.
struct Event {
    enum class Kind : std::uint8_t {
        message,  // a whole one
        pong,     // the answer to a ping, or an unasked one
        closed,   // nothing follows: the peer has said so, or it has broken a rule
    };
    explicit Event(Kind what) : kind(what) {}

    Kind kind;
    MessageType type = MessageType::text;  // of a message
    std::string octets;                    // of a message; of `closed`: the peer's reason, UTF-8
    Charge charge;                         // of a message: of its octets
    // Of `closed`: the peer's code. After a fault: the one with which the connection has closed itself.
    CloseCode code = CloseCode::none;
    std::string_view fault;  // of `closed`: what the peer has done wrong; empty if nothing
};

// One end of a WebSocket. Octets and the time come in; events and octets come out:
//
//   receive()      with what has arrived,
//   next_event()   until there is none, or for as long as somebody takes messages,
//   take_output()  to the peer, after each of these calls and after send(), ping() and close().
//
// Pings are answered. A close frame is to be answered by close(), perhaps after a message that is being made (RFC 6455
// §5.5.1).
class Connection {
public:
    // `deflate`: what was agreed on, if messages may be compressed. The ledger outlives it.
    Connection(Role role, const Limits& limits, const std::optional<DeflateParameters>& deflate, Ledger& ledger);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // --- what the peer sends
    // Takes octets, which must stay where they are until next_event() has returned nothing. `now` never goes back.
    void receive(std::string_view octets, TimePoint now);
    // The next event; nothing when all octets have been read, and after `closed`.
    [[nodiscard]] std::optional<Event> next_event();
    // Whether a message has begun whose end has not arrived.
    [[nodiscard]] bool is_in_message() const { return message_state_ != MessageState::none; }

    // --- what the peer gets
    // A message. Text is UTF-8: a peer closes otherwise. Dropped after close().
    void send(MessageType type, std::string_view octets);
    void ping();
    // Says that nothing more follows. `code` may be sent (asserted), or is `none`. `reason`: UTF-8; at most
    // reason_octets_max octets of it are sent. Does nothing if a close frame was sent before.
    void close(CloseCode code, std::string_view reason);
    // Whether a close frame was sent or is in the output.
    [[nodiscard]] bool is_closing() const { return is_closing_; }
    // Everything that is to be sent now, in whole frames; empty if there is nothing.
    [[nodiscard]] std::string take_output();
    [[nodiscard]] bool has_output() const { return !output_.empty() || pong_.has_value(); }

    // A client masks its frames with numbers from this seed: for tests, whose octets have to be the same each time.
    void set_mask_seed(std::uint32_t seed) { mask_state_ = seed | 1U; }

private:
    // What the next octet from the peer is.
    enum class Input : std::uint8_t {
        frame_head,
        payload,  // of frame_
        nothing,  // the peer has closed, or has failed
    };
    // The message whose end has not arrived.
    enum class MessageState : std::uint8_t { none, plain, compressed };

    [[nodiscard]] std::optional<Event> begin_frame();
    [[nodiscard]] std::optional<Event> begin_data_frame(const FrameHead& head);
    [[nodiscard]] std::optional<Event> take_payload();
    [[nodiscard]] std::optional<Event> take_data(std::string_view octets);
    [[nodiscard]] std::optional<Event> end_frame();
    [[nodiscard]] std::optional<Event> end_message();
    [[nodiscard]] std::optional<Event> take_close();
    [[nodiscard]] std::optional<Event> check_grown(std::size_t before, Inflater::End end);
    [[nodiscard]] Event fail(CloseCode code, std::string_view fault);
    void write_frame(Opcode opcode, std::string_view payload, bool is_compressed);

    Role role_;
    Limits limits_;
    Ledger* ledger_;
    std::optional<Inflater> inflater_;
    std::optional<Deflater> deflater_;

    std::string_view input_;
    TimePoint now_;
    FrameHeadReader reader_;
    Input next_ = Input::frame_head;
    FrameHead frame_;
    std::uint64_t frame_read_ = 0;  // octets of its payload
    std::array<char, control_octets_max> control_{};

    MessageState message_state_ = MessageState::none;
    MessageType type_ = MessageType::text;
    std::string message_;
    Charge message_charge_;
    std::size_t frames_ = 0;            // of the message
    std::uint64_t payload_octets_ = 0;  // of the message, as they were sent
    Utf8Reader utf8_;
    h2::Pace control_pace_;

    std::string output_;
    std::optional<std::string> pong_;  // the payload of the last ping that was not answered
    bool is_closing_ = false;
    std::uint32_t mask_state_ = 1;
};

}  // namespace portico::websocket
