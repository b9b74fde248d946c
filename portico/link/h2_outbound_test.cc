// portico/link/h2_outbound_test.cc — a client and HTTP/2 servers on the simulated kernel: many requests on one
// connection, and what may happen to it.
#include "portico/link/h2_outbound.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/link/client.h"
#include "portico/link/h2_origin_for_test.h"
#include "portico/link/link_for_test.h"
#include "portico/link/origin_for_test.h"
#include "portico/tls/pair_for_test.h"
#include "portico/wire/h2/client_for_test.h"

namespace portico::link {
namespace {

using Kind = Failure::Kind;
using Line = H2Origin::Line;
using Asked = H2Origin::Asked;

// What became of a request.
struct H2Outcome {
    int status = 0;  // 0: see failure
    http::Version version = http::Version::http_1_0;
    std::string content;
    std::optional<Failure> failure;
    Timeline timeline;
};

// The content of a response is its request's target.
void echo_target(Line& line, const Asked& asked) { line.answer(asked.stream, asked.target); }
void say_nothing(Line&, const Asked&) {}

class H2Client : public testing::Test {
protected:
    explicit H2Client(const io::SimFaults& faults = punctual(), std::uint64_t seed = 1)
        : kernel_(seed, faults), core_(kernel_, 1 << 26) {
        options_.version = SpokenVersion::http_2_prior_knowledge;
    }
    ~H2Client() override {
        client_.reset();
        if (origin_) {
            origin_->stop();
            run(origin_->serving());
        }
        origin_.reset();
        EXPECT_EQ(core_.ledger().used(), 0U) << "something that was charged was not released";
        EXPECT_EQ(core_.timers().count(), 0U);
    }
    void run(io::Scope& scope) {
        while (scope.size() > 0) core_.run_once(io::never);
    }
    H2Origin& serve(H2Origin::Answer answer, const h2::Limits& limits = {},
                    std::shared_ptr<const tls::ServerContext> context = nullptr) {
        const std::uint16_t port = context == nullptr ? 80 : 443;
        const auto address = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), port);
        origin_.emplace(core_, address, std::move(answer), limits, std::move(context));
        return *origin_;
    }
    Client& client() {
        if (!client_) client_.emplace(core_, options_);
        return *client_;
    }
    static Task<void> exchange(Client& client, ClientRequest request, H2Outcome& outcome) {
        Answered<ClientResponse> response = co_await client.send(std::move(request));
        if (!response) {
            outcome.failure = response.error();
            co_return;
        }
        outcome.status = http::code(response->status());
        outcome.version = response->version();
        Answered<std::string> content = co_await response->collect(1 << 24);
        outcome.timeline = response->timeline();
        if (!content) {
            outcome.failure = content.error();
            co_return;
        }
        outcome.content = *std::move(content);
    }
    // A request that goes on in the background.
    H2Outcome& begin(ClientRequest request) {
        outcomes_.push_back(std::make_unique<H2Outcome>());
        going_.start(exchange(client(), std::move(request), *outcomes_.back()));
        return *outcomes_.back();
    }
    H2Outcome& begin(std::string_view path) { return begin(ClientRequest("http://127.0.0.1" + std::string(path))); }
    H2Outcome get(std::string_view path) {
        H2Outcome& outcome = begin(path);
        run(going_);
        return outcome;
    }
    H2Outcome send(ClientRequest request) {
        H2Outcome& outcome = begin(std::move(request));
        run(going_);
        return outcome;
    }
    void pass(io::Duration time) {
        const io::TimePoint until = core_.now() + time;
        while (core_.now() < until) core_.run_once(until);
    }
    template <class Act>
    milliseconds time_of(Act act) {
        return link::time_of(core_, act);
    }

    io::SimKernel kernel_;
    io::Core core_;
    ClientOptions options_;
    std::optional<H2Origin> origin_;
    std::optional<Client> client_;
    std::vector<std::unique_ptr<H2Outcome>> outcomes_;
    io::Scope going_;
};

TEST_F(H2Client, SendsARequestAndReadsItsAnswer) {
    H2Origin& origin = serve(echo_target);
    options_.user_agent = "test/1";
    const H2Outcome outcome = get("/a?b");
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.version, http::Version::http_2);
    EXPECT_EQ(outcome.content, "/a?b");
    EXPECT_TRUE(outcome.timeline.sent && outcome.timeline.first_octet && outcome.timeline.last_octet);
    ASSERT_EQ(origin.asked.size(), 1U);
    EXPECT_EQ(origin.asked[0].fields, "user-agent=test/1\naccept=*/*\n");
}

