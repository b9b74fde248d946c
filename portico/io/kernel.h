// portico/io/kernel.h — what one core asks of its kernel: the floor that epoll, io_uring and the simulation share.
//
// Room io: see error.h.
// Threads:   wake() may be called from any thread; all else belongs to the core's thread.
//
// The interface reports completion, not readiness: an operation is started with everything it needs, and completes at
// once or later, with a result. Callers never depend on readiness, so a kernel that only knows completion fits as well.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "portico/base/buffer.h"
#include "portico/base/fd.h"
#include "portico/base/task.h"
#include "portico/io/address.h"
#include "portico/io/error.h"
#include "portico/io/file_system.h"
#include "portico/io/timers.h"

namespace portico::io {

class Core;
class Kernel;

// One thing asked of the kernel, inside the frame of the task that waits for it: it has an address until it completes,
// and completes exactly once. Its deadline and a request to stop both cancel it, and it still completes.
class Operation : public Stoppable, public Timer {
public:
    // A number of octets or a descriptor if it succeeded, else a negative errno value. The kernel calls this once,
    // unless the start function has set the result and returned true.
    void complete(std::int64_t result);
    // For a start function that finishes at once: the value that complete() would have been given.
    void set_result(std::int64_t result) { result_ = result; }
    // The value given to complete(), or -ETIMEDOUT if the operation was cancelled because its deadline had passed.
    [[nodiscard]] std::int64_t result() const { return result_; }

    void expire() final;
    void stop_waiting() noexcept final;
    void finish_waiting() noexcept final;

    // For the kernel's own use while it holds the operation.
    Operation* next_in_kernel = nullptr;

protected:
    // `core` outlives the operation. Nothing is started yet.
    explicit Operation(Core& core) : core_(&core) {}
    ~Operation() = default;

    // The whole life of an awaiter: `start` asks the kernel and says whether it was done at once. Returns whether the
    // coroutine stays suspended.
    template <class Promise, class Start>
    bool begin(std::coroutine_handle<Promise> waiter, TimePoint deadline, Start start) {
        StopState* const state = waiter.promise().stop_state();
        if (state != nullptr && state->stop_requested()) {
            if (state->must_end()) {
                state->end_later(frame_of(waiter));
                return true;
            }
            result_ = -ECANCELED;
            return false;
        }
        if (start()) return false;
        wait(waiter, deadline);
        stop_state_ = state;
        if (state != nullptr) state->begin_wait(*this, frame_of(waiter));
        return true;
    }
    // The core whose kernel carries out the operation.
    [[nodiscard]] Core& core() const { return *core_; }

private:
    // Asks the kernel to end this operation early: it completes with -ECANCELED, now or soon, unless it was done
    // already.
    virtual void cancel() = 0;
    void wait(std::coroutine_handle<> waiter, TimePoint deadline);

