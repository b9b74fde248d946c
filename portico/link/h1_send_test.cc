// portico/link/h1_send_test.cc — responses to peers that read fast, slowly, or not at all.
#include "portico/link/link_for_test.h"

namespace portico::link {
namespace {

using h1::Persistence;

class Send : public LinkTest {
protected:
    explicit Send(const io::SimFaults& faults = punctual(), std::size_t memory_max = std::size_t{1} << 30)
        : LinkTest(faults, memory_max) {
        begin();
    }
    void begin(std::string_view version = "HTTP/1.1") {
        receive("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n");
        EXPECT_EQ(link().next_request_at_once(request_), Arrival::request);
    }
    // Another exchange, with the limits that the test has set since.
    void begin_with_limits() {
        context().replace_limits(limits());
        begin();
    }
    // Starts to send the response; `sent_` records how that ended.
    void send(Persistence persistence = Persistence::keep) {
        sending_.start(keep(link().send(request_, response_, date, persistence), sent_));
    }
    void send_octets(std::size_t octets) {
        response_.content.push_back(http::Piece::text(std::string(octets, 'x')));
        send();
    }
    // Returns how sending ended.
    Sent sent() {
        run(sending_);
        return *sent_;
    }
    // Generates content: these pieces, with a pause before each.
    void make(std::vector<std::string> pieces, io::Duration pause) {
        response_.producer = [this, pieces = std::move(pieces), pause](http::ContentWriter& to) {
            return write_pieces(to, pieces, pause);
        };
    }
    Task<bool> write_pieces(http::ContentWriter& to, std::vector<std::string> pieces, io::Duration pause) {
        for (const std::string& piece : pieces) {
            const bool slept = co_await io::sleep_for(core(), pause);
            const bool written = co_await to.write(piece);
            if (!slept || !written) co_return false;
        }
        co_return makes_whole_;
    }

    http::Request request_;
    http::Response response_;
    io::Scope sending_;
    std::optional<Sent> sent_;
    bool makes_whole_ = true;
};

std::string content_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

TEST_F(Send, PeerThatReadsGetsAll) {
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 4096, milliseconds(1)));
    send_octets(300'000);
    EXPECT_EQ(sent(), Sent::whole);
    close_server();
    run(client);
    EXPECT_EQ(content_of(received), std::string(300'000, 'x'));
}

TEST_F(Send, PeerThatAcknowledgesNothingIsGivenUp) {
    send_octets(300'000);
    const milliseconds took = time_of([this] { EXPECT_EQ(sent(), Sent::left); });
    EXPECT_GE(took, seconds(60));
    EXPECT_LE(took, seconds(75));
    // A plain close would leave the octets that the peer has not received with the kernel.
    close_server();
    bool reset = false;
    static_cast<void>(client_reads_to_end(reset));
    EXPECT_TRUE(reset);
}

// The kernel accepts octets again only once a third of its buffer has drained, which takes minutes with this peer.
class SlowReader : public Send {
protected:
    SlowReader() : Send(slow()) {}
    static io::SimFaults slow() {
        io::SimFaults faults = punctual();
        faults.buffer_octets_min = faults.buffer_octets_max = 1024 * 1024;
        faults.window_octets = 4096;
        faults.wakes_writers_late = true;
        return faults;
    }
};

TEST_F(SlowReader, IsServedForAsLongAsItAcknowledges) {
    limits().response_idle_max = seconds(60);
    begin_with_limits();
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 1000, seconds(1)));
    send_octets(1'500'000);
    EXPECT_EQ(sent(), Sent::whole);
    close_server();
    run(client);
    EXPECT_EQ(content_of(received).size(), 1'500'000U);
}

TEST_F(SlowReader, IsServedAFileToo) {
    kernel().sim_files().write("/place/file", std::string(1'500'000, 'x'));
    const auto directory = kernel().files().open_directory("/place");
    auto file = kernel().files().open_beneath(*directory, "file");
    ASSERT_TRUE(file.has_value());
    const io::Result<io::FileStatus> status = kernel().files().status(*file);
    response_.content.push_back(http::Piece::range(std::make_shared<const Fd>(std::move(*file)), 0, 1'500'000));
    response_.content[0].file_octets = status->size;
    response_.content[0].file_modified = status->modified.time_since_epoch().count();
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 1000, seconds(1)));
    send();
    EXPECT_EQ(sent(), Sent::whole);
    close_server();
    run(client);
    EXPECT_EQ(content_of(received).size(), 1'500'000U);
    response_.clear();
}

