// portico/wire/h2/connection.h — either end of one HTTP/2 connection (RFC 9113), without I/O.
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/http/message.h"
#include "portico/http/status.h"
#include "portico/wire/h2/context.h"
#include "portico/wire/h2/frame.h"
#include "portico/wire/h2/frame_reader.h"
#include "portico/wire/h2/limits.h"
#include "portico/wire/h2/output.h"
#include "portico/wire/h2/pace.h"
#include "portico/wire/h2/read_request.h"
#include "portico/wire/h2/send_order.h"
#include "portico/wire/h2/settings.h"
#include "portico/wire/h2/stream.h"
#include "portico/wire/hpack/decoder.h"
#include "portico/wire/hpack/encoder.h"

namespace portico::h2 {

// What has happened on a connection.
struct Event {
    enum class Kind : std::uint8_t {
        request,      // for a server: a request begins. The caller holds the stream until it calls released()
        response,     // for a client: the head of a response, interim or final
        content,      // some of a message's content, at least one octet. Say used() when it is used up
        content_end,  // the end of a message that did not end with its head
        reset,        // the stream is closed, by the peer or by us: nothing more can be sent or received
        leaving,      // the peer has sent GOAWAY: a client opens no more streams, a server accepts no more
        ended,        // the connection is over: send the output, and close. No event follows
    };
    explicit Event(Kind what, StreamId id = 0, Fault why = {ErrorCode::no_error, {}})
        : kind(what), stream(id), fault(why) {}

    Kind kind;
    StreamId stream;
    // Of `reset` and `ended`: why; of `leaving`: the code of GOAWAY. A client may send a request again, elsewhere, that
    // the peer has reset with REFUSED_STREAM. One that the peer's GOAWAY leaves out is reset in this way too.
    Fault fault;
    bool is_peers = false;  // of `reset`: the peer has reset it
    // Of `request`. Take what it points to by moving it, or use it before the next event of any connection of the
    // core. Its views stay valid until the stream is released.
    http::Request* request = nullptr;
    std::optional<http::Refusal> refusal;  // of `request`: how it is to be answered
    // Of `response`. Its views stay valid until the next response of the stream, or until that is released.
    const http::Response* response = nullptr;
    Ending ending = Ending::more;                  // of `response`: whether the message ends with it
    std::string_view content;                      // valid until the next receive()
    const http::FieldSection* trailers = nullptr;  // of `content_end`, if there are any: valid until the next event
};

// What the connection adds to the fields of a message.
struct HeadExtras {
    std::string_view date;                        // an IMF-fixdate (RFC 9110 §6.6.1), or empty: then no Date is sent
    std::optional<std::uint64_t> content_length;  // absent: no Content-Length is sent
};

// One end of a connection. Octets and the time come in; events and octets come out. In each turn:
//
//   receive()    with what has arrived, perhaps nothing,
//   next_event() until there is none; between the events, everything below may be called,
//   next_to_send() and write_data() until there is nothing to send,
//   output()     to the peer, in one write, and then output_sent(),
//   deadline()   for the latest time of the next turn.
//
// A stream that is closed, or no longer held, can be named in every call; nothing happens then.
class Connection {
public:
    // The context outlives it. `scheme` is the connection's own: of requests that have none and, for a client, of all.
    // Our settings are in the output from the beginning.
    Connection(Context& context, http::Scheme scheme, Role role = Role::server);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // --- what the peer sends
    // Takes octets, which must stay where they are until next_event() has returned nothing. `now` never goes back.
    void receive(std::string_view octets, TimePoint now);
    // The next event; nothing when all octets have been read.
    [[nodiscard]] std::optional<Event> next_event();
    // The caller has used so many octets of the stream's content: the peer may send as many more (RFC 9113 §6.9).
    void used(StreamId id, std::size_t octets);
    // The caller has stopped working on the stream, and uses neither it nor its message's views any more. Whatever is
    // not complete is reset. To be called once for each request, also after `reset` and `ended`.
    void released(StreamId id);

    // --- for a client
    // Whether another stream can be opened now. The limits of both ends count, and the end of either.
    [[nodiscard]] bool can_open() const;
    // Opens a stream with a request: method_token, target, authority and fields (see respond()). To be called if
    // can_open(). The caller holds the stream until it calls released(). With Ending::last, there is no content.
    [[nodiscard]] StreamId open(const http::Request& request, const HeadExtras& extras, Ending ending);

