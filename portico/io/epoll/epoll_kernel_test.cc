// What only the epoll kernel promises: fairness between descriptors, and that each event reaches its own descriptor.
#include "portico/io/epoll/epoll_kernel.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

#include "portico/io/core.h"
#include "portico/io/datagram.h"
#include "portico/io/descriptors.h"
#include "portico/io/epoll/epoll_calls.h"
#include "portico/io/run_task.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"
#include "portico/io/stream_pair_for_test.h"

namespace portico::io {
namespace {

using std::chrono::milliseconds;

const SocketAddress loopback = SocketAddress::of(IpAddress::loopback(Family::ipv4), 0);

// A task that was resumed has completed one operation, and then uses its share of the pass.
constexpr unsigned share_max = at_once_max + 1;

// Tasks that never have to wait, because everything they ask for is ready. They count their operations, and run until
// asked to stop.
class Fairness : public testing::Test {
protected:
    ~Fairness() override { stop(); }
    void stop() {
        busy_.request_stop();
        while (busy_.size() > 0) core_.run_once(never);
    }
    StreamPair& pair() { return pairs_.emplace_back(run_task(core_, make_stream_pair(core_))); }
    // Returns the most operations that all busy tasks together have completed between two waits.
    unsigned most_in_a_pass(TimePoint until = {}) {
        unsigned most = 0;
        for (int i = 0; i < 200; ++i) {
            const unsigned before = operations_;
            core_.run_once(until);
            most = std::max(most, operations_ - before);
        }
        EXPECT_GT(most, 0U);
        return most;
    }

