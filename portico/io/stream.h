// portico/io/stream.h — connected streams, and the sockets that accept them.
//
// Room io: see error.h.
// Threads:   one core's: a stream is used and destroyed on the core that accepted or connected it, unless it is handed
//                       over by detach() and attach().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "portico/io/core.h"
#include "portico/io/kernel.h"
#include "portico/io/net/endpoint.h"

namespace portico::io {

// co_await stream.read(room, …): how many octets were read, 0 at the end of the stream, or the error.
class Read final : public Awaited<ReadOp> {
public:
    using Awaited::Awaited;
    Result<std::size_t> await_resume() const { return count("read"); }
};

// co_await stream.read(pool, …): a buffer with the octets read, empty at the end of the stream, or the error.
class ReadBuffer final : public Awaited<ReadOp> {
public:
    using Awaited::Awaited;
    Result<Buffer> await_resume() {
        const Result<std::size_t> octets = count("read");
        if (!octets) return std::unexpected(octets.error());
        return std::move(buffer);
    }
};

// co_await stream.hang_up(…): nothing once the connection is broken, or why the wait ended before that.
class HangUp final : public Awaited<HangUpOp> {
public:
    using Awaited::Awaited;
    Result<void> await_resume() const {
        if (result() < 0) return fail(static_cast<int>(-result()), "hang_up");
        return {};
    }
};

// co_await stream.write(…): how many octets were taken, at least one, or the error.
class Write final : public Awaited<WriteOp> {
public:
    using Awaited::Awaited;
    Result<std::size_t> await_resume() const { return count("write"); }
};

// co_await stream.send_file(…): how many octets were taken, 0 if the file has become shorter, or the error.
class SendFile final : public Awaited<SendFileOp> {
public:
    using Awaited::Awaited;
    Result<std::size_t> await_resume() const { return count("sendfile"); }
};

// A connected stream of octets: TCP, Unix, or one end of stdio. One read and one write may wait at the same time (in
// two tasks), but never two reads or two writes. The destructor closes it.
class Stream {
public:
    // A connected, non-blocking socket that the core's kernel has returned. The core outlives the stream.
    Stream(Core& core, Fd fd) : core_(&core), fd_(std::move(fd)) {}

    // Removes the stream from its core. The returned descriptor belongs to no core. It may be moved and destroyed on
    // any thread and in a child that is forked now, and becomes a stream again with attach(). No read or write of this
    // stream may be in progress. Not for stdio, nor on the simulated kernel.
    [[nodiscard]] Fd detach() &&;
    // Makes a stream of `core` from the result of detach(). Call it on the core's thread.
    static Stream attach(Core& core, Fd detached);

    // Reads at most `room.size()` octets; 0 is the end of the stream: the peer sends no more, but may still read.
    // Octets that have arrived are returned even if the deadline is past. Errors: ETIMEDOUT, ECANCELED, ECONNRESET,
    // ENOBUFS no memory for a buffer (see Ledger) …
    [[nodiscard]] Read read(std::span<char> room, TimePoint deadline) {
        return Read(deadline, *core_, fd_.number(), room);
    }
    // The same, into a buffer that is borrowed when octets have arrived. An empty buffer is the end of the stream.
    [[nodiscard]] ReadBuffer read(BufferPool& pool, TimePoint deadline) {
        return ReadBuffer(deadline, *core_, fd_.number(), pool);
    }
    // The same, into a buffer of its core's pool.
    [[nodiscard]] ReadBuffer read(TimePoint deadline) { return read(core_->buffers(), deadline); }
    // Waits until the connection is broken: reset by the peer, or ended in both directions. A peer that half-closes has
    // not broken it, nor has a TCP peer that closed: the two look alike until something is sent to the peer. Counts as
    // a read. Errors: ETIMEDOUT, ECANCELED.
    [[nodiscard]] HangUp hang_up(TimePoint deadline) { return HangUp(deadline, *core_, fd_.number()); }
    // Sends at least one octet of `spans`, perhaps not all. `more`: further octets follow at once.
    [[nodiscard]] Write write(std::span<const iovec> spans, TimePoint deadline, bool more = false) {
        return Write(deadline, *core_, fd_.number(), spans, more);
    }
    // Sends at least one octet of the file; 0 if the file has become shorter than `offset`.
    [[nodiscard]] SendFile send_file(const Fd& file, std::uint64_t offset, std::uint64_t length, TimePoint deadline) {
        return SendFile(deadline, *core_, fd_.number(), file, offset, length);
    }
    // Writes all of `octets`. The deadline applies to the whole call.
    [[nodiscard]] Task<Result<void>> write_all(std::string_view octets, TimePoint deadline);

