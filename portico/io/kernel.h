// portico/io/kernel.h — what one core requests from its kernel: the interface that epoll, io_uring and the simulation
// share.
//
// Room io: see error.h.
// Threads:   wake() may be called from any thread; everything else belongs to the core's thread.
//
// The interface reports completion, not readiness: an operation is started with everything it needs, and completes at
// once or later, with a result. Callers never depend on readiness, so a kernel that only supports completion fits too.
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
#include "portico/io/error.h"
#include "portico/io/file_system.h"
#include "portico/io/net/address.h"
#include "portico/io/timers.h"

namespace portico::io {

class Core;
class Kernel;

// One request to the kernel. It is in the frame of the task that waits for it, so its address does not change until it
// completes, and it completes exactly once. Its deadline and a request to stop both cancel it, and it still completes.
class Operation : public Stoppable, public Timer {
public:
    // A number of octets or a descriptor if it succeeded, else a negative errno value. The kernel calls this once,
    // unless the start function has set the result and returned true.
    void complete(std::int64_t result);
    // For a start function that finishes at once: sets the value that complete() would have received.
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

    // The whole life of an awaiter: `start` starts the operation in the kernel and returns whether it was done at once.
    // Returns whether the coroutine stays suspended.
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
    // Requests that this operation end early: it completes with -ECANCELED, now or soon, unless it is already done.
    virtual void cancel() = 0;
    void wait(std::coroutine_handle<> waiter, TimePoint deadline);

    Core* core_;
    std::coroutine_handle<> waiter_;  // null unless the operation is in flight
    StopState* stop_state_ = nullptr;
    std::int64_t result_ = 0;
    bool deadline_passed_ = false;
};

// Accepts one connection. Result: the descriptor; `peer` is filled. If it is cancelled, or its deadline passes, while
// connections are waiting in the queue, it accepts one of those. So an expired deadline empties the queue one by one.
struct AcceptOp : Operation {
    // Accepts from the queue of this socket.
    AcceptOp(Core& core, int the_listener) : Operation(core), listener(the_listener) {}
    int listener;        // a socket from listen()
    SocketAddress peer;  // the other end's address

private:
    void cancel() final;
};

// Connects a socket that open_socket() created. Result: 0.
struct ConnectOp : Operation {
    // Connects this socket to that address.
    ConnectOp(Core& core, int the_socket, SocketAddress the_peer)
        : Operation(core), socket(the_socket), peer(std::move(the_peer)) {}
    int socket;          // not connected yet
    SocketAddress peer;  // the address to connect to

private:
    void cancel() final;
};

// Receives octets into `room`. If `room` is empty, receives into a buffer that is borrowed from `pool` when octets have
// arrived, so that an idle connection holds no buffer. Result: the number of octets, 0 at the end of the stream.
struct ReadOp : Operation {
    // Reads into the caller's room, which outlives the operation.
    ReadOp(Core& core, int the_stream, std::span<char> the_room)
        : Operation(core), stream(the_stream), room(the_room) {}
    // Reads into a buffer of the usual size, borrowed from the pool.
    ReadOp(Core& core, int the_stream, BufferPool& the_pool) : Operation(core), stream(the_stream), pool(&the_pool) {}
    int stream;                  // a connected socket, or one end of stdio
    std::span<char> room;        // empty: see `pool`
    BufferPool* pool = nullptr;  // null: see `room`
    Buffer buffer;               // from the pool, with the octets received

private:
    void cancel() final;
};

// Waits until the connection is broken: it was reset, or both its directions have ended. A peer that only half-closes
// does not end the wait. It takes the place of a read: only one of the two may wait. Result: 0.
struct HangUpOp : Operation {
    // Waits for the end of this stream.
    HangUpOp(Core& core, int the_stream) : Operation(core), stream(the_stream) {}
    int stream;  // a connected socket

private:
    void cancel() final;
};

// Sends octets, starting with the first of `spans`. Result: how many octets were taken, at least one; perhaps not all.
struct WriteOp : Operation {
    // The spans, and the memory that they point to, outlive the operation.
    WriteOp(Core& core, int the_stream, std::span<const iovec> the_spans, bool the_more = false)
        : Operation(core), stream(the_stream), spans(the_spans), more(the_more) {}
    int stream;                    // a connected socket, or one end of stdio
    std::span<const iovec> spans;  // at least one octet in total
    bool more;  // more octets follow at once: the kernel may wait for them before it sends a short segment

private:
    void cancel() final;
};

// Sends octets of a file. Result: how many octets, perhaps not all; 0 if the file ends before `offset`.
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

// One datagram to receive or to send.
struct DatagramSlot {
    std::span<char> octets;  // receiving: the room, then the datagram; sending: the datagram
    SocketAddress peer;      // receiving: the sender; sending: the receiver
    bool truncated = false;  // receiving: the datagram was larger than the room
    // If not zero, `octets` holds several datagrams of this size, one after another; the last may be shorter. Datagrams
    // are received in this form only if the socket coalesces (GRO). They are sent in one call (GSO), or one by one if
    // the system cannot do that.
    std::uint16_t segment_octets = 0;
};

// Receives the datagrams that are available: at least one, at most slots.size(). Result: how many.
struct ReceiveOp : Operation {
    // `the_slots` outlive the operation.
    ReceiveOp(Core& core, int the_socket, std::span<DatagramSlot> the_slots)
        : Operation(core), socket(the_socket), slots(the_slots) {}
    int socket;                     // a datagram socket
    std::span<DatagramSlot> slots;  // each with room; the first ones are filled

private:
    void cancel() final;
};

// Sends datagrams in order. Result: how many were taken, at least one. An error concerns the first datagram.
struct SendOp : Operation {
    // `the_slots` outlive the operation, and so do their octets.
    SendOp(Core& core, int the_socket, std::span<const DatagramSlot> the_slots)
        : Operation(core), socket(the_socket), slots(the_slots) {}
    int socket;                           // a datagram socket
    std::span<const DatagramSlot> slots;  // one datagram each, or several of the same size

private:
    void cancel() final;
};

// Which direction of a descriptor is ready.
enum class Direction : std::uint8_t { reading, writing };

// Waits until a descriptor that the kernel has not created is ready: a call would not block. Result: 0.
struct ReadyOp : Operation {
    // `the_fd` is open until the operation has completed.
    ReadyOp(Core& core, int the_fd, Direction the_direction) : Operation(core), fd(the_fd), direction(the_direction) {}
    int fd;               // belongs to the program, or to a library that it uses
    Direction direction;  // see there

private:
    void cancel() final;
};

class HelperThreads;

// Work that may block, for a helper thread. Result: 0. It can be cancelled while it is queued; once a thread has begun
// the work, the operation completes when the work returns.
struct OffloadOp : Operation {
    // How far the work has progressed; maintained by the kernel.
    enum class Stage : std::uint8_t { queued, running, done };