TEST_F(H2Client, SharesOneConnection) {
    H2Origin& origin = serve(echo_target);
    for (int i = 0; i < 100; ++i) begin("/" + std::to_string(i));
    run(going_);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(outcomes_[static_cast<std::size_t>(i)]->content, "/" + std::to_string(i));
    EXPECT_EQ(origin.connections(), 1U);
    EXPECT_EQ(client().idle_connections(), 1U);
    EXPECT_EQ(get("/again").content, "/again");
    EXPECT_EQ(origin.connections(), 1U);
    EXPECT_LT(core_.ledger().used(), 2 * BufferPool::usual_octets)
        << "neither end of an idle connection holds a buffer";
}

// RFC 9113 §5.1.2: what one connection can't carry, another does.
TEST_F(H2Client, OpensAnotherConnectionWhenOneIsFull) {
    H2Origin& origin = serve(say_nothing, h2::Limits{.streams_max = 2});
    begin("/first");
    pass(milliseconds(10));
    for (int i = 0; i < 3; ++i) begin("/" + std::to_string(i));
    pass(milliseconds(10));
    EXPECT_EQ(origin.connections(), 2U);
    for (Line* const line : origin.lines()) {
        for (const h2::StreamId stream : {1U, 3U}) line->answer(stream, "x");
        origin.flush(*line);
    }
    run(going_);
    for (const auto& outcome : outcomes_) EXPECT_EQ(outcome->content, "x");
    EXPECT_EQ(origin.resets.size(), 0U);
}

// The server's limit is not known yet when the first requests are sent.
TEST_F(H2Client, SendsAgainWhatIsRefused) {
    H2Origin& origin = serve(echo_target, h2::Limits{.streams_max = 5});
    for (int i = 0; i < 12; ++i) begin(ClientRequest("http://127.0.0.1/" + std::to_string(i), "POST"));
    run(going_);
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(outcomes_[i]->content, "/" + std::to_string(i)) << i;
    EXPECT_EQ(origin.asked.size(), 12U);
}

