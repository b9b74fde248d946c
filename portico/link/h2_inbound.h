// portico/link/h2_inbound.h — the server's end of one HTTP/2 connection: requests come out, octets go in and out.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/gate.h"
#include "portico/link/inbound_context.h"
#include "portico/link/limits_in_force.h"
#include "portico/link/transport.h"
#include "portico/wire/h2/connection.h"

namespace portico::link {

class H2Exchange;

// The server's end of a connection. One task reads: it passes on what arrives, and begins an exchange for each request.
// Another task is in write() all the time. The tasks of the exchanges come and go.
//
// A turn of the reading task:
//   receive()       with what has arrived, perhaps nothing,
//   next_request()  until there is none,
//   end_turn()      so that all answers that are ready leave in one write,
//   deadline()      for the latest time of the next turn; a ReaderWait while it waits.
class H2Inbound {
public:
    // A request that has begun.
    struct Arrived {
        h2::StreamId stream = 0;
        http::Request* request = nullptr;      // to be moved away before anything else is called
        std::optional<http::Refusal> refusal;  // how it is to be answered
    };

    // Both outlive it. The context tells it when the server ends.
    H2Inbound(Transport& transport, InboundContext& context);
    H2Inbound(const H2Inbound&) = delete;
    H2Inbound& operator=(const H2Inbound&) = delete;
    ~H2Inbound();

    // --- for the task that reads
    // Takes octets, which must stay where they are until next_request() has returned nothing.
    void receive(std::string_view octets);
    // The next request; nothing when all octets have been read. Tells the exchanges what has happened to them.
    [[nodiscard]] std::optional<Arrived> next_request();
    void end_turn();
    // When the next turn must come, if nothing arrives earlier.
    [[nodiscard]] io::TimePoint deadline() const;
    // No request follows: the connection is over, or its output can't be sent.
    [[nodiscard]] bool has_ended() const { return is_broken() || engine_.has_ended(); }
    // The output could not be sent: the connection is to be reset.
    [[nodiscard]] bool is_broken() const { return phase_ == Phase::broken; }
    // Whether no stream is open, no exchange holds one, and everything has been sent.
    [[nodiscard]] bool is_idle() const { return engine_.streams() == 0 && !engine_.has_output(); }
    // Why it has ended, if the peer is at fault; for the log.
    [[nodiscard]] h2::Fault last_fault() const { return engine_.last_fault(); }
    // The peer has gone: every exchange notices.
    void peer_left();
    // The peer sends nothing more. What it has asked for is answered, as far as its windows allow.
    void peer_half_closed();
    // Ends the connection with GOAWAY and without a fault.
    void end();
    // Whether output waits until the peer has read what was sent before.
    [[nodiscard]] bool is_waiting_to_send() { return !engine_.output().empty(); }
    // Once the output has been sent, or at `latest`, write() returns.
    void finish(io::TimePoint latest);

    // While the reading task waits: what else happens on the connection may end the wait.
    class ReaderWait {
    public:
        // `wait` is about to be awaited until `deadline`; both objects outlive this one.
        ReaderWait(H2Inbound& link, io::Operation& wait, io::TimePoint deadline);
        ReaderWait(const ReaderWait&) = delete;
        ReaderWait& operator=(const ReaderWait&) = delete;
        ~ReaderWait() { link_->reader_ = nullptr; }

    private:
        H2Inbound* link_;
    };
    // Whether the last wait was ended for that reason.
    [[nodiscard]] bool was_woken() const { return reading_ == Reading::woken; }

    // --- the output
    // Sends the output for as long as the connection lasts. Returns once finish() was called and everything has been
    // sent, or it can't be sent: see is_broken().
    [[nodiscard]] Task<void> write();
    // No request is accepted any more. Those that are on their way are answered, and then the connection ends.
    void shut_down();

private:
    friend class H2Exchange;

    // How far the connection is. It may skip a phase, but never goes back.
    enum class Phase : std::uint8_t {
        open,
        half_closed,  // the peer sends nothing more, and waits for its answers
        finishing,    // write() ends once it has sent the output
        broken,       // the output can't be sent
    };
    // What the reading task does.
    enum class Reading : std::uint8_t {
        between_turns,
        in_turn,  // the output waits for the turn's end
        woken,    // it waited, and something other than its input or its deadline has ended the wait
    };

    // --- for the exchanges
    [[nodiscard]] h2::Connection& engine() { return engine_; }
    [[nodiscard]] io::Core& core() { return transport_->core(); }
    [[nodiscard]] const tls::Session* session() const { return transport_->session(); }
    void add(h2::StreamId stream, H2Exchange& exchange);
    void remove(h2::StreamId stream);
    // Waits for room for a head. False: the task was asked to stop, or the stream is closed.
    [[nodiscard]] Task<bool> wait_for_room(H2Exchange& exchange);
    // An exchange begins, or ends, to wait until its content is sent.
    void begin_sending() { ++sending_; }
    void end_sending();
    // There is something to send. To be called last: everything may have happened when it returns.
    void wake_writer();

    void advance_to(Phase next);
    [[nodiscard]] H2Exchange* find(h2::StreamId stream) const;
    void tell_of_end(h2::StreamId stream);
    void tell_all_of_end();
    // Resets the streams for which this is true.
    template <class Test>
    void cancel_if(Test test);
    void fill_output();
    void wake_reader();
    void wake_reader_if_due();
    [[nodiscard]] Task<bool> wait_for_output();

    struct Entry {
        h2::StreamId stream;
        H2Exchange* exchange;
    };

    Transport* transport_;
    InboundContext* context_;
    std::shared_ptr<LimitsInForce> in_force_;  // when the connection began: those of the engine, and of sending
    std::uint64_t number_ = 0;                 // the context's, of this connection
    h2::Connection engine_;
    std::vector<Entry> exchanges_;             // by stream
    std::vector<h2::StreamId> awaiting_room_;  // for a head, in the order in which they came
    io::Gate has_output_;
    io::Operation* reader_ = nullptr;  // what the reading task waits for
    io::TimePoint reader_deadline_ = io::never;
    std::size_t sending_ = 0;           // exchanges that wait until their content is sent
    io::Duration window_waited_{};      // the time spent waiting for the peer's windows, since none waited
    std::uint64_t window_octets_ = 0;   // sent in that time
    io::TimePoint latest_ = io::never;  // for sending what is left
    Reading reading_ = Reading::between_turns;
    Phase phase_ = Phase::open;
};

}  // namespace portico::link