    Core* core_;
    std::coroutine_handle<> waiter_;  // null unless it is in flight
    StopState* stop_state_ = nullptr;
    std::int64_t result_ = 0;
    bool deadline_passed_ = false;
};

// Accepts one connection. Result: the descriptor; `peer` is filled. If it is cancelled, or its deadline passes, while
// connections wait in the queue, it takes one of those: so a deadline that has come empties the queue, one by one.
struct AcceptOp : Operation {
    // From the queue of this socket.
    AcceptOp(Core& core, int the_listener) : Operation(core), listener(the_listener) {}
    int listener;        // a socket that listen() gave
    SocketAddress peer;  // the other end's address

private:
    void cancel() final;
};

// Connects a socket that open_socket made. Result: 0.
struct ConnectOp : Operation {
    // This socket to that address.
    ConnectOp(Core& core, int the_socket, SocketAddress the_peer)
        : Operation(core), socket(the_socket), peer(std::move(the_peer)) {}
    int socket;          // not connected yet
    SocketAddress peer;  // the address to connect to

private:
    void cancel() final;
};

// Receives octets into `room`, or, where `room` is empty, into a buffer that is borrowed from `pool` when octets are
// there: a connection that waits holds none. Result: octets, 0 at the end of the stream.
struct ReadOp : Operation {
    // Into room of the caller's, which outlives the operation.
    ReadOp(Core& core, int the_stream, std::span<char> the_room)
        : Operation(core), stream(the_stream), room(the_room) {}
    // Into a buffer of the usual size, borrowed from the pool.
    ReadOp(Core& core, int the_stream, BufferPool& the_pool) : Operation(core), stream(the_stream), pool(&the_pool) {}
    int stream;                  // a connected socket, or one end of stdio
    std::span<char> room;        // empty: see `pool`
    BufferPool* pool = nullptr;  // null: see `room`
    Buffer buffer;               // from the pool, with the octets received

private:
    void cancel() final;
};

// Waits until the connection is broken: it was reset, or both its directions have ended. A peer that only half-closes
// does not end the wait. In the place of a read: one or the other waits. Result: 0.
struct HangUpOp : Operation {
    // Of this stream.
    HangUpOp(Core& core, int the_stream) : Operation(core), stream(the_stream) {}
    int stream;  // a connected socket

private:
    void cancel() final;
};

// Sends octets: the first of `spans` first. Result: how many were taken, at least one; perhaps not all.
struct WriteOp : Operation {
    // The spans, and the memory that they point to, outlive the operation.
    WriteOp(Core& core, int the_stream, std::span<const iovec> the_spans, bool the_more = false)
        : Operation(core), stream(the_stream), spans(the_spans), more(the_more) {}
    int stream;                    // a connected socket, or one end of stdio
    std::span<const iovec> spans;  // at least one octet, all together
    bool more;  // more octets follow at once: the kernel may wait for them before it sends a short segment

private:
    void cancel() final;
};

// Sends octets of a file. Result: how many, perhaps not all; 0 if the file ends before `offset`.
struct SendFileOp : Operation {
    // `the_file` outlives the operation.
    SendFileOp(Core& core, int the_stream, const Fd& the_file, std::uint64_t the_offset, std::uint64_t the_length)
        : Operation(core), stream(the_stream), file(&the_file), offset(the_offset), length(the_length) {}
    int stream;            // a connected socket
    const Fd* file;        // open for reading
    std::uint64_t offset;  // in the file, in octets
    std::uint64_t length;  // octets to send, at least one

private:
    void cancel() final;
};

// One datagram to be received into, or to be sent.
struct DatagramSlot {
    std::span<char> octets;  // receiving: the room, then the datagram; sending: the datagram
    SocketAddress peer;      // receiving: the sender; sending: the receiver
    bool truncated = false;  // receiving: the datagram was larger than the room
    // If not zero, `octets` holds several datagrams of this size, one after the other; the last may be shorter.
    // Received so only if the socket coalesces (GRO). Sent so in one call (GSO), or one by one if the system cannot do
    // that.
    std::uint16_t segment_octets = 0;
};

// Receives the datagrams that are available: at least one, at most slots.size(). Result: how many.
struct ReceiveOp : Operation {
    // `the_slots` outlive the operation.
    ReceiveOp(Core& core, int the_socket, std::span<DatagramSlot> the_slots)
        : Operation(core), socket(the_socket), slots(the_slots) {}
    int socket;                     // a datagram socket
    std::span<DatagramSlot> slots;  // each with room; the first of them are filled

private:
    void cancel() final;
};

// Sends datagrams in order. Result: how many were taken, at least one. An error is the first datagram's.
struct SendOp : Operation {
    // `the_slots` outlive the operation, and so do their octets.
    SendOp(Core& core, int the_socket, std::span<const DatagramSlot> the_slots)
        : Operation(core), socket(the_socket), slots(the_slots) {}
    int socket;                           // a datagram socket
    std::span<const DatagramSlot> slots;  // one datagram each, or several of one size

private:
    void cancel() final;
};

// Work that may block, for a helper thread. Result: 0. It can be cancelled while it is queued; once a thread has begun
// the work, the operation completes when the work returns.
struct OffloadOp : Operation {
    // How far the work has got; maintained by the kernel.
    enum class Stage : std::uint8_t { queued, running, done };