// A peer that acknowledged octets for a while gets no more time than a peer that never did.
TEST_F(SlowReader, IsGivenUpWhenItStops) {
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 1000, seconds(1)));
    send_octets(3'000'000);
    pass(seconds(200));
    ASSERT_EQ(sent_, std::nullopt);
    client.request_stop();
    run(client);
    const milliseconds took = time_of([this] { EXPECT_EQ(sent(), Sent::left); });
    EXPECT_GE(took, seconds(60));
    EXPECT_LE(took, seconds(75));
}

// The peer is never idle, but slower than rate_min once the grace period is over.
TEST_F(SlowReader, IsGivenUpBelowTheLeastRate) {
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 100, seconds(1)));
    send_octets(3'000'000);
    const milliseconds took = time_of([this] { EXPECT_EQ(sent(), Sent::left); });
    EXPECT_GE(took, seconds(30));
    EXPECT_LE(took, seconds(46));
    close_server();
    run(client);
}

TEST_F(SlowReader, IsServedAtAnyRateWhereNoneIsAsked) {
    limits().rate_min = 0;
    begin_with_limits();
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 100, seconds(1)));
    send_octets(1'100'000);
    EXPECT_EQ(sent(), Sent::whole);
    client.request_stop();
    run(client);
}

// What the kernel holds of the response is charged until it is acknowledged.
TEST_F(SlowReader, IsChargedForWhatItOwes) {
    send_octets(900'000);
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_GT(core().ledger().used(), 880'000U);
    EXPECT_FALSE(server().backlog().is_small());
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 4000, milliseconds(1)));
    pass(seconds(10));
    EXPECT_TRUE(server().backlog().is_small());
    EXPECT_EQ(core().ledger().used(), BufferPool::usual_octets);
    client.request_stop();
    run(client);
}

// Each wait is short, but in total the peer makes us wait longer than its rate allows.
TEST_F(SlowReader, MadeContentHasTheLeastRateToo) {
    make(std::vector<std::string>(3000, std::string(1000, 'x')), milliseconds(0));
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 100, seconds(1)));
    send();
    const milliseconds took = time_of([this] { EXPECT_NE(sent(), Sent::whole); });
    EXPECT_GE(took, seconds(30));
    EXPECT_LE(took, seconds(46));
    close_server();
    run(client);
}

class SmallBuffer : public Send {
protected:
    SmallBuffer() : Send(small()) {}
    static io::SimFaults small() {
        io::SimFaults faults = punctual();
        faults.buffer_octets_min = faults.buffer_octets_max = 1000;
        return faults;
    }
};

// None of the many short waits is too long; their sum counts.
TEST_F(SmallBuffer, ShortWaitsForThePeerAddUp) {
    make(std::vector<std::string>(1000, std::string(100, 'x')), milliseconds(0));
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 200, seconds(1)));
    send();
    const milliseconds took = time_of([this] { EXPECT_NE(sent(), Sent::whole); });
    EXPECT_GE(took, seconds(30));
    EXPECT_LE(took, seconds(46));
    close_server();
    run(client);
}

TEST_F(SmallBuffer, ShortWaitsForThePeerAddUpOverAFullContent) {
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 200, seconds(1)));
    send_octets(100'000);
    const milliseconds took = time_of([this] { EXPECT_EQ(sent(), Sent::left); });
    EXPECT_GE(took, seconds(30));
    EXPECT_LE(took, seconds(46));
    close_server();
    run(client);
}

