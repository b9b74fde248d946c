// portico/io/epoll_kernel.cc — the loop on epoll: which operation waits for which descriptor, and when it is tried.
//
// A descriptor is registered when an operation first has to wait for it, edge-triggered. What an edge said is
// remembered in the descriptor's slot until a call says EAGAIN (or comes back short, which says the same with one call
// fewer), so that an operation on a ready descriptor is done at once and one on an idle descriptor waits without trying
// in vain.
//
// Listeners are level-triggered, and accept once for each report. An accept in vain is no cheap question: the kernel
// makes the socket and its file before it looks into the queue, and throws both away (a tenth of all that a connection
// of one request costs).
#include "portico/io/epoll_kernel.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <ctime>
#include <map>
#include <vector>

#include "portico/io/epoll_calls.h"
#include "portico/io/helper_threads.h"

namespace portico::io {
namespace {

// Operations that found their descriptor ready, one after the other, before the loop looks at other descriptors again:
// a peer that sends faster than we answer must not keep its core for itself.
constexpr unsigned at_once_max = 64;
constexpr unsigned helper_threads_max = 4;
constexpr int events_max = 256;

enum class Waits : std::uint8_t { nothing, accept, read, receive, connect, write, send_file, send };

struct Slot {
    Operation* reader = nullptr;
    Operation* writer = nullptr;
    Waits reader_waits = Waits::nothing;
    Waits writer_waits = Waits::nothing;
    FdKind kind = FdKind::socket;
    bool readable = true;       // until a call says otherwise
    bool writable = true;       // the same
    bool ended = false;         // the peer has sent its last: there is an end or an error to be read
    std::uint32_t watched = 0;  // the events it is registered for
};

class EpollKernel final : public Kernel {
public:
    EpollKernel(int epoll, int wake_up)
        : epoll_(epoll), wake_up_(wake_up), helpers_(helper_threads_max, [this] { wake(); }) {
        read_clocks();
    }
    ~EpollKernel() {
        ::close(wake_up_);
        ::close(epoll_);
    }

    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] TimePoint clock() const override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const override { return wall_clock_; }
    void random(std::span<char> room) override;

    void wait(TimePoint until) override;
    void wake() noexcept override;

    Result<Opened> listen(const SocketAddress& local, const ListenOptions& options) override;
    Result<int> open_socket(Family family) override { return calls::open_stream_socket(family); }
    Result<Opened> open_datagram(const SocketAddress& local, bool reuse_port) override;
    Result<void> connect_datagram(int socket, const SocketAddress& peer) override;
    void set_coalescing(int socket) override { calls::set_coalescing(socket); }
    Result<int> open_stdio(StdioEnd end) override;
    Result<SocketAddress> local_address(int socket) override { return calls::local_address(socket); }
    Result<void> shut_down(int stream, ShutDown which) override;
    [[nodiscard]] std::size_t unacknowledged(int stream) const override { return calls::unacknowledged(stream); }
    void set_no_delay(int stream) override { calls::set_no_delay(stream); }
    void set_send_limits(int stream, const SendLimits& limits) override { calls::set_send_limits(stream, limits); }
    void set_abort_on_close(int stream) override { calls::set_abort_on_close(stream); }
    void close(int number) noexcept override;
    void let_go(int number) noexcept override;
    void take(int number) noexcept override { adopt(number, FdKind::socket); }

    bool start(AcceptOp& op) override { return start_reader(op.listener, Waits::accept, op); }
    bool start(ConnectOp& op) override;
    bool start(ReadOp& op) override { return start_reader(op.stream, Waits::read, op); }
    bool start(WriteOp& op) override { return start_writer(op.stream, Waits::write, op); }
    bool start(SendFileOp& op) override { return start_writer(op.stream, Waits::send_file, op); }
    bool start(ReceiveOp& op) override { return start_reader(op.socket, Waits::receive, op); }
    bool start(SendOp& op) override { return start_writer(op.socket, Waits::send, op); }
    bool start(OffloadOp& op) override {
        helpers_.submit(op);
        return false;
    }
    void cancel(AcceptOp& op) override;
    void cancel(ConnectOp& op) override { cancel_writer(op.socket, op); }
    void cancel(ReadOp& op) override { cancel_reader(op.stream, op); }
    void cancel(WriteOp& op) override { cancel_writer(op.stream, op); }
    void cancel(SendFileOp& op) override { cancel_writer(op.stream, op); }
    void cancel(ReceiveOp& op) override { cancel_reader(op.socket, op); }
    void cancel(SendOp& op) override { cancel_writer(op.socket, op); }
    void cancel(OffloadOp& op) override;
    void finish(Operation& op) noexcept override;

