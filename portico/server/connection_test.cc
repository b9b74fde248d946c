// The time limits of a connection, and how it ends.
#include <gtest/gtest.h>

#include "portico/server/world_for_test.h"

namespace portico::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class AConnection : public testing::Test, public WorkerWorld {
protected:
    // All values differ, so that none can be mistaken for another.
    AConnection() {
        limits.head_time_max = seconds(7);
        limits.keep_alive_max = seconds(31);
        limits.content_idle_max = seconds(13);
        limits.response_idle_max = seconds(17);
        limits.rate_grace = seconds(300);
        limits.drain_time_max = seconds(3);
    }
};

TEST_F(AConnection, HasItsFirstHeadsTimeFromAcceptOn) {
    open();
    TestPeer& silent = connect();
    pass(seconds(5));
    TestPeer& trickles = connect("G");
    send(silent, "G");
    pass(seconds(2) + milliseconds(50));
    EXPECT_TRUE(silent.has(" 408 "));
    EXPECT_FALSE(trickles.has(" 408 "));
    pass(seconds(5));
    EXPECT_TRUE(trickles.has(" 408 "));
    EXPECT_TRUE(trickles.has_ended);
    EXPECT_EQ(counters().refused, 2U);
}

TEST_F(AConnection, RefusesASlowHeadRequestWithoutContent) {
    open();
    for (const char* before : {"", "\r\n"}) {
        TestPeer& peer = connect(std::string(before) + "HEAD / HTTP/1.1\r\nHost: ");
        pass(seconds(8));
        EXPECT_TRUE(peer.has(" 408 "));
        EXPECT_TRUE(peer.received.ends_with("\r\n\r\n")) << peer.received;
    }
}

TEST_F(AConnection, EndsWithoutAWordIfNothingComes) {
    open();
    TestPeer& silent = connect();
    pass(seconds(7) - milliseconds(50));
    EXPECT_FALSE(silent.has_ended);
    pass(milliseconds(100));
    EXPECT_TRUE(silent.has_ended);
    EXPECT_EQ(silent.received, "");
    EXPECT_EQ(silent.failure, 0);
}

