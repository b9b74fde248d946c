// portico/link/transport.h — the octets of one connection that carries HTTP, perhaps protected by TLS.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/io/stream.h"
#include "portico/link/backlog.h"
#include "portico/link/waiting.h"
#include "portico/tls/session.h"

namespace portico::link {

// co_await transport.read(…), write(…) or send_file(…): the operation of the stream itself or, with TLS, a task.
template <class Plain>
class [[nodiscard]] Transfer {
public:
    // `make_plain` returns the stream's operation. It is in `ring` while it waits; null: it is in none.
    template <class MakePlain>
    Transfer(MakePlain make_plain, WaitingPlace* ring) : plain_(make_plain()) {
        if (ring != nullptr) place_.emplace(*ring, plain_);
    }
    // The operation is never started: `secure` takes its place.
    template <class MakePlain>
    Transfer(MakePlain make_plain, Task<io::Result<std::size_t>> secure)
        : plain_(make_plain()), secure_(std::move(secure)) {}
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return secure_ ? secure_->await_suspend(waiter) : plain_.await_suspend(waiter);
    }
    io::Result<std::size_t> await_resume() { return secure_ ? secure_->await_resume() : plain_.await_resume(); }

private:
    Plain plain_;
    std::optional<WaitingPlace> place_;
    std::optional<Task<io::Result<std::size_t>>> secure_;
};

// The content of a TLS record.
struct Opened {
    tls::Progress progress = tls::Progress::done;
    Buffer octets;  // without a block unless it is done
};

// A stream, perhaps the TLS session that it carries, and what its peer has not acknowledged yet. Everything that a
// connection sends or receives passes through here. Closes the stream when it is destroyed.
//
// Operations take a ring of connections that wait for their peers, or null: see WaitingPlace.
class Transport {
public:
    explicit Transport(io::Stream stream) : stream_(std::move(stream)), backlog_(stream_) {}
    // What is outstanding moves too. No operation of `other` may be in progress.
    Transport(Transport&& other) noexcept
        : stream_(std::move(other.stream_)),
          backlog_(stream_, std::move(other.backlog_)),
          security_(std::move(other.security_)) {}
    Transport& operator=(Transport&&) = delete;

    [[nodiscard]] io::Core& core() const { return stream_.core(); }
    [[nodiscard]] Backlog& backlog() { return backlog_; }
    // Null without TLS.
    [[nodiscard]] const tls::Session* session() const { return security_ == nullptr ? nullptr : &*security_->session; }

    // From now on the stream carries this session, which begins with a handshake. Nothing has been sent or received.
    void protect(std::unique_ptr<tls::Session> session) {
        security_ = std::make_unique<Security>(std::move(session), core().ledger());
    }
    // Completes the TLS handshake, of which the client has sent `received`; a client has received nothing. A session
    // that has content early goes on with the handshake while it is read.
    //
    // Error: EPROTO if TLS itself has failed, see session(); otherwise what went wrong with the connection.
    [[nodiscard]] Task<io::Result<void>> handshake(std::optional<Buffer> received, io::TimePoint deadline);
    // The peer has not begun a handshake: what it sends and receives is not protected.
    void give_up_security() { security_.reset(); }

