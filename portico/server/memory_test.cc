// portico/server/memory_test.cc — what a worker releases when memory is short, and how it treats peers that do not
// read.
#include <gtest/gtest.h>

#include "portico/server/world_for_test.h"

namespace portico::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// This many octets sent to a peer are acknowledged before the peer reads.
constexpr std::size_t window_octets = 4096;

class Memory : public testing::Test {
protected:
    Memory() {
        world.kernel.faults().window_octets = window_octets;
        world.kernel.faults().buffer_octets_min = world.kernel.faults().buffer_octets_max = 2 * 1024 * 1024;
        world.limits.memory_max = 8 * 1024 * 1024;
    }
    ~Memory() override { give_back(); }
    // Takes memory until only this many octets are left below the ceiling.
    void leave(std::size_t octets) {
        give_back();
        taken_ = world.limits.memory_max - octets - world.core().ledger().used();
        world.core().ledger().charge(taken_);
    }
    // A crowd takes the most of the memory, and then a client comes and goes.
    void come_and_go() {
        leave(1'000'000);
        give_back();
        world.half_close(world.connect(get("/a")));
        ASSERT_EQ(world.worker().connections(), 0U);
    }
    void give_back() {
        if (taken_ > 0) world.core().ledger().release(std::exchange(taken_, 0));
    }
    // A client that requests a megabyte and reads nothing of it.
    TestPeer& stuck() {
        TestPeer& peer = world.connect_soon();
        peer.reads = false;
        world.settle();
        world.send(peer, get("/large"));
        return peer;
    }

    WorkerWorld world;
    std::size_t taken_ = 0;
};