    // `core` receives the result.
    explicit OffloadOp(Core& core) : Operation(core) {}
    virtual void work() = 0;  // runs on a helper thread

    // For the kernel's own use while it holds the operation.
    Stage stage_in_kernel = Stage::queued;
    OffloadOp* previous_in_kernel = nullptr;
    HelperThreads* threads = nullptr;         // those that do the work; null: the kernel's own
    HelperThreads* home_in_kernel = nullptr;  // those of the kernel that receives the result

protected:
    // For the threads of a pool.
    OffloadOp(Core& core, HelperThreads& the_threads) : Operation(core), threads(&the_threads) {}
    ~OffloadOp() = default;

private:
    void cancel() final;
};

// How much of the octets written to a stream the kernel may hold. Without these limits, a peer that does not read makes
// the kernel hold several megabytes for each connection (tcp(7), tcp_wmem), even after the connection has been closed.
struct SendLimits {
    // Octets not sent yet: a further write waits (TCP_NOTSENT_LOWAT). This does not slow down a peer that reads,
    // however far away it is: octets in flight don't count. 0: no limit. No effect if the stream isn't TCP.
    std::size_t unsent_octets_max = 0;
    // Octets that the peer has not acknowledged, sent or not (SO_SNDBUF; the kernel's own bookkeeping counts as well,
    // and it grants a minimum of a few thousand). This limits the rate to this many octets in each round trip. 0: the
    // system's setting.
    std::size_t unacknowledged_octets_max = 0;

