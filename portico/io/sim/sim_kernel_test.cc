// The simulation itself: its promises beyond those of every kernel (kernel_contract_test.cc).
#include "portico/io/sim/sim_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "portico/io/core.h"
#include "portico/io/datagram.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"

namespace portico::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SocketAddress somewhere = SocketAddress::of(IpAddress::loopback(Family::ipv4), 80);

void run(Core& core, Scope& scope) {
    while (scope.size() > 0) core.run_once(never);
}

// --- a run with all faults, which must end whatever happens

Task<void> echo_some(Core& core, Stream stream) {
    for (;;) {
        const Result<Buffer> got = co_await stream.read(core.buffers(), core.now() + seconds(30));
        if (!got || got->empty()) break;
        const Result<void> sent = co_await stream.write_all(got->octets(), core.now() + seconds(30));
        if (!sent) break;
    }
}

Task<void> serve_some(Core& core, Listener& listener, Scope& scope) {
    for (;;) {
        Result<Accepted> accepted = co_await listener.accept();
        if (accepted) {
            scope.start(echo_some(core, std::move(accepted->stream)));
            continue;
        }
        if (accepted.error().number == ECANCELED) co_return;
        const bool slept = co_await sleep_for(core, milliseconds(10));
        if (!slept) co_return;
    }
}

Task<void> talk(Core& core, std::size_t& octets_back) {
    Result<Stream> stream = co_await connect(core, somewhere, core.now() + seconds(10));
    if (!stream) co_return;
    std::array<char, 200> room{};
    for (int i = 0; i < 20; ++i) {
        const Result<void> sent = co_await stream->write_all({room.data(), room.size()}, core.now() + seconds(10));
        if (!sent) co_return;
        const Result<std::size_t> got = co_await stream->read(room, core.now() + seconds(10));
        if (!got || *got == 0) co_return;
        octets_back += *got;
    }
}

Task<void> clients_come_and_go(Core& core, Listener& listener, std::size_t& octets_back) {
    Scope servers;
    Scope clients;
    servers.start(serve_some(core, listener, servers));
    for (int i = 0; i < 20; ++i) clients.start(talk(core, octets_back));
    co_await clients.join();
    servers.request_stop();
    co_await servers.join();
}

std::uint64_t trace_of_a_run(std::uint64_t seed) {
    SimFaults faults;
    faults.reset = 0.01;
    faults.accept_failure = 0.2;
    faults.accept_aborted = 0.05;
    faults.connect_failure = 0.05;
    faults.wall_clock_jump = 0.01;
    faults.time_leap = 0.001;
    SimKernel kernel(seed, faults);
    Core core(kernel);
    auto listener = Listener::open(core, somewhere);
    std::size_t octets_back = 0;
    Scope scope;
    scope.start(clients_come_and_go(core, *listener, octets_back));
    run(core, scope);
    EXPECT_GT(octets_back, 0U);
    EXPECT_EQ(kernel.operations_pending(), 0U);
    EXPECT_EQ(kernel.descriptors_open(), 1U);
    EXPECT_EQ(core.ledger().used(), 0U);
    return kernel.trace();
}

TEST(SimKernel, TheSameSeedIsTheSameRun) {
    std::set<std::uint64_t> traces;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE(seed);
        const std::uint64_t trace = trace_of_a_run(seed);
        EXPECT_EQ(trace_of_a_run(seed), trace);
        traces.insert(trace);
    }
    EXPECT_EQ(traces.size(), 50U);
}

// --- time

TEST(SimKernel, AWaitEndsWhereNothingHappensBefore) {
    SimKernel kernel(1);
    const TimePoint until = kernel.now() + std::chrono::hours(10);
    kernel.wait(until);
    EXPECT_GE(kernel.now(), until);
    EXPECT_LT(kernel.now(), until + milliseconds(1));
}

TEST(SimKernel, ActionsOfTheTestHappenWithinALaterWait) {
    SimKernel kernel(1);
    std::vector<int> happened;
    kernel.after(seconds(2), [&] { happened.push_back(2); });
    kernel.after(seconds(1), [&] { happened.push_back(1); });
    while (happened.size() < 2) kernel.wait(never);
    EXPECT_EQ(happened, (std::vector<int>{1, 2}));
}

TEST(SimKernel, WallClockAndTimeOfTheLoopAreTwoThings) {
    SimFaults faults;
    faults.wall_clock_jump = 1;
    SimKernel kernel(1, faults);
    bool went_back = false;
    for (int i = 0; i < 100; ++i) {
        const auto wall = kernel.wall_clock();
        const TimePoint before = kernel.now();
        kernel.wait(kernel.now() + milliseconds(1));
        EXPECT_GE(kernel.now(), before);
        went_back = went_back || kernel.wall_clock() < wall;
    }
    EXPECT_TRUE(went_back);
}

