// portico/link/h1_watch_test.cc — detects that a peer leaves while its answer is generated. A half-close does not
// count.
#include "portico/link/link_for_test.h"

namespace portico::link {
namespace {

class Watch : public LinkTest {
protected:
    ~Watch() override {
        watching_.request_stop();
        run(watching_);
    }
    // Takes the request, and watches its peer from then on.
    void begin(std::string_view octets) {
        receive(octets);
        http::Request request;
        ASSERT_EQ(link().next_request_at_once(request), Arrival::request);
        watching_.start(keep(link().watch_peer(), left_));
    }
    // Returns whether the peer has left, as known one second from now; nothing while it is still being watched.
    std::optional<bool> left() {
        pass(seconds(1));
        return left_;
    }

    io::Scope watching_;
    std::optional<bool> left_;
};

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(Watch, APeerThatWaitsIsThere) {
    begin(get);
    EXPECT_EQ(left(), std::nullopt);
    EXPECT_EQ(core().ledger().used(), BufferPool::usual_octets) << "only the request holds a buffer";
}

TEST_F(Watch, APeerThatHalfClosesIsThere) {
    begin(get);
    static_cast<void>(client().finish_sending());
    EXPECT_EQ(left(), std::nullopt);
    EXPECT_TRUE(link().has_half_closed());
    pass(seconds(3600));
    EXPECT_EQ(left(), std::nullopt);
}

TEST_F(Watch, AResetIsADeparture) {
    begin(get);
    reset_client();
    EXPECT_EQ(left(), true);
}

TEST_F(Watch, AResetAfterAHalfCloseIsADeparture) {
    begin(get);
    static_cast<void>(client().finish_sending());
    EXPECT_EQ(left(), std::nullopt);
    reset_client();
    EXPECT_EQ(left(), true);
}

TEST_F(Watch, AResetAfterAFurtherRequestIsADeparture) {
    begin(get);
    run(client_sends(std::string(get)));
    EXPECT_EQ(left(), std::nullopt);
    reset_client();
    EXPECT_EQ(left(), true);
}

// Octets of a further request that have already arrived are not skipped.
TEST_F(Watch, APeerThatPipelinesIsWatchedToo) {
    begin(std::string(get) + std::string(get));
    EXPECT_EQ(left(), std::nullopt);
    reset_client();
    EXPECT_EQ(left(), true);
}

TEST_F(Watch, FurtherRequestsAreKept) {
    begin(get);
    run(client_sends("GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(left(), std::nullopt);
    static_cast<void>(client().finish_sending());
    EXPECT_FALSE(link().has_half_closed()) << "a request is unanswered";
    watching_.request_stop();
    run(watching_);
    EXPECT_EQ(left_, false);
    http::Request request;
    EXPECT_EQ(result_of(link().next_request(request)), Arrival::request);
    EXPECT_EQ(request.path, "/next");
}

TEST_F(Watch, CanBeEnded) {
    begin(get);
    watching_.request_stop();
    run(watching_);
    EXPECT_EQ(left_, false);
}

TEST_F(Watch, CanBeEndedAfterAHalfClose) {
    begin(get);
    static_cast<void>(client().finish_sending());
    EXPECT_EQ(left(), std::nullopt);
    watching_.request_stop();
    run(watching_);
    EXPECT_EQ(left_, false);
}

TEST_F(Watch, GoesOnWithoutMemory) {
    const std::size_t taken = core().ledger().ceiling() - core().ledger().used() - 100'000;
    core().ledger().charge(taken);
    begin(get);
    run(client_sends("a"));
    EXPECT_EQ(left(), std::nullopt);
    reset_client();
    EXPECT_EQ(left(), true);
    core().ledger().release(taken);
}

}  // namespace
}  // namespace portico::link
