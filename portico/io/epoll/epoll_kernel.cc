// portico/io/epoll/epoll_kernel.cc — the epoll loop: which operation waits for which descriptor, and when it is tried.
//
// A descriptor is registered, edge-triggered, when an operation first has to wait for it. Its slot records that it is
// ready until a call returns EAGAIN, or returns less than was requested, which means the same and saves one call. So an
// operation on a ready descriptor is done at once, and an operation on an idle descriptor waits without a useless
// attempt.
//
// A task may complete only a limited number of operations at once before the loop turns to the other descriptors. Then
// its next operation waits for the following pass, even if its descriptor is ready. No descriptor is resumed twice in a
// pass, so the work for one peer in a pass is bounded.
//
// Descriptors of the program's own are not in the slots: they are registered, level-triggered, only while a task waits
// for them, because nobody says when they are closed.
//
// Listeners are level-triggered, and accept once for each report. An accept that finds no connection is expensive:
// Linux creates the socket and its file before it looks into the queue, and then discards both (a tenth of the whole
// cost of a connection with one request).
#include "portico/io/epoll/epoll_kernel.h"

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
#include <optional>
#include <utility>
#include <vector>

#include "portico/io/descriptors.h"
#include "portico/io/epoll/epoll_calls.h"
#include "portico/io/epoll/helper_threads.h"