TEST(SimKernelDeathTest, SaysWhenNothingWillEverHappen) {
    SimKernel kernel(77);
    EXPECT_DEATH(kernel.wait(never), "seed 77: nothing will ever happen again");
}

TEST(SimKernelDeathTest, SaysWhenAProgramSpins) {
    SimKernel kernel(77);
    EXPECT_DEATH(
        {
            for (;;) {
                kernel.wake();
                kernel.wait(never);
            }
        },
        "seed 77: the program spins");
}

TEST(SimKernelDeathTest, ALeakIsABug) {
    EXPECT_DEATH(
        {
            SimKernel kernel(1);
            static_cast<void>(kernel.open_socket(Family::ipv4));
        },
        "a descriptor was left open");
    SimKernel kernel(1);
    const int socket = *kernel.open_socket(Family::ipv4);
    kernel.close(socket);
    EXPECT_DEATH(kernel.close(socket), "closed twice");
}

// --- cancelling

// The results of operations that were cancelled before they completed.
struct Races {
    int succeeded = 0;
    int cancelled = 0;
    std::size_t octets = 0;
};

Task<void> read_or_be_cancelled(Stream& stream, Races& races) {
    std::array<char, 10> room;
    const Result<std::size_t> got = co_await stream.read(room, never);
    if (!got) {
        EXPECT_EQ(got.error().number, ECANCELED);
    }
    ++(got ? races.succeeded : races.cancelled);
    races.octets += got.value_or(0);
}

Task<void> cancel_a_read(Core& core, Races& races) {
    auto listener = Listener::open(core, somewhere);
    Result<Stream> client = co_await connect(core, somewhere, never);
    Result<Accepted> accepted = co_await listener->accept();
    const Result<void> sent = co_await client->write_all("octets", never);
    EXPECT_TRUE(sent);
    const bool slept = co_await sleep_for(core, seconds(1));
    EXPECT_TRUE(slept);
    Scope scope;
    scope.start(read_or_be_cancelled(accepted->stream, races));
    scope.request_stop();
    co_await scope.join();
    // Whichever won the race, no octet is lost, and none is read twice.
    std::size_t octets = races.octets;
    std::array<char, 10> room;
    EXPECT_TRUE(client->finish_sending());
    for (std::size_t count = 1; count > 0; octets += count) {
        const Result<std::size_t> got = co_await accepted->stream.read(room, never);
        count = got.value_or(0);
    }
    EXPECT_EQ(octets, 6U);
    races.octets = 0;
}

TEST(SimKernel, ACancelledOperationMaySucceedAllTheSame) {
    Races races;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SimFaults faults;
        faults.late = 1;
        SimKernel kernel(seed, faults);
        Core core(kernel);
        Scope scope;
        scope.start(cancel_a_read(core, races));
        run(core, scope);
    }
    EXPECT_GE(races.succeeded, 10);
    EXPECT_GE(races.cancelled, 50);
    EXPECT_EQ(races.succeeded + races.cancelled, 100);
}

// --- a peer that does not read

