// portico/link/h1_inbound.h — the server's end of one HTTP/1.1 connection: requests come out, responses go in.
//
// Room link: a connection that carries HTTP messages, whichever end and version. The waist where versions stop
//            mattering.
// May use:   base, http, wire, io, tls.
// May not:   know what is served, or log.
// Threads:   none of its own: a link belongs to one connection, which belongs to one core.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/stream.h"
#include "portico/wire/h1/read_chunked.h"
#include "portico/wire/h1/read_head.h"

namespace portico::link {

// What one peer may make one connection cost.
struct InboundLimits {
    h1::HeadLimits head;                                  // of one request
    h1::ChunkedLimits chunked;                            // of one request's content
    std::chrono::milliseconds head_time_max{10'000};      // from the first octet of a head to its last
    std::chrono::milliseconds content_idle_max{60'000};   // between two reads of content
    std::chrono::milliseconds response_idle_max{60'000};  // between two writes of a response
    std::uint64_t rate_min = 500;                         // octets a second, in the mean, once rate_grace is over
    std::chrono::milliseconds rate_grace{30'000};         // how long a content or a response may be slower
    std::uint64_t content_octets_max = 16 * 1024 * 1024;  // of one request
};

// How waiting for a request ended.
enum class Arrival : std::uint8_t {
    request,  // here is one
    idle,     // nothing has been received that is not answered, and all answers have gone out
    left,     // the peer ended or broke the connection, or took no answer
    refused,  // see refusal(): answer it and close
};

// How reading content ended.
enum class ContentEnd : std::uint8_t {
    complete,  // all of it was read
    left,      // the peer ended or broke the connection
    refused,   // see refusal(): answer it and close
};

// A step of reading content: octets, which stay valid until the next step, or how it ended.
struct ContentStep {
    std::string_view octets;                // empty at the end
    ContentEnd end = ContentEnd::complete;  // says nothing where there are octets
};

// Whether a response went out.
enum class Sent : std::uint8_t {
    whole,  // to the kernel, or to the output that the next call sends
    left,   // the peer broke the connection or was too slow
    cut,    // the file ended before the range that was announced: only a reset can say so to the peer
};

// One connection of a client's, over a stream: reads requests and their content, one after the other, and sends the
// responses in the same order (RFC 9112 §9.3.2). Whoever uses it decides what is answered and when to close.
class H1Inbound {
public:
    // All of them outlive the link.
    H1Inbound(io::Stream& stream, const InboundLimits& limits) : stream_(&stream), limits_(&limits) {}

    // Octets that were received while the connection was idle, and when the head they begin must be complete.
    void take(Buffer received, io::TimePoint head_deadline);

    // The next request, from octets that are here already or from further ones. Its views live until the next call.
    // The content of the request before has been read to its end.
    [[nodiscard]] Task<Arrival> next_request(http::Request& request);
    // The same without waiting: nothing where more octets are needed, or output has to go out first.
    [[nodiscard]] std::optional<Arrival> next_request_at_once(http::Request& request);

    // Whether content is to come that has not been received.
    [[nodiscard]] bool awaits_content() const;
    // Whether any octet of content has been received.
    [[nodiscard]] bool has_content() const { return !unread().empty(); }
    // Reads content to its end and drops it.
    [[nodiscard]] Task<ContentEnd> discard_content();
    // The same without waiting: nothing where further octets are needed; call discard_content then.
    [[nodiscard]] std::optional<ContentEnd> discard_content_at_once();

    // The next octets of content, at least one, or its end. Whoever sent "Expect: 100-continue" is told to go on.
    [[nodiscard]] Task<ContentStep> read_content();
    // Whether all content has been received, and nothing behind it.
    [[nodiscard]] bool has_just_its_content() const;
    // Reads what comes behind the content, so that it is noticed when the peer leaves: returns true then, and false
    // once octets of a further request have come. The content has been received to its end, so that nothing else reads
    // meanwhile.
    [[nodiscard]] Task<bool> watch_peer();

    // Sends a response to `request`. Small ones wait in the output while further requests are here already, so that
    // answers to pipelined requests leave together.
    [[nodiscard]] Task<Sent> send(const http::Request& request, const http::Response& response, std::string_view date,
                                  http::Persistence persistence);
    // Whether send() would only copy to the output: then queue() does it without waiting.
    [[nodiscard]] bool can_queue(const http::Request& request, const http::Response& response) const;
    // Copies the response to the output; can_queue() has said that it may.
    void queue(const http::Request& request, const http::Response& response, std::string_view date,
               http::Persistence persistence);
    // Sends what waits in the output.
    [[nodiscard]] Task<Sent> flush();
    // For a caller that writes to the stream itself: what waits in the output, until the next call.
    [[nodiscard]] iovec output_span() { return {const_cast<char*>(output_.octets().data()), output_.size()}; }
    // So many octets of output_span() have gone.
    void output_sent(std::size_t octets);
    // Until when the peer has to take an octet.
    [[nodiscard]] io::TimePoint write_deadline() const { return stream_->core().now() + limits_->response_idle_max; }

    // Why a head or a content was refused, once a call has said so.
    [[nodiscard]] const http::Refusal& refusal() const { return refusal_; }
    // Octets received that no request has used yet.
    [[nodiscard]] bool has_unread() const { return !unread().empty(); }

private:
    class Pace;
    class Chunks;

    [[nodiscard]] std::string_view unread() const;
    [[nodiscard]] Buffer& input() { return content_.has_block() ? content_ : received_; }
    void finish_request();
    [[nodiscard]] std::optional<ContentEnd> refuse(http::Refusal refusal);
    [[nodiscard]] std::optional<ContentStep> content_at_once();
    [[nodiscard]] Task<std::optional<ContentEnd>> receive_content();
    [[nodiscard]] Task<bool> invite_content();
    [[nodiscard]] std::optional<ContentEnd> drop_length();
    [[nodiscard]] std::optional<ContentEnd> drop_chunks();
    [[nodiscard]] bool make_room_for_head();
    void write_head(const http::Request& request, const http::Response& response, std::string_view date,
                    http::Persistence persistence);
    [[nodiscard]] Task<Sent> send_made(const http::Request& request, const http::Response& response,
                                       std::string_view date, http::Persistence persistence);
    [[nodiscard]] Task<Sent> send_memory(std::string_view octets, bool more, Pace& pace);
    [[nodiscard]] Task<void> bring_into_memory(const Fd& file, std::uint64_t offset, std::uint64_t length);
    [[nodiscard]] bool has_changed(const http::Piece& piece) const;
    [[nodiscard]] Task<Sent> send_range(const http::Piece& piece, Pace& pace);

    io::Stream* stream_;
    const InboundLimits* limits_;
    Buffer received_;           // the head that is being read or answered, and what follows it
    Buffer content_;            // once content has come that received_ had no place for
    Buffer output_;             // answers that have not been sent
    std::size_t position_ = 0;  // in input(): the first octet that nothing has used
    std::size_t searched_ = 0;  // read_head's own note
    io::TimePoint head_deadline_ = io::never;
    Buffer ahead_;                                 // octets of further requests that watch_peer() has read
    bool invites_content_ = false;                 // the peer waits for 100 (Continue)
    io::Duration content_waited_{};                // for the content that is being read
    std::uint64_t content_received_ = 0;           // in that time
    http::Framing framing_ = http::Framing::none;  // of the content that has not been read yet
    std::uint64_t content_left_ = 0;
    std::uint64_t content_octets_ = 0;
    h1::ChunkedReader chunks_{h1::ChunkedLimits{}};
    http::Refusal refusal_{};
};

}  // namespace portico::link
