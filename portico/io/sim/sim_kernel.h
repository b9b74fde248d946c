// portico/io/sim/sim_kernel.h — a kernel in memory: sockets, files, clocks and chance, all driven by one seed.
//
// Room io: see error.h. For tests: a whole server and its clients run as tasks on one core with this kernel. The same
// seed gives the same run, to the last octet and nanosecond; trace() distinguishes two runs.
//
// It is as unhelpful as a kernel may be: an operation that could finish at once may finish later, ready operations
// complete in any order, reads and writes are short, a cancelled operation may complete late or succeed. Faults come on
// top of that. It asserts that a program never closes a descriptor twice, or one with an operation in flight, and
// leaves none open at the end.
//
// Threads:   one. Offloaded work runs on it too, at some later time.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portico/io/kernel.h"
#include "portico/io/sim/sim_chance.h"
#include "portico/io/sim/sim_file_system.h"
#include "portico/io/sim/sim_sockets.h"

namespace portico::io {

class SimKernel final : public Kernel {
public:
    explicit SimKernel(std::uint64_t seed, const SimFaults& faults = {});
    SimKernel(const SimKernel&) = delete;
    SimKernel& operator=(const SimKernel&) = delete;
    ~SimKernel();  // asserts that no descriptor is open and no operation in flight

    // --- for the test
    [[nodiscard]] SimFaults& faults() { return faults_; }
    [[nodiscard]] SimFileSystem& sim_files() { return files_; }
    [[nodiscard]] Chance& chance() { return chance_; }
    // A hash of everything that has happened. It is equal for two runs of one seed.
    [[nodiscard]] std::uint64_t trace() const { return trace_; }
    void note(std::uint64_t what);  // adds a value from the test to the trace
    [[nodiscard]] std::size_t descriptors_open() const { return descriptors_.open(); }
    [[nodiscard]] std::size_t operations_pending() const { return pending_; }
    // The program takes this long for what it does in this pass; otherwise passes take no time.
    void spend(Duration time) { spent_ += time; }
    // Calls `action` within a later wait().
    void after(Duration time, std::move_only_function<void()> action);
    // The address from which sockets opened from now on connect. Empty: the loopback address.
    void set_client_address(std::optional<IpAddress> address) { client_address_ = address; }
    // The content of standard input, which then ends; and the octets that were written to standard output.
    void script_stdin(std::string octets) { stdin_ = std::move(octets); }
    [[nodiscard]] const std::string& stdout_octets() const { return stdout_; }

    // --- Kernel
    void close(int number) noexcept override;
    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] TimePoint clock() const override { return now_ + spent_; }
    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const override;
    void random(std::span<char> room) override;
    // Ends the program if nothing can ever happen again: otherwise some task would wait for ever.
    void wait(TimePoint until) override;
    void wake() noexcept override { woken_.store(true); }

    Result<Opened> listen(const SocketAddress& local, const ListenOptions& options) override;
    void refuse_new_connections(int listener) override;
    Result<int> open_socket(Family family) override;
    Result<Opened> open_datagram(const SocketAddress& local, bool reuse_port) override;
    void set_coalescing(int socket) override;
    Result<int> open_stdio(StdioEnd end) override;
    Result<SocketAddress> local_address(int socket) override;
    Result<void> shut_down(int stream, ShutDown which) override;
    [[nodiscard]] std::size_t unacknowledged(int stream) const override;
    void set_no_delay(int stream) override;
    void set_send_limits(int stream, const SendLimits& limits) override;
    void set_abort_on_close(int stream) override;

    bool start(AcceptOp& op) override;
    bool start(ConnectOp& op) override;
    bool start(ReadOp& op) override;
    bool start(HangUpOp& op) override;
    bool start(WriteOp& op) override;
    bool start(SendFileOp& op) override;
    bool start(ReceiveOp& op) override;
    bool start(SendOp& op) override;
    bool start(OffloadOp& op) override;
    bool start(ReadyOp& op) override;
    void cancel(AcceptOp& op) override;
    void cancel(ConnectOp& op) override;
    void cancel(ReadOp& op) override;
    void cancel(HangUpOp& op) override;
    void cancel(WriteOp& op) override;
    void cancel(SendFileOp& op) override;
    void cancel(ReceiveOp& op) override;
    void cancel(SendOp& op) override;
    void cancel(OffloadOp& op) override;
    void cancel(ReadyOp& op) override;
    void finish(Operation& op) noexcept override;