    [[nodiscard]] FileSystem& files() override { return real_file_system(); }

private:
    Slot& slot(int fd) { return slots_[static_cast<std::size_t>(fd)]; }
    // Begins a new descriptor's slot.
    void adopt(int fd, FdKind kind);
    // Registers a descriptor that an operation has to wait for. Returns zero or an errno value.
    [[nodiscard]] int watch(int fd, std::uint32_t events);
    void unwatch(int fd);

    bool start_reader(int fd, Waits waits, Operation& op);
    bool start_writer(int fd, Waits waits, Operation& op);
    void cancel_reader(int fd, Operation& op);
    void cancel_writer(int fd, Operation& op);
    bool may_go_on(int fd);
    void resume_reader(int fd);
    void resume_writer(int fd);
    void dispatch(const epoll_event& event);
    void resume_put_off();
    void complete_offloaded();
    void read_clocks();

    // Each tries the call; true when the operation is done.
    bool attempt(Waits waits, int fd, Operation& op);
    bool attempt_accept(AcceptOp& op);
    bool attempt_read(ReadOp& op);
    bool attempt_receive(ReceiveOp& op);
    bool attempt_connect(ConnectOp& op);
    bool attempt_write(WriteOp& op);
    bool attempt_send_file(SendFileOp& op);
    bool attempt_send(SendOp& op);
    // What a call's result means for the operation: EAGAIN is "wait", and says so in the slot.
    bool done_reading(Slot& slot, Operation& op, std::int64_t result, bool was_short);
    bool done_writing(int fd, Operation& op, std::int64_t result);

    int epoll_;
    int wake_up_;
    TimePoint now_;
    std::chrono::system_clock::time_point wall_clock_;
    std::vector<Slot> slots_;   // by descriptor
    std::vector<int> put_off_;  // descriptors whose ready operation waits for the next pass
    unsigned at_once_ = 0;
    std::map<int, std::string> paths_;  // of Unix listeners: removed when they close
    HelperThreads helpers_;
};

void EpollKernel::random(std::span<char> room) {
    while (!room.empty()) {
        const ssize_t got = ::getrandom(room.data(), room.size(), 0);
        if (got > 0) room = room.subspan(static_cast<std::size_t>(got));
    }
}

void EpollKernel::read_clocks() {
    now_ = std::chrono::steady_clock::now();
    timespec wall{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &wall);  // a few milliseconds late, a fifth of the price
    wall_clock_ = std::chrono::system_clock::time_point(std::chrono::seconds(wall.tv_sec) +
                                                        std::chrono::nanoseconds(wall.tv_nsec));
}

void EpollKernel::wake() noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_up_, &one, sizeof one));  // it fails only when it is already awake
}

void EpollKernel::wait(TimePoint until) {
    int timeout = -1;
    if (!put_off_.empty()) {
        timeout = 0;
    } else if (until != never) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
        timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
    }
    std::array<epoll_event, events_max> events;
    const int count = ::epoll_wait(epoll_, events.data(), events_max, timeout);
    read_clocks();
    for (int i = 0; i < count; ++i) dispatch(events[static_cast<std::size_t>(i)]);
    resume_put_off();
}

