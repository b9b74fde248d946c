// portico/embed/events_test.cc — server-sent events: their format, their heartbeat, and their end.
#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Events : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Events, testing::Range<std::uint64_t>(1, 31));

Task<void> send_some(EventSender& events) {
    const bool first = co_await events.send("hello");
    const bool second = co_await events.send("two\nlines\r\nand\rmore\n");
    const std::string_view id("4\r\0002", 4);  // an id may contain neither a line break nor NUL
    const bool third = co_await events.send("na\nme", "x", id);
    EXPECT_TRUE(first && second && third);
}

TEST_P(Events, HaveTheirForm) {
    Server server;
    server.get("/events", [](Request& request) { return send_events(request, send_some); });
    TestClient client(server, GetParam());
    const TestAnswer answer = client.get("/events");
    EXPECT_EQ(answer.content,
              "data: hello\n\n"
              "data: two\ndata: lines\ndata: and\ndata: more\ndata: \n\n"
              "id: 42\nevent: name\ndata: x\n\n");
    EXPECT_EQ(answer.field("Content-Type"), "text/event-stream");
    EXPECT_EQ(answer.field("Cache-Control"), "no-store");
    EXPECT_EQ(answer.field("X-Accel-Buffering"), "no");
}

Task<void> send_slowly(EventSender& events) {
    for (int i = 0; i < 3; ++i) {
        const bool slept = co_await io::sleep_for(events.core(), seconds(10));
        const bool sent = co_await events.send(std::to_string(i));
        EXPECT_TRUE(slept && sent);
    }
}

TEST_P(Events, BeatWhereThereIsNothingToTell) {
    Server server;
    server.get("/events", [](Request& request) { return send_events(request, send_slowly, seconds(4)); });
    TestClient client(server, GetParam());
    EXPECT_EQ(client.get("/events").content, ":\n\n:\n\n:\n\ndata: 0\n\n:\n\n:\n\ndata: 1\n\n:\n\n:\n\ndata: 2\n\n");
}

TEST_P(Events, BeatEveryFifteenSeconds) {
    Server server;
    server.get("/events", [](Request& request) {
        return send_events(request, [](EventSender& events) -> Task<void> {
            const bool slept = co_await io::sleep_for(events.core(), seconds(40));
            const bool sent = co_await events.send("x");
            EXPECT_TRUE(slept && sent);
        });
    });
    TestClient client(server, GetParam());
    EXPECT_EQ(client.get("/events").content, ":\n\n:\n\n:\n\ndata: x\n\n");
}

Task<void> send_one_late(EventSender& events) {
    const bool slept = co_await io::sleep_for(events.core(), std::chrono::minutes(4));
    const bool sent = co_await events.send("late");
    EXPECT_TRUE(slept && sent);
}

struct HeartbeatRow {
    const char* name;
    milliseconds every;
    std::string_view content;
};
class Heartbeat : public testing::TestWithParam<HeartbeatRow> {};

TEST_P(Heartbeat, MayBeAnyTime) {
    Server server;
    const milliseconds every = GetParam().every;
    server.get("/events", [every](Request& request) { return send_events(request, send_one_late, every); });
    TestClient client(server);
    EXPECT_EQ(client.get("/events").content, GetParam().content);
}
INSTANTIATE_TEST_SUITE_P(Rows, Heartbeat,
                         testing::Values(HeartbeatRow{"None", milliseconds(0), "data: late\n\n"},
                                         HeartbeatRow{"Negative", milliseconds(-1), "data: late\n\n"},
                                         HeartbeatRow{"Never", milliseconds::max(), ":\n\ndata: late\n\n"},
                                         HeartbeatRow{"OnceInTime", seconds(180), ":\n\n:\n\ndata: late\n\n"}),
                         row_name);

// Takes a minute for what it is sent first, and no time for the rest.
class SlowWriter final : public ContentWriter {
public:
    explicit SlowWriter(io::Core& core) : core_(&core) {}
    Task<bool> write(std::string_view octets) override {
        const bool is_first = written_.empty();
        written_ += octets;
        if (!is_first) co_return true;
        const bool slept = co_await io::sleep_for(*core_, std::chrono::minutes(1));
        co_return slept;
    }
    [[nodiscard]] const std::string& written() const { return written_; }

private:
    io::Core* core_;
    std::string written_;
};

