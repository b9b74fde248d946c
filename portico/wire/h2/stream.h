// portico/wire/h2/stream.h — one stream of a connection, and lists of them.
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/http/message.h"
#include "portico/wire/h2/frame.h"
#include "portico/wire/h2/limits.h"
#include "portico/wire/h2/priority.h"

namespace portico::h2 {

// RFC 9113 §5.1. Idle streams have no Stream, and closed ones only until they are released.
enum class StreamState : std::uint8_t {
    open,                // both ends may send
    half_closed_remote,  // what the peer sends is complete: a request or, for a client, the response
    half_closed_local,   // what we send is complete, what the peer sends is not
    closed,
};

// How a stream was closed: frames that follow are treated accordingly (RFC 9113 §5.1).
enum class Closing : std::uint8_t {
    complete,       // request and response are complete
    reset_by_peer,  // it has sent RST_STREAM
    reset_by_us,    // it may not know yet
};

// How far our message is: a response or, for a client, the request.
enum class Sending : std::uint8_t { awaited, begun, complete };

// The list in which a stream is.
enum class Place : std::uint8_t {
    none,     // nothing is to be sent on it, as far as we know
    ready,    // it waits for its turn to send
    stalled,  // it waits for the peer to open its window
};

struct Stream {
    StreamId id = 0;
    StreamState state = StreamState::open;
    Closing closing = Closing::complete;  // meaningless until it is closed
    Sending sending = Sending::awaited;
    // Of a client: the head of the final response has not arrived.
    bool awaits_head = false;
    http::Method method = http::Method::get;           // of a client: the request's
    http::TargetForm form = http::TargetForm::origin;  // of the request
    Priority priority;

    std::int64_t send_window = 0;               // octets that the peer allows; negative: see RFC 9113 §6.9.2
    std::int64_t receive_window = 0;            // octets that we allow
    std::size_t unused = 0;                     // octets of content that the layer above has not used yet
    std::size_t used = 0;                       // octets that it has, and of which we have not told the peer
    std::optional<std::uint64_t> content_left;  // octets to come, as Content-Length says

    Place place = Place::none;
    TimePoint stalled_since;   // if it is stalled
    Stream* before = nullptr;  // in the list in which it is
    Stream* after = nullptr;

    // Copies what the request's views will point into.
    const char* keep(std::string_view octets, Ledger& ledger);
    // Ready for another request. Keeps memory of the usual size.
    void clear();

private:
    static constexpr std::size_t usual_octets = 1024;

    std::unique_ptr<char[]> memory_;
    std::size_t memory_octets_ = 0;
    Charge charge_;
};

// Streams in an order. The streams belong to someone else, and each is in one list at most.
class StreamList {
public:
    [[nodiscard]] Stream* front() const { return front_; }
    [[nodiscard]] bool empty() const { return front_ == nullptr; }
    void push_back(Stream& stream) { insert_after(back_, stream); }
    // Before the streams with higher identifiers. Most streams are added in this order, so it searches from the back.
    void insert_by_id(Stream& stream);
    void erase(Stream& stream);

private:
    void insert_after(Stream* before, Stream& stream);  // null: at the front

    Stream* front_ = nullptr;
    Stream* back_ = nullptr;
};

}  // namespace portico::h2