    bool operator==(const SendLimits&) const = default;  // whether both limits are the same
};

// What the port of a listening socket is for.
enum class PortUse : std::uint8_t {
    alone,   // no other socket can listen at the address
    shared,  // SO_REUSEPORT: one listening socket for each core
    tested,  // binds without accepting connections: to find out whether the address is free
};

// How to listen (socket(7), tcp(7), unix(7)).
struct ListenOptions {
    int backlog = 4096;                 // connections that may wait to be accepted; the kernel may have a lower limit
    PortUse port_use = PortUse::alone;  // see there
    std::chrono::seconds defer_accept{0};  // TCP_DEFER_ACCEPT: wake up when octets have arrived. 0: off
    unsigned path_mode = 0666;             // Unix: permissions of the socket file, less the umask
    SendLimits send_limits{};              // for each accepted connection
};

// A socket that has an address.
struct Opened {
    int number = -1;      // its descriptor; the caller makes it an Fd
    SocketAddress local;  // the address it is bound to, with the port that was chosen
};

// Which direction of a stream ends (shutdown(2)).
enum class ShutDown : std::uint8_t { sending, receiving, both };
// One end of standard input and output.
enum class StdioEnd : std::uint8_t { input, output };

// The system as a core sees it: Linux through epoll, or a simulation. It creates descriptors and outlives them. Servers
// and clients use Stream, Listener, Datagram and offload(), which are built on it.
class Kernel : public FdTable {
public:
    virtual ~Kernel() = default;

    // --- time and chance
    [[nodiscard]] virtual TimePoint now() const = 0;                                     // as of the last wait(): cheap
    [[nodiscard]] virtual std::chrono::system_clock::time_point wall_clock() const = 0;  // as of the last wait()
    [[nodiscard]] virtual TimePoint clock() const { return now(); }  // the exact time: may cost a call
    virtual void random(std::span<char> room) = 0;                   // unpredictable, except in the simulation
    // The exact time, once all that happened in a pass is done. The next wait() takes it for the present time.
    [[nodiscard]] virtual TimePoint end_pass() { return clock(); }

    // --- the loop
    // Waits until an operation completes, wake() is called or `until` is reached, and completes what can be completed.
    virtual void wait(TimePoint until) = 0;
    virtual void wake() noexcept = 0;  // from any thread
    // Whether the calling thread is one of this kernel's helper threads, which do the work of offload().
    [[nodiscard]] virtual bool is_helper_thread() const { return false; }

    // --- sockets: these never wait
    // Binds a stream socket and listens. Errors: EADDRINUSE, EACCES, EADDRNOTAVAIL … (bind(2), listen(2)). Closing it
    // removes its socket file, unless another file has taken the path in the meantime.
    virtual Result<Opened> listen(const SocketAddress& local, const ListenOptions& options) = 0;
    // From now on, no new connection begins at `listener`. Connections that have begun can still be accepted: those in
    // the queue, and those that complete their handshake. A client that tries in the meantime is refused (Unix) or
    // tries again later (TCP). If the kernel can't do that, nothing changes.
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
    virtual Result<SocketAddress> local_address(int socket) = 0;  // the address it is bound to (getsockname(2))
    // Ends one direction or both: the peer reads to the end of the stream. Errors: ENOTCONN … (shutdown(2)).
    virtual Result<void> shut_down(int stream, ShutDown which) = 0;
    // Octets that were written and that the peer has not acknowledged; 0 if the system does not report it.
    [[nodiscard]] virtual std::size_t unacknowledged(int stream) const {
        static_cast<void>(stream);
        return 0;
    }
    virtual void set_no_delay(int stream) = 0;  // TCP_NODELAY; does nothing if the stream is not TCP
    // Applies to later writes; octets that have already been written are kept.
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
    virtual bool start(ReadyOp& op) = 0;  // -EOPNOTSUPP if the kernel knows only its own descriptors
    // Ends `op` early: it has not completed, and will complete with -ECANCELED, now or soon, unless it is done in the
    // meantime.
    virtual void cancel(AcceptOp& op) = 0;
    virtual void cancel(ConnectOp& op) = 0;
    virtual void cancel(ReadOp& op) = 0;
    virtual void cancel(HangUpOp& op) = 0;
    virtual void cancel(WriteOp& op) = 0;
    virtual void cancel(SendFileOp& op) = 0;
    virtual void cancel(ReceiveOp& op) = 0;
    virtual void cancel(SendOp& op) = 0;
    virtual void cancel(OffloadOp& op) = 0;  // does nothing if the work has begun
    virtual void cancel(ReadyOp& op) = 0;    // completes at once
    // Blocks the thread until `op`, which was cancelled but has not completed yet, completes. A last resort, for a
    // frame that is destroyed by code that cannot await.
    virtual void finish(Operation& op) noexcept = 0;

    // The kernel's file system: the machine's, or a simulated one.
    [[nodiscard]] virtual FileSystem& files() = 0;
};

}  // namespace portico::io