// The producer of the content may take an hour: that is not the peer's fault.
TEST_F(Send, TimeForMakingContentDoesNotCount) {
    make({"one", "two", "three"}, seconds(3600));
    send();
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_TRUE(client_reads().ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"));
}

TEST_F(Send, AChunkGoesOutWhole) {
    make({"hello", "world"}, seconds(10));
    send();
    pass(seconds(11));
    EXPECT_TRUE(client_reads().ends_with("\r\n\r\n5\r\nhello\r\n"));
    pass(seconds(10));
    EXPECT_EQ(client_reads(), "5\r\nworld\r\n0\r\n\r\n");
    EXPECT_EQ(sent(), Sent::whole);
}

TEST_F(Send, MadeContentOfKnownLengthNeedsNoChunks) {
    make({"hello", "world"}, seconds(1));
    response_.content_length = 10;
    send();
    EXPECT_EQ(sent(), Sent::whole);
    const std::string answer = client_reads();
    EXPECT_NE(answer.find("Content-Length: 10\r\n"), std::string::npos) << answer;
    EXPECT_EQ(content_of(answer), "helloworld");
}

TEST_F(Send, MadeContentOfKnownLengthKeepsAnOldConnection) {
    begin("HTTP/1.0");
    make({"hello"}, seconds(1));
    response_.content_length = 5;
    send(Persistence::keep);
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_NE(client_reads().find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST_F(Send, MadeContentThatEndsEarlyIsCut) {
    make({"hello"}, seconds(1));
    response_.content_length = 6;
    send();
    EXPECT_EQ(sent(), Sent::cut);
}

// Otherwise the client would take the rest for its next answer.
TEST_F(Send, MadeContentThatIsTooLongIsNotSent) {
    make({"hello", "world"}, seconds(1));
    response_.content_length = 6;
    send();
    EXPECT_EQ(sent(), Sent::cut);
    EXPECT_EQ(content_of(client_reads()), "hello");
}

TEST_F(Send, AnAnswerToHeadMaySayWhatAGetWouldGet) {
    request_.method = http::Method::head;
    response_.content_length = 12345;
    send();
    EXPECT_EQ(sent(), Sent::whole);
    const std::string answer = client_reads();
    EXPECT_NE(answer.find("Content-Length: 12345\r\n"), std::string::npos) << answer;
    EXPECT_EQ(content_of(answer), "");
}

TEST_F(Send, NotModifiedMaySayWhatTheContentWouldBe) {
    response_.status = http::Status::not_modified;
    response_.content_length = 12345;
    send();
    EXPECT_NE(client_reads().find("Content-Length: 12345\r\n"), std::string::npos);
}

TEST_F(Send, NoLengthIsAnnouncedThatNothingKeeps) {
    response_.content_length = 12345;
    send();
    EXPECT_NE(client_reads().find("Content-Length: 0\r\n"), std::string::npos);
}

TEST_F(Send, TrailersFollowTheChunksOfAClientThatAsksForThem) {
    make({"hello"}, seconds(1));
    response_.trailers.add(http::FieldName::etag, "\"v1\"");
    request_.fields.add(http::FieldName::te, "gzip, Trailers");
    send();
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_TRUE(client_reads().ends_with("5\r\nhello\r\n0\r\nETag: \"v1\"\r\n\r\n"));
}

TEST_F(Send, TrailersAreLeftOutOtherwise) {
    make({"hello"}, seconds(1));
    response_.trailers.add(http::FieldName::etag, "\"v1\"");
    send();
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_TRUE(client_reads().ends_with("5\r\nhello\r\n0\r\n\r\n"));
}

class Interim : public Send {
protected:
    // Sends a 103 with one field.
    Sent send_hint() {
        http::Response hints;
        hints.status = http::Status::early_hints;
        hints.fields.add(http::FieldName::link, "</a.css>; rel=preload");
        return result_of(link().send_interim(request_, hints));
    }
};

TEST_F(Interim, ResponsesComeBeforeTheFinalOne) {
    EXPECT_EQ(send_hint(), Sent::whole);
    EXPECT_EQ(send_hint(), Sent::whole);
    const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    EXPECT_EQ(client_reads(), hint + hint);
    send_octets(5);
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_TRUE(client_reads().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(Interim, ResponsesAreNotForOldClients) {
    begin("HTTP/1.0");
    EXPECT_EQ(send_hint(), Sent::whole);
    EXPECT_EQ(client_reads(), "");
}

TEST_F(Interim, ResponsesFollowTheAnswersBefore) {
    response_.content.push_back(http::Piece::text("first"));
    ASSERT_TRUE(link().can_queue(request_, response_));
    link().queue(request_, response_, date, Persistence::keep);
    EXPECT_EQ(send_hint(), Sent::whole);
    const std::string octets = client_reads();
    EXPECT_LT(octets.find("first"), octets.find("103 Early Hints")) << octets;
}

TEST_F(Interim, ResponsesSayThatTheClientHasGone) {
    reset_client();
    pass(seconds(1));
    EXPECT_NE(send_hint(), Sent::whole);
}

TEST_F(Send, AnIdleStreamHoldsNoBuffer) {
    make({"hello", "world"}, seconds(10));
    send();
    EXPECT_EQ(core().ledger().used(), BufferPool::usual_octets) << "the request's";
    pass(seconds(11));
    EXPECT_TRUE(client_reads().ends_with("5\r\nhello\r\n"));
    EXPECT_EQ(core().ledger().used(), BufferPool::usual_octets);
    EXPECT_EQ(sent(), Sent::whole);
}

TEST_F(Send, HeadAndFirstChunkTravelTogether) {
    make({"hello"}, seconds(10));
    send();
    EXPECT_EQ(client_reads(), "");
    pass(seconds(11));
    EXPECT_TRUE(client_reads().ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
    EXPECT_EQ(sent(), Sent::whole);
}

TEST_F(Send, AnEmptyPieceIsNoChunk) {
    make({"", "a", ""}, seconds(0));
    send();
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_TRUE(client_reads().ends_with("\r\n\r\n1\r\na\r\n0\r\n\r\n"));
}

TEST_F(Send, AnOldClientGetsNoChunks) {
    begin("HTTP/1.0");
    make({"hello", "world"}, seconds(0));
    send(Persistence::close);
    EXPECT_EQ(sent(), Sent::whole);
    const std::string answer = client_reads();
    EXPECT_EQ(content_of(answer), "helloworld");
    EXPECT_EQ(answer.find("Transfer-Encoding"), std::string::npos);
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST_F(Send, ContentThatCouldNotBeMadeIsCut) {
    make({"hello"}, seconds(0));
    makes_whole_ = false;
    send();
    EXPECT_EQ(sent(), Sent::cut);
    EXPECT_FALSE(client_reads().ends_with("0\r\n\r\n"));
}

TEST_F(Send, WriterSaysThatThePeerHasLeft) {
    reset_client();
    pass(seconds(1));
    make(std::vector<std::string>(10, "a"), seconds(1));
    makes_whole_ = true;
    send();
    EXPECT_NE(sent(), Sent::whole);
}

TEST_F(Send, AFileThatBecameShorterIsCut) {
    kernel().sim_files().write("/place/file", std::string(100, 'x'));
    const auto directory = kernel().files().open_directory("/place");
    auto file = kernel().files().open_beneath(*directory, "file");
    ASSERT_TRUE(file.has_value());
    response_.content.push_back(http::Piece::range(std::make_shared<const Fd>(std::move(*file)), 0, 200));
    send();
    EXPECT_EQ(sent(), Sent::cut);
    response_.clear();
}

TEST_F(Send, AFileThatWasWrittenToIsCut) {
    kernel().sim_files().write("/place/file", std::string(100, 'x'));
    const auto directory = kernel().files().open_directory("/place");
    auto file = kernel().files().open_beneath(*directory, "file");
    ASSERT_TRUE(file.has_value());
    const io::Result<io::FileStatus> status = kernel().files().status(*file);
    response_.content.push_back(http::Piece::range(std::make_shared<const Fd>(std::move(*file)), 0, 100));
    response_.content[0].file_octets = status->size;
    response_.content[0].file_modified = status->modified.time_since_epoch().count() - 1;
    send();
    EXPECT_EQ(sent(), Sent::cut);
    response_.clear();
}

TEST_F(Send, HeadAloneWhereThereIsNoContent) {
    request_.method = http::Method::head;
    send_octets(100'000);
    EXPECT_EQ(sent(), Sent::whole);
    const std::string answer = client_reads();
    EXPECT_NE(answer.find("Content-Length: 100000\r\n"), std::string::npos);
    EXPECT_EQ(content_of(answer), "");
}

TEST_F(Send, HeadAloneWhereContentWouldBeMade) {
    request_.method = http::Method::head;
    make({"hello"}, seconds(0));
    send();
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_EQ(content_of(client_reads()), "");
}

TEST_F(Send, PiecesGoInOrder) {
    for (const char c : {'a', 'b', 'c'}) response_.content.push_back(http::Piece::text(std::string(5000, c)));
    send();
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_EQ(content_of(client_reads()), std::string(5000, 'a') + std::string(5000, 'b') + std::string(5000, 'c'));
}

TEST_F(Send, ALongHeadHasABlockOfItsOwn) {
    response_.add_made(http::FieldName::location, std::string(30'000, 'l'));
    send_octets(10);
    EXPECT_EQ(sent(), Sent::whole);
    const std::string answer = client_reads();
    EXPECT_EQ(content_of(answer), std::string(10, 'x'));
    EXPECT_GT(answer.size(), 30'000U);
}

TEST_F(Send, AnAnswerWithoutMemoryIsBrokenOff) {
    const std::size_t taken = core().ledger().ceiling() - core().ledger().used();
    core().ledger().charge(taken);
    EXPECT_FALSE(link().can_queue(request_, response_));
    send_octets(10);
    EXPECT_EQ(sent(), Sent::left);
    core().ledger().release(taken);
    EXPECT_EQ(client_reads(), "");
}

// Otherwise the next answer on the connection would be taken for this one's.
TEST_F(Send, AnAnswerToHeadWithoutMemoryIsBrokenOff) {
    request_.method = http::Method::head;
    make({"x"}, seconds(1));
    const std::size_t taken = core().ledger().ceiling() - core().ledger().used();
    core().ledger().charge(taken);
    send();
    EXPECT_EQ(sent(), Sent::left);
    core().ledger().release(taken);
    EXPECT_EQ(client_reads(), "");
}

// The last eighth of the memory is reserved for answers.
TEST_F(Send, AnAnswerMayHaveWhatInputMayNot) {
    const std::size_t taken = core().ledger().ceiling() - core().ledger().used() - 20'000;
    core().ledger().charge(taken);
    EXPECT_FALSE(core().buffers().try_borrow(Lending::input).has_block());
    send_octets(10);
    EXPECT_EQ(sent(), Sent::whole);
    core().ledger().release(taken);
}

TEST_F(Send, AWaitForThePeerCanBeEnded) {
    send_octets(300'000);
    pass(seconds(1));
    EXPECT_TRUE(transfers().end_longest());
    EXPECT_EQ(sent(), Sent::ended);
    EXPECT_TRUE(transfers().empty());
}

TEST_F(Send, AResetEndsIt) {
    send_octets(300'000);
    reset_client();
    EXPECT_LT(time_of([this] { EXPECT_EQ(sent(), Sent::left); }), seconds(1));
}

}  // namespace
}  // namespace portico::link