    // `core` is resumed with the result.
    explicit OffloadOp(Core& core) : Operation(core) {}
    virtual void work() = 0;  // runs on a helper thread

    // For the kernel's own use while it holds the operation.
    Stage stage_in_kernel = Stage::queued;
    OffloadOp* previous_in_kernel = nullptr;

protected:
    ~OffloadOp() = default;

private:
    void cancel() final;
};

// How much of what was written to a stream the kernel may hold. Without these limits a peer that does not read makes
// it hold several megabytes for each connection (tcp(7), tcp_wmem), and goes on to when the connection has been closed.
struct SendLimits {
    // Octets not sent yet: a write beyond waits (TCP_NOTSENT_LOWAT). It does not slow down a peer that reads, however
    // far away: octets on their way don't count. 0: no limit. Nothing where the stream isn't TCP.
    std::size_t unsent_octets_max = 0;
    // Octets that the peer has not acknowledged, sent or not (SO_SNDBUF; the kernel's own bookkeeping counts as well,
    // and it grants a minimum of a few thousand). It bounds the rate to so many octets in each round trip. 0: as the
    // system is configured.
    std::size_t unacknowledged_octets_max = 0;

    bool operator==(const SendLimits&) const = default;  // whether both limits are the same
};

// How to listen (socket(7), tcp(7), unix(7)).
struct ListenOptions {
    int backlog = 4096;       // connections that may wait to be accepted; the kernel may have a lower limit
    bool reuse_port = false;  // SO_REUSEPORT: one listening socket for each core
    bool dual_stack = true;   // "[::]" takes IPv4 too
    bool only_bind = false;   // takes the address but accepts no connections: tests whether it is free
    std::chrono::seconds defer_accept{0};  // TCP_DEFER_ACCEPT: wake up when octets are there. 0: off
    bool replace_stale_path = true;        // Unix: a socket that nobody listens on is removed first; never another file
    unsigned path_mode = 0666;             // Unix: permissions of the socket file, less the umask
    SendLimits send_limits{};              // of each connection that is accepted
};

// A socket that has an address.
struct Opened {
    int number = -1;      // its descriptor; the caller makes it an Fd
    SocketAddress local;  // where it is bound, with the port that was chosen
};

// Which direction of a stream ends (shutdown(2)).
enum class ShutDown : std::uint8_t { sending, receiving, both };
// One end of standard input and output.
enum class StdioEnd : std::uint8_t { input, output };

// The system as a core sees it: Linux through epoll, or a simulation. It gives out descriptors and outlives them.
// Servers and clients use Stream, Listener, Datagram and offload(), which are built on it.
class Kernel : public FdTable {
public:
    virtual ~Kernel() = default;

    // --- time and chance
    [[nodiscard]] virtual TimePoint now() const = 0;                                     // as of the last wait(): cheap
    [[nodiscard]] virtual std::chrono::system_clock::time_point wall_clock() const = 0;  // as of the last wait()
    [[nodiscard]] virtual TimePoint clock() const { return now(); }  // the exact time: may cost a call
    virtual void random(std::span<char> room) = 0;                   // unguessable, but for the simulation

    // --- the loop
    // Waits until something completes, wake() is called or `until` comes, and completes what can be completed.
    virtual void wait(TimePoint until) = 0;
    virtual void wake() noexcept = 0;  // from any thread