namespace portico::io {
namespace {

constexpr int events_max = 256;

enum class Waits : std::uint8_t { nothing, accept, read, hang_up, receive, connect, write, send_file, send };

// The state of one descriptor, or of an unused number.
struct Slot {
    std::uint32_t generation = 0;  // number of descriptors with this number so far: detects events for earlier ones
    Operation* reader = nullptr;
    Operation* writer = nullptr;
    Waits reader_waits = Waits::nothing;
    Waits writer_waits = Waits::nothing;
    FdKind kind = FdKind::socket;
    bool readable = true;        // until a call shows otherwise
    bool writable = true;        // until a call shows otherwise
    bool is_connecting = false;  // the connection was requested
    bool is_put_off = false;     // it is in put_off_: the next pass tries its waiting operations
    bool ended = false;          // the peer sends nothing more: there is an end or an error to read
    bool broken = false;         // reset, or ended in both directions
    std::uint32_t watched = 0;   // the events for which it is registered
};

// Names one descriptor, but no later one with the same number.
struct DescriptorName {
    int fd;
    std::uint32_t generation;
};

// The tasks that wait for a descriptor that the kernel has not created.
struct Foreign {
    std::uint32_t generation = 0;
    ReadyOp* reader = nullptr;
    ReadyOp* writer = nullptr;
};

// In the generation of a foreign descriptor: none of ours has been replaced that often.
constexpr std::uint32_t foreign_bit = 0x8000'0000;

std::uint64_t packed(DescriptorName name) {
    return std::uint64_t{name.generation} << 32 | static_cast<std::uint32_t>(name.fd);
}

DescriptorName unpacked(std::uint64_t packed) {
    return {static_cast<int>(packed & 0xffff'ffff), static_cast<std::uint32_t>(packed >> 32)};
}

class EpollKernel final : public Kernel {
public:
    EpollKernel(Fd epoll, Fd wake_up, unsigned helpers_max)
        : epoll_(std::move(epoll)), wake_up_(std::move(wake_up)), helpers_(helpers_max, [this] { wake(); }) {
        read_clocks();
    }
    Result<void> start_first_helper() { return helpers_.start_first(); }

    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] TimePoint clock() const override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] TimePoint end_pass() override { return *(pass_ended_ = std::chrono::steady_clock::now()); }
    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const override { return wall_clock_; }
    void random(std::span<char> room) override;

    void wait(TimePoint until) override;
    void wake() noexcept override;

    Result<Opened> listen(const SocketAddress& local, const ListenOptions& options) override;
    void refuse_new_connections(int listener) override { calls::refuse_new_connections(listener); }
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

    [[nodiscard]] bool is_helper_thread() const override { return helpers_.is_own_thread(); }
    bool start(AcceptOp& op) override { return start_reader(op.listener, Waits::accept, op); }
    bool start(ConnectOp& op) override;
    bool start(ReadOp& op) override { return start_reader(op.stream, Waits::read, op); }
    bool start(HangUpOp& op) override { return start_reader(op.stream, Waits::hang_up, op); }
    bool start(WriteOp& op) override { return start_writer(op.stream, Waits::write, op); }
    bool start(SendFileOp& op) override { return start_writer(op.stream, Waits::send_file, op); }
    bool start(ReceiveOp& op) override { return start_reader(op.socket, Waits::receive, op); }
    bool start(SendOp& op) override { return start_writer(op.socket, Waits::send, op); }
    bool start(OffloadOp& op) override;
    bool start(ReadyOp& op) override;
    void cancel(AcceptOp& op) override;
    void cancel(ConnectOp& op) override { cancel_writer(op.socket, op); }
    void cancel(ReadOp& op) override { cancel_reader(op.stream, op); }
    void cancel(HangUpOp& op) override { cancel_reader(op.stream, op); }
    void cancel(WriteOp& op) override { cancel_writer(op.stream, op); }
    void cancel(SendFileOp& op) override { cancel_writer(op.stream, op); }
    void cancel(ReceiveOp& op) override { cancel_reader(op.socket, op); }
    void cancel(SendOp& op) override { cancel_writer(op.socket, op); }
    void cancel(OffloadOp& op) override;
    void cancel(ReadyOp& op) override;
    void finish(Operation& op) noexcept override;

    [[nodiscard]] FileSystem& files() override { return real_file_system(); }

private:
    Slot& slot(int fd) { return slots_[static_cast<std::size_t>(fd)]; }
    // Starts the slot of a new descriptor.
    void adopt(int fd, FdKind kind);
    // Registers a descriptor that an operation has to wait for. Returns zero or an errno value.
    [[nodiscard]] int watch(int fd, std::uint32_t events);
    void unwatch(int fd);

    bool start_reader(int fd, Waits waits, Operation& op);
    bool start_writer(int fd, Waits waits, Operation& op);
    void cancel_reader(int fd, Operation& op);
    void cancel_writer(int fd, Operation& op);
    bool may_go_on(int fd);
    bool has_had_its_time();
    [[nodiscard]] bool is_open(DescriptorName name) const;
    void resume(DescriptorName name);
    void resume_reader(int fd);
    void resume_writer(int fd);
    void dispatch(const epoll_event& event);
    void resume_all(const std::vector<DescriptorName>& names);
    void complete_offloaded();
    void read_clocks();

    [[nodiscard]] int watch_foreign(int fd, int what);
    void forget_foreign(int fd, ReadyOp* Foreign::* place);
    void resume_foreign(DescriptorName name, ReadyOp* Foreign::* place);

    // Each of these tries the call; true if the operation is done.
    bool attempt(Waits waits, int fd, Operation& op);
    bool attempt_accept(AcceptOp& op);
    bool attempt_read(ReadOp& op);
    bool attempt_hang_up(HangUpOp& op);
    bool attempt_receive(ReceiveOp& op);
    bool attempt_connect(ConnectOp& op);
    bool attempt_write(WriteOp& op);
    bool attempt_send_file(SendFileOp& op);
    bool attempt_send(SendOp& op);
    // Interprets a call's result: EAGAIN means that the operation must wait, and is recorded in the slot.
    bool done_reading(Slot& slot, Operation& op, std::int64_t result, bool was_short);
    bool done_writing(int fd, Operation& op, std::int64_t result);

    Fd epoll_;
    Fd wake_up_;  // an eventfd
    TimePoint now_;
    std::chrono::system_clock::time_point wall_clock_;
    std::vector<Slot> slots_;                      // by descriptor
    std::vector<DescriptorName> put_off_;          // their ready operations wait for the next pass; none is in it twice
    unsigned at_once_ = 0;                         // operations that the running task has tried at once
    TimePoint turn_ends_;                          // for a task that has tried a few
    std::optional<TimePoint> pass_ended_;          // what end_pass() has returned since the last wait
    std::map<int, Foreign> foreign_;               // by descriptor: those that are registered
    std::uint32_t foreign_count_ = 0;              // of all that have been in foreign_
    std::map<int, calls::FileName> socket_files_;  // of Unix listeners: removed when they close
    HelperThreads helpers_;                        // last: their threads use wake_up_
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
    ::clock_gettime(CLOCK_REALTIME_COARSE, &wall);  // a few milliseconds late, at a fifth of the cost
    wall_clock_ = std::chrono::system_clock::time_point(std::chrono::seconds(wall.tv_sec) +
                                                        std::chrono::nanoseconds(wall.tv_nsec));
}

void EpollKernel::wake() noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_up_.number(), &one, sizeof one));  // it fails only when it is already awake
}