    // --- what the peer gets
    // Whether the output has room for another answer. If not, wait until the peer has received some of it.
    [[nodiscard]] bool has_room_for_head() const;
    // For a server: sends a head. An interim one (RFC 9110 §15.2) is followed by another. With Ending::last, there is
    // no content. Fields that HTTP/2 doesn't have are left out (RFC 9113 §8.2.2).
    void respond(StreamId id, const http::Response& response, const HeadExtras& extras, Ending ending);
    // How many octets of content can be sent now, as flow control and the output's limit allow.
    [[nodiscard]] std::size_t room_for_data(StreamId id) const;
    // Sends content, at most as much as there is room for (asserted). With Ending::last it is the message's last.
    void write_data(StreamId id, std::string_view octets, Ending ending);
    // The same without a copy: memory for at most so many octets, less if there is no room. Fill it from its front, and
    // call data_written() before anything else.
    [[nodiscard]] std::span<char> data_room(StreamId id, std::size_t octets);
    void data_written(StreamId id, std::size_t octets, Ending ending);
    // Ends the message with a trailer section (RFC 9113 §8.1).
    void write_trailers(StreamId id, const http::FieldSection& trailers);
    // Closes the stream at once (RFC 9113 §5.4.2).
    void reset(StreamId id, ErrorCode error);

    // --- whose turn it is
    // The caller has content for the stream, and the head has been sent: next_to_send() names it when it is its turn,
    // until its last content has been written.
    void has_data(StreamId id, TimePoint now);
    // The caller has no content for it at the moment.
    void has_no_data(StreamId id);
    // The stream that should send next, and has room to; nothing if none has. Each write_data() is a turn (RFC 9218
    // §10).
    [[nodiscard]] std::optional<StreamId> next_to_send(TimePoint now);

    // --- the connection
    // Lets it end: requests that are on their way are still taken, and then no more (RFC 9113 §6.8). It ends with the
    // last stream.
    void shut_down(TimePoint now);
    // Ends it at once, with GOAWAY.
    void end(Fault fault);
    [[nodiscard]] bool has_ended() const { return phase_ == Phase::ended; }
    [[nodiscard]] std::size_t streams() const { return live_.size(); }  // that are open, or held
    // The last fault of the peer, also with a request that was not passed on: for a log.
    [[nodiscard]] Fault last_fault() const { return last_fault_; }
    // When receive() must be called, if nothing arrives earlier; nothing if it need not be.
    [[nodiscard]] std::optional<TimePoint> deadline() const;
    // The octets to send next, which stay where they are until output_sent() has been told of all of them; what is
    // added meanwhile follows later. Empty if there is nothing to send.
    [[nodiscard]] std::string_view output() { return output_.to_send(); }
    // Whether there is something to send.
    [[nodiscard]] bool has_output() const { return output_.size() > 0; }
    // The first octets of output() were sent.
    void output_sent(std::size_t octets) { output_.sent(octets); }

private:
    enum class Phase : std::uint8_t {
        open,
        announced,  // our GOAWAY has told that an end is near: RFC 9113 §6.8
        draining,   // GOAWAY has told which streams are the last: a server's, ours or the peer's
        ended,
    };
    struct Closed {
        StreamId id;
        Closing closing;
    };
    // What a section begins with; a trailer section has neither.
    struct Head {
        const http::Request* request = nullptr;
        const http::Response* response = nullptr;
    };
    using Handled = std::optional<Event>;  // nothing: go on

    [[nodiscard]] const Limits& limits() const { return context_->limits(); }
    [[nodiscard]] Counters& counters() { return context_->counters(); }
    [[nodiscard]] Stream* find(StreamId id) const;
    [[nodiscard]] Stream* find_sendable(StreamId id) const;
    [[nodiscard]] std::optional<Closing> how_closed(StreamId id) const;

