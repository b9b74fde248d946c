// Which connections are accepted, and which ones are closed to make room for them.
#include <gtest/gtest.h>

#include "portico/server/world_for_test.h"

namespace portico::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Admission : public testing::Test, public WorkerWorld {};

TEST_F(Admission, ClosesTheConnectionThatIsIdleTheLongest) {
    limits.connections_max = 2;
    open();
    TestPeer& first = connect(get("/one"));
    TestPeer& second = connect(get("/one"));
    send(first, get("/again"));  // so the second connection has been idle for longer
    TestPeer& third = connect(get("/one"));
    EXPECT_FALSE(first.has_ended);
    EXPECT_TRUE(second.has_ended);
    EXPECT_EQ(third.answers(), 1U);
    EXPECT_EQ(counters().shed, 1U);
    EXPECT_EQ(counters().turned_away, 0U);
    EXPECT_EQ(population(), 2U);
}

TEST_F(Admission, ClosesTheOldestUnfinishedHead) {
    limits.connections_max = 3;
    open();
    TestPeer& slow = connect(get("/slow"));
    TestPeer& older = connect("G");
    TestPeer& younger = connect("G");
    TestPeer& fresh = connect(get("/one"));
    EXPECT_TRUE(older.has_ended);
    EXPECT_EQ(older.answers(), 0U);
    EXPECT_FALSE(younger.has_ended);
    EXPECT_FALSE(slow.has_ended) << "what is answered is not broken off";
    EXPECT_EQ(fresh.answers(), 1U);
    EXPECT_EQ(counters().heads_shed, 1U);
    EXPECT_EQ(counters().shed, 0U);
}

TEST_F(Admission, ClosesTheConnectionThatHasWaitedLongestIdleOrNot) {
    limits.connections_max = 2;
    open();
    TestPeer& unfinished = connect("G");
    pass(seconds(1));
    TestPeer& idle = connect(get("/one"));
    pass(seconds(1));
    connect("G");
    EXPECT_TRUE(unfinished.has_ended);
    EXPECT_FALSE(idle.has_ended);
    pass(seconds(1));
    connect("G");
    EXPECT_TRUE(idle.has_ended);
    EXPECT_EQ(counters().heads_shed, 1U);
    EXPECT_EQ(counters().shed, 1U);
}

// A flood of unfinished heads does not close a connection of the same address that is kept and used.
TEST_F(Admission, AFloodOfUnfinishedHeadsClosesItsOwnConnections) {
    limits.connections_max = 40;
    limits.connections_per_address_max = 20;
    open();
    TestPeer& kept = connect(get("/one"), "192.0.2.1");
    for (std::size_t i = 1; i <= 200; ++i) {
        connect_soon("G", "192.0.2.1");
        pass(milliseconds(10));
        if (i % 10 == 0) send(kept, get("/one"));
    }
    EXPECT_FALSE(kept.has_ended);
    EXPECT_EQ(kept.answers(), 21U);
    EXPECT_EQ(counters().heads_shed, 181U);
    EXPECT_EQ(counters().shed, 0U);
}

TEST_F(Admission, TurnsAwayIfEverybodyIsBeingAnswered) {
    limits.connections_max = 2;
    open();
    connect(get("/slow"));
    connect(get("/slow"));
    TestPeer& third = connect(get("/one"));
    EXPECT_TRUE(third.has_ended);
    EXPECT_EQ(third.answers(), 0U);
    EXPECT_EQ(counters().turned_away, 1U);
    EXPECT_EQ(population(), 2U);
}

// If the head has been completed in the meantime, the connection is spared.
TEST_F(Admission, SparesAHeadThatHasCome) {
    limits.connections_max = 1;
    open();
    TestPeer& peer = connect("GET /sl");
    send(peer, "ow HTTP/1.1\r\nHost: a\r\n\r\n");
    connect(get("/one"));
    EXPECT_EQ(counters().turned_away, 1U);
    EXPECT_FALSE(peer.has_ended);
}