TEST_F(H2Client, GivesUpWhatIsRefusedEachTime) {
    H2Origin& origin = serve([](Line& line, const Asked& asked) {
        line.engine().reset(asked.stream, h2::ErrorCode::refused_stream);
        line.engine().released(asked.stream);
    });
    const H2Outcome outcome = get("/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::not_received);
    EXPECT_EQ(origin.asked.size(), 4U);
}

// RFC 9113 §6.8
TEST_F(H2Client, TakesElsewhereWhatGoawayLeavesOut) {
    H2Origin& origin = serve([this](Line& line, const Asked& asked) {
        if (origin_->connections() == 1 && asked.stream > 3) return;
        if (asked.stream == 3 && origin_->connections() == 1) {
            line.say(h2::goaway_of(3));
            return;
        }
        if (asked.stream == 1 && origin_->connections() == 1) return;
        line.answer(asked.stream, asked.target);
    });
    for (const char* const path : {"/1", "/3", "/5", "/7"}) {
        begin(ClientRequest("http://127.0.0.1" + std::string(path), "POST"));
    }
    pass(milliseconds(50));
    EXPECT_EQ(origin.connections(), 2U);
    EXPECT_EQ(outcomes_[2]->content, "/5");
    EXPECT_EQ(outcomes_[3]->content, "/7");
    Line& first = *origin.lines().front();
    first.answer(1, "one");
    first.answer(3, "three");
    origin.flush(first);
    run(going_);
    EXPECT_EQ(outcomes_[0]->content, "one");
    EXPECT_EQ(outcomes_[1]->content, "three");
    pass(milliseconds(50));
    EXPECT_EQ(origin.open(), 1U) << "the first connection has ended with its last request";
}

TEST_F(H2Client, LeavesTheOthersAloneIfOneIsReset) {
    serve([](Line& line, const Asked& asked) {
        if (asked.target != "/bad") return line.answer(asked.stream, asked.target);
        line.engine().reset(asked.stream, h2::ErrorCode::internal_error);
        line.engine().released(asked.stream);
    });
    begin("/good");
    begin("/bad");
    begin("/well");
    run(going_);
    EXPECT_EQ(outcomes_[0]->content, "/good");
    ASSERT_TRUE(outcomes_[1]->failure);
    EXPECT_EQ(outcomes_[1]->failure->message, "the server has reset the stream: INTERNAL_ERROR");
    EXPECT_EQ(outcomes_[2]->content, "/well");
}

TEST_F(H2Client, CancelsARequestThatIsGivenUp) {
    H2Origin& origin = serve([](Line& line, const Asked& asked) {
        if (asked.target == "/slow") return line.begin_answer(asked.stream);
        line.answer(asked.stream, asked.target);
    });
    {
        io::Scope given_up;
        H2Outcome outcome;
        given_up.start(exchange(client(), ClientRequest("http://127.0.0.1/slow"), outcome));
        pass(milliseconds(10));
        given_up.request_stop();
        run(given_up);
        ASSERT_TRUE(outcome.failure);
        EXPECT_EQ(outcome.failure->kind, Kind::stopped);
    }
    EXPECT_EQ(get("/fast").content, "/fast");
    EXPECT_EQ(origin.connections(), 1U);
    EXPECT_EQ(origin.resets, std::vector<std::string>{"1 CANCEL"});
}

TEST_F(H2Client, FailsIfTheServerClosesTheConnection) {
    serve([](Line& line, const Asked& asked) {
        if (asked.target == "/half") {
            line.begin_answer(asked.stream, 10);
            return;
        }
        line.close();
    });
    begin("/half");
    pass(milliseconds(10));
    begin(ClientRequest("http://127.0.0.1/none", "POST"));
    run(going_);
    ASSERT_TRUE(outcomes_[0]->failure && outcomes_[1]->failure);
    EXPECT_EQ(outcomes_[0]->failure->kind, Kind::incomplete);
    EXPECT_EQ(outcomes_[1]->failure->kind, Kind::no_answer);
}

TEST_F(H2Client, FailsIfTheConnectionIsReset) {
    serve([](Line& line, const Asked&) { line.reset(); });
    const H2Outcome outcome = send(ClientRequest("http://127.0.0.1/", "POST"));
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::not_received);
}

// RFC 9112 §9.3.1 and RFC 9113 §8.7: what is idempotent is sent once more.
TEST_F(H2Client, SendsAgainIfAKeptConnectionBreaks) {
    H2Origin& origin = serve([](Line& line, const Asked& asked) {
        if (asked.stream == 3) return line.close();
        line.answer(asked.stream, asked.target);
    });
    EXPECT_EQ(get("/1").content, "/1");
    EXPECT_EQ(get("/2").content, "/2");
    EXPECT_EQ(origin.connections(), 2U);
    const H2Outcome outcome = send(ClientRequest("http://127.0.0.1/", "POST"));
    EXPECT_TRUE(outcome.failure) << "whether the server has acted upon it is not known";
}

TEST_F(H2Client, MalformedAnswersConcernOneRequest) {
    H2Origin& origin = serve([](Line& line, const Asked& asked) {
        if (asked.target == "/bad") return line.say(h2::headers_of(asked.stream, h2::block_of({{"a", "b"}})));
        line.answer(asked.stream, asked.target);
    });
    EXPECT_EQ(get("/bad").failure->kind, Kind::malformed);
    EXPECT_EQ(get("/good").content, "/good");
    EXPECT_EQ(origin.connections(), 1U);
    EXPECT_EQ(origin.resets, std::vector<std::string>{"1 PROTOCOL_ERROR"});
}

