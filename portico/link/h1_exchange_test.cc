// portico/link/h1_exchange_test.cc — the exchanges of one connection, one after another.
#include "portico/link/h1_exchange.h"

#include "portico/link/link_for_test.h"

namespace portico::link {
namespace {

class Exchanges : public LinkTest {
protected:
    static constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    static constexpr std::string_view post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n";
    static constexpr std::string_view asking =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n";

    ~Exchanges() override {
        waiting_.request_stop();
        run(waiting_);
        exchange_.reset();
    }
    H1Exchange& exchange() {
        if (!exchange_) exchange_.emplace(server(), context(), peer_);
        return *exchange_;
    }
    // The next exchange begins with these octets, which have just been received.
    void begin(std::string_view octets) {
        Buffer received = core().buffers().borrow(octets.size());
        octets.copy(received.room().data(), octets.size());
        received.grow(octets.size());
        exchange().take(std::move(received), io::never);
        ASSERT_EQ(exchange().next_at_once(), Arrival::request);
    }
    // Sends an answer without content.
    void answer() {
        exchange().response().status = http::Status::no_content;
        EXPECT_EQ(result_of(exchange().send()), Sent::whole);
    }

    const io::SocketAddress peer_ = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 50'000);
    std::optional<H1Exchange> exchange_;
    io::Scope waiting_;
};

TEST_F(Exchanges, FollowEachOther) {
    begin(get);
    exchange().notes().reason = "the first";
    answer();
    EXPECT_EQ(exchange().sent(), Sent::whole);
    EXPECT_EQ(exchange().next_at_once(), Arrival::idle);
    begin(get);
    EXPECT_EQ(exchange().sent(), std::nullopt);
    EXPECT_EQ(exchange().notes().reason, "");
    EXPECT_EQ(exchange().response().status, http::Status::ok);
}

// Otherwise the content would be taken for further requests, and the handler would wait for it for ever.
TEST_F(Exchanges, TheContentIsLeftToItsReader) {
    begin(get);
    answer();
    EXPECT_EQ(exchange().next_at_once(), Arrival::idle);
    begin(post);
    std::optional<bool> left;
    waiting_.start(keep(exchange().client_left(ContentReader::handler), left));
    run(client_sends("abcdef"));
    pass(seconds(1));
    std::optional<ContentStep> step;
    waiting_.start(keep(exchange().read_content(), step));
    pass(seconds(1));
    ASSERT_TRUE(step.has_value());
    EXPECT_EQ(step->octets, "abcdef");
    EXPECT_EQ(result_of(exchange().read_content()).end, ContentEnd::complete);
    EXPECT_EQ(left, std::nullopt);
    reset_client();
    pass(seconds(1));
    EXPECT_EQ(left, true);
}

TEST_F(Exchanges, ContentThatNobodyWantsIsDropped) {
    begin(post);
    EXPECT_EQ(exchange().drop_content_at_once(), std::nullopt);
    waiting_.start(client_sends("abcdef"));
    EXPECT_EQ(result_of(exchange().drop_content()), ContentEnd::complete);
    answer();
    EXPECT_TRUE(exchange().persists());
}

TEST_F(Exchanges, ContentThatNobodyWantsIsNotInvited) {
    begin(asking);
    EXPECT_EQ(exchange().drop_content_at_once(), ContentEnd::complete);
    answer();
    EXPECT_FALSE(exchange().persists());
    EXPECT_TRUE(client_reads().starts_with("HTTP/1.1 204 "));
}

TEST_F(Exchanges, AClientThatWasNotInvitedIsSeenToLeave) {
    begin(asking);
    static_cast<void>(exchange().drop_content_at_once());
    std::optional<bool> left;
    waiting_.start(keep(exchange().client_left(ContentReader::nobody), left));
    pass(seconds(1));
    EXPECT_EQ(left, std::nullopt);
    reset_client();
    pass(seconds(1));
    EXPECT_EQ(left, true);
}

// While a password is checked, nobody reads the content; it must stay for the handler.
TEST_F(Exchanges, ContentThatNobodyReadsStaysWhileTheClientIsWatched) {
    begin(post);
    std::optional<bool> left;
    waiting_.start(keep(exchange().client_left(ContentReader::nobody), left));
    run(client_sends("abcdef"));
    pass(seconds(1));
    EXPECT_EQ(left, std::nullopt);
    waiting_.request_stop();
    run(waiting_);
    EXPECT_EQ(result_of(exchange().read_content()).octets, "abcdef");
}

TEST_F(Exchanges, ContentThatIsLeftOverEndsTheConnection) {
    begin(post);
    answer();
    EXPECT_FALSE(exchange().persists());
}

TEST_F(Exchanges, LastUntilTheirAnswerIsSent) {
    begin(get);
    pass(seconds(3));
    exchange().response().status = http::Status::no_content;
    run(exchange().send_early());
    pass(seconds(60));  // until the handler ends
    EXPECT_GE(exchange().duration(), seconds(3));
    EXPECT_LT(exchange().duration(), seconds(4));
}

TEST_F(Exchanges, TheLastOneBeforeTheEndSaysSo) {
    begin(get);
    context().begin_draining();
    answer();
    EXPECT_NE(client_reads().find("Connection: close"), std::string::npos);
}

}  // namespace
}  // namespace portico::link