void EpollKernel::wait(TimePoint until) {
    const std::optional<TimePoint> known = std::exchange(pass_ended_, std::nullopt);
    int timeout = -1;
    if (!put_off_.empty()) {
        timeout = 0;
    } else if (until != never) {
        const TimePoint present = known ? *known : std::chrono::steady_clock::now();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - present).count();
        timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
    }
    // Everything that is put off from here on waits for the next pass.
    const std::vector<DescriptorName> due = std::exchange(put_off_, {});
    std::array<epoll_event, events_max> events;
    const int count = ::epoll_wait(epoll_.number(), events.data(), events_max, timeout);
    read_clocks();
    for (int i = 0; i < count; ++i) dispatch(events[static_cast<std::size_t>(i)]);
    resume_all(due);
    at_once_ = 0;  // for the tasks that timers and the mailbox resume
}

void EpollKernel::dispatch(const epoll_event& event) {
    const DescriptorName name = unpacked(event.data.u64);
    const int fd = name.fd;
    if (fd == wake_up_.number()) {
        std::uint64_t count = 0;
        static_cast<void>(!::read(wake_up_.number(), &count, sizeof count));
        complete_offloaded();
        return;
    }
    if ((name.generation & foreign_bit) != 0) {
        // An error is for both: the call that the descriptor is ready for returns it.
        if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) resume_foreign(name, &Foreign::reader);
        if ((event.events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) resume_foreign(name, &Foreign::writer);
        return;
    }
    // An earlier event's task may have closed the descriptor, and a new one may have its number.
    if (!is_open(name)) return;
    if (slot(fd).kind == FdKind::listener && slot(fd).reader == nullptr) return unwatch(fd);
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    Slot& ready = slot(fd);
    if (broken) ready.broken = true;
    if (broken || (event.events & EPOLLRDHUP) != 0) ready.ended = true;
    if (broken || (event.events & (EPOLLIN | EPOLLRDHUP)) != 0) ready.readable = true;
    if (broken || (event.events & EPOLLOUT) != 0) ready.writable = true;
    if (!ready.is_put_off) resume(name);  // otherwise its turn comes or came in this pass
}

bool EpollKernel::is_open(DescriptorName name) const {
    return slots_[static_cast<std::size_t>(name.fd)].generation == name.generation;
}

// Tries the operations that wait for a ready descriptor.
void EpollKernel::resume(DescriptorName name) {
    const int fd = name.fd;
    if (slot(fd).readable && slot(fd).reader != nullptr) resume_reader(fd);
    if (!is_open(name)) return;  // the reader has closed it
    if (slot(fd).writable && slot(fd).writer != nullptr) resume_writer(fd);
}

void EpollKernel::resume_all(const std::vector<DescriptorName>& names) {
    for (const DescriptorName name : names) {
        if (!is_open(name)) continue;
        slot(name.fd).is_put_off = false;
        resume(name);
    }
}

// Completes only work that is done by now, so that a task which offloads repeatedly does not hold up the descriptors.
void EpollKernel::complete_offloaded() {
    for (std::size_t left = helpers_.done(); left > 0; --left) {
        OffloadOp* const op = helpers_.take_done();
        if (op == nullptr) return;  // a resumed task has waited for the rest in finish()
        at_once_ = 0;
        op->complete(0);
    }
}

bool EpollKernel::start(OffloadOp& op) {
    HelperThreads& threads = op.threads == nullptr ? helpers_ : *op.threads;
    if (threads.submit(op, helpers_)) return false;
    op.set_result(-EAGAIN);
    return true;
}

void EpollKernel::cancel(OffloadOp& op) {
    HelperThreads& threads = op.threads == nullptr ? helpers_ : *op.threads;
    if (threads.cancel(op)) op.complete(-ECANCELED);
}