void EpollKernel::dispatch(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == wake_up_) {
        std::uint64_t count = 0;
        static_cast<void>(!::read(wake_up_, &count, sizeof count));
        complete_offloaded();
        return;
    }
    // The event may be for a descriptor that an earlier event's task has closed, even for a new one of its number: then
    // a call is tried in vain, and that is all.
    if (slot(fd).kind == FdKind::listener && slot(fd).reader == nullptr) return unwatch(fd);
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    Slot& ready = slot(fd);
    if (broken || (event.events & EPOLLRDHUP) != 0) ready.ended = true;
    if (broken || (event.events & (EPOLLIN | EPOLLRDHUP)) != 0) ready.readable = true;
    if (broken || (event.events & EPOLLOUT) != 0) ready.writable = true;
    if (ready.readable && ready.reader != nullptr) resume_reader(fd);
    Slot& still = slot(fd);  // the vector may have grown meanwhile
    if (still.writable && still.writer != nullptr) resume_writer(fd);
}

void EpollKernel::resume_put_off() {
    std::vector<int> now_due;
    now_due.swap(put_off_);
    for (const int fd : now_due) {
        if (slot(fd).readable && slot(fd).reader != nullptr) resume_reader(fd);
        if (slot(fd).writable && slot(fd).writer != nullptr) resume_writer(fd);
    }
}

// Only what is done by now: a task that offloads again and again does not keep the loop from the descriptors.
void EpollKernel::complete_offloaded() {
    for (std::size_t left = helpers_.done(); left > 0; --left) {
        OffloadOp* const op = helpers_.take_done();
        if (op == nullptr) return;  // a task that was resumed has waited for the rest by finish()
        at_once_ = 0;
        op->complete(0);
    }
}

void EpollKernel::cancel(OffloadOp& op) {
    if (helpers_.cancel(op)) op.complete(-ECANCELED);
}

// Everything but offloaded work completes when it is cancelled.
void EpollKernel::finish(Operation& op) noexcept {
    helpers_.finish(static_cast<OffloadOp&>(op));
    op.complete(0);
}

void EpollKernel::resume_reader(int fd) {
    at_once_ = 0;
    Operation& op = *slot(fd).reader;
    if (!attempt(slot(fd).reader_waits, fd, op)) return;
    slot(fd).reader = nullptr;
    op.complete(op.result());
}

void EpollKernel::resume_writer(int fd) {
    at_once_ = 0;
    Operation& op = *slot(fd).writer;
    if (!attempt(slot(fd).writer_waits, fd, op)) return;
    slot(fd).writer = nullptr;
    op.complete(op.result());
}

// False once the running task has had its share of this pass: the descriptor's turn comes again in the next.
bool EpollKernel::may_go_on(int fd) {
    if (++at_once_ <= at_once_max) return true;
    put_off_.push_back(fd);
    return false;
}

bool EpollKernel::start_reader(int fd, Waits waits, Operation& op) {
    assert(slot(fd).reader == nullptr && "one read at a time");
    if (slot(fd).readable && may_go_on(fd) && attempt(waits, fd, op)) return true;
    const int failure = watch(fd, 0);
    if (failure != 0) {
        op.set_result(-failure);
        return true;
    }
    slot(fd).reader = &op;
    slot(fd).reader_waits = waits;
    return false;
}

bool EpollKernel::start_writer(int fd, Waits waits, Operation& op) {
    assert(slot(fd).writer == nullptr && "one write at a time");
    if (slot(fd).writable && may_go_on(fd) && attempt(waits, fd, op)) return true;
    const int failure = watch(fd, EPOLLOUT);
    if (failure != 0) {
        op.set_result(-failure);
        return true;
    }
    slot(fd).writer = &op;
    slot(fd).writer_waits = waits;
    return false;
}

// There was one accept for each report, so the queue may hold more: whoever stops accepting gets those first.
void EpollKernel::cancel(AcceptOp& op) {
    if (!attempt_accept(op)) return cancel_reader(op.listener, op);
    slot(op.listener).reader = nullptr;
    op.complete(op.result());
}

void EpollKernel::cancel_reader(int fd, Operation& op) {
    assert(slot(fd).reader == &op);
    slot(fd).reader = nullptr;
    op.complete(-ECANCELED);
}

