// How a worker shuts down: every client that sent a request gets an answer, and no silent client delays the end.
#include <gtest/gtest.h>

#include <array>

#include "portico/server/world_for_test.h"

namespace portico::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Draining : public testing::Test, public WorkerWorld {
protected:
    // The shutdown takes at most this long after the last answer.
    static constexpr milliseconds soon{1'000};
};

TEST_F(Draining, EndsAtOnceIfNobodyEverCame) {
    open();
    worker().drain();
    EXPECT_LT(run_to_end(), milliseconds(150));
}

TEST_F(Draining, AnswersWhatIsUnderWayWithConnectionCloseAndEndsThen) {
    open();
    TestPeer& peer = connect(get("/slow"));
    worker().drain();
    EXPECT_LT(run_to_end(), seconds(10) + soon);
    EXPECT_TRUE(peer.has("Connection: close\r\n"));
    EXPECT_TRUE(peer.received.ends_with("slow\n"));
    EXPECT_TRUE(peer.has_ended);
    EXPECT_EQ(peer.failure, 0);
}

TEST_F(Draining, AnswersAnUploadThatIsUnderWayWithConnectionClose) {
    open();
    TestPeer& peer = connect("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    worker().drain();
    pass(seconds(2));
    send(peer, "67890");
    EXPECT_TRUE(peer.has("Connection: close\r\n"));
    EXPECT_TRUE(peer.received.ends_with("10"));
    EXPECT_LT(run_to_end(), soon);
}

// The answer's head did not say "close", because the shutdown was not known yet: closing is the only way to say so.
TEST_F(Draining, ClosesAtOnceWhenAnAnswerHasGoneThatBeganBefore) {
    open();
    TestPeer& peer = connect();
    peer.reads = false;  // except the first octets
    send(peer, get("/large"));
    worker().drain();
    pass(seconds(3));
    ASSERT_FALSE(peer.has_ended);
    EXPECT_EQ(worker().connections(), 1U) << "the answer is under way";
    read_on(peer);
    pass(milliseconds(5));
    EXPECT_TRUE(peer.has_ended);
    EXPECT_EQ(peer.failure, 0);
    EXPECT_FALSE(peer.has("Connection: close"));
    EXPECT_GT(peer.received.size(), 1'000'000U);
    EXPECT_LT(run_to_end(), milliseconds(20));
}

TEST_F(Draining, KeepsIdleConnectionsForARequestThatIsOnItsWay) {
    open();
    TestPeer& asks = connect(get("/one"));
    TestPeer& silent = connect(get("/one"));
    worker().drain();
    pass(limits.shutdown_idle_max / 2);
    EXPECT_FALSE(asks.has_ended);
    send(asks, get("/two"));
    EXPECT_EQ(asks.answers(), 2U);
    EXPECT_TRUE(asks.has("Connection: close\r\n"));
    EXPECT_FALSE(silent.has_ended);
    pass(limits.shutdown_idle_max / 2 + milliseconds(20));
    EXPECT_TRUE(silent.has_ended);
    EXPECT_EQ(silent.failure, 0);
    EXPECT_LT(run_to_end(), soon);
}

TEST_F(Draining, ClosesEveryIdleConnectionAtTheSameTime) {
    open();
    const std::array idle{&connect(get("/one")), &connect(get("/two")), &connect(get("/three"))};
    worker().drain();
    pass(limits.shutdown_idle_max + milliseconds(20));
    for (const TestPeer* peer : idle) EXPECT_TRUE(peer->has_ended);
}

TEST_F(Draining, DoesNotWaitForIdleConnectionsIfToldSo) {
    limits.shutdown_idle_max = milliseconds(0);
    open();
    TestPeer& peer = connect(get("/one"));
    worker().drain();
    EXPECT_LT(run_to_end(), milliseconds(20));
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(Draining, ReadsOnceMoreBeforeItClosesAnIdleConnection) {
    open();
    TestPeer& peer = connect(get("/one"));
    worker().drain();
    pass(limits.shutdown_idle_max - milliseconds(2));
    send(peer, get("/two"));
    EXPECT_EQ(peer.answers(), 2U);
}

TEST_F(Draining, AnswersAllThatWasPipelinedTheLastWithConnectionClose) {
    open();
    TestPeer& peer = connect(get("/slow") + get("/two") + get("/three"));
    worker().drain();
    EXPECT_LT(run_to_end(), seconds(10) + soon);
    EXPECT_EQ(peer.answers(), 3U);
    const auto close = peer.received.find("Connection: close");
    EXPECT_GT(close, peer.received.find("two\n"));
    EXPECT_EQ(close, peer.received.rfind("Connection: close"));
}

TEST_F(Draining, AnswersWhatCameWhileAHandlerWaited) {
    open();
    TestPeer& peer = connect(get("/slow"));
    pass(seconds(1));
    send(peer, get("/two"));
    worker().drain();
    EXPECT_LT(run_to_end(), seconds(10) + soon);
    EXPECT_EQ(peer.answers(), 2U);
    EXPECT_GT(peer.received.find("Connection: close"), peer.received.find("slow\n"));
}

TEST_F(Draining, GivesAnUnfinishedHeadTheSameTime) {
    open();
    TestPeer& finishes = connect("GET /one HT");
    TestPeer& never = connect("GET /one HT");
    worker().drain();
    pass(limits.shutdown_idle_max / 2);
    send(finishes, "TP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(finishes.answers(), 1U);
    EXPECT_LT(run_to_end(), soon);
    EXPECT_EQ(never.answers(), 0U);
    EXPECT_TRUE(never.has_ended);
}

TEST_F(Draining, DoesNotWaitForTheRestOfAPipelinedHeadWhenTheTimeIsOver) {
    open();
    TestPeer& peer = connect(get("/slow") + "GET /half");
    worker().drain();
    EXPECT_LT(run_to_end(), seconds(10) + soon);
    EXPECT_EQ(peer.answers(), 1U);
}

// The first read has taken the first request and a part of the second one's head; the kernel holds the rest.
TEST_F(Draining, AnswersARequestWhoseHeadHasNotBeenReadToItsEnd) {
    open();
    const std::string field = "X: " + std::string(8'000, 'x') + "\r\n";
    const std::string long_field = "X: " + std::string(BufferPool::usual_octets / 2 + 1'000, 'x') + "\r\n";
    TestPeer& peer = connect(get("/slow", field) + get("/one", long_field));
    worker().drain();
    EXPECT_LT(run_to_end(), seconds(10) + soon);
    EXPECT_EQ(peer.answers(), 2U);
    EXPECT_TRUE(peer.received.ends_with("one\n"));
}

TEST_F(Draining, DoesNotReadForAsLongAsAPeerSends) {
    kernel.faults().buffer_octets_min = kernel.faults().buffer_octets_max = 4 * 1024 * 1024;
    open();
    std::string pipelined = get("/slow");
    const std::string field = "X: " + std::string(1'000, 'x') + "\r\n";
    for (int i = 0; i < 3'000; ++i) pipelined += get("/one", field);
    connect(pipelined);
    worker().drain();
    EXPECT_LT(run_to_end(), seconds(10) + soon);
    EXPECT_GT(counters().requests, 64U);
    EXPECT_LT(counters().requests, 2'000U);
}

TEST_F(Draining, AcceptsWhoHasQueuedUpAndWhoeverHasConnectedButIsSilent) {
    io::ListenOptions options;
    options.defer_accept = seconds(60);
    open(options);
    TestPeer& first = connect(get("/first"));
    TestPeer& silent = connect();
    worker().drain();
    pass(limits.shutdown_idle_max / 2);
    send(silent, get("/second"));
    EXPECT_EQ(first.answers(), 1U);
    EXPECT_EQ(silent.answers(), 1U);
    EXPECT_TRUE(silent.has("Connection: close"));
    run_to_end();
    EXPECT_EQ(silent.failure, 0);
}

TEST_F(Draining, LosesNobodyOfAFullQueue) {
    open();
    std::vector<TestPeer*> peers;
    connect(get("/one"));
    for (int i = 0; i < 300; ++i) {
        if (i == 150) worker().drain();
        peers.push_back(&connect_soon(get("/one")));
    }
    run_to_end();
    std::size_t connected = 0;
    for (const TestPeer* const peer : peers) {
        connected += peer->stream ? 1 : 0;
        EXPECT_EQ(peer->answers(), peer->stream ? 1U : 0U) << "each has its answer, or never connected";
    }
    EXPECT_GT(connected, 20U);
    EXPECT_LT(connected, peers.size());
}

TEST_F(Draining, LetsNobodyConnectAnyMore) {
    open();
    connect(get("/one"));
    worker().drain();
    TestPeer& late = connect_soon(get("/one"));
    pass(seconds(5));
    EXPECT_EQ(late.failure, ECONNREFUSED) << "the listener has gone when it tries again";
    EXPECT_EQ(late.answers(), 0U);
}

TEST_F(Draining, BreaksOffEndlessAnswersAtOnce) {
    open();
    TestPeer& peer = connect(get("/events"));
    EXPECT_TRUE(peer.has("event"));
    worker().drain();
    EXPECT_LT(run_to_end(), soon);
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(Draining, BreaksOffAnEndlessAnswerThatBeginsMeanwhile) {
    open();
    TestPeer& peer = connect(get("/one"));
    worker().drain();
    send(peer, get("/events"));
    EXPECT_LT(run_to_end(), soon);
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(Draining, BreaksOffWhatTakesTooLong) {
    limits.shutdown_time_max = seconds(4);
    open();
    TestPeer& peer = connect(get("/slow"));
    worker().drain();
    const io::Duration took = run_to_end();
    EXPECT_GE(took, seconds(4));
    EXPECT_LT(took, seconds(5));
    EXPECT_EQ(peer.answers(), 0U);
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(Draining, MayBeToldToHurry) {
    open();
    connect(get("/slow"));
    worker().drain(seconds(2));
    const io::Duration took = run_to_end();
    EXPECT_GE(took, seconds(2));
    EXPECT_LT(took, seconds(3));
}

TEST_F(Draining, DoesNotLingerLongForPeersThatStayConnected) {
    limits.drain_time_max = seconds(20);
    open();
    TestPeer& before = connect();
    before.reads = false;
    send(before, get("/one", "Connection: close\r\n"));
    worker().drain();
    EXPECT_LT(run_to_end(), soon);
}

TEST_F(Draining, ClosesAUnixListenerAtOnce) {
    address = io::SocketAddress::unix_path_of("/socket");
    open();
    TestPeer& peer = connect(get("/one", "Connection: close\r\n"));
    half_close(peer);
    pass(milliseconds(20));
    worker().drain();
    EXPECT_LT(run_to_end(), milliseconds(20));
}

TEST_F(Draining, KeepsATcpListenerForHandshakesThatAreUnderWay) {
    open();
    TestPeer& peer = connect(get("/one", "Connection: close\r\n"));
    half_close(peer);
    pass(milliseconds(20));
    worker().drain();
    EXPECT_GE(run_to_end(), limits.shutdown_idle_max);
}

// The kernel distributes connections over the cores: silent ones may belong to a core that has had none before.
TEST_F(Draining, KeepsTheListenerIfOnlyOtherCoresHaveHadConnections) {
    open();
    const io::SocketAddress elsewhere = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 1);
    EXPECT_EQ(worker().population().enter(elsewhere), Population::Admission::admitted);
    worker().population().leave(elsewhere);
    worker().drain();
    EXPECT_GE(run_to_end(), limits.shutdown_idle_max);
}

TEST_F(Draining, StopDoesNotWaitForThoseThatLinger) {
    limits.drain_time_max = seconds(20);
    open();
    connect(get("/one", "Connection: close\r\n"));
    EXPECT_EQ(worker().connections(), 1U);
    worker().stop();
    EXPECT_LT(run_to_end(), milliseconds(20));
}

TEST_F(Draining, StopDoesNotWaitForThoseThatLingerSinceDraining) {
    limits.shutdown_idle_max = limits.drain_time_max = seconds(20);
    open();
    TestPeer& peer = connect(get("/one"));
    worker().drain();
    send(peer, get("/two"));
    worker().stop();
    EXPECT_LT(run_to_end(), milliseconds(20));
    EXPECT_EQ(peer.answers(), 2U);
}

TEST_F(Draining, IsStoppedByStop) {
    open();
    TestPeer& peer = connect(get("/slow"));
    worker().drain();
    worker().stop();
    EXPECT_LT(run_to_end(), milliseconds(10));
    EXPECT_EQ(peer.answers(), 0U);
}

}  // namespace
}  // namespace portico::server
