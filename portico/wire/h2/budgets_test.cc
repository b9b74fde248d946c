// portico/wire/h2/budgets_test.cc — floods and slow peers: each limit, just below and just above.
#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h2/client_for_test.h"
#include "portico/wire/h2/pace.h"

namespace portico::h2 {
namespace {

using namespace std::chrono_literals;

const std::string calm = "GOAWAY ENHANCE_YOUR_CALM";

TEST(PaceOf, AllowsABurstAndThenARate) {
    Pace pace(100ms, 3);
    const TimePoint begin(1h);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(pace.allow(begin));
    EXPECT_FALSE(pace.allow(begin));
    // What was one too many counts as well.
    EXPECT_FALSE(pace.allow(begin + 199ms));
    EXPECT_TRUE(pace.allow(begin + 300ms));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(pace.allow(begin + 10s));
    EXPECT_FALSE(pace.allow(begin + 10s));
}

// --- Control frames

struct FloodRow {
    const char* name;
    std::string frame;  // on stream 1, whose request is not complete
};
class ControlFloods : public testing::TestWithParam<FloodRow> {};

TEST_P(ControlFloods, EndTheConnection) {
    Served served;
    served.receive(hello() + post_of(1));
    const std::uint64_t before = served.counters().control_frames;
    const std::size_t allowed = Limits().control_frames_burst_max - before;
    for (std::size_t i = 0; i < allowed; ++i) served.receive(GetParam().frame);
    EXPECT_EQ(served.verdict(), "ok");
    served.receive(GetParam().frame);
    EXPECT_EQ(served.verdict(), calm);
    EXPECT_EQ(served.counters().control_frames, before + allowed + 1);
    EXPECT_EQ(served.counters().control_floods, 1U);
    EXPECT_EQ(served.ledger().used() < 100'000, true);
}

TEST_P(ControlFloods, AreNoneAtTheRateThatIsAllowed) {
    Served served;
    served.receive(hello() + post_of(1));
    for (int i = 0; i < 2000; ++i) {
        served.wait(10ms);
        served.receive(GetParam().frame);
    }
    EXPECT_EQ(served.verdict(), "ok");
    for (int i = 0; i < 2000 && !served.connection().has_ended(); ++i) {
        served.wait(8ms);
        served.receive(GetParam().frame);
    }
    EXPECT_EQ(served.verdict(), calm);
}

INSTANTIATE_TEST_SUITE_P(
    OfEachKind, ControlFloods,
    testing::Values(FloodRow{"Ping", ping_of()}, FloodRow{"PingAcknowledgment", ping_of("12345678", flag_ack)},
                    FloodRow{"Settings", settings_of()}, FloodRow{"SettingsOfWindow", settings_of({{4, 1000}})},
                    FloodRow{"SettingsAcknowledgment", frame_of(FrameType::settings, flag_ack, 0, "")},
                    FloodRow{"Priority", priority_of(1, 3)}, FloodRow{"PriorityOfIdleStream", priority_of(77, 3)},
                    FloodRow{"PriorityUpdate", priority_update_of(1, "u=1")},
                    FloodRow{"PriorityUpdateOfIdleStream", priority_update_of(77, "u=1")},
                    FloodRow{"EmptyData", data_of(1, "", 0)},
                    FloodRow{"DataOfPadding", data_of(1, std::string("\x03\0\0\0", 4), flag_padded)},
                    FloodRow{"DataOfMostlyPadding", data_of(1,
                                                            std::string("\x03"
                                                                        "a\0\0\0",
                                                                        5),
                                                            flag_padded)},
                    FloodRow{"WindowUpdate", window_update_of(0, 1)},
                    FloodRow{"WindowUpdateOfStream", window_update_of(1, 1)},
                    FloodRow{"Unknown", frame_of(0, 0x20, 0, 0, "")},
                    FloodRow{"Goaway", frame_of(FrameType::goaway, 0, 0, std::string(8, '\0'))}),
    row_name);

// What DATA explains is no flood: two updates for each frame, one for the stream and one for the connection.
TEST(WindowUpdates, ThatOurDataExplainsAreFree) {
    Served served;
    served.receive(hello() + get_of(1));
    served.connection().respond(1, {}, {}, Ending::more);
    const std::uint64_t before = served.counters().control_frames;
    for (int i = 0; i < 1000; ++i) {
        served.connection().write_data(1, std::string(2000, 'a'), Ending::more);
        served.flush();
        served.receive(window_update_of(0, 2000) + window_update_of(1, 2000));
    }
    EXPECT_EQ(served.counters().control_frames, before);
}

TEST(WindowUpdates, OfAnOctetEachAreAFlood) {
    Served served;
    served.receive(hello({{4, 1}}) + get_of(1));
    served.connection().respond(1, {}, {}, Ending::more);
    for (int i = 0; i < 300 && !served.connection().has_ended(); ++i) {
        served.connection().write_data(1, std::string(served.connection().room_for_data(1), 'a'), Ending::more);
        served.receive(window_update_of(1, 1));
    }
    EXPECT_EQ(served.verdict(), calm);
}

TEST(WindowUpdates, OfClosedStreamsAreAFlood) {
    Served served(Server::answers);
    served.receive(hello() + get_of(1));
    for (int i = 0; i < 300; ++i) served.receive(window_update_of(1, 1));
    EXPECT_EQ(served.verdict(), calm);
}

// --- Resets

struct ResetRow {
    const char* name;
    std::string (*octets)(StreamId);  // opens a stream and has it reset
};
class ResetFloods : public testing::TestWithParam<ResetRow> {};

TEST_P(ResetFloods, EndTheConnection) {
    Served served(Server::releases);
    served.receive(hello());
    StreamId id = 1;
    for (; id < 200; id += 2) served.receive(GetParam().octets(id));
    EXPECT_FALSE(served.connection().has_ended());
    served.receive(GetParam().octets(id));
    EXPECT_EQ(served.frames.back().substr(served.frames.back().rfind(' ')), " ENHANCE_YOUR_CALM");
    EXPECT_EQ(served.counters().resets_floods, 1U);
    EXPECT_EQ(served.counters().resets_received + served.counters().resets_sent, 101U);
}

TEST_P(ResetFloods, AreNoneAtTheRateThatIsAllowed) {
    Served served(Server::releases);
    served.receive(hello());
    for (StreamId id = 1; id < 2000; id += 2) {
        served.wait(100ms);
        served.receive(GetParam().octets(id));
    }
    EXPECT_FALSE(served.connection().has_ended());
}

INSTANTIATE_TEST_SUITE_P(
    OfEachKind, ResetFloods,
    testing::Values(
        // CVE-2023-44487
        ResetRow{"RapidReset", [](StreamId id) { return get_of(id) + reset_of(id); }},
        // CVE-2025-8671: the client makes us reset the stream.
        ResetRow{"ZeroWindowUpdate", [](StreamId id) { return get_of(id) + window_update_of(id, 0); }},
        ResetRow{"WindowOverflow", [](StreamId id) { return get_of(id) + window_update_of(id, 0x7fffffff); }},
        ResetRow{"DataAfterTheEnd", [](StreamId id) { return get_of(id) + data_of(id, "a"); }},
        ResetRow{"HeadersAfterTheEnd", [](StreamId id) { return get_of(id) + get_of(id); }},
        ResetRow{"PriorityOfWrongSize",
                 [](StreamId id) { return get_of(id) + frame_of(FrameType::priority, 0, id, "1234"); }},
        ResetRow{"Malformed", [](StreamId id) { return headers_of(id, ""); }},
        ResetRow{"TooMuchContent",
                 [](StreamId id) { return post_of(id, {{"content-length", "0"}}) + data_of(id, "a"); }}),
    row_name);

TEST(Resets, OfClosedStreamsCountToo) {
    Served served(Server::answers);
    served.receive(hello() + get_of(1));
    for (int i = 0; i < 101; ++i) served.receive(reset_of(1));
    EXPECT_EQ(served.verdict(), calm);
}

// --- Streams

TEST(StreamLimit, RefusesFurtherStreams) {
    Served served;
    std::string octets = hello();
    for (StreamId id = 1; id < 256; id += 2) octets += get_of(id);
    served.receive(octets);
    EXPECT_EQ(served.connection().streams(), 128U);
    EXPECT_EQ(served.verdict(), "ok");
    served.receive(get_of(257));
    EXPECT_EQ(served.verdict(), "RST_STREAM 257 REFUSED_STREAM");
    EXPECT_EQ(served.counters().streams_refused, 1U);
    served.receive(data_of(257, "a"));  // may have been on its way
    EXPECT_EQ(served.verdict(), "RST_STREAM 257 REFUSED_STREAM");
    served.connection().respond(1, {}, {}, Ending::last);
    served.connection().released(1);
    served.receive(get_of(259));
    EXPECT_EQ(served.verdict(), "RST_STREAM 257 REFUSED_STREAM");
}

// A reset does not free what the server still works on.
TEST(StreamLimit, CountsCancelledWork) {
    Limits limits;
    limits.streams_max = 3;
    Served served(Server::silent, limits);
    served.receive(hello());
    for (StreamId id = 1; id < 7; id += 2) served.receive(get_of(id) + reset_of(id));
    served.receive(get_of(7));
    EXPECT_EQ(served.verdict(), "RST_STREAM 7 REFUSED_STREAM");
    served.connection().released(3);
    served.receive(get_of(9));
    EXPECT_EQ(served.events.substr(served.events.rfind("request")), "request 9\n");
}

// --- Field blocks

TEST(FieldBlocks, MayHaveEightContinuations) {
    std::string octets = hello() + headers_of(1, "", flag_end_stream);
    for (int i = 0; i < 7; ++i) octets += continuation_of(1, "", 0);
    Served served;
    served.receive(octets + continuation_of(1, request_block()));
    EXPECT_EQ(served.events, "request 1\n");
    Served more;
    more.receive(octets + continuation_of(1, request_block(), 0));
    EXPECT_EQ(more.verdict(), "ok");
    more.receive(continuation_of(1, ""));
    EXPECT_EQ(more.verdict(), calm);
    EXPECT_EQ(more.counters().blocks_too_large, 1U);
}

TEST(FieldBlocks, MayHave64KiB) {
    const std::string line = line_of("x", std::string(1000, 'v'));
    std::string block = request_block();
    while (block.size() < 64 * 1024) block += line;
    for (const std::size_t octets : {64U * 1024U, 64U * 1024U + 1U}) {
        std::string input = hello() + headers_of(1, block.substr(0, 16'000), flag_end_stream);
        for (std::size_t at = 16'000; at < octets; at += 16'000) {
            input += continuation_of(1, block.substr(at, std::min<std::size_t>(16'000, octets - at)), 0);
        }
        Served served;
        served.receive(input, 1000);
        EXPECT_EQ(served.verdict(), octets == 64U * 1024U ? "ok" : calm);
        EXPECT_EQ(served.counters().blocks_too_large, octets == 64U * 1024U ? 0U : 1U);
        EXPECT_LT(served.ledger().peak(), 256U * 1024U);
    }
}

TEST(FieldBlocks, MustEndInTime) {
    const std::string begun = headers_of(1, request_block(), flag_end_stream);
    for (const std::string& part :
         {begun, begun.substr(0, 20), ping_of().substr(0, 5), std::string(get_of(1) + get_of(3).substr(0, 12))}) {
        Served served;
        served.receive(hello() + part);
        const auto deadline = served.connection().deadline();
        ASSERT_EQ(deadline, served.now() + 10s);
        served.wait(9s);
        served.receive("");
        EXPECT_EQ(served.verdict(), "ok");
        EXPECT_EQ(served.connection().deadline(), deadline);
        served.wait(1s);
        served.receive("");
        EXPECT_EQ(served.verdict(), calm);
        EXPECT_EQ(served.counters().blocks_too_slow, 1U);
    }
}

TEST(FieldBlocks, EachHaveTheirTime) {
    Served served;
    served.receive(hello());
    std::string rest;
    for (StreamId id = 1; id < 30; id += 2) {
        const std::string request = get_of(id);
        served.receive(rest + request.substr(0, 20));  // there is always one that is not complete
        rest = request.substr(20);
        served.wait(6s);
    }
    EXPECT_EQ(served.verdict(), "ok");
}

TEST(FieldBlocks, AreTimedWithTheirContinuations) {
    Served served;
    served.receive(hello() + headers_of(1, "", flag_end_stream));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(served.verdict(), i < 2 ? "ok" : calm);
        served.wait(5s);
        served.receive(continuation_of(1, "", 0));
    }
}

// Content is the business of the layer above.
TEST(FieldBlocks, AreNotContent) {
    Served served;
    served.receive(hello() + post_of(1) + data_of(1, "abc").substr(0, 10));
    EXPECT_FALSE(served.connection().deadline());
}

// --- Stalls

class Stalls : public testing::Test {
protected:
    // Stream 1 has content, and its window is closed.
    void stall(Served& served, std::uint32_t window) {
        served.receive(hello({{4, window}}) + get_of(1));
        served.connection().respond(1, {}, {}, Ending::more);
        served.connection().has_data(1, served.now());
    }
};

TEST_F(Stalls, OfAStreamAreReset) {
    Served served(Server::releases);
    stall(served, 0);
    EXPECT_EQ(served.connection().deadline(), served.now() + 30s);
    served.wait(30s - 1ms);
    served.receive("");
    EXPECT_EQ(served.verdict(), "ok");
    served.wait(1ms);
    served.receive("");
    EXPECT_EQ(served.events, "request 1\nreset 1 CANCEL\n");
    EXPECT_EQ(served.verdict(), "RST_STREAM 1 CANCEL");
    EXPECT_EQ(served.counters().streams_stalled, 1U);
    EXPECT_FALSE(served.connection().deadline());
}

TEST_F(Stalls, BeginWhenTheWindowIsUsedUp) {
    Served served;
    stall(served, 5);
    EXPECT_FALSE(served.connection().deadline());
    served.wait(100s);
    ASSERT_EQ(served.connection().next_to_send(served.now()), 1U);
    served.connection().write_data(1, "abcde", Ending::more);
    EXPECT_EQ(served.connection().deadline(), served.now() + 30s);
    served.receive(window_update_of(1, 5));
    EXPECT_FALSE(served.connection().deadline());
    served.wait(100s);
    served.receive("");
    EXPECT_EQ(served.verdict(), "ok");
}

TEST_F(Stalls, AreNoneWithoutContent) {
    Served served;
    stall(served, 0);
    served.connection().has_no_data(1);
    EXPECT_FALSE(served.connection().deadline());
}

// One that is behind others has to wait for them, not for the client.
TEST_F(Stalls, OfTheConnectionResetAllThatWait) {
    Served served(Server::releases);
    served.receive(hello({{4, 100'000}}));
    for (const StreamId id : {1U, 3U, 5U}) {
        served.receive(get_of(id));
        served.connection().respond(id, {}, {}, Ending::more);
    }
    served.connection().has_data(1, served.now());
    served.connection().has_data(3, served.now());
    EXPECT_FALSE(served.connection().deadline());
    served.connection().write_data(1, std::string(65'535, 'a'), Ending::more);
    EXPECT_EQ(served.connection().deadline(), served.now() + 30s);
    served.wait(29s);
    served.receive(window_update_of(0, 1));
    EXPECT_FALSE(served.connection().deadline());
    served.connection().write_data(1, "a", Ending::more);
    served.wait(30s);
    served.receive("");
    EXPECT_EQ(served.verdict(), "RST_STREAM 1 CANCEL, RST_STREAM 3 CANCEL");
    EXPECT_FALSE(served.connection().deadline());
}

// --- The output

TEST(Outputs, ThatAreNotReadEndTheConnection) {
    Limits limits;
    limits.output_octets_max = 1000;
    Served served(Server::silent, limits);
    served.receive(hello());
    served.stop_reading();
    for (int i = 0; i < 200 && !served.connection().has_ended(); ++i) {
        served.wait(10ms);
        served.receive(ping_of());
    }
    EXPECT_TRUE(served.connection().has_ended());
    EXPECT_EQ(served.connection().last_fault().error, ErrorCode::enhance_your_calm);
    EXPECT_EQ(served.counters().outputs_unread, 1U);
    EXPECT_LT(served.connection().output().size(), 2100U);
}

// --- Settings

TEST(Settings, MustBeAcknowledgedInTime) {
    Served served;
    EXPECT_FALSE(served.connection().deadline());
    served.wait(1h);
    served.receive(std::string(client_preface) + settings_of());
    EXPECT_EQ(served.connection().deadline(), served.now() + 10s);
    served.wait(10s);
    served.receive("");
    EXPECT_EQ(served.verdict(), "GOAWAY SETTINGS_TIMEOUT");
    EXPECT_EQ(served.counters().settings_timeouts, 1U);
}

// What has arrived counts, even if it is read late.
TEST(Settings, AreAcknowledgedByOctetsThatWaited) {
    Served served;
    served.receive(std::string(client_preface) + settings_of());
    served.wait(11s);
    served.receive(frame_of(FrameType::settings, flag_ack, 0, ""));
    EXPECT_EQ(served.verdict(), "ok");
    EXPECT_FALSE(served.connection().deadline());
}

// --- Memory

TEST(Memory, ThatIsShortRefusesStreams) {
    Ledger ledger(400'000);
    BufferPool pool(ledger);
    const Limits limits;
    Context context(pool, limits);
    Connection connection(context, http::Scheme::https);
    const Charge others(ledger, 360'000);
    const std::string input = hello() + get_of(1);
    connection.receive(input, TimePoint(1h));
    EXPECT_FALSE(connection.next_event());
    std::string output(connection.output());
    EXPECT_EQ(text_of(take_frames(output).back()), "RST_STREAM 1 REFUSED_STREAM");
}

TEST(Memory, ThatIsUsedUpEndsTheConnection) {
    Ledger ledger(100'000);
    BufferPool pool(ledger);
    const Limits limits;
    Context context(pool, limits);
    const Charge others(ledger, 99'999);
    Connection connection(context, http::Scheme::https);
    const std::string input = hello();
    connection.receive(input, TimePoint(1h));
    const auto event = connection.next_event();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, Event::Kind::ended);
    EXPECT_EQ(event->fault.error, ErrorCode::internal_error);
    EXPECT_EQ(connection.output(), "");
}

}  // namespace
}  // namespace portico::h2