TEST_F(Admission, SparesAnAnswerThatWaitsForItsReaderBeforeAnUnfinishedHead) {
    limits.connections_max = 1;
    limits.head_time_max = milliseconds(std::chrono::hours(1));
    kernel.faults().buffer_octets_min = kernel.faults().buffer_octets_max = 512;
    open();
    TestPeer& peer = connect();
    peer.reads = false;
    std::string pipelined;
    for (int i = 0; i < 40; ++i) pipelined += get("/abcdefgh");
    send(peer, pipelined + "GET /half");
    connect(get("/one"));
    EXPECT_EQ(counters().turned_away, 1U);
    read_on(peer);
    EXPECT_EQ(peer.answers(), 40U);
}

TEST_F(Admission, SparesAnAnswerThatIsStillBeingDelivered) {
    limits.connections_max = 1;
    kernel.faults().window_octets = 4096;
    kernel.faults().buffer_octets_min = kernel.faults().buffer_octets_max = 2 * 1024 * 1024;
    open();
    TestPeer& peer = connect();
    peer.reads = false;
    send(peer, get("/large"));
    connect(get("/one"));
    EXPECT_EQ(counters().turned_away, 1U);
    EXPECT_EQ(counters().shed, 0U);
    read_on(peer);
    pass(seconds(5));
    EXPECT_GT(peer.received.size(), 1'000'000U);
    EXPECT_EQ(peer.failure, 0);
}

// Closing connections would not help against any other failure.
TEST_F(Admission, ClosesNobodyForAFailureThatThisDoesNotMend) {
    open();
    TestPeer& idle = connect(get("/one"));
    kernel.faults().accept_failure = 1;
    kernel.faults().accept_error = EPERM;
    connect(get("/two"));
    pass(seconds(1));
    EXPECT_GE(counters().accept_failed, 3U);
    EXPECT_LE(counters().accept_failed, 20U) << "after a pause each";
    EXPECT_EQ(counters().shed, 0U);
    EXPECT_FALSE(idle.has_ended);
}

TEST_F(Admission, MakesRoomForAnAddressAmongItsOwnConnections) {
    limits.connections_per_address_max = 2;
    open();
    TestPeer& other = connect(get("/one"), "192.0.2.9");
    TestPeer& first = connect(get("/one"), "192.0.2.1");
    TestPeer& second = connect(get("/one"), "192.0.2.1");
    TestPeer& third = connect(get("/one"), "192.0.2.1");
    EXPECT_FALSE(other.has_ended) << "it has been idle for longer, but is another's";
    EXPECT_TRUE(first.has_ended);
    EXPECT_FALSE(second.has_ended);
    EXPECT_EQ(third.answers(), 1U);
    EXPECT_EQ(counters().shed, 1U);
}

TEST_F(Admission, MakesRoomForAnAddressAmongItsOwnUnfinishedHeads) {
    limits.connections_per_address_max = 1;
    open();
    TestPeer& other = connect("G", "192.0.2.9");
    TestPeer& first = connect("G", "192.0.2.1");
    TestPeer& second = connect(get("/one"), "192.0.2.1");
    EXPECT_FALSE(other.has_ended);
    EXPECT_TRUE(first.has_ended);
    EXPECT_EQ(second.answers(), 1U);
    EXPECT_EQ(counters().heads_shed, 1U);
}

TEST_F(Admission, TurnsAwayAnAddressWhoseConnectionsAreAllAnswered) {
    limits.connections_per_address_max = 1;
    open();
    TestPeer& idle = connect(get("/one"), "192.0.2.9");
    connect(get("/slow"), "192.0.2.1");
    TestPeer& second = connect(get("/one"), "192.0.2.1");
    EXPECT_EQ(second.answers(), 0U);
    EXPECT_TRUE(second.has_ended);
    EXPECT_FALSE(idle.has_ended);
    EXPECT_EQ(counters().turned_away, 1U);
}

// An address at its limit gains no further connection when the server is full.
TEST_F(Admission, KeepsAnAddressAtItsLimitWhenTheServerIsFullToo) {
    limits.connections_max = 3;
    limits.connections_per_address_max = 2;
    open();
    TestPeer& idle = connect(get("/one"), "192.0.2.9");
    connect(get("/slow"), "192.0.2.1");
    connect(get("/slow"), "192.0.2.1");
    connect(get("/one"), "192.0.2.1");
    EXPECT_EQ(counters().turned_away, 1U);
    EXPECT_FALSE(idle.has_ended);
}

