// portico/link/h1_outbound.h — the client's end of one HTTP/1.1 connection: requests go in, responses come out.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/scope.h"
#include "portico/link/failure.h"
#include "portico/link/later_gate.h"
#include "portico/link/outbound_limits.h"
#include "portico/link/outgoing.h"
#include "portico/link/transport.h"
#include "portico/link/waiting.h"
#include "portico/wire/h1/read_chunked.h"
#include "portico/wire/h1/read_head.h"

namespace portico::link {

// The client's end of a connection: one exchange after another. Reads responses as strictly as the server reads
// requests: framing with two readings is refused, and content that ends early is a failure.
//
// A connection on which a call has failed is of no further use: destroy it.
class H1Outbound {
public:
    // The limits outlive the link. The transport's TLS handshake, if it has one, is complete.
    H1Outbound(Transport transport, const OutboundLimits& limits)
        : transport_(std::move(transport)), limits_(&limits), consent_gate_(transport_.core()) {}
    H1Outbound(const H1Outbound&) = delete;
    H1Outbound& operator=(const H1Outbound&) = delete;

    // Sends a request, with method_token, target, authority and fields (see h1::request_head()), and returns when the
    // head of the final response has arrived: fills `response`, whose views live until take_head()'s result or the link
    // is destroyed. A server may answer before it has received the whole request (RFC 9112 §9.5). The content of the
    // response before must have been read to its end. Not for CONNECT and Upgrade.
    [[nodiscard]] Task<Answered<http::Version>> exchange(const http::Request& request, Outgoing outgoing,
                                                         http::Response& response);
    // The memory that the response's views point into. Call it once content has been read to its end.
    [[nodiscard]] Buffer take_head() {
        position_ = 0;
        return std::exchange(head_, Buffer());
    }

    // The next octets of content, at least one, which stay valid until the next call; none at its end.
    [[nodiscard]] Task<Answered<std::string_view>> read_content();

    // Whether the response and its content have been read to their end.
    [[nodiscard]] bool is_at_end() const { return state_ == State::idle; }
    // Whether the connection can carry another exchange.
    [[nodiscard]] bool can_go_on() const { return is_at_end() && persistence_ == h1::Persistence::keep; }
    // Whether the server has kept an idle connection open, and has sent nothing that no request asked for (RFC 9112
    // §9.2).
    [[nodiscard]] Task<bool> is_alive();
    // Tells the server that nothing more follows, if that can be sent at once.
    [[nodiscard]] Task<void> part();

    // Whether the content of the last request has not been touched, since the server was asked whether it wants it.
    [[nodiscard]] bool is_content_untouched() const { return consent_ == Consent::awaited; }
    // Whether an octet of an answer to the last request has arrived.
    [[nodiscard]] bool has_received() const { return first_octet_.has_value(); }
    // When the last octet of the last request was sent, and the first one of its answer arrived.
    [[nodiscard]] std::optional<io::TimePoint> sent() const { return sent_; }
    [[nodiscard]] std::optional<io::TimePoint> first_octet() const { return first_octet_; }
    [[nodiscard]] const Transport& transport() const { return transport_; }

private:
    enum class State : std::uint8_t {
        idle,        // no exchange, or its response has been read to its end
        exchanging,  // the head of the response has not arrived
        content,     // the content has not been read to its end
        failed,      // see failure_
    };
    // How a wait for octets is named in a message.
    enum class Part : std::uint8_t { head, content };

    [[nodiscard]] std::string_view unread() const;
    void begin(const Outgoing& outgoing);
    class Chunks;
    [[nodiscard]] Task<void> send(std::string_view head, const Outgoing& outgoing);
    [[nodiscard]] Task<bool> await_consent();
    [[nodiscard]] Task<bool> send_parts(std::span<std::string_view> parts);
    [[nodiscard]] Task<void> produce(const Outgoing& outgoing);
    [[nodiscard]] Task<Answered<http::Version>> receive_head(http::Method method, ExchangeWatcher* watcher,
                                                             http::Response& response);
    [[nodiscard]] std::optional<Failure> skip_interim(const http::Response& response);
    void begin_content(const h1::ReadHead& head);
    [[nodiscard]] io::TimePoint head_deadline() const;
    [[nodiscard]] std::optional<Failure> make_room_for_head();
    [[nodiscard]] Task<std::optional<Failure>> receive_more_head();
    [[nodiscard]] Task<std::optional<Failure>> receive_content();
    [[nodiscard]] Answered<std::optional<std::string_view>> content_at_once();
    [[nodiscard]] std::optional<Failure> end_of_stream();
    [[nodiscard]] Failure lost(const io::Error& error, Part part) const;
    [[nodiscard]] Failure lost_while_sending() const;
    [[nodiscard]] std::string reason(const io::Error& error) const;
    std::unexpected<Failure> fail(Failure failure);
    void finish();

    [[nodiscard]] Task<void> end_sending();

    Transport transport_;
    const OutboundLimits* limits_;
    State state_ = State::idle;
    Buffer head_;               // the head that is being read, and what follows it
    Buffer content_;            // content for which head_ had no room
    std::size_t position_ = 0;  // in content_ if it has a block, else in head_: the first octet that has not been used
    h1::HeadNotes notes_;       // read_response_head()'s own
    WaitingPlace reading_;      // the ring of the one read of a head: a failure to send ends it
    unsigned interim_count_ = 0;
    Consent consent_ = Consent::not_needed;
    LaterGate consent_gate_;
    io::TimePoint deadline_ = io::never;  // of the whole exchange
    std::optional<io::TimePoint> sent_;
    std::optional<io::TimePoint> first_octet_;
    io::TimePoint head_began_{};
    std::optional<io::Error> send_error_;
    bool lacks_content_ = false;          // the producer has failed
    io::Duration content_waited_{};       // the time spent waiting for the content
    std::uint64_t content_received_ = 0;  // octets with their framing, in that time
    std::uint64_t content_octets_ = 0;    // without
    h1::Framing framing_ = h1::Framing::none;
    std::uint64_t content_left_ = 0;  // if framing is `length`
    h1::Persistence persistence_ = h1::Persistence::keep;
    h1::ChunkedReader chunks_{h1::ChunkedLimits{}};
    std::optional<Failure> failure_;

    // What sends the request: it refers to all of the above. A producer may go on while the content is read.
    std::string request_head_;
    Outgoing outgoing_;
    std::optional<io::Scope> sending_;
};

}  // namespace portico::link
