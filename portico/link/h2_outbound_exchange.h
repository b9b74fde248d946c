// portico/link/h2_outbound_exchange.h — one request on an HTTP/2 connection, and its response.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/scope.h"
#include "portico/link/failure.h"
#include "portico/link/h2_outbound.h"
#include "portico/link/later_gate.h"
#include "portico/link/outgoing.h"

namespace portico::link {

// One exchange: a stream. Destroying it before the response's end cancels it, and leaves the others alone. The
// connection may end before it.
class H2OutboundExchange {
public:
    // On a connection that has room. The connection's core outlives it.
    explicit H2OutboundExchange(H2Outbound& link);
    H2OutboundExchange(const H2OutboundExchange&) = delete;
    H2OutboundExchange& operator=(const H2OutboundExchange&) = delete;
    ~H2OutboundExchange();

    // Sends a request: see H1Outbound::exchange(). To be called once, before anything is awaited.
    [[nodiscard]] Task<Answered<http::Version>> exchange(const http::Request& request, Outgoing outgoing,
                                                         http::Response& response);
    // The next octets of content, at least one, which stay valid until the next call; none at its end.
    [[nodiscard]] Task<Answered<std::string_view>> read_content();
    // The memory that the response's views point into.
    [[nodiscard]] Buffer take_head() { return std::exchange(head_, Buffer()); }

    // Whether the response and its content have been read to their end.
    [[nodiscard]] bool is_at_end() const { return received_ == Received::at_end; }
    // Whether the server has done nothing for the request, and it can be sent again whatever its method is (RFC 9113
    // §8.7); over HTTP/1.1, if the server requires that (RFC 9113 §7).
    [[nodiscard]] bool is_refused() const { return stream_state_ == StreamState::refused; }
    // Whether the request's content has not been touched, since the server was asked whether it wants it.
    [[nodiscard]] bool is_content_untouched() const { return consent_ == Consent::awaited; }
    // Whether an octet of an answer has arrived.
    [[nodiscard]] bool has_received() const { return first_octet_.has_value(); }
    // When the last octet of the request was sent, and the first one of its answer arrived.
    [[nodiscard]] std::optional<io::TimePoint> sent() const { return sent_; }
    [[nodiscard]] std::optional<io::TimePoint> first_octet() const { return first_octet_; }

private:
    friend class H2Outbound;
    class Writer;

    enum class StreamState : std::uint8_t {
        open,     // not reset
        closed,   // reset by either end
        refused,  // reset by the server, which has done nothing for the request
    };
    // How much of the response has arrived. The order counts.
    enum class Received : std::uint8_t {
        awaited,   // its head has not arrived
        begun,     // more content may arrive
        complete,  // everything has arrived
        at_end,    // everything has been read, and the request has ended too
    };

    // --- for the connection
    [[nodiscard]] h2::StreamId stream() const { return stream_; }
    void take_response(const http::Response& head, h2::Ending ending);
    void take_content(std::string_view octets);
    void take_content_end();
    void take_reset(const h2::Fault& fault, bool is_peers);
    // The exchange has no connection any more.
    void connection_ended(Failure why);
    // Writes one frame of the content that is pending.
    void write_pending();

    void begin(const http::Request& request, const Outgoing& outgoing);
    [[nodiscard]] Task<std::optional<Failure>> await_head();
    [[nodiscard]] Task<std::optional<Failure>> await_content();
    [[nodiscard]] Task<void> begin_content_later(Outgoing outgoing);
    [[nodiscard]] Task<bool> await_consent();
    [[nodiscard]] Task<void> produce(const http::Producer& producer, std::optional<std::uint64_t> octets);
    [[nodiscard]] Task<void> finish();
    void keep_head(const http::Response& head);
    void set_pending(std::string_view octets, h2::Ending ending);
    void stop_pending();
    void stop_sending();
    void request_is_sent();
    void use_up(Buffer& content);
    // Ends the exchange with this failure, unless it has one already. Cancels what is open.
    void fail(Failure failure);
    [[nodiscard]] bool is_open() const { return link_ != nullptr && stream_state_ == StreamState::open; }
    [[nodiscard]] bool has_pending() const { return !pending_.empty(); }
    [[nodiscard]] bool has_all_content() const { return received_ >= Received::complete; }

    io::Core* core_;
    const OutboundLimits* limits_;
    H2Outbound* link_;  // null once the connection has ended
    h2::StreamId stream_ = 0;
    StreamState stream_state_ = StreamState::open;
    std::optional<Failure> failure_;
    io::TimePoint deadline_ = io::never;
    LaterGate gate_;  // for the task that waits for the response

    // The request.
    std::string_view pending_;  // octets that wait until the connection writes them
    h2::Ending pending_ending_ = h2::Ending::more;
    LaterGate send_gate_;  // for what makes the content, or waits to
    Consent consent_ = Consent::not_needed;
    std::optional<io::TimePoint> sent_;

    // The response.
    ExchangeWatcher* watcher_ = nullptr;  // null after the head
    Buffer head_;
    http::Response message_;
    Received received_ = Received::awaited;
    unsigned interim_count_ = 0;
    std::optional<io::TimePoint> first_octet_;
    Buffer content_;                    // received, and not read yet
    Buffer reading_;                    // what was returned last
    std::uint64_t content_octets_ = 0;  // received
    io::Duration content_waited_{};     // the time spent waiting for the content

    std::optional<io::Scope> sending_;  // the producer: it refers to all of the above
};

}  // namespace portico::link
