// portico/link/h2_outbound.h — the client's end of one HTTP/2 connection, which carries many exchanges at a time.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/io/timers.h"
#include "portico/link/failure.h"
#include "portico/link/later_gate.h"
#include "portico/link/outbound_limits.h"
#include "portico/link/transport.h"
#include "portico/link/waiting.h"
#include "portico/wire/h2/connection.h"

namespace portico::link {

class H2Outbound;
class H2OutboundExchange;

// What keeps connections.
class H2Keeper {
public:
    // No exchange is in progress any more.
    virtual void became_idle(H2Outbound& connection) = 0;
    // The server wants HTTP/1.1 instead (RFC 9113 §7). No further exchange can begin.
    virtual void must_speak_h1(H2Outbound& connection) = 0;

protected:
    ~H2Keeper() = default;
};

// The client's end of a connection. run() is its task, which reads and writes; the exchanges belong to other tasks, and
// come and go. What one side does, the other notices from the core's loop: neither runs within the other.
class H2Outbound final : private io::Timer {
public:
    // The context, the limits and the keeper outlive it. The transport's TLS handshake, if it has one, is complete. It
    // ends when it has been idle for `idle_time_max`.
    H2Outbound(Transport transport, h2::Context& context, const OutboundLimits& limits,
               std::chrono::milliseconds idle_time_max, H2Keeper& keeper);
    H2Outbound(const H2Outbound&) = delete;
    H2Outbound& operator=(const H2Outbound&) = delete;
    ~H2Outbound();

    // Reads and writes until the connection has ended. No exchange is in progress then. Begins with a wait: until then,
    // the connection is as new.
    [[nodiscard]] Task<void> run();

    // Whether another exchange can begin now.
    [[nodiscard]] bool has_room() const { return phase_ == Phase::open && !is_broken_ && engine_.can_open(); }
    [[nodiscard]] bool is_idle() const { return exchanges_.empty() && phase_ == Phase::open; }
    [[nodiscard]] io::TimePoint idle_since() const { return idle_since_; }
    // Lets no further exchange begin. The connection ends with the last one.
    void retire();
    // Ends it politely. Exchanges that are in progress fail.
    void end();

private:
    friend class H2OutboundExchange;
    // How far the connection is. It never goes back.
    enum class Phase : std::uint8_t {
        open,
        retired,    // no further exchange begins
        finishing,  // nothing more is read: it ends once the output has been sent
    };
    // Why the connection has ended.
    enum class Cause : std::uint8_t {
        ours,       // we have ended it
        fault,      // the server has broken a rule
        closed,     // the server has closed it
        read_lost,  // it broke: see error_
        write_lost,
    };

    // --- for the exchanges
    [[nodiscard]] h2::Connection& engine() { return engine_; }
    [[nodiscard]] io::Core& core() const { return transport_.core(); }
    [[nodiscard]] const OutboundLimits& limits() const { return *limits_; }
    // An exchange begins on the stream that was opened last, or ends.
    void add(H2OutboundExchange& exchange);
    void remove(h2::StreamId stream);
    // There is something to send.
    void wake_writer() { has_output_.open(); }
    // When octets arrived last.
    [[nodiscard]] io::TimePoint last_received() const { return last_received_; }

    void expire() override;
    void set_timer(io::TimePoint due);
    [[nodiscard]] H2OutboundExchange* find(h2::StreamId stream) const;
    [[nodiscard]] Task<void> read();
    [[nodiscard]] bool take_received(Buffer received);
    [[nodiscard]] bool take_encrypted(std::optional<Buffer> received);
    void take(std::string_view octets);
    void take_event(const h2::Event& event);
    [[nodiscard]] Task<void> write();
    void wake_reader_if_due();
    void fill_output();
    void end_with(Cause cause);
    void tell_all_of_end();
    void note(h2::ErrorCode from_server);
    [[nodiscard]] Failure failure_of(const H2OutboundExchange& exchange) const;
    [[nodiscard]] Failure failure_of_fault() const;
    [[nodiscard]] std::string reason() const;

    Transport transport_;
    const OutboundLimits* limits_;
    std::chrono::milliseconds idle_time_max_;
    H2Keeper* keeper_;
    h2::Connection engine_;
    std::vector<H2OutboundExchange*> exchanges_;  // by stream
    LaterGate beginning_;                         // opened at once
    LaterGate has_output_;
    WaitingPlace reads_;   // the ring of the one read
    WaitingPlace writes_;  // the ring of the one write
    io::TimePoint reader_deadline_ = io::never;
    io::TimePoint idle_since_;
    io::TimePoint last_received_{};
    io::TimePoint latest_ = io::never;  // for sending what is left
    h2::Fault fault_{h2::ErrorCode::no_error, {}};
    h2::ErrorCode goaway_ = h2::ErrorCode::no_error;  // as the server said
    std::optional<Cause> cause_;                      // once it has ended
    io::Error error_{};
    Phase phase_ = Phase::open;
    bool was_reader_woken_ = false;
    bool is_broken_ = false;  // it can't be written to
};

}  // namespace portico::link
