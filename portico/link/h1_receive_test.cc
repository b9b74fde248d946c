// portico/link/h1_receive_test.cc — requests and their content: when they must arrive, and how large they may be.
#include "portico/base/row_name_for_test.h"
#include "portico/link/link_for_test.h"

namespace portico::link {
namespace {

using http::Status;

class Receive : public LinkTest {
protected:
    Receive() = default;
    Receive(const io::SimFaults& faults, std::size_t memory_max) : LinkTest(faults, memory_max) {}

    Arrival next() { return result_of(link().next_request(request_)); }
    // Returns the request that these octets begin.
    void begin(std::string_view octets) {
        receive(octets);
        ASSERT_EQ(next(), Arrival::request);
    }
    ContentEnd discard() { return result_of(link().discard_content()); }
    ContentStep read() { return result_of(link().read_content()); }
    [[nodiscard]] Status refused() { return link().refusal().status; }
    // Takes all of the memory except this many octets.
    void leave_memory(std::size_t octets) {
        taken_ = core().ledger().ceiling() - core().ledger().used() - octets;
        core().ledger().charge(taken_);
    }
    // Writes until the peer, which reads nothing, accepts no more.
    static Task<void> fill(Transport& transport) {
        std::string octets(4096, 'x');
        const iovec span{octets.data(), octets.size()};
        io::Result<std::size_t> written = octets.size();
        while (written) {
            written = co_await transport.write({&span, 1}, transport.core().now() + milliseconds(10), false);
        }
    }
    void give_memory_back() { core().ledger().release(std::exchange(taken_, 0)); }