    // What frames do: receive.cc.
    [[nodiscard]] Handled handle(const Step& step);
    [[nodiscard]] Handled handle_frame(const Step& step);
    [[nodiscard]] Handled handle_headers(const Step& step);
    [[nodiscard]] Handled open_stream(const Step& step);
    [[nodiscard]] Handled take_response(Stream& stream, const Step& step);
    [[nodiscard]] Handled end_with_trailers(Stream& stream, const Step& step);
    [[nodiscard]] bool decode(std::string_view block, Section section);
    [[nodiscard]] Handled begin_data(const Step& step);
    [[nodiscard]] Handled take_data(const Step& step);
    [[nodiscard]] Handled end_data(const Step& step);
    [[nodiscard]] Event end_content(Stream& stream, const http::FieldSection* trailers);
    void end_receiving(Stream& stream);
    [[nodiscard]] Handled handle_priority(const Step& step);
    [[nodiscard]] Handled handle_rst_stream(const Step& step);
    void handle_settings(const Step& step);
    void handle_ping(const Step& step);
    [[nodiscard]] Handled handle_goaway(const Step& step);
    [[nodiscard]] Handled take_refusal();
    [[nodiscard]] Handled handle_window_update(const Step& step);
    void handle_priority_update(const Step& step);
    [[nodiscard]] Priority take_announced_priority(StreamId id, Priority otherwise);
    void count_control_frame();

    // How streams and the connection end: connection.cc.
    [[nodiscard]] Handled check_deadlines();
    [[nodiscard]] Handled fail_stream(StreamId id, Fault fault);
    void close(Stream& stream, Closing closing);
    void remember(StreamId id, Closing closing);
    void free(Stream& stream);
    void send_last_goaway();
    void note_stall();

    // What is written: send.cc.
    void write_settings();
    void write_control(FrameHeader header, std::string_view payload);
    void write_goaway(StreamId last, Fault fault);
    void write_reset(StreamId id, ErrorCode error);
    void write_window_update(StreamId id, std::size_t octets);
    void credit_connection(std::size_t octets);
    void credit_stream(Stream& stream, std::size_t octets);
    void write_section(Stream& stream, const http::FieldSection& fields, const Head& head, const HeadExtras& extras,
                       Ending ending);
    void encode_request(const http::Request& request, std::span<char>& out);
    [[nodiscard]] std::size_t room_on(const Stream& stream) const;
    void write_data_frame(Stream& stream, std::span<char> room, std::size_t octets, Ending ending);
    void frame_block(StreamId id, std::size_t octets, Ending ending);
    void end_sending(Stream& stream);

    Context* context_;
    Charge charge_;
    http::Scheme scheme_;
    Role role_;
    FrameReader reader_;
    hpack::Decoder decoder_;
    hpack::Encoder encoder_;
    Output output_;
    Phase phase_ = Phase::open;
    TimePoint now_;
    std::string_view input_;

    std::vector<std::unique_ptr<Stream>> live_;             // by id: streams are opened in that order
    std::vector<Closed> closed_;                            // the last streams that were closed, a ring
    std::size_t closed_next_ = 0;                           // where in the ring the next one goes
    StreamId last_id_ = 0;                                  // the highest that the client has used
    StreamId last_processed_ = 0;                           // the highest that was passed on
    StreamId last_accepted_ = stream_id_max;                // as our GOAWAY said
    StreamId peer_last_accepted_ = stream_id_max;           // as the server's GOAWAY said
    StreamId data_stream_ = 0;                              // whose content is being read; 0: it is dropped
    std::vector<std::pair<StreamId, Priority>> announced_;  // priorities of streams that are not open yet

    SendOrder order_;
    PeerSettings peer_;
    std::int64_t send_window_ = window_octets_initial;
    std::int64_t receive_window_;
    std::size_t used_ = 0;                          // octets received and used, of which we have not told the peer
    std::size_t window_updates_due_ = 0;            // how many WINDOW_UPDATE frames our DATA explains
    std::optional<TimePoint> window_closed_since_;  // while something waits for the connection's window
    std::optional<TimePoint> settings_sent_at_;     // until they are acknowledged
    bool are_settings_acknowledged_ = false;
    std::uint64_t incomplete_ = 0;  // which frame was incomplete, after the last octets
    TimePoint incomplete_since_;
    TimePoint announced_at_;  // of the first GOAWAY

    Pace control_pace_;
    Pace reset_pace_;
    Fault fault_{ErrorCode::no_error, {}};  // why it has ended
    Fault last_fault_{ErrorCode::no_error, {}};
    bool is_end_told_ = false;
};

}  // namespace portico::h2