TEST_F(H2Client, FailsIfTheServerBreaksTheRules) {
    serve([](Line& line, const Asked&) { line.say(h2::frame_of(h2::FrameType::push_promise, 4, 1, "\0\0\0\2")); });
    const H2Outcome outcome = get("/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::malformed);
}

TEST_F(H2Client, NoticesAServerOfHttp1) {
    Origin origin(core_, io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 80),
                  [](std::string_view) { return Origin::Reply{"HTTP/1.1 400 Bad Request\r\n\r\n"}; });
    const H2Outcome outcome = get("/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::malformed);
    client_.reset();
    origin.stop();
    run(origin.serving());
}

// --- Time

TEST_F(H2Client, AnAnswerHasItsTime) {
    options_.limits.response_time_max = seconds(7);
    H2Origin& origin = serve(say_nothing);
    EXPECT_EQ(time_of([&] { EXPECT_EQ(get("/").failure->kind, Kind::timed_out); }), seconds(7));
    pass(milliseconds(10));
    EXPECT_EQ(origin.resets, std::vector<std::string>{"1 CANCEL"});
    EXPECT_EQ(origin.open(), 0U) << "a silent server gets no further request";
}

TEST_F(H2Client, ContentMayPauseForSoLong) {
    options_.limits.content_idle_max = seconds(5);
    serve([](Line& line, const Asked& asked) { line.begin_answer(asked.stream); });
    EXPECT_EQ(time_of([&] { EXPECT_EQ(get("/").failure->kind, Kind::timed_out); }), seconds(5));
}

TEST_F(H2Client, ContentHasItsRate) {
    options_.limits.rate_min = 100;
    options_.limits.rate_grace = seconds(10);
    H2Origin& origin = serve([](Line& line, const Asked& asked) { line.begin_answer(asked.stream); });
    H2Outcome& outcome = begin("/");
    pass(milliseconds(10));
    for (int i = 0; i < 12 && !outcome.failure; ++i) {
        pass(seconds(1));
        if (origin.lines().empty()) break;
        origin.lines().front()->engine().write_data(1, "a", h2::Ending::more);
        origin.flush(*origin.lines().front());
    }
    run(going_);
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->message, "the content arrives too slowly");
}