bool EpollKernel::start(ReadyOp& op) {
    ReadyOp* Foreign::* const place = op.direction == Direction::reading ? &Foreign::reader : &Foreign::writer;
    const auto [found, is_new] = foreign_.try_emplace(op.fd);
    Foreign& foreign = found->second;
    assert(foreign.*place == nullptr && "one task waits for each direction of a descriptor");
    if (is_new) foreign.generation = ++foreign_count_ | foreign_bit;
    foreign.*place = &op;
    const int failure = watch_foreign(op.fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
    if (failure == 0) return false;
    foreign.*place = nullptr;
    if (is_new) foreign_.erase(found);
    op.set_result(failure == EPERM ? 0 : -failure);  // EPERM: a file, which is always ready
    return true;
}

void EpollKernel::cancel(ReadyOp& op) {
    forget_foreign(op.fd, op.direction == Direction::reading ? &Foreign::reader : &Foreign::writer);
    op.complete(-ECANCELED);
}

// Registers a descriptor for what is awaited. Returns zero or an errno value.
int EpollKernel::watch_foreign(int fd, int what) {
    const Foreign& foreign = foreign_.at(fd);
    epoll_event wanted{};
    if (foreign.reader != nullptr) wanted.events |= EPOLLIN | EPOLLRDHUP;
    if (foreign.writer != nullptr) wanted.events |= EPOLLOUT;
    wanted.data.u64 = packed({fd, foreign.generation});
    return ::epoll_ctl(epoll_.number(), what, fd, &wanted) == 0 ? 0 : errno;
}

// A wait is over. The descriptor may have been closed meanwhile, although it must not be: then this fails.
void EpollKernel::forget_foreign(int fd, ReadyOp* Foreign::* place) {
    Foreign& foreign = foreign_.at(fd);
    foreign.*place = nullptr;
    if (foreign.reader != nullptr || foreign.writer != nullptr) {
        static_cast<void>(watch_foreign(fd, EPOLL_CTL_MOD));
    } else {
        ::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, fd, nullptr);
        foreign_.erase(fd);
    }
}

void EpollKernel::resume_foreign(DescriptorName name, ReadyOp* Foreign::* place) {
    const auto found = foreign_.find(name.fd);
    if (found == foreign_.end() || found->second.generation != name.generation) return;
    ReadyOp* const op = found->second.*place;
    if (op == nullptr) return;
    forget_foreign(name.fd, place);
    at_once_ = 0;
    op->complete(0);
}

// Everything except offloaded work completes when it is cancelled.
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

// The clock is read only for tasks that have done a few operations: most turns end sooner.
bool EpollKernel::has_had_its_time() {
    constexpr unsigned timed_from = 2;
    if (at_once_ < timed_from) return false;
    const TimePoint now = std::chrono::steady_clock::now();
    if (at_once_ == timed_from) turn_ends_ = now + turn_time_max;
    return now >= turn_ends_;
}

// False if the running task has used up its share of this pass: the descriptor is tried again in the next pass.
bool EpollKernel::may_go_on(int fd) {
    if (slot(fd).is_put_off) return false;
    if (++at_once_ <= at_once_max && !has_had_its_time()) return true;
    slot(fd).is_put_off = true;
    put_off_.push_back({fd, slot(fd).generation});
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

// There was only one accept for each report, so more connections may be queued: they are accepted before the wait ends.
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
    return start_writer(op.socket, Waits::connect, op);
}

