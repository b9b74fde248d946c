// portico/link/h1_outbound_test.cc — the client's end of a connection: which answers it takes, and how long it waits.
#include "portico/link/h1_outbound.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/io/scope.h"
#include "portico/link/link_for_test.h"

namespace portico::link {
namespace {

using http::Method;
using Kind = Failure::Kind;

// What became of an exchange.
struct Exchanged {
    std::optional<Failure> failure;
    int status = 0;
    std::string content;  // what had arrived
    bool operator==(const Exchanged& other) const {
        return failure.has_value() == other.failure.has_value() &&
               (!failure || (failure->kind == other.failure->kind && failure->message == other.failure->message)) &&
               status == other.status && content == other.content;
    }
};

// An H1Outbound at one end; the test is the server at the other, through the peer's stream.
class Outbound : public LinkTest {
protected:
    explicit Outbound(const io::SimFaults& faults = punctual(), std::size_t memory_max = std::size_t{1} << 30)
        : LinkTest(faults, memory_max) {}

    H1Outbound& outbound() {
        if (!outbound_) outbound_.emplace(std::move(server()), limits_);
        return *outbound_;
    }
    [[nodiscard]] io::Stream& peer() { return client(); }
    Task<void> peer_sends(std::string octets, std::size_t part = 1'000'000, io::Duration pause = {}) {
        return client_sends_slowly(std::move(octets), part, pause);
    }

    Task<void> exchange(Exchanged& outcome, Method method, std::optional<std::string> content = std::nullopt,
                        Outgoing outgoing = {}) {
        http::Request request;
        request.method = method;
        request.method_token = http::spelling(method);
        request.target = "/";
        request.authority = "localhost";
        if (content) outgoing.content = *content;
        http::Response response;
        const Answered<http::Version> version = co_await outbound().exchange(request, outgoing, response);
        if (!version) {
            outcome.failure = version.error();
            co_return;
        }
        outcome.status = http::code(response.status);
        for (;;) {
            const Answered<std::string_view> octets = co_await outbound().read_content();
            if (!octets) {
                outcome.failure = octets.error();
                co_return;
            }
            if (octets->empty()) co_return;
            outcome.content.append(*octets);
        }
    }
    // The server sends these octets, in parts, and ends its stream; the client gets this out of them.
    Exchanged answered_with(Method method, const std::string& octets, std::size_t part) {
        Exchanged outcome;
        io::Scope scope;
        scope.start(exchange(outcome, method));
        scope.start(send_and_end(octets, part));
        run(scope);
        return outcome;
    }
    Task<void> send_and_end(std::string octets, std::size_t part) {
        co_await peer_sends(std::move(octets), part, milliseconds(1));
        EXPECT_TRUE(peer().finish_sending());
    }
    // Runs an exchange, while the server sends this, and returns how long it takes.
    milliseconds time_of_exchange(Exchanged& outcome, std::string octets, std::size_t part, io::Duration pause,
                                  std::optional<std::string> content = std::nullopt) {
        io::Scope serving;
        serving.start(peer_sends(std::move(octets), part, pause));
        const milliseconds time =
            time_of([&] { run(exchange(outcome, content ? Method::put : Method::get, std::move(content))); });
        serving.request_stop();
        run(serving);
        return time;
    }
    void use_memory_except(std::size_t octets) {
        taken_ = core().ledger().ceiling() - core().ledger().used() - octets;
        core().ledger().charge(taken_);
    }
    void give_memory_back() { core().ledger().release(std::exchange(taken_, 0)); }