TEST_F(Memory, HoldsWhatPeersHaveNotAcknowledged) {
    world.open();
    stuck();
    EXPECT_GT(world.core().ledger().used(), 900'000U);
}

// A client that has read a large answer may leave more to the kernel, but only so many clients at the same time.
TEST_F(Memory, HoldsMoreForAFewFastReaders) {
    world.limits.fast_readers_max = 1;
    world.limits.reader_unsent_octets_max = 512 * 1024;
    world.open({.send_limits{.unsent_octets_max = world.limits.unsent_octets_max}});
    const auto held_for = [&](TestPeer& peer) {
        world.read_on(peer);
        world.pass(seconds(2));
        EXPECT_GT(peer.received.size(), 1'000'000U);
        peer.reads = false;
        const std::size_t before = world.core().ledger().used();
        world.send(peer, get("/large"));
        return world.core().ledger().used() - before;
    };
    TestPeer& first = stuck();
    TestPeer& second = stuck();
    EXPECT_GT(held_for(first), 500'000U);
    EXPECT_LT(held_for(second), 200'000U);
}

// Five seconds after the end of a connection, and not before, what it held is no longer counted: it has been given
// back.
TEST_F(Memory, GivesFreedMemoryBackOnceTheCrowdHasGone) {
    world.open();
    come_and_go();
    const std::size_t crowded = world.core().ledger().tide();
    world.pass(seconds(4));
    EXPECT_EQ(world.core().ledger().tide(), crowded);
    world.pass(seconds(2));
    EXPECT_LT(world.core().ledger().tide(), crowded / 2);
    EXPECT_EQ(world.core().ledger().peak(), crowded);
}

// Memory that is used again at once is kept, even if that is a little less.
TEST_F(Memory, KeepsFreedMemoryForTheCrowdThatIsBack) {
    world.open();
    come_and_go();
    world.pass(seconds(4));
    leave(1'300'000);
    const std::size_t crowded = world.core().ledger().tide();
    world.pass(seconds(4));
    EXPECT_EQ(world.core().ledger().tide(), crowded);
}

// Closing the first connection frees nothing. The second has been answered, and owes the acknowledgement of a megabyte.
// The third, whose answer is still being sent, is spared.
TEST_F(Memory, ShedsIdleConnectionsFirst) {
    world.kernel.faults().buffer_octets_min = world.kernel.faults().buffer_octets_max = 500'000;
    world.open();
    TestPeer& transfer = stuck();
    world.kernel.faults().buffer_octets_min = world.kernel.faults().buffer_octets_max = 2 * 1024 * 1024;
    TestPeer& idle = world.connect(get("/a"));
    TestPeer& answered = stuck();
    leave(1'800'000);
    EXPECT_EQ(world.counters().shed, 0U) << "whoever takes memory is in the middle of something";
    world.settle();
    EXPECT_EQ(world.counters().shed, 1U);
    EXPECT_EQ(world.counters().broken_off, 1U);
    EXPECT_TRUE(idle.has_ended);
    EXPECT_EQ(idle.failure, 0) << "closed, and not reset";
    give_back();
    world.read_on(answered);
    EXPECT_EQ(answered.failure, ECONNRESET);
    world.read_on(transfer);
    world.pass(seconds(5));
    EXPECT_EQ(transfer.failure, 0);
    EXPECT_GT(transfer.received.size(), 1'000'000U);
}

TEST_F(Memory, ThenTheConnectionThatHasWaitedForLongest) {
    world.limits.unsent_octets_max = 0;
    world.kernel.faults().buffer_octets_min = world.kernel.faults().buffer_octets_max = 500'000;
    world.open();
    TestPeer& first = stuck();
    world.pass(seconds(1));
    TestPeer& second = stuck();
    EXPECT_GT(world.core().ledger().used(), 900'000U);
    leave(1'800'000);
    world.settle();
    EXPECT_EQ(world.counters().broken_off, 1U);
    world.read_on(first);
    EXPECT_EQ(first.failure, ECONNRESET);
    give_back();
    world.read_on(second);
    world.pass(seconds(5));
    EXPECT_EQ(second.failure, 0);
    EXPECT_GT(second.received.size(), 1'000'000U);
}

// A few are closed in each pass. Connections that are refused in the meantime take no memory, so there is no further
// request for relief.
TEST_F(Memory, IsGivenBackAsLongAsItIsShort) {
    world.open();
    for (int i = 0; i < 40; ++i) world.connect(get("/a"));
    EXPECT_EQ(world.worker().connections(), 40U);
    leave(1'500'000);
    world.settle();
    EXPECT_EQ(world.counters().shed, 40U);
    world.connect(get("/a"));
    EXPECT_EQ(world.counters().turned_away, 0U) << "short, and not full";
    leave(1'500'000);  // memory is short again
    world.settle();
    EXPECT_EQ(world.counters().shed, 41U);
}

// A usual client acknowledges everything within a round trip: the octets must not stay charged for seconds.
TEST_F(Memory, IsReleasedSoonAfterThePeerHasAcknowledged) {
    world.open();
    TestPeer& peer = stuck();
    world.pass(milliseconds(200));
    EXPECT_GT(world.core().ledger().used(), 900'000U);
    world.read_on(peer);
    world.pass(milliseconds(500));
    EXPECT_GT(peer.received.size(), 1'000'000U);
    EXPECT_LT(world.core().ledger().used(), 100'000U);
}

TEST_F(Memory, OfAConnectionThatPartsIsChargedAndGivenBackToo) {
    world.open();
    TestPeer& peer = world.connect_soon();
    peer.reads = false;
    world.settle();
    world.send(peer, get("/large", "Connection: close\r\n"));
    EXPECT_GT(world.core().ledger().used(), 900'000U) << "before it has been drained";
    world.pass(world.limits.drain_time_max + milliseconds(100));
    EXPECT_EQ(world.worker().connections(), 1U);
    leave(1'800'000);
    world.settle();
    EXPECT_EQ(world.worker().connections(), 0U);
    EXPECT_EQ(world.counters().broken_off, 1U);
    give_back();
    world.read_on(peer);
    EXPECT_EQ(peer.failure, ECONNRESET);
}

// It asks so often that between two answers nobody looks at what it has acknowledged.
TEST_F(Memory, APeerThatAcknowledgesNothingIsResetWhateverItSends) {
    world.kernel.faults().buffer_octets_min = world.kernel.faults().buffer_octets_max = 4 * 1024 * 1024;
    world.limits.rate_min = 0;
    world.limits.keep_alive_max = seconds(600);
    world.open();
    TestPeer& peer = stuck();
    for (int i = 0; i < 7'000; ++i) {
        world.send(peer, get("/a"));
        world.pass(milliseconds(9));
    }
    EXPECT_EQ(world.worker().connections(), 0U);
    world.read_on(peer);
    EXPECT_NE(peer.failure, 0);
}

// Further octets from the peer are dropped without taking any memory, so that a reset does not lose the answer.
TEST_F(Memory, AnAnswerArrivesAlthoughItIsShort) {
    world.kernel.faults().unread_lost = 1;
    world.open();
    TestPeer& peer = world.connect_soon("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n");
    peer.reads = false;  // its buffers come from the same ledger
    world.settle();
    world.send(peer, std::string(50'000, 'x'));
    leave(900'000);
    world.pass(seconds(11));
    give_back();
    world.read_on(peer);
    EXPECT_TRUE(peer.received.ends_with("slow\n")) << peer.received;
    EXPECT_EQ(peer.failure, 0);
}

TEST_F(Memory, FullMeansNoNewConnections) {
    world.open();
    leave(900'000);
    TestPeer& late = world.connect(get("/a"));
    EXPECT_TRUE(late.has_ended);
    EXPECT_EQ(late.answers(), 0U);
    EXPECT_EQ(world.counters().turned_away, 1U);
    give_back();
    EXPECT_EQ(world.connect(get("/a")).answers(), 1U);
}

TEST_F(Memory, ContentThatIsAwaitedIsRefusedIfItIsShort) {
    world.open();
    TestPeer& peer = world.connect("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    leave(1'500'000);
    world.settle();
    EXPECT_EQ(world.counters().broken_off, 1U);
    give_back();
    world.settle();
    EXPECT_TRUE(peer.has("HTTP/1.1 503 ")) << peer.received;
    EXPECT_EQ(peer.failure, 0);
}

TEST_F(Memory, AnAnswerThatIsNotAcknowledgedKeepsItsConnection) {
    world.limits.keep_alive_max = seconds(5);
    world.limits.rate_min = 0;
    world.open();
    TestPeer& peer = stuck();
    world.pass(seconds(50));
    EXPECT_EQ(world.worker().connections(), 1U) << "not idle";
    world.read_on(peer);
    world.pass(seconds(1));
    EXPECT_GT(peer.received.size(), 1'000'000U);
    EXPECT_EQ(peer.answers(), 1U);
    world.pass(seconds(20));
    EXPECT_TRUE(peer.has_ended) << "idle at last";
    EXPECT_EQ(peer.failure, 0);
}

TEST_F(Memory, APeerThatAcknowledgesNothingIsReset) {
    world.open();
    TestPeer& peer = stuck();
    world.pass(seconds(80));
    EXPECT_EQ(world.worker().connections(), 0U);
    EXPECT_EQ(world.core().ledger().used(), 0U);
    world.read_on(peer);
    EXPECT_EQ(peer.failure, ECONNRESET);
}

TEST_F(Memory, APeerThatAcknowledgesNothingOfItsLastAnswerIsReset) {
    world.limits.rate_min = 0;
    world.open();
    TestPeer& peer = world.connect_soon();
    peer.reads = false;
    world.settle();
    world.send(peer, get("/large", "Connection: close\r\n"));
    world.pass(seconds(30));
    EXPECT_EQ(world.worker().connections(), 1U);
    world.pass(seconds(60));
    EXPECT_EQ(world.worker().connections(), 0U);
}

TEST_F(Memory, APeerThatStopsWithinAnAnswerIsReset) {
    world.limits.unsent_octets_max = 0;
    world.kernel.faults().buffer_octets_min = world.kernel.faults().buffer_octets_max = 100'000;
    world.open();
    TestPeer& peer = stuck();
    world.pass(seconds(80));
    EXPECT_EQ(world.worker().connections(), 0U);
    world.read_on(peer);
    EXPECT_EQ(peer.failure, ECONNRESET);
}

TEST_F(Memory, AHalfClosedPeerGetsAllOfItsAnswer) {
    world.open();
    TestPeer& peer = world.connect_soon();
    peer.reads = false;
    world.settle();
    world.send(peer, get("/large"));
    world.half_close(peer);
    world.pass(seconds(20));
    world.read_on(peer);
    world.pass(seconds(3));
    EXPECT_GT(peer.received.size(), 1'000'000U);
    EXPECT_EQ(peer.failure, 0);
    EXPECT_EQ(world.worker().connections(), 0U);
}

TEST_F(Memory, AHalfClosedPeerGetsTheAnswerOfAHandlerThatWaits) {
    world.open();
    TestPeer& peer = world.connect(get("/slow"));
    world.half_close(peer);
    world.pass(seconds(20));
    EXPECT_EQ(peer.answers(), 1U);
    EXPECT_TRUE(peer.has("Connection: close"));
    EXPECT_TRUE(peer.has_ended);
}

}  // namespace
}  // namespace portico::server