TEST_F(H2Client, AServerMustReadWhatIsSent) {
    options_.limits.request_idle_max = seconds(4);
    // A listener that accepts nothing: the kernel takes what fits its buffers.
    const auto address = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 80);
    io::Result<io::Listener> deaf = io::Listener::open(core_, address);
    ASSERT_TRUE(deaf);
    ClientRequest request("http://127.0.0.1/", "POST");
    for (int i = 0; i < 40; ++i) request.fields.emplace_back("X-" + std::to_string(i), std::string(1'000, '\xff'));
    for (int i = 0; i < 10; ++i) begin(request);
    EXPECT_EQ(time_of([&] { run(going_); }), seconds(4));
    for (const auto& outcome : outcomes_) {
        ASSERT_TRUE(outcome->failure);
        EXPECT_EQ(outcome->failure->kind, Kind::timed_out);
    }
}

TEST_F(H2Client, TakesSoManyInterimResponses) {
    options_.limits.interim_count_max = 2;
    serve([](Line& line, const Asked& asked) {
        http::Response interim;
        interim.status = http::Status::early_hints;
        const int count = asked.target == "/2" ? 2 : 3;
        for (int i = 0; i < count; ++i) line.engine().respond(asked.stream, interim, {}, h2::Ending::more);
        line.answer(asked.stream, "x");
    });
    EXPECT_EQ(get("/2").content, "x");
    EXPECT_EQ(get("/3").failure->kind, Kind::malformed);
}

TEST_F(H2Client, ContentHasItsSize) {
    options_.limits.content_octets_max = 10;
    H2Origin& origin = serve([](Line& line, const Asked& asked) {
        line.begin_answer(asked.stream, asked.target == "/announced" ? std::optional<std::uint64_t>(11) : std::nullopt);
        if (asked.target == "/unknown") line.engine().write_data(asked.stream, "0123456789a", h2::Ending::more);
    });
    EXPECT_EQ(get("/announced").failure->kind, Kind::too_large);
    EXPECT_EQ(get("/unknown").failure->kind, Kind::too_large);
    pass(milliseconds(10));
    EXPECT_EQ(origin.resets.size(), 2U);
}

TEST_F(H2Client, FailsWithoutMemory) {
    serve(echo_target);
    EXPECT_EQ(get("/").content, "/");
    for (int i = 0; i < 3; ++i) {
        const Charge all(core_.ledger(), 1 << 26);
        EXPECT_EQ(time_of([&] { EXPECT_TRUE(get("/").failure) << i; }), seconds(0));
    }
    EXPECT_EQ(get("/").content, "/");
}

TEST_F(H2Client, ARequestHasItsDeadline) {
    serve(say_nothing);
    ClientRequest request("http://127.0.0.1/");
    request.deadline = core_.now() + seconds(3);
    EXPECT_EQ(time_of([&] { EXPECT_EQ(send(std::move(request)).failure->kind, Kind::timed_out); }), seconds(3));
}

// RFC 9113 §6.9
TEST_F(H2Client, AServerMayNotKeepItsWindowClosed) {
    options_.limits.request_idle_max = seconds(4);
    const auto answer = [](Line& line, const Asked& asked) {
        line.uses_content = false;
        if (asked.is_complete) line.answer(asked.stream, asked.target);
    };
    H2Origin& origin = serve(answer, h2::Limits{.stream_window_octets = 1000});
    origin.early = true;
    EXPECT_EQ(get("/").content, "/") << "nothing has to be received any more when the window closes";
    ClientRequest request("http://127.0.0.1/", "POST");
    request.content = std::string(200'000, 'a');
    EXPECT_EQ(time_of([&] { EXPECT_EQ(send(std::move(request)).failure->kind, Kind::timed_out); }), seconds(4));
}

TEST_F(H2Client, ClosesAnIdleConnectionInTime) {
    options_.idle.time_max = seconds(5);
    H2Origin& origin = serve(echo_target);
    EXPECT_EQ(get("/").status, 200);
    pass(milliseconds(4900));
    EXPECT_EQ(origin.open(), 1U);
    pass(milliseconds(200));
    EXPECT_EQ(origin.open(), 0U);
    EXPECT_EQ(origin.goaways(), 1U);
    EXPECT_EQ(client().idle_connections(), 0U);
}

TEST_F(H2Client, KeepsNoIdleConnectionIfNoneIsWanted) {
    options_.idle.count_max = 0;
    H2Origin& origin = serve(echo_target);
    EXPECT_EQ(get("/").status, 200);
    pass(milliseconds(10));
    EXPECT_EQ(origin.open(), 0U);
}

// --- Content

TEST_F(H2Client, ReadsMoreThanTheWindow) {
    options_.limits.stream_window_octets = 20'000;
    options_.limits.connection_window_octets = 70'000;
    const std::string large(500'000, 'x');
    serve([&large](Line& line, const Asked& asked) { line.answer(asked.stream, large); });
    for (int i = 0; i < 3; ++i) begin("/");
    run(going_);
    for (const auto& outcome : outcomes_) EXPECT_EQ(outcome->content, large);
}

TEST_F(H2Client, SendsMoreThanTheWindow) {
    H2Origin& origin = serve([](Line& line, const Asked& asked) { line.answer(asked.stream, "ok"); },
                             h2::Limits{.stream_window_octets = 3'000, .connection_window_octets = 70'000});
    ClientRequest request("http://127.0.0.1/", "PUT");
    request.content = std::string(300'000, 'y');
    EXPECT_EQ(send(request).content, "ok");
    ASSERT_EQ(origin.asked.size(), 1U);
    EXPECT_EQ(origin.asked[0].content, request.content);
    EXPECT_NE(origin.asked[0].fields.find("content-length=300000\n"), std::string::npos);
}

Task<bool> write_pieces(http::ContentWriter& writer, int pieces, bool is_whole) {
    for (int i = 0; i < pieces; ++i) {
        const std::string piece(10'000, static_cast<char>('a' + i % 26));
        const bool goes_on = co_await writer.write(piece);
        if (!goes_on) co_return false;
    }
    co_return is_whole;
}

ContentSource made(int pieces, std::optional<std::uint64_t> octets = std::nullopt, bool is_whole = true) {
    ContentSource source;
    source.producer = [pieces, is_whole](http::ContentWriter& writer) {
        return write_pieces(writer, pieces, is_whole);
    };
    source.octets = octets;
    return source;
}

TEST_F(H2Client, SendsContentAsItIsMade) {
    H2Origin& origin = serve([](Line& line, const Asked& asked) { line.answer(asked.stream, "ok"); },
                             h2::Limits{.stream_window_octets = 3'000});
    ClientRequest request("http://127.0.0.1/", "PUT");
    request.source = made(20);
    EXPECT_EQ(send(std::move(request)).content, "ok");
    ASSERT_EQ(origin.asked.size(), 1U);
    EXPECT_EQ(origin.asked[0].content.size(), 200'000U);
    EXPECT_EQ(origin.asked[0].fields.find("content-length"), std::string::npos);
}

TEST_F(H2Client, ResetsContentThatIsNotCompleted) {
    H2Origin& origin = serve(say_nothing);
    struct Row {
        std::optional<std::uint64_t> announced;
        bool is_whole;
    };
    for (const Row& row : {Row{std::nullopt, false}, Row{30'001, true}, Row{29'999, true}}) {
        ClientRequest request("http://127.0.0.1/", "PUT");
        request.source = made(3, row.announced, row.is_whole);
        const H2Outcome outcome = send(std::move(request));
        ASSERT_TRUE(outcome.failure);
        EXPECT_EQ(outcome.failure->kind, Kind::no_content);
    }
    pass(milliseconds(10));
    EXPECT_EQ(origin.resets, (std::vector<std::string>{"1 CANCEL", "3 CANCEL", "5 CANCEL"}));
    EXPECT_EQ(origin.asked.size(), 0U);
}

// RFC 9113 §8.1
TEST_F(H2Client, TakesAnAnswerThatComesBeforeTheContentEnds) {
    H2Origin& origin = serve([](Line& line, const Asked& asked) {
        if (!asked.is_complete) line.answer(asked.stream, "no", 413);
    });
    origin.early = true;
    ClientRequest request("http://127.0.0.1/", "PUT");
    request.content = std::string(3'000'000, 'y');
    const H2Outcome outcome = send(std::move(request));
    EXPECT_EQ(outcome.status, 413);
    EXPECT_EQ(outcome.content, "no");
    pass(milliseconds(10));
    EXPECT_EQ(origin.open(), 1U) << "the connection goes on";
}

// --- Asking before content is sent: RFC 9110 §10.1.1

ClientRequest asking_for(std::string uri, AskFirst ask = AskFirst::always) {
    ClientRequest request(std::move(uri), "PUT");
    request.source = made(2);
    request.ask_first = ask;
    return request;
}

TEST_F(H2Client, SendsContentOnceTheServerWantsIt) {
    H2Origin& origin = serve(echo_target);
    H2Outcome outcome;
    EXPECT_EQ(time_of([&] { outcome = send(asking_for("http://127.0.0.1/")); }), milliseconds(0));
    EXPECT_EQ(outcome.status, 200);
    ASSERT_EQ(origin.asked.size(), 1U);
    EXPECT_EQ(origin.asked[0].content.size(), 20'000U);
    EXPECT_NE(origin.asked[0].fields.find("expect=100-continue\n"), std::string::npos);
}

TEST_F(H2Client, SendsContentToAServerThatDoesNotSayWhetherItWantsIt) {
    H2Origin& origin = serve(echo_target);
    origin.consent = 0;
    EXPECT_EQ(time_of([&] { EXPECT_EQ(send(asking_for("http://127.0.0.1/")).status, 200); }), seconds(1));
    ClientRequest known("http://127.0.0.1/", "PUT");
    known.content = "known";
    known.ask_first = AskFirst::always;
    EXPECT_EQ(time_of([&] { EXPECT_EQ(send(std::move(known)).status, 200); }), seconds(1));
    ASSERT_EQ(origin.asked.size(), 2U);
    EXPECT_EQ(origin.asked[0].content.size(), 20'000U);
    EXPECT_EQ(origin.asked[1].content, "known");
    EXPECT_EQ(time_of([&] { EXPECT_EQ(send(asking_for("http://127.0.0.1/", AskFirst::never)).status, 200); }),
              milliseconds(0));
}

TEST_F(H2Client, SendsNoContentIfTheAnswerComesFirst) {
    H2Origin& origin = serve(echo_target);
    for (const unsigned status : {200U, 403U}) {
        origin.consent = status;
        H2Outcome outcome;
        EXPECT_EQ(time_of([&] { outcome = send(asking_for("http://127.0.0.1/")); }), milliseconds(0));
        EXPECT_EQ(outcome.status, static_cast<int>(status));
        EXPECT_FALSE(outcome.timeline.sent);
        pass(milliseconds(10));
        EXPECT_EQ(std::exchange(origin.content_octets, 0), 0U);
    }
    EXPECT_EQ(origin.connections(), 1U) << "only the streams are given up";
    EXPECT_EQ(origin.resets, (std::vector<std::string>{"1 CANCEL", "3 CANCEL"}));
    EXPECT_EQ(origin.asked.size(), 0U);
}

// RFC 9110 §15.5.18
TEST_F(H2Client, AsksNoMoreIfTheQuestionIsRefused) {
    H2Origin& origin = serve(echo_target);
    origin.consent = 417;
    EXPECT_EQ(send(asking_for("http://127.0.0.1/")).content, "/") << "its content can't be made twice, and was not";
    ASSERT_EQ(origin.asked.size(), 1U);
    EXPECT_EQ(origin.asked[0].fields.find("expect"), std::string::npos);
    EXPECT_EQ(origin.asked[0].content.size(), 20'000U);
}

// --- TLS

std::shared_ptr<const tls::ServerContext> h2_context(std::vector<std::string> applications) {
    tls::ServerTlsOptions options;
    options.credentials.push_back(tls::credentials_for({"localhost"}));
    options.applications = std::move(applications);
    return *tls::ServerContext::open(options);
}

Task<void> end_all(Client& client) { co_await client.close(); }

TEST_F(H2Client, IsNegotiated) {
    options_.version = SpokenVersion::negotiated;
    options_.tls.authorities = tls::authority_text().chain;
    H2Origin& origin = serve(echo_target, {}, h2_context({"h2", "http/1.1"}));
    for (int i = 0; i < 20; ++i) begin(ClientRequest("https://localhost/" + std::to_string(i)));
    run(going_);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(outcomes_[i]->content, "/" + std::to_string(i));
    EXPECT_EQ(origin.connections(), 1U) << "requests that come while it is opened wait for it";
    EXPECT_EQ(origin.goaways(), 0U);
    io::Scope closing;
    closing.start(end_all(client()));
    run(closing);
    pass(milliseconds(10));
    EXPECT_EQ(origin.open(), 0U);
    EXPECT_EQ(origin.goaways(), 1U);
}

TEST_F(H2Client, SpeaksHttp1IfTheServerDoes) {
    options_.version = SpokenVersion::negotiated;
    options_.tls.authorities = tls::authority_text().chain;
    Origin origin(
        core_, io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 443),
        [](std::string_view) { return Origin::Reply{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}; },
        h2_context({"http/1.1"}));
    for (int i = 0; i < 5; ++i) begin(ClientRequest("https://localhost/"));
    run(going_);
    for (const auto& outcome : outcomes_) EXPECT_EQ(outcome->content, "ok");
    EXPECT_EQ(origin.connections(), 5U);
    client_.reset();
    origin.stop();
    run(origin.serving());
}

// RFC 9113 §7: of a stream, and of the connection.
class H1Demand : public H2Client, public testing::WithParamInterface<bool> {};

TEST_P(H1Demand, IsMetAndRemembered) {
    options_.version = SpokenVersion::negotiated;
    options_.tls.authorities = tls::authority_text().chain;
    const bool is_goaway = GetParam();
    H2Origin& origin = serve(
        [&](Line& line, const Asked& asked) {
            if (!is_goaway) {
                line.engine().reset(asked.stream, h2::ErrorCode::http_1_1_required);
                return line.engine().released(asked.stream);
            }
            // The first may have been processed.
            line.say(h2::goaway_of(1, h2::ErrorCode::http_1_1_required));
            line.close();
        },
        {}, h2_context({"h2", "http/1.1"}));
    origin.h1_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    begin(ClientRequest("https://localhost/", "GET"));
    begin(ClientRequest("https://localhost/", is_goaway ? "GET" : "POST"));
    begin(ClientRequest("https://localhost/", "POST"));
    run(going_);
    for (const auto& outcome : outcomes_) {
        EXPECT_EQ(outcome->content, "ok") << outcome->failure->message;
        EXPECT_EQ(outcome->version, http::Version::http_1_1);
    }
    EXPECT_EQ(origin.connections(), 4U) << "HTTP/2 once, and a connection of HTTP/1.1 for each";
    EXPECT_EQ(send(ClientRequest("https://localhost/")).content, "ok");
    EXPECT_EQ(origin.connections(), 4U);
}
INSTANTIATE_TEST_SUITE_P(ByResetAndByGoaway, H1Demand, testing::Bool());

TEST_F(H2Client, ForgetsTheOldestDemands) {
    options_.connect_to = io::parse_endpoint("127.0.0.1:80").value();
    H2Origin& origin = serve([](Line& line, const Asked& asked) {
        line.engine().reset(asked.stream, h2::ErrorCode::http_1_1_required);
        line.engine().released(asked.stream);
    });
    const auto connections_for = [&](std::size_t host) {
        const std::size_t before = origin.connections();
        EXPECT_TRUE(send(ClientRequest("http://host" + std::to_string(host) + "/")).failure) << "it speaks HTTP/2 only";
        return origin.connections() - before;
    };
    for (std::size_t host = 0; host < 65; ++host) EXPECT_EQ(connections_for(host), 2U);
    EXPECT_EQ(connections_for(1), 1U);
    EXPECT_EQ(connections_for(0), 2U);
}

// A client whose task is ended while it waits leaves nothing behind but the connection.
TEST_F(H2Client, CanBeStoppedAnywhere) {
    options_.version = SpokenVersion::negotiated;
    options_.tls.authorities = tls::authority_text().chain;
    const std::string large(60'000, 'x');
    serve([&large](Line& line, const Asked& asked) { line.answer(asked.stream, large); }, {}, h2_context({"h2"}));
    std::size_t stopped = 0;
    for (int steps = 0; steps < 40; ++steps) {
        if (steps % 3 == 0) client_.reset();
        H2Outcome outcome;
        ClientRequest request("https://localhost/", "PUT");
        request.source = made(5);
        io::Scope scope;
        scope.start(exchange(client(), std::move(request), outcome));
        for (int i = 0; i < steps && scope.size() > 0; ++i) core_.run_once(io::never);
        scope.request_stop();
        run(scope);
        if (outcome.failure) ++stopped;
    }
    EXPECT_GT(stopped, 3U);
}

// Whatever fails, the outcome is the whole content or a failure, and nothing is left over.
class H2ClientFaults : public H2Client, public testing::WithParamInterface<std::uint64_t> {
protected:
    static io::SimFaults faulty() {
        io::SimFaults faults;
        faults.reset = 0.003;
        faults.connect_failure = 0.05;
        faults.open_failure = 0.02;
        faults.window_octets = 4096;
        return faults;
    }
    H2ClientFaults() : H2Client({}, GetParam()) {}
};

TEST_P(H2ClientFaults, GiveTheWholeContentOrAFailure) {
    const std::string large(100'000, 'y');
    const bool is_secure = GetParam() % 2 == 0;
    serve([&large](Line& line, const Asked& asked) { line.answer(asked.stream, large); }, {},
          is_secure ? h2_context({"h2"}) : nullptr);
    options_.tls.authorities = tls::authority_text().chain;
    kernel_.faults() = faulty();
    for (std::size_t i = 0; i < 30; ++i) {
        ClientRequest request(is_secure ? "https://localhost/" : "http://127.0.0.1/", i % 5 == 0 ? "POST" : "GET");
        if (i % 10 == 0) request.content = std::string(50'000, 'z');
        if (i % 10 == 5) request.source = made(5);
        begin(std::move(request));
        if (i % 6 == 5) run(going_);
    }
    run(going_);
    std::size_t whole = 0;
    for (const auto& outcome : outcomes_) {
        if (outcome->failure) continue;
        EXPECT_EQ(outcome->content, large);
        ++whole;
    }
    EXPECT_GT(whole, 3U);
    kernel_.faults() = punctual();
}
INSTANTIATE_TEST_SUITE_P(Seeds, H2ClientFaults, testing::Range<std::uint64_t>(1, 13));

// --- On a machine with delays and shortages

io::SimFaults busy() {
    io::SimFaults faults;
    faults.buffer_octets_min = 2'000;
    faults.buffer_octets_max = 20'000;
    return faults;
}

class H2ClientOnABusyMachine : public H2Client {
protected:
    H2ClientOnABusyMachine() : H2Client(busy(), 7) {}
};

TEST_F(H2ClientOnABusyMachine, ExchangesMuch) {
    const std::string large(150'000, 'z');
    H2Origin& origin = serve([&large](Line& line, const Asked& asked) { line.answer(asked.stream, large); });
    for (int i = 0; i < 20; ++i) {
        ClientRequest request("http://127.0.0.1/", "PUT");
        if (i % 2 == 0) {
            request.content = std::string(100'000, 'a');
        } else {
            request.source = made(8);
        }
        begin(std::move(request));
    }
    run(going_);
    for (const auto& outcome : outcomes_) EXPECT_EQ(outcome->content.size(), large.size()) << outcome->failure->message;
    EXPECT_EQ(origin.connections(), 1U);
}

}  // namespace
}  // namespace portico::link
