// portico/link/h1_inbound.h — the server's end of one HTTP/1.1 connection: requests come out, responses go in.
//
// Room link: connections that carry HTTP messages, at either end and in any version. Above this room the version
//            doesn't matter.
// May use:   base, http, wire, io, tls.
// May not:   know what is served, or log.
// Threads:   none of its own: a link belongs to one connection, which belongs to one core.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/link/backlog.h"
#include "portico/link/inbound_context.h"
#include "portico/link/limits_in_force.h"
#include "portico/link/transfer.h"
#include "portico/link/transport.h"
#include "portico/wire/h1/read_chunked.h"
#include "portico/wire/h1/read_head.h"

namespace portico::link {

// How waiting for a request ended.
enum class Arrival : std::uint8_t {
    request,  // there is one
    idle,     // everything received is answered, and all answers have been sent
    left,     // the peer ended or broke the connection, or received no answer
    refused,  // see refusal(): answer it and close
};

// The server's end of a connection: reads requests and their content, one after another, and sends the responses
// in the same order (RFC 9112 §9.3.2). The caller decides what to answer and when to close.
class H1Inbound {
public:
    // Both outlive the link. It joins the context's ring while it waits for content, or for the peer to receive an
    // answer.
    H1Inbound(Transport& transport, InboundContext& context)
        : transport_(&transport),
          context_(&context),
          in_force_(context.in_force()),
          limits_(&in_force_->limits),
          transfers_(&context.transfers()) {}

    // Takes octets that were received while the connection was idle. The head that they begin must be complete by
    // `head_deadline`.
    void take(Buffer received, io::TimePoint head_deadline);

    // Returns the next request, from octets that have already been received or from new ones. Its views live until the
    // next call. The content of the previous request must have been read to its end. The head must be complete by
    // `latest`, and within head_time_max; what has arrived by then counts, even if `latest` is past: see
    // Stream::read().
    [[nodiscard]] Task<Arrival> next_request(http::Request& request, io::TimePoint latest = io::never);
    // Like next_request(), but never waits: returns nothing if more input is needed or pending output must be sent
    // first.
    [[nodiscard]] std::optional<Arrival> next_request_at_once(http::Request& request);

    // Whether the client wants the connection to persist after the request (RFC 9112 §9.3).
    [[nodiscard]] h1::Persistence persistence() const { return persistence_; }
    // Of the request, also if it was refused.
    [[nodiscard]] http::Version version() const { return version_; }
    // Whether some of the content has not been received yet.
    [[nodiscard]] bool awaits_content() const;
    // Reads content to its end and drops it.
    [[nodiscard]] Task<ContentEnd> discard_content();
    // Like discard_content(), but never waits: returns nothing if more input is needed.
    [[nodiscard]] std::optional<ContentEnd> discard_content_at_once();

    // The next octets of content, at least one, or its end. Sends 100 (Continue) if the client expects it.
    [[nodiscard]] Task<ContentStep> read_content();
    // Whether all content has been received, and nothing after it.
    [[nodiscard]] bool has_just_its_content() const;
    // Waits until the peer leaves, and then returns true; false if the task was asked to stop. A half-close does not
    // count as leaving: the peer has sent everything and waits for its answer. A reset counts, and so does the end of
    // both directions. Nothing else may read in the meantime. One buffer of further requests is read ahead.
    [[nodiscard]] Task<bool> watch_peer();
    // Whether watch_peer() has found that the peer sends nothing more after what has been received.
    [[nodiscard]] bool has_half_closed() const { return has_half_closed_; }

    // After a response that changes the protocol: what the peer sends, beginning with what has been received after its
    // request. See Exchange::receive_upgraded().
    [[nodiscard]] Task<io::Result<Buffer>> receive_upgraded(io::TimePoint deadline);

    // Sends a response to `request`. Small responses wait in the output while further requests have already been
    // received, so that answers to pipelined requests are sent together.
    [[nodiscard]] Task<Sent> send(const http::Request& request, const http::Response& response, std::string_view date,
                                  h1::Persistence persistence);
    // Sends an interim response (RFC 9110 §15.2), unless the client speaks HTTP/1.0.
    [[nodiscard]] Task<Sent> send_interim(const http::Request& request, const http::Response& response);
    // Whether send() would only copy to the output: then queue() does it without waiting.
    [[nodiscard]] bool can_queue(const http::Request& request, const http::Response& response) const;
    // Whether the connection's end is the end of this response's content, so that it can't persist.
    [[nodiscard]] bool ends_with_connection(const http::Response& response) const;
    // Copies the response to the output; can_queue() must have returned true.
    void queue(const http::Request& request, const http::Response& response, std::string_view date,
               h1::Persistence persistence);
    // Whether the output has octets that have not been sent.
    [[nodiscard]] bool has_output() const { return !output_.empty(); }
    // Sends the contents of the output.
    [[nodiscard]] Task<Sent> flush();
    // Writes the output once, for a caller that wants no further frame for that. `more`: the end of the connection
    // follows at once. Pass the result to sent_once().
    [[nodiscard]] Transfer<io::Write> write_once(bool more);
    // Returns how the output was sent; nothing if flush() has to go on.
    [[nodiscard]] std::optional<Sent> sent_once(const io::Result<std::size_t>& written);