void EpollKernel::cancel_writer(int fd, Operation& op) {
    assert(slot(fd).writer == &op);
    slot(fd).writer = nullptr;
    op.complete(-ECANCELED);
}

bool EpollKernel::start(ConnectOp& op) {
    adopt(op.socket, FdKind::socket);
    int failure = calls::begin_connect(op.socket, op.peer);
    if (failure == EINPROGRESS) {
        slot(op.socket).readable = false;
        slot(op.socket).writable = false;
        failure = watch(op.socket, EPOLLOUT);
        slot(op.socket).writer = failure == 0 ? &op : nullptr;
        slot(op.socket).writer_waits = Waits::connect;
        if (failure == 0) return false;
    }
    op.set_result(-failure);
    return true;
}

bool EpollKernel::attempt(Waits waits, int fd, Operation& op) {
    static_cast<void>(fd);
    switch (waits) {
        case Waits::nothing: break;
        case Waits::accept: return attempt_accept(static_cast<AcceptOp&>(op));
        case Waits::read: return attempt_read(static_cast<ReadOp&>(op));
        case Waits::receive: return attempt_receive(static_cast<ReceiveOp&>(op));
        case Waits::connect: return attempt_connect(static_cast<ConnectOp&>(op));
        case Waits::write: return attempt_write(static_cast<WriteOp&>(op));
        case Waits::send_file: return attempt_send_file(static_cast<SendFileOp&>(op));
        case Waits::send: return attempt_send(static_cast<SendOp&>(op));
    }
    assert(false && "an operation waits for something");
    return false;
}

bool EpollKernel::done_reading(Slot& slot, Operation& op, std::int64_t result, bool was_short) {
    if (result == -EAGAIN) {
        slot.readable = false;
        return false;
    }
    if (result == 0) slot.ended = true;
    if (was_short && !slot.ended && slot.kind == FdKind::socket) slot.readable = false;
    op.set_result(result);
    return true;
}

bool EpollKernel::done_writing(int fd, Operation& op, std::int64_t result) {
    if (result == -EAGAIN) {
        slot(fd).writable = false;
        return false;
    }
    op.set_result(result);
    return true;
}

bool EpollKernel::attempt_accept(AcceptOp& op) {
    const int accepted = calls::accept(op.listener, op.peer);
    if (accepted < 0) return done_reading(slot(op.listener), op, accepted, false);
    adopt(accepted, FdKind::socket);
    slot(op.listener).readable = false;  // until the next report
    op.set_result(accepted);
    return true;
}

bool EpollKernel::attempt_read(ReadOp& op) {
    if (op.pool != nullptr) {
        op.buffer = op.pool->borrow();
        op.room = op.buffer.room();
    }
    Slot& ready = slot(op.stream);
    const std::int64_t octets = calls::read(op.stream, ready.kind, op.room);
    const bool was_short = octets >= 0 && static_cast<std::size_t>(octets) < op.room.size();
    if (op.pool != nullptr) {
        if (octets > 0) {
            op.buffer.grow(static_cast<std::size_t>(octets));
        } else {
            op.buffer = Buffer();  // a waiting connection holds none
        }
    }
    return done_reading(ready, op, octets, was_short);
}

bool EpollKernel::attempt_receive(ReceiveOp& op) {
    return done_reading(slot(op.socket), op, calls::receive_datagrams(op.socket, op.slots), false);
}

bool EpollKernel::attempt_connect(ConnectOp& op) {
    op.set_result(-calls::pending_error(op.socket));
    return true;
}

bool EpollKernel::attempt_write(WriteOp& op) {
    return done_writing(op.stream, op, calls::write(op.stream, slot(op.stream).kind, op.spans, op.more));
}

bool EpollKernel::attempt_send_file(SendFileOp& op) {
    return done_writing(op.stream, op, calls::send_file(op.stream, op.file->number(), op.offset, op.length));
}

bool EpollKernel::attempt_send(SendOp& op) {
    return done_writing(op.socket, op, calls::send_datagrams(op.socket, op.slots));
}