    // Half-close: the peer reads to the end of what we have sent, and we can go on reading.
    Result<void> finish_sending() { return core_->kernel().shut_down(fd_.number(), ShutDown::sending); }
    // How many octets have been written that the peer has not acknowledged.
    [[nodiscard]] std::size_t unacknowledged() const { return core_->kernel().unacknowledged(fd_.number()); }
    // Sends small writes at once instead of waiting for an acknowledgement (TCP_NODELAY, tcp(7)). Has no effect if it
    // does not apply.
    void set_no_delay() { core_->kernel().set_no_delay(fd_.number()); }
    // Limits how much of the written octets the system holds. An accepted stream has its listener's limits
    // (ListenOptions::send_limits) from the start.
    void set_send_limits(const SendLimits& limits) { core_->kernel().set_send_limits(fd_.number(), limits); }
    // Makes the next close a reset, so that the peer can't mistake truncated content for the whole.
    void abort_on_close() { core_->kernel().set_abort_on_close(fd_.number()); }
    // The octets sent are incomplete and will stay so: the next close is a reset, and reading gets the end of the
    // stream.
    void break_off() {
        abort_on_close();
        static_cast<void>(core_->kernel().shut_down(fd_.number(), ShutDown::receiving));
    }
    // This end's address.
    [[nodiscard]] Result<SocketAddress> local_address() const { return core_->kernel().local_address(fd_.number()); }
    // The core whose tasks may wait for the stream.
    [[nodiscard]] Core& core() const { return *core_; }

private:
    Core* core_;
    Fd fd_;
};

// Call it after the last answer: half-closes, and goes on reading for at most `time_max` and `octets_max`, so that the
// peer can read what was sent before our close becomes a reset (RFC 9112 §9.6).
Task<void> drain(Stream& stream, Duration time_max, std::size_t octets_max);
// Like drain(), and then closes.
Task<void> drain_and_close(Stream stream, Duration time_max, std::size_t octets_max);

// An accepted connection.
struct Accepted {
    Stream stream;       // nothing has been read
    SocketAddress peer;  // the other end; a Unix client's is unnamed
};

// co_await listener.accept(…): the next connection, or the error.
class Accept final : public Awaited<AcceptOp> {
public:
    using Awaited::Awaited;
    Result<Accepted> await_resume();
};

// A listening stream socket: TCP or Unix.
class Listener {
public:
    // Binds and listens. Port 0 is any free port: see local(). Errors: EADDRINUSE another socket listens there, EACCES
    // the port needs a privilege, EADDRNOTAVAIL it is not an address of this host … (bind(2), listen(2)).
    static Result<Listener> open(Core& core, const SocketAddress& local, const ListenOptions& options = {});

    // Returns the next connection. Skips a connection that its peer has already closed (ECONNABORTED). EMFILE, ENFILE,
    // ENOBUFS and ENOMEM are returned: wait a while (see accept_pause) before the next call; new connections stay in
    // the backlog. If the deadline has passed, still accepts what is queued, and then fails with ETIMEDOUT.
    [[nodiscard]] Accept accept(TimePoint deadline = never) { return Accept(deadline, *core_, fd_.number()); }
    // Call it before the last accepts: from now on no new connection begins. Connections that have begun are still
    // accepted, so that no request is lost when the listener is closed.
    void refuse_new_connections() { core_->kernel().refuse_new_connections(fd_.number()); }
    // The address it listens on, with the port that was chosen.
    [[nodiscard]] const SocketAddress& local() const { return local_; }

private:
    Listener(Core& core, Fd fd, SocketAddress local) : core_(&core), fd_(std::move(fd)), local_(std::move(local)) {}
    Core* core_;
    Fd fd_;
    SocketAddress local_;
};

// How long to wait before the next accept after a failed one. Zero if an immediate retry is right.
Duration accept_pause(const Error& error);

// Connects to one address, once. Errors: ECONNREFUSED no socket listens there, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT …
// (connect(2)). For a name with several addresses: connect_to().
Task<Result<Stream>> connect(Core& core, SocketAddress peer, TimePoint deadline);

// Standard input and output as the two directions of one peer.
struct Stdio {
    Stream input;   // to read from
    Stream output;  // to write to
};
// Opens both, for programs that exchange octets with the process that started them. Errors: those of fcntl(2).
Result<Stdio> open_stdio(Core& core);

}  // namespace portico::io