Task<void> write_in_vain(Core& core, SendLimits limits, std::size_t& held) {
    ListenOptions options;
    options.send_limits = limits;
    auto listener = Listener::open(core, somewhere, options);
    const Result<Stream> client = co_await connect(core, somewhere, never);
    EXPECT_TRUE(client.has_value());
    Result<Accepted> accepted = co_await listener->accept();
    const std::string flood(20'000, 'x');
    const Result<void> written = co_await accepted->stream.write_all(flood, core.now() + seconds(10));
    EXPECT_FALSE(written.has_value());
    held = accepted->stream.unacknowledged();
}

TEST(SimKernel, OctetsForWhichThePeerHasNoRoomStayUnacknowledgedUpToTheListenersLimits) {
    for (const auto& [limits, octets] : {std::pair(SendLimits{}, 7000U),
                                         {SendLimits{.unsent_octets_max = 2000}, 2000U},
                                         {SendLimits{.unacknowledged_octets_max = 1000}, 1000U}}) {
        SimFaults faults;
        faults.window_octets = 3000;
        faults.buffer_octets_min = faults.buffer_octets_max = 10'000;
        SimKernel kernel(1, faults);
        Core core(kernel);
        Scope scope;
        std::size_t held = 0;
        scope.start(write_in_vain(core, limits, held));
        run(core, scope);
        EXPECT_EQ(held, octets);
    }
}

// --- failures to open

TEST(SimKernel, DescriptorsRunOut) {
    SimFaults faults;
    faults.descriptors_max = 2;
    SimKernel kernel(1, faults);
    const Fd first(kernel, *kernel.open_socket(Family::ipv4));
    {
        const Fd second(kernel, *kernel.open_socket(Family::ipv4));
        EXPECT_EQ(kernel.open_socket(Family::ipv4).error().number, EMFILE);
    }
    const Fd second(kernel, *kernel.open_socket(Family::ipv4));
    EXPECT_EQ(kernel.open_socket(Family::ipv4).error().number, EMFILE);
}

TEST(SimKernel, OpeningFailsAsToldTo) {
    SimFaults faults;
    faults.open_failure = 1;
    SimKernel kernel(1, faults);
    std::set<int> seen;
    for (int i = 0; i < 100; ++i) seen.insert(kernel.open_socket(Family::ipv4).error().number);
    EXPECT_EQ(seen, (std::set<int>{EMFILE, ENFILE, ENOMEM}));
}

// --- datagrams

Task<void> count_datagrams(Datagram& socket, std::size_t& count, TimePoint until) {
    std::array<char, 10> room;
    std::array<DatagramSlot, 3> slots;
    for (;;) {
        for (DatagramSlot& slot : slots) slot.octets = room;
        const Result<std::size_t> got = co_await socket.receive(slots, until);
        if (!got && got.error().number == ECONNREFUSED) continue;
        if (!got) co_return;
        count += *got;
    }
}

Task<void> send_datagrams(Core& core, Datagram& from, const SocketAddress& to, int count) {
    std::array<char, 3> octets{'a', 'b', 'c'};
    std::array<DatagramSlot, 1> slots;
    for (int i = 0; i < count; ++i) {
        slots[0].octets = octets;
        slots[0].peer = to;
        const Result<std::size_t> sent = co_await from.send(slots, never);
        EXPECT_EQ(sent.value_or(0), 1U);
        const bool slept = co_await sleep_for(core, milliseconds(1));
        EXPECT_TRUE(slept);
    }
}

TEST(SimKernel, DatagramsAreLostAndDoubled) {
    for (const auto& [lost, doubled, least, most] :
         {std::tuple(0.0, 0.0, 500U, 500U), {0.5, 0.0, 200U, 300U}, {0.0, 0.5, 700U, 800U}}) {
        SimFaults faults;
        faults.datagram_lost = lost;
        faults.datagram_doubled = doubled;
        faults.datagram_refused = 0.1;
        SimKernel kernel(5, faults);
        Core core(kernel);
        auto server = Datagram::open(core, somewhere);
        auto client = Datagram::open(core, SocketAddress::of(IpAddress::loopback(Family::ipv4), 0));
        Scope scope;
        std::size_t count = 0;
        scope.start(count_datagrams(*server, count, core.now() + seconds(10)));
        scope.start(send_datagrams(core, *client, server->local(), 500));
        run(core, scope);
        EXPECT_GE(count, least);
        EXPECT_LE(count, most);
    }
}

// --- standard streams

Task<void> copy_stdio(Core& core) {
    Result<Stdio> stdio = open_stdio(core);
    for (;;) {
        const Result<Buffer> got = co_await stdio->input.read(core.buffers(), never);
        if (!got || got->empty()) break;
        const Result<void> sent = co_await stdio->output.write_all(got->octets(), never);
        if (!sent) break;
    }
    EXPECT_EQ(stdio->output.finish_sending().error().number, ENOTSOCK);
}

TEST(SimKernel, StandardStreamsAreScripted) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SimKernel kernel(seed);
        Core core(kernel);
        std::string script;
        for (int i = 0; i < 5000; ++i) script += "line " + std::to_string(i) + '\n';
        kernel.script_stdin(script);
        Scope scope;
        scope.start(copy_stdio(core));
        run(core, scope);
        const TimePoint later = core.now() + seconds(60);
        while (core.now() < later) core.run_once(later);
        EXPECT_TRUE(kernel.stdout_octets() == script);
    }
}

// --- files

class SimFiles : public testing::Test {
protected:
    SimFiles() {
        files.write("/root/a.txt", "hello");
        files.write("/root/sub/b.txt", "beneath");
        files.write("/outside.txt", "secret");
        files.link("/root/inside", "sub/b.txt");
        files.link("/root/escape", "../outside.txt");
        files.link("/root/absolute", "/root/a.txt");
        files.link("/root/sub/up", "../a.txt");
        files.link("/root/loop", "loop");
        files.link("/root/dangling", "nowhere");
        files.make_fifo("/root/fifo");
    }
    Fd root() { return std::move(*files.open_directory("/root")); }
    std::string content(const Fd& file) {
        std::string room(100, '\0');
        room.resize(files.read_at(file, 0, room).value_or(0));
        return room;
    }

    SimKernel kernel{3};
    SimFileSystem& files = kernel.sim_files();
};