    // Why a head or a content was refused, once a call has reported it.
    [[nodiscard]] const http::Refusal& refusal() const { return refusal_; }
    // Octets received that no request has used yet.
    [[nodiscard]] bool has_unread() const { return !unread().empty(); }
    // Like has_unread(), including what watch_peer() has read ahead.
    [[nodiscard]] bool has_further_requests() const { return has_unread() || !ahead_.empty(); }

private:
    class Chunks;
    using Parts = std::array<std::string_view, 3>;

    [[nodiscard]] std::string_view unread() const;
    [[nodiscard]] Buffer& input() { return content_.has_block() ? content_ : received_; }
    void take_present_limits();
    void finish_request();
    [[nodiscard]] std::optional<ContentEnd> refuse(http::Refusal refusal);
    [[nodiscard]] std::optional<ContentStep> content_at_once();
    [[nodiscard]] Task<std::optional<ContentEnd>> receive_content();
    [[nodiscard]] Task<std::optional<ContentEnd>> invite_content();
    [[nodiscard]] std::optional<ContentEnd> trouble_with(Sent sent);
    [[nodiscard]] std::optional<ContentEnd> drop_length();
    [[nodiscard]] std::optional<ContentEnd> drop_chunks();
    [[nodiscard]] bool make_room_for_head();
    [[nodiscard]] Arrival refuse_head(http::Request& request) const;
    [[nodiscard]] iovec output_span() { return {const_cast<char*>(output_.octets().data()), output_.size()}; }
    [[nodiscard]] bool has_output_for(std::size_t octets);
    void drop_output(std::size_t octets);
    void write_head(const http::Request& request, const http::Response& response, std::string_view date,
                    h1::Persistence persistence);
    [[nodiscard]] Task<Sent> send_pieces(const http::Response& response);
    [[nodiscard]] Task<Sent> send_made(const http::Request& request, const http::Response& response,
                                       std::string_view date, h1::Persistence persistence);
    Sent give_up();
    [[nodiscard]] std::optional<Sent> end_after(const io::Error& failure, Patience& patience);
    [[nodiscard]] Task<Sent> send_parts(Parts parts, bool more, Patience& patience);
    void widen_for(std::uint64_t octets);
    [[nodiscard]] Task<Sent> send_range(const http::Piece& piece, Patience& patience);

    Transport* transport_;
    InboundContext* context_;
    std::shared_ptr<const LimitsInForce> in_force_;  // since the exchange began
    const InboundLimits* limits_;                    // of those
    WaitingPlace* transfers_;
    Buffer received_;           // the head that is being read or answered, and what follows it
    Buffer content_;            // content for which received_ had no room
    Buffer output_;             // answers that have not been sent
    iovec once_{};              // what write_once() writes
    std::size_t position_ = 0;  // in input(): the first octet that has not been used
    h1::HeadNotes notes_;       // read_head()'s own
    io::TimePoint head_deadline_ = io::never;
    Buffer ahead_;                                         // octets of further requests that watch_peer() has read
    bool has_half_closed_ = false;                         // as watch_peer() has found
    bool invites_content_ = false;                         // the peer waits for 100 (Continue)
    io::Duration content_waited_{};                        // the time spent waiting for the content that is being read
    std::uint64_t content_received_ = 0;                   // in that time
    http::Version version_ = http::Version::http_1_1;      // of the request, also of one that was refused
    h1::Framing framing_ = h1::Framing::none;              // of the content that has not been read yet
    h1::Persistence persistence_ = h1::Persistence::keep;  // as the client wants it
    std::uint64_t content_left_ = 0;
    std::uint64_t content_octets_ = 0;
    h1::ChunkedReader chunks_{h1::ChunkedLimits{}};
    http::Refusal refusal_{};
};

}  // namespace portico::link