// Clients that send one octet and no more keep no other client out, whether or not it has their address.
TEST_F(Admission, AFloodOfUnfinishedHeadsTurnsNobodyAway) {
    limits.connections_max = 400;
    limits.connections_per_address_max = 100;
    open();
    std::size_t answered = 0;
    std::size_t others = 0;
    for (std::size_t i = 0; i < 1'700; ++i) {
        connect_soon("G", "192.0.2." + std::to_string(i % 6));
        if (i % 17 != 0) continue;
        settle();
        ++others;
        const std::string own = "198.51.100." + std::to_string(others);
        answered += connect(get("/one"), others % 2 == 0 ? "192.0.2.1" : own).answers();
    }
    settle();
    EXPECT_EQ(others, 100U);
    EXPECT_EQ(answered, others);
    EXPECT_EQ(counters().turned_away, 0U);
    EXPECT_EQ(population(), 400U);
    EXPECT_EQ(counters().shed + counters().heads_shed, 1'400U);
}

TEST_F(Admission, TakesNobodyWhileMemoryIsShort) {
    limits.memory_max = std::size_t{100} * 1024;
    open();
    std::vector<Buffer> hoard;
    while (!core().ledger().is_full()) hoard.push_back(core().buffers().borrow());
    TestPeer& turned_away = connect(get("/one"));
    EXPECT_EQ(turned_away.answers(), 0U);
    EXPECT_TRUE(turned_away.has_ended);
    EXPECT_EQ(counters().turned_away, 1U);
    EXPECT_EQ(population(), 0U);
    hoard.clear();
    EXPECT_EQ(connect(get("/one")).answers(), 1U);
}

TEST_F(Admission, TakesTheMemoryOfAnUnfinishedHead) {
    limits.memory_max = std::size_t{1024} * 1024;
    open();
    TestPeer& unfinished = connect("G");
    std::vector<Buffer> hoard;
    while (!core().ledger().is_full()) hoard.push_back(core().buffers().borrow());
    TestPeer& fresh = connect(get("/one"));
    EXPECT_TRUE(unfinished.has_ended);
    EXPECT_EQ(fresh.answers(), 1U);
    EXPECT_EQ(counters().heads_shed, 1U);
}

TEST_F(Admission, PausesWhileThereAreNoDescriptors) {
    open();
    connect(get("/slow"));
    kernel.faults().descriptors_max = kernel.descriptors_open() + 1;  // the client's own descriptor
    TestPeer& waits = connect(get("/one"));
    EXPECT_EQ(waits.answers(), 0U);
    pass(milliseconds(950));
    EXPECT_GE(counters().accept_failed, 9U);
    EXPECT_LE(counters().accept_failed, 11U) << "a tenth of a second between two tries";
    kernel.faults().descriptors_max = 1000;
    pass(milliseconds(150));
    EXPECT_EQ(waits.answers(), 1U);
}

TEST_F(Admission, ClosesAnIdleConnectionForWantOfDescriptors) {
    open();
    TestPeer& idle = connect(get("/one"));
    kernel.faults().descriptors_max = kernel.descriptors_open() + 1;
    TestPeer& fresh = connect(get("/one"));
    EXPECT_TRUE(idle.has_ended);
    EXPECT_EQ(fresh.answers(), 1U);
    EXPECT_EQ(counters().accept_failed, 1U);
    EXPECT_EQ(counters().shed, 1U);
}

TEST_F(Admission, LooksAtSomeConnectionsOnlyForOneOfAnAddress) {
    limits.connections_per_address_max = 1;
    open();
    for (std::size_t i = 0; i < Places::looks_max; ++i) {
        connect(get("/one"), "192.0.2." + std::to_string(i + 1));
    }
    connect(get("/one"), "198.51.100.1");
    connect(get("/one"), "198.51.100.1");
    EXPECT_EQ(counters().turned_away, 1U);
}

}  // namespace
}  // namespace portico::server