    // The operations of io::Stream.
    [[nodiscard]] Transfer<io::Read> read(std::span<char> room, io::TimePoint deadline, WaitingPlace* ring = nullptr) {
        const auto plain = [&] { return stream_.read(room, deadline); };
        if (security_ == nullptr) return Transfer<io::Read>(plain, ring);
        return Transfer<io::Read>(plain, read_secure(room, deadline, ring));
    }
    [[nodiscard]] Transfer<io::Write> write(std::span<const iovec> spans, io::TimePoint deadline, bool more,
                                            WaitingPlace* ring = nullptr) {
        const auto plain = [&] { return stream_.write(spans, deadline, more); };
        if (security_ == nullptr) return Transfer<io::Write>(plain, ring);
        return Transfer<io::Write>(plain, write_secure(spans, deadline, ring));
    }
    [[nodiscard]] Transfer<io::SendFile> send_file(const Fd& file, std::uint64_t offset, std::uint64_t length,
                                                   io::TimePoint deadline, WaitingPlace* ring = nullptr) {
        const auto plain = [&] { return stream_.send_file(file, offset, length, deadline); };
        if (security_ == nullptr) return Transfer<io::SendFile>(plain, ring);
        return Transfer<io::SendFile>(plain, send_file_secure(file, offset, length, deadline, ring));
    }
    // Whether TLS has something to send of its own, such as tickets for further sessions.
    [[nodiscard]] bool owes_output() const { return security_ != nullptr && security_->session->has_output(); }
    // Sends that. No other operation that sends may be in progress.
    [[nodiscard]] Task<io::Result<void>> send_owed(io::TimePoint deadline) { return send_output(deadline, nullptr); }
    [[nodiscard]] io::HangUp hang_up(io::TimePoint deadline) { return stream_.hang_up(deadline); }
    // Octets as they arrive, in a buffer that is borrowed when they do. With TLS they are still encrypted: pass them to
    // open().
    [[nodiscard]] io::ReadBuffer receive(io::TimePoint deadline) { return stream_.read(deadline); }
    // Takes what receive() has returned; nothing, or the stream's end if it is an empty buffer. Decrypts the next
    // record. ENOBUFS: there is no memory for a buffer.
    // EPROTO: the session has failed.
    [[nodiscard]] io::Result<Opened> open(std::optional<Buffer> received);
    // Whether open() might find something in what it has taken before.
    [[nodiscard]] bool has_unopened() const { return security_ != nullptr && security_->session->has_input(); }
    // What the peer sends next, in a buffer that is borrowed when it arrives; an empty one at the end of the stream.
    [[nodiscard]] Task<io::Result<Buffer>> read_ahead(io::TimePoint deadline);

    io::Result<void> finish_sending() { return stream_.finish_sending(); }
    void abort_on_close() { stream_.abort_on_close(); }
    void break_off() { stream_.break_off(); }
    // Whether the peer's octets ended without close_notify, now that a read has found their end: somebody may have cut
    // them (RFC 8446 §6.1). False without TLS, where nothing tells.
    [[nodiscard]] bool was_cut() const { return security_ != nullptr && !security_->session->has_peer_said_end(); }
    // Tells the peer that nothing more follows, with TLS by close_notify too, and sends nothing more. Reading goes on.
    [[nodiscard]] Task<io::Result<void>> end_sending(io::TimePoint deadline);
    // Tells a TLS peer that nothing more follows (RFC 8446 §6.1), if that can be sent by then.
    [[nodiscard]] Task<void> say_end(io::TimePoint deadline);
    // See io::drain(). Tells a TLS peer first that nothing more follows.
    [[nodiscard]] Task<void> drain(io::Duration time_max, std::size_t octets_max);

private:
    struct Security {
        Security(std::unique_ptr<tls::Session> the_session, Ledger& ledger)
            : session(std::move(the_session)), charge(ledger, tls::Session::octets_about) {}
        std::unique_ptr<tls::Session> session;
        Charge charge;
        Buffer sending;                 // encrypted
        std::size_t sent = 0;           // of `sending`
        std::size_t encrypted = 0;      // octets of content whose encrypted form has not been sent whole
        std::uint64_t since_pause = 0;  // octets of content sent since the last pause
        io::TimePoint last_write{};
    };

    [[nodiscard]] Task<io::Result<std::size_t>> read_secure(std::span<char> room, io::TimePoint deadline,
                                                            WaitingPlace* ring);
    [[nodiscard]] Task<io::Result<std::size_t>> write_secure(std::span<const iovec> spans, io::TimePoint deadline,
                                                             WaitingPlace* ring);
    [[nodiscard]] Task<io::Result<std::size_t>> send_file_secure(const Fd& file, std::uint64_t offset,
                                                                 std::uint64_t length, io::TimePoint deadline,
                                                                 WaitingPlace* ring);
    [[nodiscard]] Task<io::Result<std::size_t>> send_encrypted(io::TimePoint deadline, WaitingPlace* ring);
    [[nodiscard]] Task<io::Result<void>> send_output(io::TimePoint deadline, WaitingPlace* ring);
    [[nodiscard]] Task<void> drain_secure(io::Duration time_max, std::size_t octets_max);
    [[nodiscard]] Task<void> complete_handshake(io::TimePoint deadline, std::size_t octets_max);
    [[nodiscard]] io::Result<void> encrypt(std::span<const iovec> spans);
    [[nodiscard]] io::Result<void> encrypt_file(const Fd& file, std::uint64_t offset, std::uint64_t length);
    [[nodiscard]] std::size_t record_octets();

    io::Stream stream_;
    Backlog backlog_;
    std::unique_ptr<Security> security_;  // null without TLS
};

}  // namespace portico::link