void EpollKernel::adopt(int fd, FdKind kind) {
    const auto needed = static_cast<std::size_t>(fd) + 1;
    if (slots_.size() < needed) slots_.resize(std::max(needed, slots_.size() * 2));
    slot(fd) = Slot{};
    slot(fd).kind = kind;
}

// EPOLLOUT is among `events` only from the first time that the descriptor was full, which most never are. What is so
// already is reported by the next wait.
int EpollKernel::watch(int fd, std::uint32_t events) {
    Slot& watched = slot(fd);
    epoll_event wanted{};
    wanted.events = watched.kind == FdKind::listener ? EPOLLIN : EPOLLIN | EPOLLRDHUP | EPOLLET | events;
    wanted.events |= watched.watched;
    wanted.data.fd = fd;
    if (wanted.events == watched.watched) return 0;
    if (::epoll_ctl(epoll_, watched.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &wanted) != 0) return errno;
    watched.watched = wanted.events;
    return 0;
}

void EpollKernel::unwatch(int fd) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    slot(fd).watched = 0;
}

void EpollKernel::close(int number) noexcept {
    const auto index = static_cast<std::size_t>(number);
    if (index < slots_.size()) {
        assert(slots_[index].reader == nullptr && slots_[index].writer == nullptr && "closed under a waiting task");
        // The number goes from epoll with the last descriptor of what it names; standard input has others.
        if (slots_[index].kind == FdKind::pipe && slots_[index].watched != 0) unwatch(number);
    }
    if (!paths_.empty()) {
        const auto path = paths_.find(number);
        if (path != paths_.end()) {
            ::unlink(path->second.c_str());
            paths_.erase(path);
        }
    }
    ::close(number);
}

void EpollKernel::let_go(int number) noexcept {
    assert(slot(number).reader == nullptr && slot(number).writer == nullptr && "handed over under a waiting task");
    if (slot(number).watched != 0) unwatch(number);
}

Result<Opened> EpollKernel::listen(const SocketAddress& local, const ListenOptions& options) {
    Result<Opened> opened = calls::listen(local, options);
    if (!opened) return opened;
    adopt(opened->number, FdKind::listener);
    const bool has_file = local.family == Family::unix_path && !local.path.empty() && local.path.front() != '\0';
    if (has_file) paths_.emplace(opened->number, local.path);
    return opened;
}

Result<Opened> EpollKernel::open_datagram(const SocketAddress& local, bool reuse_port) {
    Result<Opened> opened = calls::open_datagram(local, reuse_port);
    if (!opened) return opened;
    adopt(opened->number, FdKind::socket);
    return opened;
}

Result<void> EpollKernel::connect_datagram(int socket, const SocketAddress& peer) {
    const int failure = calls::begin_connect(socket, peer);  // UDP: nothing is sent, so nothing is waited for
    if (failure != 0) return fail(failure, "connect");
    return {};
}

// Who half-closes has said its last, and waits for the peer's end. That has often come by the time it reads: so that
// read is tried, where a registration would cost as much as the whole close.
Result<void> EpollKernel::shut_down(int stream, ShutDown which) {
    slot(stream).readable = true;
    return calls::shut_down(stream, which);
}

Result<int> EpollKernel::open_stdio(StdioEnd end) {
    FdKind kind = FdKind::pipe;
    const Result<int> opened = calls::open_stdio(end, kind);
    if (!opened) return opened;
    adopt(*opened, kind);
    return opened;
}

}  // namespace

Result<std::unique_ptr<Kernel>> make_epoll_kernel() {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) return fail(errno, "epoll_create1");
    const int wake_up = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_up < 0) {
        const int failure = errno;
        ::close(epoll);
        return fail(failure, "eventfd");
    }
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLET;
    wanted.data.fd = wake_up;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, wake_up, &wanted) != 0) {
        const int failure = errno;
        ::close(wake_up);
        ::close(epoll);
        return fail(failure, "epoll_ctl");
    }
    return std::make_unique<EpollKernel>(epoll, wake_up);
}

}  // namespace portico::io
