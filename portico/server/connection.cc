// portico/server/connection.cc — from accept to the requests: what an idle connection waits for, TLS, and which version
// of HTTP it speaks.
//
// accept → parse → translate → authorize → respond: step 1 is in worker.cc, the other four follow each other in
// h1_requests.cc and h2_requests.cc. An idle connection of HTTP/1.1 consists of the frame of serve_connection only: the
// exchange and its buffers exist only while there are requests.
#include "portico/server/connection.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "portico/link/beginning.h"
#include "portico/link/limits_in_force.h"
#include "portico/link/part.h"
#include "portico/server/requests.h"
#include "portico/server/worker.h"

namespace portico::server {
namespace {

// Tells the worker when the connection ends, however it ends.
class Guest {
public:
    Guest(Worker& worker, io::SocketAddress peer) : worker_(&worker), peer_(std::move(peer)) {}
    Guest(Guest&& other) noexcept : worker_(std::exchange(other.worker_, nullptr)), peer_(std::move(other.peer_)) {}
    Guest& operator=(Guest&&) = delete;
    ~Guest() {
        if (worker_ != nullptr) worker_->say_goodbye(peer_);
    }
    [[nodiscard]] const io::SocketAddress& peer() const { return peer_; }

private:
    Worker* worker_;
    io::SocketAddress peer_;
};

// After the last answer: see link::part.
Task<void> linger(link::Transport transport, Guest guest, Worker& worker) {
    co_await link::part(std::move(transport), worker.inbound(), worker.linger_time_max(),
                        worker.limits().drain_octets_max);
    static_cast<void>(guest);
}

// What has been received already. In a frame of its own, which an idle connection does not have.
Task<io::Result<Buffer>> read_at_once(link::Transport& transport, io::Core& core) {
    io::Result<Buffer> received = co_await transport.receive(core.now());
    co_return std::move(received);
}

Task<void> shake_hands_into(link::Transport& transport, Buffer received, io::TimePoint deadline, bool& is_complete) {
    const io::Result<void> completed = co_await transport.handshake(std::move(received), deadline);
    is_complete = completed.has_value();
}

// A client that has not proved who it is has sent no request, but the log is where its owner looks for the reason.
void tell_of_untrusted(Worker& worker, const tls::Session& session, const io::SocketAddress& peer) {
    ++worker.counters().clients_untrusted;
    if (worker.log() == nullptr) return;
    const std::string reason = "the client's certificate: " + std::string(session.failure());
    AccessEntry entry;
    entry.at = worker.core().wall_clock();
    entry.peer = &peer;
    entry.status = http::Status::bad_request;
    entry.reason = reason;
    worker.log()->record(worker.number(), entry);
}

// Completes the TLS handshake that `received` begins. It counts as an unfinished head, which may be ended to make room.
// False: it failed.
Task<bool> shake_hands(Worker& worker, link::Transport& transport, const io::SocketAddress& peer, Buffer received,
                       io::TimePoint deadline) {
    bool is_complete = false;
    io::Scope shaking;
    const Place place(worker.unfinished_heads(), peer, worker.core().now(), shaking);
    shaking.start(shake_hands_into(transport, std::move(received), deadline, is_complete));
    co_await shaking.join();
    ++(is_complete ? worker.counters().handshakes : worker.counters().handshakes_failed);
    if (transport.session()->is_untrusted()) tell_of_untrusted(worker, *transport.session(), peer);
    co_return is_complete;
}

Task<void> read_rest_into(link::Transport& transport, io::TimePoint deadline, io::Result<link::Opened>& opened) {
    io::Result<Buffer> octets = co_await transport.read_ahead(deadline);
    if (octets) {
        opened->octets = std::move(*octets);
    } else {
        opened = std::unexpected(octets.error());
    }
}

// Reads the rest of a record. It counts as an unfinished head.
Task<void> read_rest(Worker& worker, link::Transport& transport, const io::SocketAddress& peer, io::TimePoint deadline,
                     io::Result<link::Opened>& opened) {
    io::Scope reading;
    const Place place(worker.unfinished_heads(), peer, worker.core().now(), reading);
    reading.start(read_rest_into(transport, deadline, opened));
    co_await reading.join();
}

// Whether the octets begin a TLS handshake (RFC 8446 §5.1). No request of HTTP begins with this one.
bool begins_handshake(std::string_view octets) { return octets.front() == '\x16'; }

Task<void> read_more_into(link::Transport& transport, Buffer& received, io::TimePoint deadline,
                          io::Result<std::size_t>& read) {
    read = co_await transport.read(received.room(), deadline);
    if (read) received.grow(*read);
}

// Serves a connection without TLS from its first octets: HTTP/2 if the client knows that we speak it (RFC 9113 §3.3).
Task<Outcome> serve_first(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                          const Admittance& admittance, Buffer received, io::TimePoint head_deadline) {
    while (link::beginning_of(received.octets()) == link::Beginning::unclear) {
        io::Result<std::size_t> read = io::fail(ECANCELED, "read");
        io::Scope reading;
        const Place place(worker.unfinished_heads(), peer, worker.core().now(), reading);
        reading.start(read_more_into(transport, received, head_deadline, read));
        co_await reading.join();
        if (!read && read.error().number == ECANCELED) co_return Outcome::left;
        if (!read || *read == 0) break;  // HTTP/1.1 has an answer
    }
    if (link::beginning_of(received.octets()) == link::Beginning::h2) {
        co_return co_await serve_h2(worker, transport, peer, admittance, std::move(received));
    }
    co_return co_await serve_h1(worker, transport, peer, admittance, std::move(received), head_deadline);
}

// Serves the requests in a connection's first octets, or further ones, with TLS.
Task<Outcome> serve_secure(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                           Admittance& admittance, Buffer received, io::TimePoint head_deadline) {
    std::optional<Buffer> encrypted = std::move(received);
    // Once the time for requests in flight is over, only what has arrived counts.
    if (worker.is_draining()) head_deadline = std::min(head_deadline, worker.idle_deadline());
    if (!transport.session()->carries_content()) {
        if (!begins_handshake(encrypted->octets())) {
            transport.give_up_security();
            admittance.protection = Protection::missing;
            co_return co_await serve_first(worker, transport, peer, admittance, *std::move(encrypted), head_deadline);
        }
        const bool is_shaken = co_await shake_hands(worker, transport, peer, *std::move(encrypted), head_deadline);
        if (!is_shaken) co_return Outcome::close;
        if (link::has_chosen_h2(*transport.session())) {
            co_return co_await serve_h2(worker, transport, peer, admittance, Buffer());
        }
        if (!transport.has_unopened()) co_return Outcome::idle;
        encrypted.reset();
    }
    Outcome next = Outcome::idle;
    while (next == Outcome::idle && (encrypted || transport.has_unopened())) {
        io::Result<link::Opened> opened = transport.open(std::exchange(encrypted, std::nullopt));
        if (opened && opened->progress == tls::Progress::needs_input) {
            // A message of TLS itself, such as the handshake's last one after early data, begins no request.
            if (!transport.session()->has_partial_record()) break;
            co_await read_rest(worker, transport, peer, head_deadline, opened);
        }
        if (!opened) co_return Outcome::close;
        if (opened->octets.empty()) co_return Outcome::left;
        next = co_await serve_h1(worker, transport, peer, admittance, std::move(opened->octets), head_deadline);
        head_deadline = worker.core().now() + worker.limits().head_time_max;
    }
    if (next == Outcome::idle && transport.owes_output()) {
        const io::Result<void> sent = co_await transport.send_owed(worker.core().now());
        static_cast<void>(sent);  // what the kernel has no room for goes with the next answer
    }
    co_return next;
}

// How long a connection may wait for its next request. A handshake has to be completed sooner, whatever came early.
std::chrono::milliseconds idle_time_max(const Worker& worker, const link::Transport& transport) {
    const bool is_early = transport.session() != nullptr && transport.session()->is_early();
    return is_early ? worker.limits().head_time_max : worker.limits().keep_alive_max;
}

// Not a coroutine: without TLS there is a frame less. `admittance` outlives the task.
Task<Outcome> serve_octets(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                           Admittance& admittance, Buffer received, io::TimePoint head_deadline, bool are_first) {
    if (transport.session() != nullptr) {
        return serve_secure(worker, transport, peer, admittance, std::move(received), head_deadline);
    }
    if (are_first && link::beginning_of(received.octets()) != link::Beginning::other) {
        return serve_first(worker, transport, peer, admittance, std::move(received), head_deadline);
    }
    return serve_h1(worker, transport, peer, admittance, std::move(received), head_deadline);
}

// The parameters are what an idle connection keeps: there is no second copy of them in the frame.
Task<void> serve(link::Transport transport, Guest guest, Worker& worker, Admittance admittance) {
    io::Core& core = worker.core();
    link::Backlog& backlog = transport.backlog();
    io::TimePoint head_deadline = core.now() + worker.limits().head_time_max;  // the first head's time starts at accept
    io::TimePoint deadline = worker.is_draining() ? core.now() + worker.limits().shutdown_idle_max : head_deadline;
    std::shared_ptr<const link::LimitsInForce> in_force;  // those that the patience refers to
    std::optional<link::Patience> patience;
    Outcome next = Outcome::idle;
    while (next == Outcome::idle) {
        // Until the peer has acknowledged the last answer, the connection isn't idle.
        const bool is_sending = !worker.is_draining() && !backlog.is_small();
        if (is_sending && !patience) {
            in_force = worker.inbound().in_force();
            patience.emplace(in_force->limits, backlog);
        }
        if (!is_sending) patience.reset();
        // A series of small answered requests must not hide that the peer accepts nothing.
        if (is_sending && backlog.idle(core.now()) >= worker.limits().response_idle_max) {
            next = Outcome::reset;
            break;
        }
        // In the meantime, the worker may end this wait: an idle one to make room for another connection, any wait
        // because memory is short or because it is draining.
        io::ReadBuffer wait = transport.receive(is_sending ? patience->next_look(core.now()) : deadline);
        io::Result<Buffer> received = io::fail(ECANCELED, "read");
        {
            const Place place(is_sending ? worker.sending() : worker.idle(), guest.peer(), core.now(), wait);
            received = co_await wait;
        }
        if (!received && worker.is_draining()) {
            // A request may have arrived just before the wait ended.
            received = co_await read_at_once(transport, core);
        } else if (!received && received.error().number == ETIMEDOUT && is_sending) {
            next = patience->lasts(core.now()) ? Outcome::idle : Outcome::reset;
            deadline = core.now() + idle_time_max(worker, transport);
            continue;
        }
        if (!received || received->empty()) {
            // A connection that is closed because memory is short releases its memory at once.
            const bool is_shed = !received && received.error().number == ECANCELED && is_sending;
            next = is_shed ? Outcome::reset : Outcome::left;
            break;
        }
        patience.reset();
        const bool are_first = head_deadline != io::never;
        if (!are_first) head_deadline = core.now() + worker.limits().head_time_max;
        next = co_await serve_octets(worker, transport, guest.peer(), admittance, std::move(*received), head_deadline,
                                     are_first);
        // Draining: the wait ends at once if the time for requests in flight is over.
        deadline = worker.is_draining() ? worker.idle_deadline() : core.now() + idle_time_max(worker, transport);
        head_deadline = io::never;
    }
    if (next == Outcome::left && transport.session() != nullptr) co_await transport.say_end(core.now());
    if (next == Outcome::reset) transport.abort_on_close();
    // A peer that has left, or has to leave, may still owe the acknowledgement of an answer.
    if (next == Outcome::close || (next == Outcome::left && !backlog.is_small())) {
        worker.lingering().start(linger(std::move(transport), std::move(guest), worker));
    }
}

}  // namespace

Task<void> serve_connection(link::Transport transport, io::SocketAddress peer, Worker& worker,
                            const Admittance& admittance) {
    return serve(std::move(transport), Guest(worker, std::move(peer)), worker, admittance);
}

}  // namespace portico::server