    // --- sockets: these never wait
    // Binds a stream socket and listens. Errors: EADDRINUSE, EACCES, EADDRNOTAVAIL … (bind(2), listen(2)). Closing it
    // removes its socket file, unless another file has taken the path meanwhile.
    virtual Result<Opened> listen(const SocketAddress& local, const ListenOptions& options) = 0;
    // No new connection begins at `listener` from now on. Those that have begun can still be accepted: what is queued,
    // and what completes its handshake. A client that tries meanwhile is refused (Unix) or tries again later (TCP).
    // Where the kernel can't do that, nothing changes.
    virtual void refuse_new_connections(int /*listener*/) {}
    virtual Result<int> open_socket(Family family) = 0;  // a stream socket to be connected
    // Binds a UDP socket; `reuse_port`: other sockets may bind the same address and share its datagrams (SO_REUSEPORT).
    virtual Result<Opened> open_datagram(const SocketAddress& local, bool reuse_port) = 0;
    // From now on receives only from `peer`, and reports errors about datagrams sent to it (ECONNREFUSED from receive).
    virtual Result<void> connect_datagram(int /*socket*/, const SocketAddress& /*peer*/) {
        return fail(EOPNOTSUPP, "connect");
    }
    // From now on one slot may receive several datagrams (UDP_GRO). Does nothing if the system cannot do that.
    virtual void set_coalescing(int /*socket*/) {}
    virtual Result<int> open_stdio(StdioEnd end) = 0;  // standard input or output; closing it leaves the original open
    virtual Result<SocketAddress> local_address(int socket) = 0;  // where it is bound (getsockname(2))
    // Ends one direction or both: the peer reads to the end of the stream. Errors: ENOTCONN … (shutdown(2)).
    virtual Result<void> shut_down(int stream, ShutDown which) = 0;
    // Octets that were written and that the peer has not acknowledged; 0 if the system cannot tell.
    [[nodiscard]] virtual std::size_t unacknowledged(int stream) const {
        static_cast<void>(stream);
        return 0;
    }
    virtual void set_no_delay(int stream) = 0;  // TCP_NODELAY; does nothing if the stream is not TCP
    // Applies to later writes; octets that were written already are kept.
    virtual void set_send_limits(int /*stream*/, const SendLimits& /*limits*/) {}
    // Closing now drops unsent octets and sends RST (SO_LINGER 0).
    virtual void set_abort_on_close(int stream) = 0;

    // --- operations
    // Starts `op`. Returns true if it finished at once (its result is set), false if it will complete later. Until then
    // it must not move.
    virtual bool start(AcceptOp& op) = 0;
    virtual bool start(ConnectOp& op) = 0;
    virtual bool start(ReadOp& op) = 0;
    virtual bool start(HangUpOp& op) = 0;
    virtual bool start(WriteOp& op) = 0;
    virtual bool start(SendFileOp& op) = 0;
    virtual bool start(ReceiveOp& op) = 0;
    virtual bool start(SendOp& op) = 0;
    virtual bool start(OffloadOp& op) = 0;
    // Ends `op`, which has not completed, early: it completes with -ECANCELED, now or soon, unless it was done
    // meanwhile.
    virtual void cancel(AcceptOp& op) = 0;
    virtual void cancel(ConnectOp& op) = 0;
    virtual void cancel(ReadOp& op) = 0;
    virtual void cancel(HangUpOp& op) = 0;
    virtual void cancel(WriteOp& op) = 0;
    virtual void cancel(SendFileOp& op) = 0;
    virtual void cancel(ReceiveOp& op) = 0;
    virtual void cancel(SendOp& op) = 0;
    virtual void cancel(OffloadOp& op) = 0;  // does nothing if the work has begun
    // Blocks the thread until `op`, which was cancelled but has not completed yet, completes. A last resort, for a
    // frame that is destroyed where nobody can wait.
    virtual void finish(Operation& op) noexcept = 0;

    // Files as this kernel has them: the machine's, or a simulation's.
    [[nodiscard]] virtual FileSystem& files() = 0;
};

}  // namespace portico::io