    [[nodiscard]] FileSystem& files() override { return files_; }

private:
    struct Event {
        TimePoint at;
        std::uint64_t order;  // random: events that are due at the same time happen in any order
        std::move_only_function<void()> happen;
        bool operator<(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
    };
    // Offloaded work: queued until some moment, then running.
    struct Offloaded {
        std::uint64_t ticket;
        TimePoint begins;
    };
    using Attempt = std::function<std::optional<std::int64_t>()>;
    using StreamPtr = std::shared_ptr<SimStream>;

    // sim_kernel.cc: time, and the life of an operation
    void schedule(Duration later, std::move_only_function<void()> happen);
    void happen_next();
    void disturb_clocks();
    void expect_progress();
    Duration delay() { return chance_.some_time(faults_.delay_max); }
    bool begin(std::shared_ptr<void> owner, SimWaiting& place, Operation& op, Attempt attempt);
    void retry(std::shared_ptr<void> owner, SimWaiting& place, Duration later);
    void poke(std::shared_ptr<void> owner, SimWaiting& place);
    void finish(SimWaiting& place, std::int64_t result);
    void cancel(std::shared_ptr<void> owner, SimWaiting& place, Operation& op);
    void complete_offloaded(OffloadOp& op, std::int64_t result);
    int failure_of_open();  // 0, or an errno value
    [[nodiscard]] StreamPtr stream(int number) const;

    // sim_streams.cc
    std::optional<std::int64_t> try_read(const StreamPtr& stream, ReadOp& op);
    std::optional<std::int64_t> try_write(const StreamPtr& stream, const WriteOp& op);
    std::optional<std::int64_t> try_send_file(const StreamPtr& stream, const SendFileOp& op);
    std::optional<std::int64_t> try_send_real_file(const StreamPtr& stream, const SendFileOp& op);
    std::optional<std::int64_t> room_to_write(const StreamPtr& stream);
    std::int64_t send_octets(const StreamPtr& stream, std::string octets);
    void send_end(const StreamPtr& stream);
    void fly(const StreamPtr& to, SimSegment segment);
    void arrive(const StreamPtr& to);
    void deliver_due(const StreamPtr& to);
    void acknowledge(const StreamPtr& to, std::size_t octets);
    void land(const StreamPtr& to, SimSegment segment);
    void receive(const StreamPtr& to, SimSegment segment);
    void become_reset(const StreamPtr& stream);
    void reset_by_fault(const StreamPtr& stream);
    void close_stream(const StreamPtr& stream);

    // sim_connections.cc
    std::optional<std::int64_t> try_accept(const std::shared_ptr<SimListener>& listener, AcceptOp& op);
    std::optional<std::int64_t> knock(const StreamPtr& client);
    void knock_again(const StreamPtr& client, Duration later);
    std::shared_ptr<SimListener> listener_for(const SocketAddress& address);
    void admit(const StreamPtr& client, const std::shared_ptr<SimListener>& listener);
    void close_listener(const std::shared_ptr<SimListener>& listener);
    StreamPtr make_stream(Family family);
    std::uint16_t free_port() { return last_port_ = last_port_ == 60'000 ? 40'001 : last_port_ + 1; }

    // sim_datagrams.cc
    std::optional<std::int64_t> try_receive(const std::shared_ptr<SimDatagramSocket>& socket, ReceiveOp& op);
    std::optional<std::int64_t> try_send(const std::shared_ptr<SimDatagramSocket>& socket, SendOp& op);
    void add_segments(SimDatagramSocket& socket, std::span<char> room, DatagramSlot& slot);
    void launch(const SocketAddress& to, const SimDatagramSocket::Packet& packet);
    void deliver(const SocketAddress& to, SimDatagramSocket::Packet packet);

    SimFaults faults_;
    Chance chance_;
    std::uint64_t seed_;
    std::uint64_t trace_ = 0;
    TimePoint now_;
    Duration spent_{};  // in this pass
    Duration wall_offset_;
    std::atomic<bool> woken_ = false;
    std::vector<Event> events_;  // a heap: the next one is in front
    std::uint64_t tickets_ = 0;
    std::size_t pending_ = 0;
    std::map<Operation*, SimWaiting*> cancelled_late_;  // operations that have yet to complete
    std::map<Operation*, Offloaded> offloaded_;         // operations that have yet to complete
    TimePoint second_began_;
    std::uint64_t waits_in_second_ = 0;

    SimDescriptors descriptors_;
    SimFileSystem files_;
    std::vector<std::weak_ptr<SimListener>> listeners_;
    std::vector<std::weak_ptr<SimDatagramSocket>> datagram_sockets_;
    std::uint16_t last_port_ = 40'000;
    std::optional<IpAddress> client_address_;
    std::string stdin_;
    std::string stdout_;
    StreamPtr stdin_ends_[2];  // ours and the program's
    StreamPtr stdout_ends_[2];
};

}  // namespace portico::io