// Without the reset, a client of HTTP/1.0 would take what it has received for the whole content.
TEST_F(AConnection, IsResetAfterAnIncompleteAnswer) {
    open();
    for (const char* const version : {"1.0", "1.1"}) {
        TestPeer& peer = connect(std::string("GET /cut HTTP/") + version + "\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(peer.has_ended);
        EXPECT_EQ(peer.failure, ECONNRESET) << version;
    }
}

TEST_F(AConnection, IsKeptForTheNextRequest) {
    open();
    TestPeer& peer = connect(get("/one"));
    pass(seconds(31) - milliseconds(50));
    EXPECT_FALSE(peer.has_ended);
    send(peer, get("/two"));
    EXPECT_EQ(peer.answers(), 2U);
    pass(seconds(31) - milliseconds(50));
    EXPECT_FALSE(peer.has_ended) << "the time begins anew";
    pass(milliseconds(100));
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(AConnection, GivesALaterHeadItsTimeFromItsFirstOctetOn) {
    open();
    TestPeer& peer = connect(get("/one"));
    pass(seconds(20));
    send(peer, "GET /two");
    pass(seconds(7) - milliseconds(50));
    EXPECT_EQ(peer.answers(), 1U);
    pass(milliseconds(100));
    EXPECT_EQ(peer.answers(), 2U);
    EXPECT_TRUE(peer.has(" 408 "));
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(AConnection, GivesContentItsTime) {
    open();
    TestPeer& peer = connect("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    pass(seconds(12));
    send(peer, "6");
    pass(seconds(12));
    EXPECT_EQ(peer.answers(), 0U);
    pass(seconds(2));
    EXPECT_EQ(peer.answers(), 1U);
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(AConnection, RefusesAHeadThatIsTooLarge) {
    limits.head_octets_max = 256;
    open();
    EXPECT_EQ(connect(get("/one", "X: " + std::string(100, 'x') + "\r\n")).answers(), 1U);
    EXPECT_TRUE(connect(get("/one", "X: " + std::string(300, 'x') + "\r\n")).has(" 431 "));
}

TEST_F(AConnection, RefusesContentThatIsTooLarge) {
    limits.content_octets_max = 10;
    open();
    const std::string head = "POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: ";
    EXPECT_TRUE(connect(head + "10\r\n\r\n1234567890").has(" 200 "));
    EXPECT_TRUE(connect(head + "11\r\n\r\n12345678901").has(" 413 "));
}

TEST_F(AConnection, RefusesContentThatComesTooSlowly) {
    limits.rate_min = 10'000;  // more than the default
    limits.rate_grace = seconds(3);
    open();
    TestPeer& peer = connect("POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 99000\r\n\r\n");
    for (int i = 0; i < 2; ++i) {
        pass(seconds(1));
        send(peer, std::string(5000, 'x'));
    }
    EXPECT_EQ(peer.answers(), 0U);
    pass(milliseconds(1500));
    send(peer, "x");
    EXPECT_TRUE(peer.has(" 408 "));
}

TEST_F(AConnection, GivesItsPeerTimeToTakeAnAnswer) {
    open();
    TestPeer& peer = connect();
    peer.reads = false;
    send(peer, get("/large"));
    pass(seconds(16));
    EXPECT_EQ(worker().connections(), 1U);
    pass(seconds(6));  // at most a quarter more than the limit
    EXPECT_EQ(worker().connections(), 0U);
}

TEST_F(AConnection, LingersForAPeerThatDoesNotEnd) {
    open();
    TestPeer& peer = connect(get("/one", "Connection: close\r\n"));
    EXPECT_TRUE(peer.has_ended);
    pass(seconds(3) - milliseconds(50));
    EXPECT_EQ(worker().connections(), 1U);
    EXPECT_EQ(population(), 1U) << "it counts until it is closed";
    pass(milliseconds(100));
    EXPECT_EQ(worker().connections(), 0U);
    EXPECT_EQ(population(), 0U);
}

TEST_F(AConnection, DoesNotLingerForAPeerThatHasEnded) {
    open();
    TestPeer& peer = connect(get("/one", "Connection: close\r\n"));
    half_close(peer);
    pass(milliseconds(20));
    EXPECT_EQ(worker().connections(), 0U);
}

TEST_F(AConnection, ReadsSoMuchAfterTheLastAnswerAndNoMore) {
    limits.drain_octets_max = 1'000;
    limits.drain_time_max = seconds(600);
    open();
    TestPeer& peer = connect(get("/one", "Connection: close\r\n"));
    send(peer, std::string(900, 'x'));
    pass(seconds(1));
    EXPECT_EQ(worker().connections(), 1U);
    send(peer, std::string(200, 'x'));
    pass(seconds(1));
    EXPECT_EQ(worker().connections(), 0U);
}

TEST_F(AConnection, EndsWhenItsPeerHasLeft) {
    open();
    TestPeer& peer = connect(get("/one"));
    half_close(peer);
    EXPECT_EQ(worker().connections(), 0U);
    EXPECT_TRUE(peer.has_ended);
    EXPECT_EQ(peer.failure, 0);
}

TEST_F(AConnection, IsClosedAfterARefusal) {
    open();
    TestPeer& peer = connect("nonsense\r\n\r\n" + get("/one"));
    EXPECT_EQ(peer.answers(), 1U);
    EXPECT_TRUE(peer.has(" 400 "));
    EXPECT_TRUE(peer.has("Connection: close"));
    EXPECT_TRUE(peer.has_ended);
    EXPECT_EQ(counters().refused, 1U);
}

TEST_F(AConnection, IsClosedIfContentIsLeft) {
    open();
    TestPeer& peer = connect("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    EXPECT_EQ(peer.answers(), 1U);
    EXPECT_TRUE(peer.has("Connection: close"));
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(AConnection, AnswersEachOfManyPipelinedRequestsOnce) {
    open();
    std::string pipelined;
    for (int i = 0; i < 500; ++i) pipelined += get("/number-" + std::to_string(i));
    TestPeer& peer = connect(pipelined);
    EXPECT_EQ(peer.answers(), 500U);
    EXPECT_EQ(counters().requests, 500U);
    EXPECT_FALSE(peer.has_ended);
    pass(milliseconds(100));
    EXPECT_NE(worker().idle().oldest(), nullptr) << "it is idle";
}

// The task that reads the content first sends the earlier answers, and takes a while to end when it is asked to.
TEST_F(AConnection, AnswersEarlyOnlyOnceNobodySendsForTheContent) {
    kernel.faults().cancel_late = 1;
    kernel.faults().buffer_octets_min = kernel.faults().buffer_octets_max = 2048;
    open();
    TestPeer& peer = connect();
    peer.reads = false;
    std::string pipelined;
    for (int i = 0; i < 52; ++i) pipelined += get("/abcdefgh");
    send(peer, pipelined + "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(counters().requests, 53U) << "all of them have been read";
    EXPECT_LT(peer.answers(), 52U) << "the answers do not fit into what the kernel holds";
    pass(seconds(2));
    read_on(peer);
    pass(seconds(1));
    EXPECT_EQ(peer.answers(), 53U);
    EXPECT_TRUE(peer.received.ends_with("early\n"));
    EXPECT_TRUE(peer.has_ended);
}

TEST_F(AConnection, HoldsNoBufferWhileItIsIdle) {
    open();
    connect(get("/one"));
    EXPECT_EQ(core().ledger().used(), 0U);
}

TEST_F(AConnection, KeepsAFewExchangesAndTheDateOfTheSecond) {
    open();
    TestPeer& peer = connect(get("/one"));
    const auto first = peer.received.substr(peer.received.find("Date: "), 35);
    pass(seconds(2));
    peer.received.clear();
    send(peer, get("/one"));
    EXPECT_NE(peer.received.substr(peer.received.find("Date: "), 35), first);
    std::vector<std::unique_ptr<link::ExchangeMemory>> some;
    for (int i = 0; i < 200; ++i) some.push_back(worker().inbound().borrow());
    for (auto& one : some) worker().inbound().give_back(std::move(one));
    EXPECT_EQ(worker().inbound().kept(), 64U);
}

}  // namespace
}  // namespace portico::server