    http::Request request_;
    std::size_t taken_ = 0;
};

TEST_F(Receive, AHeadHasItsTime) {
    receive("GET / HTTP/1.1\r\nHost: ");
    io::Scope client;
    client.start(client_sends_slowly(std::string(100, 'a'), 1, seconds(1)));
    EXPECT_EQ(time_of([this] { EXPECT_EQ(next(), Arrival::refused); }), seconds(10));
    EXPECT_EQ(refused(), Status::request_timeout);
    client.request_stop();
    run(client);
}

// Its time starts when the previous request has been answered, not with the first request's.
TEST_F(Receive, ALaterHeadHasATimeOfItsOwn) {
    begin("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HT");
    pass(seconds(25));
    EXPECT_EQ(time_of([this] { EXPECT_EQ(next(), Arrival::refused); }), seconds(10));
    EXPECT_EQ(refused(), Status::request_timeout);
}

TEST_F(Receive, AHeadThatWasReadAheadHasATimeOfItsOwn) {
    begin("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    io::Scope watching;
    std::optional<bool> left;
    watching.start(keep(link().watch_peer(), left));
    run(client_sends("GET /b HT"));
    pass(seconds(25));
    watching.request_stop();
    run(watching);
    EXPECT_EQ(left, false);
    EXPECT_EQ(time_of([this] { EXPECT_EQ(next(), Arrival::refused); }), seconds(10));
    EXPECT_EQ(refused(), Status::request_timeout);
}

TEST_F(Receive, ConnectionIsIdleBetweenRequests) {
    begin("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(next(), Arrival::idle);
    EXPECT_EQ(core().ledger().used(), 0U) << "an idle connection holds no buffer";
}

TEST_F(Receive, PeerThatEndsWithinAHeadHasLeft) {
    receive("GET / HT");
    static_cast<void>(client().finish_sending());
    EXPECT_EQ(next(), Arrival::left);
}

TEST_F(Receive, HeadGrowsUpToItsLimit) {
    limits().head.head_octets_max = 40'000;
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(30'000, 'x') + "\r\n\r\n";
    receive(head.substr(0, 10));
    io::Scope client;
    client.start(client_sends(head.substr(10)));
    EXPECT_EQ(next(), Arrival::request);
    EXPECT_EQ(request_.fields.find("X").value_or("").size(), 30'000U);
    run(client);
}

TEST_F(Receive, HeadBeyondItsLimitIsRefused) {
    limits().head.head_octets_max = 40'000;
    receive("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    io::Scope client;
    client.start(client_sends(std::string(45'000, 'x')));
    EXPECT_EQ(next(), Arrival::refused);
    EXPECT_EQ(refused(), Status::request_header_fields_too_large);
    run(client);
}

TEST_F(Receive, ContentThatPausesIsRefused) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    run(client_sends("def"));
    EXPECT_EQ(time_of([this] { EXPECT_EQ(discard(), ContentEnd::refused); }), seconds(60));
    EXPECT_EQ(refused(), Status::request_timeout);
}

// Each octet arrives in time, but 30 seconds of waiting have brought fewer than 500 octets per second.
TEST_F(Receive, ContentThatTricklesIsRefused) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    io::Scope client;
    client.start(client_sends_slowly(std::string(1000, 'a'), 1, seconds(7)));
    EXPECT_EQ(time_of([this] { EXPECT_EQ(discard(), ContentEnd::refused); }), seconds(35));
    EXPECT_EQ(refused(), Status::request_timeout);
    client.request_stop();
    run(client);
}

TEST_F(Receive, ContentAtTheLeastRateIsNot) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    io::Scope client;
    client.start(client_sends_slowly(std::string(60'000, 'a'), 600, seconds(1)));
    EXPECT_EQ(discard(), ContentEnd::complete);
    run(client);
}

TEST_F(Receive, RateMinOfZeroAsksForNoRate) {
    limits().rate_min = 0;
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    io::Scope client;
    client.start(client_sends_slowly(std::string(10, 'a'), 1, seconds(20)));
    EXPECT_EQ(discard(), ContentEnd::complete);
    run(client);
}

// The time that a handler takes between two reads is not counted against the peer.
TEST_F(Receive, OnlyWaitingForThePeerCounts) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n");
    for (int part = 0; part < 10; ++part) {
        run(client_sends("ab"));
        EXPECT_EQ(read().octets, "ab");
        pass(seconds(50));
    }
    EXPECT_EQ(read().end, ContentEnd::complete);
}

// A further request's content is judged on its own.
TEST_F(Receive, ASlowContentDoesNotBurdenTheNext) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    io::Scope reading;
    std::optional<ContentEnd> end;
    reading.start(keep(link().discard_content(), end));
    io::Scope client;
    client.start(client_sends_slowly("abc", 1, seconds(9)));
    run(client);
    run(client_sends("dPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"));
    run(reading);
    EXPECT_EQ(end, ContentEnd::complete);
    EXPECT_EQ(next(), Arrival::request);
    client.start(client_sends_slowly("ef", 1, seconds(20)));
    EXPECT_EQ(discard(), ContentEnd::complete);
    run(client);
}

TEST_F(Receive, PeerThatEndsWithinContentHasLeft) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    static_cast<void>(client().finish_sending());
    EXPECT_EQ(discard(), ContentEnd::left);
}

struct LimitRow {
    const char* name;
    std::string_view framing;  // the framing fields of a request
    std::string_view sent;     // the octets of its content that are sent
    ContentEnd end;
};
class ContentLimit : public Receive, public testing::WithParamInterface<LimitRow> {};

std::string request_of(const LimitRow& row) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(row.framing) + "\r\n\r\n" + std::string(row.sent);
}

TEST_P(ContentLimit, HoldsWhenContentIsDropped) {
    limits().content_octets_max = 10;
    begin(request_of(GetParam()));
    EXPECT_EQ(discard(), GetParam().end);
    if (GetParam().end == ContentEnd::refused) {
        EXPECT_EQ(refused(), Status::content_too_large);
    }
}

TEST_F(Receive, TheLimitIsForEachContentByItself) {
    limits().content_octets_max = 10;
    for (int i = 0; i < 3; ++i) {
        begin("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n");
        EXPECT_EQ(discard(), ContentEnd::complete);
    }
}

TEST_P(ContentLimit, HoldsWhenContentIsRead) {
    limits().content_octets_max = 10;
    begin(request_of(GetParam()));
    ContentStep step = read();
    while (!step.octets.empty()) step = read();
    EXPECT_EQ(step.end, GetParam().end);
    if (GetParam().end == ContentEnd::refused) {
        EXPECT_EQ(refused(), Status::content_too_large);
    }
}
INSTANTIATE_TEST_SUITE_P(Rfc9110, ContentLimit,
                         testing::Values(LimitRow{"LengthWithin", "Content-Length: 10", "0123456789",
                                                  ContentEnd::complete},
                                         LimitRow{"LengthBeyond", "Content-Length: 11", "", ContentEnd::refused},
                                         LimitRow{"ChunksWithin", "Transfer-Encoding: chunked",
                                                  "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", ContentEnd::complete},
                                         LimitRow{"ChunksBeyond", "Transfer-Encoding: chunked",
                                                  "5\r\n01234\r\n6\r\n56789a\r\n0\r\n\r\n", ContentEnd::refused}),
                         row_name);

TEST_F(Receive, WhatFollowsTheContentIsTheNextRequest) {
    begin(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(read().octets, "abc");
    EXPECT_EQ(read().end, ContentEnd::complete);
    EXPECT_EQ(next(), Arrival::request);
    EXPECT_EQ(request_.path, "/next");
}

// A chunk-size line that comes in two reads, and is longer than a block of the usual size.
TEST_F(Receive, LineMayBeLongerThanABlock) {
    limits().chunked.chunk_line_octets_max = limits().chunked.extension_octets_max = 50'000;
    begin("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    io::Scope client;
    client.start(client_sends("3;x=" + std::string(40'000, 'x') + "\r\nabc\r\n0\r\n\r\n"));
    EXPECT_EQ(read().octets, "abc") << link().refusal().reason;
    EXPECT_EQ(read().end, ContentEnd::complete);
    run(client);
}

TEST_F(Receive, InvitesContentOnce) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n");
    io::Scope client;
    client.start(client_sends_slowly("abcdef", 3, seconds(1)));
    pass(milliseconds(1));
    EXPECT_EQ(read().octets, "abc");
    EXPECT_EQ(client_reads(), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(read().octets, "def");
    EXPECT_EQ(client_reads(), "");
    run(client);
}

TEST_F(Receive, DoesNotInviteContentThatHasBegun) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\nabc");
    run(client_sends("def"));
    EXPECT_EQ(read().octets, "abc");
    EXPECT_EQ(read().octets, "def");
    EXPECT_EQ(client_reads(), "");
}

TEST_F(Receive, HeadThatFindsNoMemoryIsRefused) {
    limits().head.head_octets_max = 40'000;
    receive("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    leave_memory(100'000);
    io::Scope client;
    client.start(client_sends(std::string(30'000, 'x')));
    EXPECT_EQ(next(), Arrival::refused);
    EXPECT_EQ(refused(), Status::service_unavailable);
    give_memory_back();
    run(client);
}

TEST_F(Receive, ContentThatFindsNoMemoryIsRefused) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
    leave_memory(100'000);
    EXPECT_EQ(discard(), ContentEnd::refused);
    EXPECT_EQ(refused(), Status::service_unavailable);
    give_memory_back();
}

TEST_F(Receive, WaitingForContentCanBeEnded) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
    std::optional<ContentEnd> end;
    io::Scope scope;
    scope.start(keep(link().discard_content(), end));
    pass(seconds(5));
    EXPECT_TRUE(transfers().end_longest());
    run(scope);
    EXPECT_EQ(end, ContentEnd::refused);
    EXPECT_EQ(link().refusal().status, http::Status::service_unavailable);
    EXPECT_FALSE(transfers().end_longest());
}

// The peer reads nothing, so the invitation can't be sent. The connection stays whole for the answer.
TEST_F(Receive, WaitingToInviteContentCanBeEnded) {
    run(fill(server()));
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n");
    std::optional<ContentStep> step;
    io::Scope scope;
    scope.start(keep(link().read_content(), step));
    pass(seconds(1));
    EXPECT_TRUE(transfers().end_longest());
    run(scope);
    ASSERT_TRUE(step.has_value());
    EXPECT_EQ(step->end, ContentEnd::refused);
    EXPECT_EQ(refused(), Status::service_unavailable);
    EXPECT_TRUE(link().has_output()) << "what was not sent is sent before the answer";
    close_server();
    bool reset = false;
    EXPECT_GT(client_reads_to_end(reset).size(), 0U);
    EXPECT_FALSE(reset);
}

// All memory is taken, even the part that is reserved for answers.
TEST_F(Receive, AnInvitationThatFindsNoMemoryRefusesTheContent) {
    begin("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n");
    leave_memory(0);
    EXPECT_EQ(read().end, ContentEnd::refused);
    EXPECT_EQ(refused(), Status::service_unavailable);
    give_memory_back();
}

}  // namespace
}  // namespace portico::link