    Result<std::unique_ptr<Kernel>> kernel_ = make_epoll_kernel();
    Core core_{**kernel_};
    std::deque<StreamPair> pairs_;
    unsigned operations_ = 0;
    Scope busy_;
};

Task<void> fill(Stream& stream) {
    const std::string octets(400'000, 'x');
    const Result<void> written = co_await stream.write_all(octets, stream.core().now() + milliseconds(20));
    static_cast<void>(written);  // writes as much as fits
}

Task<bool> filled(Stream& stream) {
    co_await fill(stream);
    co_return true;
}

Task<void> read_octets(Stream& stream, unsigned& operations) {
    std::array<char, 1> room;
    for (;;) {
        const Result<std::size_t> got = co_await stream.read(room, never);
        if (!got || *got == 0) co_return;
        ++operations;
    }
}

Task<void> write_octets(Stream& stream, unsigned& operations) {
    char octet = 'x';
    const std::array<iovec, 1> span{iovec{&octet, 1}};
    for (;;) {
        const Result<std::size_t> taken = co_await stream.write(span, never);
        if (!taken) co_return;
        ++operations;
    }
}

TEST_F(Fairness, AReaderHasItsShareOfAPass) {
    StreamPair& one = pair();
    run_task(core_, filled(one.second));
    busy_.start(read_octets(one.first, operations_));
    EXPECT_LE(most_in_a_pass(), share_max);
}

Task<void> read_whole(Stream& stream, std::size_t octets) {
    std::array<char, 1> room;
    for (; octets > 0; --octets) {
        const Result<std::size_t> got = co_await stream.read(room, never);
        EXPECT_EQ(got.value_or(0), 1U);
    }
}

// No event comes: everything has been received.
TEST_F(Fairness, WhatIsPutOffNeedsNoEventToGoOn) {
    StreamPair& one = pair();
    run_task(core_, filled(one.second));
    Scope reading;
    reading.start(read_whole(one.first, std::size_t{10} * at_once_max));
    const TimePoint patience = core_.now() + std::chrono::seconds(20);
    while (reading.size() > 0 && core_.now() < patience) core_.run_once(patience);
    EXPECT_EQ(reading.size(), 0U) << "the loop slept";
    reading.request_stop();
    while (reading.size() > 0) core_.run_once(never);
}

TEST_F(Fairness, AWriterHasItsShareOfAPass) {
    StreamPair& one = pair();
    busy_.start(write_octets(one.first, operations_));
    EXPECT_LE(most_in_a_pass(), share_max);
}

Task<void> read_slowly(Stream& stream, unsigned& operations) {
    std::array<char, 1> room;
    for (;;) {
        const Result<std::size_t> got = co_await stream.read(room, never);
        if (!got || *got == 0) co_return;
        ++operations;
        const TimePoint end = std::chrono::steady_clock::now() + 2 * turn_time_max;
        while (std::chrono::steady_clock::now() < end) continue;
    }
}

// Its time is taken from the third octet on.
TEST_F(Fairness, AReaderThatTakesLongHasItsTimeInAPass) {
    StreamPair& one = pair();
    run_task(core_, filled(one.second));
    busy_.start(read_slowly(one.first, operations_));
    EXPECT_LE(most_in_a_pass(), 3U);
}

// Both are postponed in each pass. That must not double what they may do in the next one.
TEST_F(Fairness, AReaderAndAWriterOfOneStreamHaveAShareEach) {
    StreamPair& one = pair();
    run_task(core_, filled(one.second));
    busy_.start(read_octets(one.first, operations_));
    busy_.start(write_octets(one.first, operations_));
    EXPECT_LE(most_in_a_pass(), 2 * share_max);
}

Task<void> read_octets_in_turn(std::deque<StreamPair>& streams, unsigned& operations) {
    std::array<char, 1> room;
    for (std::size_t i = 0;; ++i) {
        const Result<std::size_t> got = co_await streams[i % streams.size()].first.read(room, never);
        if (!got || *got == 0) co_return;
        ++operations;
    }
}

TEST_F(Fairness, ATaskWithSeveralDescriptorsHasOneShare) {
    for (int i = 0; i < 4; ++i) run_task(core_, filled(pair().second));
    busy_.start(read_octets_in_turn(pairs_, operations_));
    EXPECT_LE(most_in_a_pass(), share_max);
}

Task<void> offload_and_read(Core& core, Stream& stream, unsigned& operations) {
    std::array<char, 1> room;
    for (;;) {
        auto work = [] { return 0; };
        const std::optional<int> done = co_await offload(core, std::move(work));
        if (!done) co_return;
        const Result<std::size_t> got = co_await stream.read(room, never);
        if (!got || *got == 0) co_return;
        ++operations;
    }
}

TEST_F(Fairness, ATaskThatOffloadsWaitsForThePassAfter) {
    StreamPair& one = pair();
    run_task(core_, filled(one.second));
    busy_.start(offload_and_read(core_, one.first, operations_));
    EXPECT_LE(most_in_a_pass(never), share_max);
}

Task<void> send_to_itself(Datagram& socket, unsigned& operations) {
    std::array<char, 100> room;
    std::array<DatagramSlot, 1> slots;
    slots[0].octets = std::span(room).first(10);
    slots[0].peer = socket.local();
    for (;;) {
        const Result<std::size_t> sent = co_await socket.send(slots, never);
        if (!sent) co_return;
        slots[0].octets = room;
        const Result<std::size_t> got = co_await socket.receive(slots, never);
        if (!got) co_return;
        operations += 2;
    }
}

TEST_F(Fairness, ALoopOfDatagramsHasItsShareOfAPass) {
    auto socket = Datagram::open(core_, loopback);
    ASSERT_TRUE(socket);
    busy_.start(send_to_itself(*socket, operations_));
    EXPECT_LE(most_in_a_pass(), share_max + 1);
    stop();
}

Task<void> connect_again_and_again(Core& core, SocketAddress peer, unsigned& operations) {
    for (;;) {
        const Result<Stream> stream = co_await connect(core, peer, never);
        if (stream || stream.error().number == ECANCELED) co_return;
        ++operations;
    }
}

// Nothing listens there, so each attempt ends at once.
TEST_F(Fairness, ATaskThatConnectsHasItsShareOfAPass) {
    const std::string name = std::string("\0portico-nobody-", 16) + std::to_string(::getpid());
    busy_.start(connect_again_and_again(core_, SocketAddress::unix_path_of(name), operations_));
    EXPECT_LE(most_in_a_pass(), share_max);
}

Task<void> connect_and_wait(Core& core, SocketAddress peer, unsigned& connected, unsigned& broken) {
    Result<Stream> stream = co_await connect(core, peer, never);
    if (!stream) co_return;
    ++connected;
    EXPECT_TRUE(stream->finish_sending());  // so that hang_up() looks at the connection at once
    const Result<void> hung_up = co_await stream->hang_up(core.now() + milliseconds(50));
    if (hung_up) ++broken;
}

Task<void> start_connecting(Core& core, SocketAddress peer, Scope& scope, unsigned& connected, unsigned& broken) {
    for (unsigned i = 0; i < 3 * at_once_max; ++i) scope.start(connect_and_wait(core, peer, connected, broken));
    co_return;
}

// A socket that is not connected yet is reported as hung up.
TEST_F(Fairness, AConnectThatIsPutOffLeavesAWholeConnection) {
    const Result<Listener> listener = Listener::open(core_, loopback);
    ASSERT_TRUE(listener.has_value());
    Scope connecting;
    unsigned connected = 0;
    unsigned broken = 0;
    Scope starting;
    starting.start(start_connecting(core_, listener->local(), connecting, connected, broken));
    while (connecting.size() > 0 || starting.size() > 0) core_.run_once(never);
    EXPECT_EQ(connected, 3 * at_once_max);
    EXPECT_EQ(broken, 0U);
}

Task<void> answer_one(Stream& stream, unsigned& operations, unsigned& seen_at) {
    std::array<char, 1> room;
    const Result<std::size_t> got = co_await stream.read(room, never);
    EXPECT_EQ(got.value_or(0), 1U);
    seen_at = operations;
}

Task<bool> send_one(Stream& stream) {
    const Result<void> sent = co_await stream.write_all("x", never);
    co_return sent.has_value();
}

TEST_F(Fairness, AnotherPeersOctetIsReadInTheNextPass) {
    constexpr unsigned busy_peers = 6;
    for (unsigned i = 0; i < busy_peers; ++i) {
        StreamPair& each = pair();
        run_task(core_, filled(each.second));
        busy_.start(read_octets(each.first, operations_));
        busy_.start(write_octets(each.first, operations_));
    }
    StreamPair& quiet = pair();
    unsigned seen_at = 0;
    Scope waiting;
    waiting.start(answer_one(quiet.first, operations_, seen_at));
    for (int i = 0; i < 100; ++i) core_.run_once(core_.now());
    EXPECT_EQ(seen_at, 0U);
    EXPECT_TRUE(run_task(core_, send_one(quiet.second)));
    const unsigned sent_at = operations_;
    while (waiting.size() > 0) core_.run_once(core_.now());
    EXPECT_LE(seen_at - sent_at, 2 * busy_peers * 2 * share_max);  // the rest of a pass, and the next one
}

// --- events and the descriptors they are for

Task<void> wait_in_vain(Stream& stream) {
    std::array<char, 1> room;
    const Result<std::size_t> nothing = co_await stream.read(room, stream.core().now());
    EXPECT_EQ(nothing.error().number, ETIMEDOUT);
}

int lowest_free_number() { return owned(::dup(STDERR_FILENO))->number(); }

// Once `first` is readable, closes `second` and connects a socket that gets the same number.
Task<int> close_and_connect(Stream& first, std::optional<Stream>& second, SocketAddress silent) {
    Core& core = first.core();
    std::array<char, 1> room;
    const Result<std::size_t> got = co_await first.read(room, never);
    EXPECT_EQ(got.value_or(0), 1U);
    const int lowest = lowest_free_number();
    second.reset();
    EXPECT_LT(lowest_free_number(), lowest);
    const Result<Stream> connected = co_await connect(core, silent, core.now() + milliseconds(50));
    co_return connected ? 0 : connected.error().number;
}

Task<bool> reset_after(Stream& first, std::optional<Stream>& second) {
    const Result<void> sent = co_await first.write_all("x", never);
    second->abort_on_close();
    second.reset();
    co_return sent.has_value();
}

class StaleEvents : public testing::Test {
protected:
    // Imitates a host that answers no connection attempt: a listener whose queue is full.
    SocketAddress silent_host() {
        ListenOptions options;
        options.backlog = 0;
        silent_ = Listener::open(core_, loopback, options);
        for (int i = 0; i < 8; ++i) {
            auto filler = run_task(core_, connect(core_, silent_->local(), core_.now() + milliseconds(20)));
            if (!filler) return silent_->local();
            fillers_.push_back(std::move(*filler));
        }
        ADD_FAILURE() << "the queue does not fill";
        return {};
    }

    Result<std::unique_ptr<Kernel>> kernel_ = make_epoll_kernel();
    Core core_{**kernel_};
    Result<Listener> silent_ = fail(0, "");
    std::vector<Stream> fillers_;
};

// One wait reports both streams. The first stream's task closes the second one, so its event then names another socket.
TEST_F(StaleEvents, DoNotCompleteAConnectOfTheSameNumber) {
    const SocketAddress silent = silent_host();
    StreamPair first = run_task(core_, make_stream_pair(core_));
    StreamPair second = run_task(core_, make_stream_pair(core_));
    std::optional<Stream> ours(std::move(second.first));
    std::optional<Stream> theirs(std::move(second.second));
    const std::optional<Fd> plug = owned(::dup(STDERR_FILENO));  // takes the number of the listener that made the pairs
    Scope scope;
    scope.start(wait_in_vain(*ours));  // registers it
    while (scope.size() > 0) core_.run_once(never);
    std::optional<int> failure;
    scope.start(keep_result(core_, close_and_connect(first.first, ours, silent), failure));
    core_.run_once(core_.now());
    EXPECT_TRUE(run_task(core_, reset_after(first.second, theirs)));
    while (scope.size() > 0) core_.run_once(never);
    EXPECT_EQ(failure, ETIMEDOUT);
}

// --- the last look at a queue

Task<void> accept_into(Listener& listener, Result<Accepted>& into) {
    Result<Accepted> accepted = co_await listener.accept(never);
    into = std::move(accepted);
}

// The client has connected, but no event has been looked at.
TEST(AWaitForAConnection, TakesOneThatIsThereWhenItIsEnded) {
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    Result<Listener> listener = Listener::open(core, loopback);
    ASSERT_TRUE(listener.has_value());
    Result<Accepted> accepted = fail(0, "");
    Scope scope;
    scope.start(accept_into(*listener, accepted));
    core.run_once(core.now());
    const std::optional<Fd> client = owned(*calls::open_stream_socket(Family::ipv4));
    calls::begin_connect(client->number(), listener->local());
    scope.request_stop();
    while (scope.size() > 0) core.run_once(never);
    EXPECT_TRUE(accepted.has_value());
}

}  // namespace
}  // namespace portico::io