bool EpollKernel::attempt(Waits waits, int fd, Operation& op) {
    static_cast<void>(fd);
    switch (waits) {
        case Waits::nothing: break;
        case Waits::accept: return attempt_accept(static_cast<AcceptOp&>(op));
        case Waits::read: return attempt_read(static_cast<ReadOp&>(op));
        case Waits::hang_up: return attempt_hang_up(static_cast<HangUpOp&>(op));
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
    if (result == -EAGAIN && slot.kind != FdKind::file) {
        slot.readable = false;
        return false;
    }
    if (result == 0) slot.ended = true;
    if (was_short && !slot.ended && slot.kind == FdKind::socket) slot.readable = false;
    op.set_result(result);
    return true;
}

bool EpollKernel::done_writing(int fd, Operation& op, std::int64_t result) {
    if (result == -EAGAIN && slot(fd).kind != FdKind::file) {
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
        op.buffer = op.pool->try_borrow(Lending::input);
        if (!op.buffer.has_block()) {
            op.set_result(-ENOBUFS);
            return true;
        }
        op.room = op.buffer.room();
    }
    Slot& ready = slot(op.stream);
    const std::int64_t octets = calls::read(op.stream, ready.kind, op.room);
    const bool was_short = octets >= 0 && static_cast<std::size_t>(octets) < op.room.size();
    if (op.pool != nullptr) {
        if (octets > 0) {
            op.buffer.grow(static_cast<std::size_t>(octets));
        } else {
            op.buffer = Buffer();  // a waiting connection holds no buffer
        }
    }
    return done_reading(ready, op, octets, was_short);
}

// epoll always reports these events (EPOLLHUP, EPOLLERR). A peer's half-close, which is EPOLLRDHUP, doesn't count.
bool EpollKernel::attempt_hang_up(HangUpOp& op) {
    op.set_result(0);
    return slot(op.stream).broken;
}

bool EpollKernel::attempt_receive(ReceiveOp& op) {
    return done_reading(slot(op.socket), op, calls::receive_datagrams(op.socket, op.slots), false);
}

bool EpollKernel::attempt_connect(ConnectOp& op) {
    Slot& own = slot(op.socket);
    const int failure = own.is_connecting ? calls::pending_error(op.socket) : calls::begin_connect(op.socket, op.peer);
    // If the kernel is asked before the socket is connected, the socket looks like one whose connection has broken.
    if (!own.is_connecting) own.broken = own.ended = false;
    if (!own.is_connecting && failure == EINPROGRESS) {
        own.is_connecting = true;
        own.readable = false;
        own.writable = false;
        return false;
    }
    op.set_result(-failure);
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
    slot(fd) = Slot{.generation = slot(fd).generation + 1, .kind = kind};
}

// EPOLLOUT is added to the events when the descriptor is full for the first time, which never happens to most. A
// condition that is already true is reported by the next wait.
int EpollKernel::watch(int fd, std::uint32_t events) {
    Slot& watched = slot(fd);
    if (watched.kind == FdKind::file) return 0;
    epoll_event wanted{};
    wanted.events = watched.kind == FdKind::listener ? EPOLLIN : EPOLLIN | EPOLLRDHUP | EPOLLET | events;
    wanted.events |= watched.watched;
    wanted.data.u64 = packed({fd, watched.generation});
    if (wanted.events == watched.watched) return 0;
    if (::epoll_ctl(epoll_.number(), watched.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &wanted) != 0) {
        if (errno != EPERM || watched.kind != FdKind::pipe) return errno;
        watched.kind = FdKind::file;  // a device such as /dev/null, which is always ready
        return 0;
    }
    watched.watched = wanted.events;
    return 0;
}

void EpollKernel::unwatch(int fd) {
    ::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, fd, nullptr);
    slot(fd).watched = 0;
}

void EpollKernel::close(int number) noexcept {
    const auto index = static_cast<std::size_t>(number);
    if (index < slots_.size()) {
        assert(slots_[index].reader == nullptr && slots_[index].writer == nullptr && "closed under a waiting task");
        // epoll forgets a file when its last descriptor is closed, but standard input has other descriptors.
        if (slots_[index].kind == FdKind::pipe && slots_[index].watched != 0) unwatch(number);
    }
    const auto file = socket_files_.extract(number);
    if (!file.empty()) calls::remove_socket_file(file.mapped());
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
    if (local.family == Family::unix_path) {
        auto file = calls::socket_file_at(local.path);  // nothing for an abstract name
        if (file) socket_files_.emplace(opened->number, *std::move(file));
    }
    return opened;
}

Result<Opened> EpollKernel::open_datagram(const SocketAddress& local, bool reuse_port) {
    Result<Opened> opened = calls::open_datagram(local, reuse_port);
    if (!opened) return opened;
    adopt(opened->number, FdKind::socket);
    return opened;
}

Result<void> EpollKernel::connect_datagram(int socket, const SocketAddress& peer) {
    const int failure = calls::begin_connect(socket, peer);  // UDP: nothing is sent, so there is nothing to wait for
    if (failure != 0) return fail(failure, "connect");
    return {};
}

// After a half-close we only wait for the peer's end, which has often arrived before we read. So the read is tried at
// once: a registration would cost as much as the rest of the close.
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

Result<std::unique_ptr<Kernel>> make_epoll_kernel(const EpollOptions& options) {
    std::optional<Fd> epoll = owned(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return fail(errno, "epoll_create1");
    std::optional<Fd> wake_up = owned(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!wake_up) return fail(errno, "eventfd");
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLET;
    wanted.data.u64 = packed({wake_up->number(), 0});
    if (::epoll_ctl(epoll->number(), EPOLL_CTL_ADD, wake_up->number(), &wanted) != 0) return fail(errno, "epoll_ctl");
    auto kernel =
        std::make_unique<EpollKernel>(*std::move(epoll), *std::move(wake_up), std::max(1U, options.helpers_max));
    const Result<void> helper = kernel->start_first_helper();
    if (!helper) return std::unexpected(helper.error());
    return kernel;
}

}  // namespace portico::io
