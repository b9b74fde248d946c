// portico/app/conversation_sim_test.cc — when and how a conversation ends, on the simulated kernel.
//
// Room app: see command.h.
#include <gtest/gtest.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portico/app/conversation.h"
#include "portico/app/script_for_test.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream_pair_for_test.h"

namespace portico::app {
namespace {

using io::Core;
using io::Duration;
using io::SocketAddress;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The simulated network and scheduler take at most this long.
constexpr Duration slack = milliseconds(600);

struct StreamTalk {
    Script peer;
    Script keyboard;
    Script screen = {{reads_to_end}};
    ConversationOptions options = {};
};
struct Outcome {
    ConversationEnd end;
    Duration took{};
    std::string sent;   // what the peer has heard
    std::string shown;  // what the screen has
};

Task<Outcome> hold(Core& core, StreamTalk talk) {
    Outcome outcome;
    std::string nothing;
    io::StreamPair network = co_await io::make_stream_pair(core);
    io::StreamPair input = co_await io::make_stream_pair(core);
    io::StreamPair output = co_await io::make_stream_pair(core);
    io::Stdio stdio{.input = std::move(input.first), .output = std::move(output.first)};
    io::Scope scripts;
    scripts.start(play(core, std::move(network.second), std::move(talk.peer), outcome.sent));
    scripts.start(play(core, std::move(input.second), std::move(talk.keyboard), nothing));
    scripts.start(play(core, std::move(output.second), std::move(talk.screen), outcome.shown));
    const io::TimePoint begun = core.now();
    outcome.end = co_await converse(std::move(network.first), std::move(stdio), talk.options);
    outcome.took = core.now() - begun;
    co_await scripts.join();
    co_return std::move(outcome);
}

class Conversations : public testing::TestWithParam<std::uint64_t> {
protected:
    Outcome outcome_of(StreamTalk talk) {
        io::SimKernel kernel(GetParam());
        Core core(kernel);
        return io::run_task(core, hold(core, std::move(talk)));
    }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Conversations, testing::Range<std::uint64_t>(1, 11));

TEST_P(Conversations, HalfCloseAtTheEndOfInputAndReadOn) {
    const Outcome outcome = outcome_of({.peer = {{reads_to_end}, pauses(seconds(10)), writes("answer"), {finishes}},
                                        .keyboard = {writes("question"), {finishes}}});
    EXPECT_EQ(outcome.end.ending, Ending::done);
    EXPECT_EQ(outcome.sent, "question");
    EXPECT_EQ(outcome.shown, "answer");
    EXPECT_TRUE(outcome.end.has_received);
    EXPECT_GE(outcome.took, seconds(10));
    EXPECT_LT(outcome.took, seconds(10) + slack);
}

TEST_P(Conversations, EndTwoSecondsAfterThePeerWithoutInput) {
    const Outcome outcome =
        outcome_of({.peer = {writes("bye"), {finishes}, {reads_to_end}}, .keyboard = {pauses(seconds(60))}});
    EXPECT_EQ(outcome.end.ending, Ending::done);
    EXPECT_EQ(outcome.shown, "bye");
    EXPECT_GE(outcome.took, seconds(2));
    EXPECT_LT(outcome.took, seconds(2) + slack);
}

TEST_P(Conversations, SendWhatInputStillHasAfterThePeerHasEnded) {
    const Outcome outcome =
        outcome_of({.peer = {{finishes}, {reads_to_end}},
                    .keyboard = {pauses(milliseconds(1500)), writes("a"), pauses(milliseconds(1500)), writes("b"),
                                 pauses(seconds(60)), writes("too late")}});
    EXPECT_EQ(outcome.end.ending, Ending::done);
    EXPECT_EQ(outcome.sent, "ab");
    EXPECT_GE(outcome.took, seconds(5));
    EXPECT_LT(outcome.took, seconds(5) + slack);
}

TEST_P(Conversations, OfAPersonEndWithThePeer) {
    const Outcome outcome = outcome_of(
        {.peer = {writes("bye"), {finishes}}, .keyboard = {pauses(seconds(60))}, .options = {.typing = Typing::yes}});
    EXPECT_EQ(outcome.end.ending, Ending::done);
    EXPECT_EQ(outcome.shown, "bye");
    EXPECT_LT(outcome.took, slack);
}

TEST_P(Conversations, EndAtTheEscapeCharacterOfAPerson) {
    StreamTalk talk{.peer = {{reads_to_end}},
                    .keyboard = {writes("hello\n"), pauses(seconds(1)), writes("\x1d"), pauses(seconds(60))},
                    .options = {.typing = Typing::yes}};
    const Outcome escaped = outcome_of(talk);
    EXPECT_EQ(escaped.end.ending, Ending::escaped);
    EXPECT_EQ(escaped.sent, "hello\n");
    EXPECT_LT(escaped.took, seconds(1) + slack);
    // A file may contain the escape octet.
    talk.options.typing = Typing::no;
    talk.keyboard.back() = {finishes};
    EXPECT_EQ(outcome_of(talk).sent, "hello\n\x1d");
}

TEST_P(Conversations, EndAfterTooLongASilence) {
    const Outcome outcome = outcome_of({.peer = {pauses(seconds(2)), writes("a"), {reads_to_end}},
                                        .keyboard = {pauses(seconds(4)), writes("b"), pauses(seconds(60))},
                                        .options = {.idle_max = seconds(3)}});
    EXPECT_EQ(outcome.end.ending, Ending::idle);
    EXPECT_EQ(outcome.sent, "b");
    EXPECT_GE(outcome.took, seconds(7));
    EXPECT_LT(outcome.took, seconds(7) + slack);
}

TEST_P(Conversations, AreNotSilentWhileTheScreenIsSlow) {
    const std::string much(1'000'000, 'x');
    const Outcome outcome = outcome_of({.peer = {writes(much), {finishes}, {reads_to_end}},
                                        .keyboard = {{finishes}},
                                        .screen = {pauses(seconds(20)), {reads_to_end}},
                                        .options = {.idle_max = seconds(1)}});
    EXPECT_EQ(outcome.end.ending, Ending::done);
    EXPECT_TRUE(outcome.shown == much);
}

TEST_P(Conversations, TellOfAReset) {
    const Outcome outcome = outcome_of({.peer = {pauses(seconds(1)), {resets}}, .keyboard = {pauses(seconds(60))}});
    EXPECT_EQ(outcome.end.ending, Ending::receive_failed);
    EXPECT_EQ(outcome.end.number, ECONNRESET);
    EXPECT_LT(outcome.took, seconds(1) + slack);
}

TEST_P(Conversations, EndWhenTheScreenIsClosed) {
    const Outcome outcome = outcome_of({.peer = {writes(std::string(1'000'000, 'x')), {reads_to_end}},
                                        .keyboard = {pauses(seconds(60))},
                                        .screen = {pauses(seconds(1)), {resets}}});
    EXPECT_EQ(outcome.end.ending, Ending::output_failed);
    EXPECT_NE(outcome.end.number, 0);
    EXPECT_LT(outcome.took, seconds(1) + slack);
}

TEST_P(Conversations, ConvertLineEndsThatAreSent) {
    const Outcome outcome = outcome_of({.peer = {{reads_to_end}, {finishes}},
                                        .keyboard = {writes("a\nb\r"), pauses(seconds(1)), writes("\nc"), {finishes}},
                                        .options = {.line_ends = LineEnds::crlf}});
    EXPECT_EQ(outcome.sent, "a\r\nb\r\nc");
}

TEST_P(Conversations, ShowWhatWouldSteerATerminal) {
    const StreamTalk talk{.peer = {writes("\xE6"), pauses(seconds(1)), writes("\xBC\xA2\x1b[2J\n\xE6"), {finishes}},
                          .keyboard = {{finishes}},
                          .options = {.showing = Showing::printable}};
    EXPECT_EQ(outcome_of(talk).shown, "漢\\x1b[2J\n\\xe6");
    StreamTalk raw = talk;
    raw.options.showing = Showing::unchanged;
    EXPECT_EQ(outcome_of(raw).shown, "漢\x1b[2J\n\xE6");
}

// --- datagrams

struct Answerer {
    io::Datagram socket;
    std::vector<std::string> heard = {};
};

// Answers the first `count` datagrams: sends each one back after a pause.
Task<void> answer(Core& core, Answerer& all, std::size_t count, Duration pause) {
    std::string room(70'000, '\0');
    for (;;) {
        std::array<io::DatagramSlot, 1> slots;
        slots[0].octets = room;
        const io::Result<std::size_t> received = co_await all.socket.receive(slots, io::never);
        if (!received) co_return;
        all.heard.emplace_back(slots[0].octets.data(), slots[0].octets.size());
        if (all.heard.size() > count) continue;
        const bool slept = co_await io::sleep_for(core, pause);
        if (!slept) co_return;
        const io::Result<std::size_t> sent = co_await all.socket.send(slots, io::never);
        if (!sent) co_return;
    }
}

struct DatagramTalk {
    Script keyboard;
    std::size_t answers = 1000;
    Duration pause = {};
    ConversationOptions options = {};
};

Task<Outcome> hold_by_datagram(Core& core, DatagramTalk talk, std::vector<std::string>& heard) {
    Outcome outcome;
    std::string nothing;
    const SocketAddress any = SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
    Answerer answerer{.socket = *io::Datagram::open(core, any)};
    io::Datagram socket = *io::Datagram::open(core, any);
    const SocketAddress there = answerer.socket.local();
    io::StreamPair input = co_await io::make_stream_pair(core);
    io::StreamPair output = co_await io::make_stream_pair(core);
    io::Stdio stdio{.input = std::move(input.first), .output = std::move(output.first)};
    io::Scope scripts;
    io::Scope answering;
    Script screen{{reads_to_end}};
    answering.start(answer(core, answerer, talk.answers, talk.pause));
    scripts.start(play(core, std::move(input.second), std::move(talk.keyboard), nothing));
    scripts.start(play(core, std::move(output.second), std::move(screen), outcome.shown));
    const io::TimePoint begun = core.now();
    outcome.end = co_await converse_by_datagram(std::move(socket), there, std::move(stdio), talk.options);
    outcome.took = core.now() - begun;
    co_await scripts.join();
    answering.request_stop();
    co_await answering.join();
    heard = std::move(answerer.heard);
    co_return std::move(outcome);
}

class DatagramConversations : public testing::TestWithParam<std::uint64_t> {
protected:
    Outcome outcome_of(DatagramTalk talk) {
        io::SimKernel kernel(GetParam());
        Core core(kernel);
        return io::run_task(core, hold_by_datagram(core, std::move(talk), heard_));
    }
    std::vector<std::string> heard_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, DatagramConversations, testing::Range<std::uint64_t>(1, 11));

TEST_P(DatagramConversations, EndASecondAfterTheLastAnswer) {
    const Outcome outcome = outcome_of({.keyboard = {writes("hello"), {finishes}}, .pause = milliseconds(700)});
    EXPECT_EQ(outcome.end.ending, Ending::done);
    EXPECT_TRUE(outcome.end.has_received);
    EXPECT_EQ(outcome.shown, "hello");
    EXPECT_GE(outcome.took, milliseconds(1700));
    EXPECT_LT(outcome.took, milliseconds(1700) + slack);
}

TEST_P(DatagramConversations, WaitAsLongAsTheyAreTold) {
    const Outcome outcome = outcome_of(
        {.keyboard = {writes("hello"), {finishes}}, .pause = seconds(3), .options = {.idle_max = seconds(5)}});
    EXPECT_EQ(outcome.shown, "hello");
    EXPECT_GE(outcome.took, seconds(8));
    EXPECT_LT(outcome.took, seconds(8) + slack);
}

TEST_P(DatagramConversations, KnowThatNothingWasAnswered) {
    const Outcome outcome = outcome_of({.keyboard = {writes("hello"), {finishes}}, .answers = 0});
    EXPECT_EQ(outcome.end.ending, Ending::done);
    EXPECT_FALSE(outcome.end.has_received);
    EXPECT_GE(outcome.took, seconds(1));
    EXPECT_LT(outcome.took, seconds(1) + slack);
}

TEST_P(DatagramConversations, SendAnEmptyDatagramForNoInput) {
    outcome_of({.keyboard = {{finishes}}});
    EXPECT_EQ(heard_, std::vector<std::string>{""});
}

TEST_P(DatagramConversations, SendNoEmptyDatagramAfterInput) {
    const Outcome outcome = outcome_of({.keyboard = {writes("hello"), pauses(seconds(1)), {finishes}}});
    EXPECT_EQ(std::count(heard_.begin(), heard_.end(), ""), 0);
    EXPECT_GE(outcome.took, seconds(2)) << "a second after the end of input";
}

}  // namespace
}  // namespace portico::app