    OutboundLimits limits_;
    std::optional<H1Outbound> outbound_;
    std::size_t taken_ = 0;
};

struct AnswerRow {
    const char* name;
    Method method;
    std::string octets;
    int status;
    std::string content;
    bool can_go_on = true;
};
class GoodAnswer : public Outbound, public testing::WithParamInterface<AnswerRow> {};

TEST_P(GoodAnswer, IsReadToItsEnd) {
    const AnswerRow& row = GetParam();
    const Exchanged outcome = answered_with(row.method, row.octets, 1'000'000);
    EXPECT_FALSE(outcome.failure) << outcome.failure->message;
    EXPECT_EQ(outcome.status, row.status);
    EXPECT_EQ(outcome.content, row.content);
    EXPECT_TRUE(outbound().is_at_end());
    EXPECT_EQ(outbound().can_go_on(), row.can_go_on);
    EXPECT_TRUE(outbound().has_received());
}
TEST_P(GoodAnswer, IsReadOctetByOctet) {
    const Exchanged outcome = answered_with(GetParam().method, GetParam().octets, 1);
    EXPECT_FALSE(outcome.failure) << outcome.failure->message;
    EXPECT_EQ(outcome.status, GetParam().status);
    EXPECT_EQ(outcome.content, GetParam().content);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9112Section6_3, GoodAnswer,
    testing::Values(
        AnswerRow{"Length", Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
        AnswerRow{"LengthZero", Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""},
        AnswerRow{"Chunked", Method::get,
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nT: u\r\n\r\n",
                  200, "hello"},
        AnswerRow{"ToClose", Method::get, "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello", false},
        AnswerRow{"ToCloseEmpty", Method::get, "HTTP/1.1 200 OK\r\n\r\n", 200, "", false},
        AnswerRow{"Http10", Method::get, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
        AnswerRow{"Close", Method::get, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", 200, "a",
                  false},
        AnswerRow{"Head", Method::head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, ""},
        AnswerRow{"HeadChunked", Method::head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, ""},
        AnswerRow{"NoContent", Method::get, "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
        AnswerRow{"NotModified", Method::get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, ""},
        // RFC 9110 §15.2
        AnswerRow{"Continue", Method::get, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
                  200, "a"},
        AnswerRow{"EarlyHints", Method::get,
                  "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
                  "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\na",
                  404, "a"},
        // RFC 9112 §9.2: what follows belongs to nothing
        AnswerRow{"More", Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n", 200, "a",
                  false},
        AnswerRow{"MoreAfterHead", Method::head, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "", false},
        AnswerRow{"ContentOfNone", Method::get, "HTTP/1.1 204 No Content\r\n\r\nevil", 204, "", false}),
    row_name);

struct BadAnswerRow {
    const char* name;
    Method method;
    std::string octets;
    Kind kind;
    std::string content{};  // that arrives before the failure
};
class BadAnswer : public Outbound, public testing::WithParamInterface<BadAnswerRow> {};

TEST_P(BadAnswer, IsAFailure) {
    const BadAnswerRow& row = GetParam();
    const Exchanged outcome = answered_with(row.method, row.octets, 1'000'000);
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, row.kind) << outcome.failure->message;
    EXPECT_EQ(outcome.content, row.content);
    EXPECT_FALSE(outbound().can_go_on());
}
TEST_P(BadAnswer, IsTheSameFailureOctetByOctet) {
    const Exchanged outcome = answered_with(GetParam().method, GetParam().octets, 1);
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, GetParam().kind) << outcome.failure->message;
    EXPECT_EQ(outcome.content, GetParam().content);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9112, BadAnswer,
    testing::Values(
        BadAnswerRow{"Nothing", Method::get, "", Kind::no_answer},
        BadAnswerRow{"PartOfAHead", Method::get, "HTTP/1.1 200 OK\r\nA: b\r\n", Kind::not_received},
        BadAnswerRow{"InterimOnly", Method::get, "HTTP/1.1 100 Continue\r\n\r\n", Kind::not_received},
        BadAnswerRow{"NotHttp", Method::get, "SSH-2.0-OpenSSH_9.2\r\n", Kind::malformed},
        BadAnswerRow{"Http09", Method::get, "<html>hello</html>\r\n\r\n", Kind::malformed},
        BadAnswerRow{"Http2", Method::get, "HTTP/2.0 200 OK\r\n\r\n", Kind::malformed},
        // §4, §5
        BadAnswerRow{"Status", Method::get, "HTTP/1.1 2000 OK\r\n\r\n", Kind::malformed},
        BadAnswerRow{"BareLf", Method::get, "HTTP/1.1 200 OK\nContent-Length: 1\n\na", Kind::malformed},
        BadAnswerRow{"Folded", Method::get, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Kind::malformed},
        BadAnswerRow{"SpaceBeforeColon", Method::get, "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", Kind::malformed},
        // §6.1, §6.3: two readings
        BadAnswerRow{"TwoFramings", Method::get,
                     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     Kind::malformed},
        BadAnswerRow{"TwoLengths", Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                     Kind::malformed},
        BadAnswerRow{"NegativeLength", Method::get, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Kind::malformed},
        BadAnswerRow{"UnknownCoding", Method::get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                     Kind::malformed},
        BadAnswerRow{"ChunkedInHttp10", Method::get, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     Kind::malformed},
        // §7.1
        BadAnswerRow{"ChunkSize", Method::get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhex\r\n",
                     Kind::malformed, "he"},
        BadAnswerRow{"NegativeChunk", Method::get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nhe\r\n",
                     Kind::malformed},
        // §8
        BadAnswerRow{"ShortLength", Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", Kind::incomplete,
                     "hell"},
        BadAnswerRow{"NoContentAtAll", Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Kind::incomplete},
        BadAnswerRow{"NoLastChunk", Method::get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
                     Kind::incomplete, "he"},
        BadAnswerRow{"PartOfTheTrailer", Method::get,
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\nA: b\r\n", Kind::incomplete,
                     "he"},
        // RFC 9110 §7.8: nothing was asked for
        BadAnswerRow{"Switching", Method::get, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                     Kind::malformed}),
    row_name);

TEST_F(Outbound, CarriesOneExchangeAfterAnother) {
    for (int i = 0; i < 3; ++i) {
        Exchanged outcome;
        io::Scope scope;
        scope.start(exchange(outcome, Method::get));
        scope.start(peer_sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
        run(scope);
        EXPECT_EQ(outcome.content, "hello");
        ASSERT_TRUE(outbound().can_go_on());
    }
    EXPECT_EQ(client_reads(),
              "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
              "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

TEST_F(Outbound, TakesSoManyInterimResponses) {
    limits_.interim_count_max = 3;
    for (const int count : {3, 3, 4}) {
        std::string octets;
        for (int i = 0; i < count; ++i) octets += "HTTP/1.1 103 Early Hints\r\n\r\n";
        Exchanged outcome;
        io::Scope scope;
        scope.start(exchange(outcome, Method::get));
        scope.start(peer_sends(octets + "HTTP/1.1 204 No Content\r\n\r\n"));
        run(scope);
        EXPECT_EQ(outcome.failure.has_value(), count == 4);
    }
}

TEST_F(Outbound, TakesAHeadOfSoManyOctets) {
    limits_.head.head_octets_max = 40'000;
    for (const std::size_t octets : {40'000U, 40'001U}) {
        std::string head = "HTTP/1.1 204 No Content\r\nA: ";
        head.append(octets - head.size() - 4, 'a').append("\r\n\r\n");
        Exchanged outcome;
        io::Scope scope;
        scope.start(exchange(outcome, Method::get));
        scope.start(peer_sends(head));
        run(scope);
        EXPECT_EQ(outcome.failure.has_value(), octets == 40'001);
        if (outcome.failure) {
            EXPECT_EQ(outcome.failure->kind, Kind::malformed);
        }
    }
}

TEST_F(Outbound, TakesSoManyFieldsInAHead) {
    limits_.head.field_count_max = 3;
    for (const int count : {3, 4}) {
        std::string head = "HTTP/1.1 204 No Content\r\n";
        for (int i = 0; i < count; ++i) head += "A: b\r\n";
        Exchanged outcome;
        io::Scope scope;
        scope.start(exchange(outcome, Method::get));
        scope.start(peer_sends(head + "\r\n"));
        run(scope);
        EXPECT_EQ(outcome.failure.has_value(), count == 4);
    }
}

struct AnswerLimitRow {
    const char* name;
    const char* octets;
};
class AnswerLimit : public Outbound, public testing::WithParamInterface<AnswerLimitRow> {};

TEST_P(AnswerLimit, IsHeld) {
    limits_.content_octets_max = 4;
    EXPECT_EQ(answered_with(Method::get, GetParam().octets, 1).failure->kind, Kind::too_large);
}
TEST_P(AnswerLimit, IsNoLess) {
    limits_.content_octets_max = 5;
    EXPECT_EQ(answered_with(Method::get, GetParam().octets, 1).content, "hello");
}
INSTANTIATE_TEST_SUITE_P(
    Framings, AnswerLimit,
    testing::Values(AnswerLimitRow{"Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
                    AnswerLimitRow{"ToClose", "HTTP/1.1 200 OK\r\n\r\nhello"},
                    AnswerLimitRow{"Chunked",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n"
                                   "0\r\n\r\n"}),
    row_name);

TEST_F(Outbound, AnAnswerHasItsTime) {
    limits_.response_time_max = seconds(20);
    Exchanged outcome;
    EXPECT_EQ(time_of_exchange(outcome, "", 1, {}), seconds(20));
    EXPECT_EQ(outcome.failure->kind, Kind::timed_out);
    EXPECT_EQ(outcome.failure->message, "the server does not answer in time");
}

// Interim responses do not prolong it.
TEST_F(Outbound, AnAnswerHasItsTimeAfterInterimOnes) {
    limits_.response_time_max = seconds(20);
    const std::string hint = "HTTP/1.1 103 Early Hints\r\n\r\n";
    std::string hints;
    for (int i = 0; i < 10; ++i) hints += hint;
    Exchanged outcome;
    EXPECT_EQ(time_of_exchange(outcome, hints, hint.size(), seconds(3)), seconds(20));
    EXPECT_EQ(outcome.failure->kind, Kind::timed_out);
}

TEST_F(Outbound, AHeadHasItsTime) {
    limits_.head_time_max = seconds(5);
    Exchanged outcome;
    const std::string head = "HTTP/1.1 200 OK\r\nA: " + std::string(100, 'a');
    EXPECT_EQ(time_of_exchange(outcome, head, 1, milliseconds(300)), seconds(5));
    EXPECT_EQ(outcome.failure->kind, Kind::timed_out);
    EXPECT_EQ(outcome.failure->message, "the head of the answer does not arrive in time");
}

// The time of a head after an interim one is its own.
TEST_F(Outbound, ALaterHeadHasItsOwnTime) {
    limits_.head_time_max = seconds(5);
    Exchanged outcome;
    const std::string octets = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n";
    EXPECT_EQ(time_of_exchange(outcome, octets, 1, milliseconds(170)), milliseconds(7300));
    EXPECT_EQ(outcome.status, 204);
}

TEST_F(Outbound, ContentMayPauseForSoLong) {
    limits_.content_idle_max = seconds(8);
    Exchanged outcome;
    EXPECT_EQ(time_of_exchange(outcome, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 1'000, {}), seconds(8));
    EXPECT_EQ(outcome.failure->kind, Kind::timed_out);
    EXPECT_EQ(outcome.content, "hel");
}

TEST_F(Outbound, ContentHasItsRate) {
    limits_.rate_min = 10;
    limits_.rate_grace = seconds(10);
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n";
    Exchanged slow;
    // 9 octets a second, once the head has arrived whole.
    EXPECT_LE(time_of_exchange(slow, head + std::string(400, 'a'), 9, seconds(1)), seconds(20));
    ASSERT_TRUE(slow.failure);
    EXPECT_EQ(slow.failure->message, "the content arrives too slowly");
}

TEST_F(Outbound, ContentAtItsRateIsTaken) {
    limits_.rate_min = 10;
    limits_.rate_grace = seconds(10);
    Exchanged outcome;
    static_cast<void>(time_of_exchange(
        outcome, "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + std::string(400, 'a'), 11, seconds(1)));
    EXPECT_FALSE(outcome.failure);
    EXPECT_EQ(outcome.content.size(), 400U);
}

// The server takes nothing of the request.
TEST_F(Outbound, ARequestHasItsTime) {
    limits_.request_idle_max = seconds(4);
    Exchanged outcome;
    EXPECT_EQ(time_of_exchange(outcome, "", 1, {}, std::string(1'000'000, 'r')), seconds(4));
    EXPECT_EQ(outcome.failure->kind, Kind::timed_out);
    EXPECT_EQ(outcome.failure->message, "the server does not accept the request in time");
}

// The time for the answer begins when the whole request has been sent.
TEST_F(Outbound, ASlowRequestTakesNothingFromTheTimeOfItsAnswer) {
    limits_.request_idle_max = seconds(4);
    limits_.response_time_max = seconds(5);
    Exchanged outcome;
    io::Scope serving;
    std::string request;
    serving.start(client_reads_slowly(request, 10'000, seconds(1)));
    const auto time = time_of([&] { run(exchange(outcome, Method::put, std::string(200'000, 'r'))); });
    EXPECT_GT(time, seconds(15));
    EXPECT_EQ(outcome.failure->message, "the server does not answer in time");
    serving.request_stop();
    run(serving);
}

// RFC 9112 §9.5: the answer arrives although the server does not read the request to its end.
TEST_F(Outbound, AnEarlyAnswerIsReadWhileTheRequestIsSent) {
    Exchanged outcome;
    io::Scope scope;
    scope.start(exchange(outcome, Method::put, std::string(1'000'000, 'r')));
    scope.start(peer_sends("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"));
    EXPECT_EQ(time_of([&] { run(scope); }), milliseconds(0));
    EXPECT_FALSE(outcome.failure);
    EXPECT_EQ(outcome.status, 413);
    EXPECT_EQ(outcome.content, "no");
    EXPECT_FALSE(outbound().can_go_on()) << "the rest of the request would be taken for the next one";
    EXPECT_FALSE(outbound().sent());
}

Task<bool> write_twice(http::ContentWriter& writer, std::size_t octets) {
    const std::string first(octets - 1, 'r');
    const bool goes_on = co_await writer.write(first);
    if (!goes_on) co_return false;
    const bool is_written = co_await writer.write("!");
    co_return is_written;
}

// RFC 9112 §6.1, §7.1
TEST_F(Outbound, SendsContentAsItIsMade) {
    const std::string head = "PUT / HTTP/1.1\r\nHost: localhost\r\n";
    struct Row {
        std::optional<std::uint64_t> announced;
        std::string sent;
    };
    const http::Producer producer = [](http::ContentWriter& writer) { return write_twice(writer, 5); };
    for (const Row& row : {Row{std::nullopt, "Transfer-Encoding: chunked\r\n\r\n4\r\nrrrr\r\n1\r\n!\r\n0\r\n\r\n"},
                           Row{5, "Content-Length: 5\r\n\r\nrrrr!"}}) {
        Outgoing outgoing;
        outgoing.producer = &producer;
        outgoing.produced_octets = row.announced;
        Exchanged outcome;
        io::Scope scope;
        scope.start(exchange(outcome, Method::put, std::nullopt, outgoing));
        EXPECT_EQ(client_reads(), head + row.sent);
        scope.start(peer_sends("HTTP/1.1 204 No Content\r\n\r\n"));
        run(scope);
        EXPECT_EQ(outcome.status, 204);
        EXPECT_TRUE(outbound().can_go_on());
    }
}

class WrongContent : public Outbound, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(WrongContent, IsAFailure) {
    const http::Producer producer = [](http::ContentWriter& writer) { return write_twice(writer, 5); };
    Outgoing outgoing;
    outgoing.producer = &producer;
    outgoing.produced_octets = GetParam();
    Exchanged outcome;
    EXPECT_EQ(time_of([&] { run(exchange(outcome, Method::put, std::nullopt, outgoing)); }), milliseconds(0));
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::no_content);
    EXPECT_TRUE(client_reads().ends_with(GetParam() == 4 ? "\r\nrrrr" : "\r\nrrrr!"));
    EXPECT_FALSE(outbound().can_go_on());
}
INSTANTIATE_TEST_SUITE_P(Announced, WrongContent, testing::Values(4, 6));

TEST_F(Outbound, AnEarlyAnswerLetsMadeContentGoOn) {
    const http::Producer producer = [](http::ContentWriter& writer) { return write_twice(writer, 1'000'000); };
    Outgoing outgoing;
    outgoing.producer = &producer;
    Exchanged outcome;
    std::string request;
    io::Scope serving;
    serving.start(client_reads_slowly(request, 10'000, milliseconds(1)));
    io::Scope scope;
    scope.start(exchange(outcome, Method::put, std::nullopt, outgoing));
    scope.start(peer_sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    run(scope);
    EXPECT_EQ(outcome.content, "ok");
    EXPECT_TRUE(outbound().sent());
    EXPECT_TRUE(outbound().can_go_on());
    pass(seconds(1));
    EXPECT_GT(request.size(), 1'000'000U);
    serving.request_stop();
    run(serving);
}

// Unless the answer is an error, the server goes on reading.
TEST_F(Outbound, AnEarlyAnswerLetsTheRequestGoOn) {
    Exchanged outcome;
    std::string request;
    io::Scope serving;
    serving.start(client_reads_slowly(request, 10'000, milliseconds(1)));
    io::Scope scope;
    scope.start(exchange(outcome, Method::put, std::string(1'000'000, 'r')));
    scope.start(peer_sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    run(scope);
    EXPECT_EQ(outcome.content, "ok");
    EXPECT_TRUE(outbound().can_go_on());
    pass(seconds(1));
    EXPECT_GT(request.size(), 1'000'000U);
    serving.request_stop();
    run(serving);
}

TEST_F(Outbound, ABrokenConnectionIsReported) {
    Exchanged outcome;
    io::Scope scope;
    scope.start(exchange(outcome, Method::put, std::string(1'000'000, 'r')));
    reset_client();
    run(scope);
    EXPECT_EQ(outcome.failure->kind, Kind::not_sent);
}

TEST_F(Outbound, CanBeStopped) {
    Exchanged outcome;
    io::Scope scope;
    scope.start(exchange(outcome, Method::put, std::string(1'000'000, 'r')));
    scope.request_stop();
    run(scope);
    EXPECT_EQ(outcome.failure->kind, Kind::stopped);
}

TEST_F(Outbound, EndsWithItsTask) {
    Exchanged outcome;
    {
        io::Scope scope;
        scope.start(exchange(outcome, Method::put, std::string(1'000'000, 'r')));
    }
    EXPECT_EQ(outcome.status, 0);
}

TEST_F(Outbound, NeedsMemoryForAnAnswer) {
    use_memory_except(1'000);
    Exchanged outcome;
    run(exchange(outcome, Method::get));
    EXPECT_EQ(outcome.failure->kind, Kind::no_memory);
    give_memory_back();
}

TEST_F(Outbound, AFailureStays) {
    const Exchanged outcome = answered_with(Method::get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 1'000);
    EXPECT_EQ(outcome.failure->kind, Kind::incomplete);
    const auto again = result_of(outbound().read_content());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().message, outcome.failure->message);
}

TEST_F(Outbound, IsAliveUntilItsServerSendsOrCloses) {
    EXPECT_TRUE(result_of(outbound().is_alive()));
    run(client_sends("x"));
    pass(seconds(1));
    EXPECT_FALSE(result_of(outbound().is_alive()));
}

TEST_F(Outbound, IsNotAliveOnceItsServerHasClosed) {
    static_cast<void>(outbound());
    close_client();
    pass(seconds(1));
    EXPECT_FALSE(result_of(outbound().is_alive()));
}

class Noted final : public ExchangeWatcher {
public:
    void sending(std::string_view head) override { log.emplace_back(head); }
    void received(const http::Response& head, http::Version version) override {
        log.push_back(std::to_string(http::code(head.status)) + (version == http::Version::http_1_1 ? "" : " odd"));
    }
    std::vector<std::string> log;
};

TEST_F(Outbound, TellsItsWatcher) {
    Noted noted;
    Outgoing outgoing;
    outgoing.watcher = &noted;
    Exchanged outcome;
    io::Scope scope;
    scope.start(exchange(outcome, Method::get, std::nullopt, outgoing));
    scope.start(peer_sends("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"));
    run(scope);
    const std::vector<std::string> expected{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "103", "204"};
    EXPECT_EQ(noted.log, expected);
}

}  // namespace
}  // namespace portico::link