Task<void> send_word(EventSender& events, std::string word) {
    const bool sent = co_await events.send(word);
    static_cast<void>(sent);
}
Task<void> beat_twice_a_minute(EventSender& events) { co_await events.beat(seconds(30)); }

class AnEvent : public testing::Test {
protected:
    io::SimKernel kernel{1};
    io::Core core{kernel};
    SlowWriter writer{core};
    EventSender events{core, writer};
};

// A program may give an event up: in a scope of its own, with a time-out.
TEST_F(AnEvent, ThatIsGivenUpDoesNotHoldUpTheNext) {
    {
        io::Scope given_up;
        given_up.start(send_word(events, "first"), AfterStop::ends);
        given_up.request_stop();
        EXPECT_EQ(given_up.size(), 0U);
    }
    io::Scope scope;
    scope.start(send_word(events, "second"));
    EXPECT_EQ(scope.size(), 0U);
    EXPECT_EQ(writer.written(), "data: first\n\ndata: second\n\n");
}

TEST_F(AnEvent, ThatWaitsForAHeartbeatFollowsIt) {
    io::Scope beating;
    beating.start(beat_twice_a_minute(events), AfterStop::ends);
    io::Scope sending;
    sending.start(send_word(events, "late"));
    EXPECT_EQ(writer.written(), ":\n\n");
    const io::TimePoint patience = core.now() + std::chrono::minutes(10);
    while (sending.size() > 0 && core.now() < patience) core.run_once(patience);
    EXPECT_EQ(sending.size(), 0U);
    EXPECT_TRUE(writer.written().starts_with(":\n\ndata: late\n\n")) << writer.written();
    beating.request_stop();
    EXPECT_EQ(beating.size(), 0U);
}

TEST_F(AnEvent, ThatIsGivenUpWhileItWaitsForAHeartbeatLeavesNothing) {
    io::Scope beating;
    beating.start(beat_twice_a_minute(events), AfterStop::ends);
    for (const char* word : {"one", "two"}) {  // only one task waits at a time
        io::Scope given_up;
        given_up.start(send_word(events, word), AfterStop::ends);
        given_up.request_stop();
        EXPECT_EQ(given_up.size(), 0U);
    }
    beating.request_stop();
    io::Scope scope;
    scope.start(send_word(events, "three"));
    EXPECT_EQ(scope.size(), 0U);
    EXPECT_EQ(writer.written(), ":\n\ndata: three\n\n");
}

// Events and heartbeats at the same moments, to a client that takes them slowly: none is lost or torn.
Task<void> send_in_step(EventSender& events) {
    for (int i = 0; i < 200; ++i) {
        const bool slept = co_await io::sleep_for(events.core(), milliseconds(10));
        const bool sent = co_await events.send(std::string(1000, static_cast<char>('a' + i % 26)));
        EXPECT_TRUE(slept && sent);
    }
}

TEST_P(Events, AndHeartbeatsAreNotTorn) {
    Server server;
    server.get("/events", [](Request& request) { return send_events(request, send_in_step, milliseconds(10)); });
    TestClient client(server, GetParam());
    std::string content = client.get("/events").content;
    for (std::size_t beat = content.find(":\n\n"); beat != std::string::npos; beat = content.find(":\n\n", beat)) {
        content.erase(beat, 3);
    }
    std::string whole;
    for (int i = 0; i < 200; ++i) whole += "data: " + std::string(1000, static_cast<char>('a' + i % 26)) + "\n\n";
    EXPECT_EQ(content, whole);
}

struct Ended {
    explicit Ended(int& the_count) : count(&the_count) {}
    Ended(const Ended&) = delete;
    Ended& operator=(const Ended&) = delete;
    ~Ended() { ++*count; }
    int* count;
};

// No event is ever sent: the heartbeat detects the client's departure.
TEST_P(Events, EndWithTheirClient) {
    int ended = 0;
    Server server;
    server.get("/events", [&ended](Request& request) {
        return send_events(
            request,
            [&ended](EventSender& events) -> Task<void> {
                const Ended at_the_end(ended);
                const bool slept = co_await io::sleep_for(events.core(), std::chrono::hours(1));
                static_cast<void>(slept);
            },
            seconds(2));
    });
    TestClient client(server, GetParam());
    client.send_and_leave("GET /events HTTP/1.1\r\nHost: test\r\n\r\n", seconds(1));
    client.pass(seconds(20));
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(client.connections(), 0U);
}

}  // namespace
}  // namespace portico