TEST_F(SimFiles, PathsLeadWhereTheRealOnesDo) {
    const Fd directory = root();
    using namespace std::string_view_literals;
    for (const auto& [path, error] : {std::pair("a.txt"sv, 0),
                                      {"sub/b.txt", 0},
                                      {"inside", 0},
                                      {"sub/up", 0},
                                      {"sub/../a.txt", 0},
                                      {"", 0},
                                      {"sub/", 0},
                                      {"a.txt/", ENOTDIR},
                                      {"c.txt", ENOENT},
                                      {"a.txt/b", ENOTDIR},
                                      {"..", EXDEV},
                                      {"../outside.txt", EXDEV},
                                      {"sub/../../outside.txt", EXDEV},
                                      {"escape", EXDEV},
                                      {"absolute", EXDEV},
                                      {"/outside.txt", EXDEV},
                                      {"loop", ELOOP},
                                      {"dangling", ENOENT},
                                      {"a.txt\0b"sv, EINVAL}}) {
        const auto file = files.open_beneath(directory, path);
        EXPECT_EQ(file ? 0 : file.error().number, error) << path;
        const auto status = files.status_beneath(directory, path);
        EXPECT_EQ(status ? 0 : status.error().number, error) << path;
    }
    EXPECT_EQ(content(*files.open_beneath(directory, "inside")), "beneath");
    EXPECT_EQ(files.open_beneath(directory, std::string(5000, 'a')).error().number, ENAMETOOLONG);
    EXPECT_EQ(files.open_beneath(directory, std::string(300, 'a')).error().number, ENAMETOOLONG);
}

TEST_F(SimFiles, AnOpenFileOutlivesItsNameAndSeesWritesToItself) {
    const Fd directory = root();
    const auto file = files.open_beneath(directory, "a.txt");
    files.replace("/root/a.txt", "world");
    EXPECT_EQ(content(*file), "hello");
    const auto other = files.open_beneath(directory, "a.txt");
    EXPECT_EQ(content(*other), "world");
    EXPECT_NE(files.status(*file)->inode, files.status(*other)->inode);
    files.write("/root/a.txt", "all new");
    EXPECT_EQ(content(*other), "all new");
    files.truncate("/root/a.txt", 3);
    EXPECT_EQ(content(*other), "all");
    files.remove("/root/a.txt");
    EXPECT_EQ(content(*other), "all");
    EXPECT_EQ(files.open_beneath(directory, "a.txt").error().number, ENOENT);
}

TEST_F(SimFiles, TimeIsCoarse) {
    const Fd directory = root();
    const auto first = files.status_beneath(directory, "a.txt");
    EXPECT_EQ(first->modified.time_since_epoch() % SimFileSystem::tick, std::chrono::nanoseconds(0));
    files.write("/root/a.txt", "HELLO");
    EXPECT_EQ(*files.status_beneath(directory, "a.txt"), *first);
    kernel.wait(kernel.now() + SimFileSystem::tick);
    files.write("/root/a.txt", "hello");
    EXPECT_NE(*files.status_beneath(directory, "a.txt"), *first);
}

TEST_F(SimFiles, ListsEntriesAsTheyAre) {
    const Fd directory = root();
    const auto entries = files.list(directory, 100);
    ASSERT_TRUE(entries.has_value());
    std::set<std::string> names;
    for (const auto& entry : *entries) names.insert(entry.name);
    EXPECT_EQ(names,
              (std::set<std::string>{"a.txt", "absolute", "dangling", "escape", "fifo", "inside", "loop", "sub"}));
    EXPECT_EQ(files.list(directory, 2)->size(), 2U);
}

TEST_F(SimFiles, DisksFailAsToldTo) {
    const Fd directory = root();
    const auto file = files.open_beneath(directory, "a.txt");
    kernel.faults().disk_failure = 1;
    std::array<char, 4> room;
    EXPECT_EQ(files.read_at(*file, 0, room).error().number, EIO);
    EXPECT_EQ(files.list(directory, 9).error().number, EIO);
}

TEST_F(SimFiles, ATestChangesTheDiskUnderARead) {
    const Fd directory = root();
    files.write("/root/large", std::string(100'000, 'a'));
    const auto file = files.open_beneath(directory, "large");
    bool was_mixed = false;
    for (int i = 0; i < 100 && !was_mixed; ++i) {
        files.write("/root/large", std::string(100'000, 'a'));
        int calls = 0;
        files.before_call = [&](const SimNode*) {
            if (++calls == 2) files.write("/root/large", std::string(100'000, 'b'));
        };
        std::string room(100'000, '\0');
        EXPECT_EQ(files.read_at(*file, 0, room).value_or(0), room.size());
        files.before_call = nullptr;
        was_mixed = room.front() == 'a' && room.back() == 'b';
    }
    EXPECT_TRUE(was_mixed);
}

}  // namespace
}  // namespace portico::io
