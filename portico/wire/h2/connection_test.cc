// portico/wire/h2/connection_test.cc — what a connection sends, flow control, and how it ends.
#include "portico/wire/h2/connection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "portico/wire/h2/client_for_test.h"
#include "portico/wire/hpack/decoder.h"

namespace portico::h2 {
namespace {

using http::FieldName;
using namespace std::chrono_literals;
using testing::Test;

// A server whose client has asked for stream 1.
class Answering : public Test {
protected:
    Answering() { served.receive(hello({{4, 100'000}}) + window_update_of(0, 1'000'000) + get_of(1)); }

    // The lines of the field block in frame `index`, and of CONTINUATION frames after it.
    std::string lines_of(std::size_t index) {
        std::string block = served.payloads.at(index);
        while (++index < served.frames.size() && served.frames[index].starts_with("CONTINUATION")) {
            block += served.payloads[index];
        }
        std::string text;
        std::vector<char> memory(200'000);
        std::span<char> room(memory);
        std::string_view rest = block;
        decoder_.begin_block();
        for (;;) {
            const auto line = decoder_.next(rest, room);
            if (!line) return "malformed";
            if (!*line) return text;
            text.append((*line)->name).append("=").append((*line)->value).append("\n");
        }
    }
    [[nodiscard]] Connection& connection() { return served.connection(); }

    Served served;
    http::Response response;

private:
    hpack::Decoder decoder_;
};

TEST_F(Answering, BeginsWithOurSettings) {
    EXPECT_EQ(served.frames.at(0), "SETTINGS");
    EXPECT_EQ(served.frames.at(1), "WINDOW_UPDATE 0 " + std::to_string(1024 * 1024 - 65535));
    EXPECT_EQ(served.frames.at(2), "SETTINGS ack");
    EXPECT_EQ(served.frames.size(), 3U);
    // RFC 9113 §6.5.2; RFC 8441 §3; RFC 9218 §2.1
    EXPECT_EQ(served.payloads.at(0), number_of(3, 2) + number_of(128, 4) + number_of(8, 2) + number_of(1, 4) +
                                         number_of(4, 2) + number_of(131072, 4) + number_of(6, 2) +
                                         number_of(32768, 4) + number_of(9, 2) + number_of(1, 4));
}

TEST_F(Answering, SendsAHead) {
    response.status = http::Status::not_found;
    response.fields.add(FieldName::content_type, "text/plain");
    response.fields.add("X-Mixed", "a");
    connection().respond(1, response, {.date = "Sun, 06 Nov 1994 08:49:37 GMT", .content_length = 5}, Ending::more);
    served.flush();
    EXPECT_EQ(served.frames.back(), "HEADERS 1");
    EXPECT_EQ(
        lines_of(3),
        ":status=404\ndate=Sun, 06 Nov 1994 08:49:37 GMT\ncontent-type=text/plain\nx-mixed=a\ncontent-length=5\n");
    connection().write_data(1, "hello", Ending::last);
    served.flush();
    EXPECT_EQ(served.frames.back(), "DATA 1 5 end");
    EXPECT_EQ(served.payloads.back(), "hello");
}

TEST_F(Answering, SendsAHeadAlone) {
    connection().respond(1, response, {}, Ending::last);
    served.flush();
    EXPECT_EQ(served.frames.back(), "HEADERS 1 end");
    EXPECT_EQ(lines_of(3), ":status=200\n");
    connection().write_data(1, "late", Ending::last);
    connection().respond(1, response, {}, Ending::last);
    connection().reset(1, ErrorCode::cancel);
    served.flush();
    EXPECT_EQ(served.frames.size(), 4U);
}

// RFC 9113 §8.2.2
TEST_F(Answering, LeavesOutWhatHttp2DoesNotHave) {
    for (const auto name :
         {"Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "TE", "Content-Length"}) {
        response.fields.add(name, "1");
    }
    connection().respond(1, response, {}, Ending::last);
    served.flush();
    EXPECT_EQ(lines_of(3), ":status=200\n");
}

TEST_F(Answering, SendsInterimResponses) {
    response.status = http::Status::continue_;
    connection().respond(1, response, {}, Ending::more);
    response.status = http::Status::early_hints;
    response.fields.add(FieldName::link, "</a>");
    connection().respond(1, response, {}, Ending::more);
    EXPECT_EQ(connection().room_for_data(1), 0U);
    response.clear();
    connection().respond(1, response, {}, Ending::last);
    served.flush();
    EXPECT_EQ(lines_of(3), ":status=100\n");
    EXPECT_EQ(lines_of(4), ":status=103\nlink=</a>\n");
    EXPECT_EQ(lines_of(5), ":status=200\n");
}

TEST_F(Answering, SendsTrailers) {
    connection().respond(1, response, {}, Ending::more);
    connection().write_data(1, "abc", Ending::more);
    http::FieldSection trailers;
    trailers.add("X-Sum", "7");
    connection().write_trailers(1, trailers);
    served.flush();
    EXPECT_EQ(served.frames.at(4), "DATA 1 3");
    EXPECT_EQ(served.frames.at(5), "HEADERS 1 end");
    EXPECT_EQ(lines_of(3), ":status=200\n");
    EXPECT_EQ(lines_of(5), "x-sum=7\n");
}

// RFC 9113 §4.3, §6.10
TEST_F(Answering, ContinuesALargeHead) {
    for (const std::size_t octets : {16'000U, 17'000U, 33'000U, 50'000U}) {
        Served other;
        other.receive(hello() + get_of(1));
        http::Response large;
        const std::string value(octets, '\xff');  // Huffman coding would not make it shorter
        large.fields.add("x", value);
        other.connection().respond(1, large, {}, Ending::last);
        other.flush();
        const std::size_t frames = 1 + octets / payload_octets_max;
        ASSERT_EQ(other.frames.size(), 3 + frames) << octets;
        EXPECT_EQ(other.frames.at(3), "HEADERS 1 end");
        std::string block;
        for (std::size_t i = 3; i < 3 + frames; ++i) block += other.payloads.at(i);
        EXPECT_TRUE(block.ends_with(value));
    }
}

TEST_F(Answering, CutsContentIntoFrames) {
    connection().respond(1, response, {}, Ending::more);
    connection().write_data(1, std::string(40'000, 'a'), Ending::last);
    served.flush();
    const std::vector<std::string> sent(served.frames.begin() + 4, served.frames.end());
    EXPECT_EQ(sent, (std::vector<std::string>{"DATA 1 16384", "DATA 1 16384", "DATA 1 7232 end"}));
}

TEST_F(Answering, LendsMemoryForContent) {
    connection().respond(1, response, {}, Ending::more);
    const std::span<char> room = connection().data_room(1, 100'000);
    ASSERT_EQ(room.size(), payload_octets_max);
    std::ranges::copy(std::string_view("abc"), room.begin());
    connection().data_written(1, 3, Ending::more);
    connection().data_written(1, 0, Ending::last);
    served.flush();
    EXPECT_EQ(served.frames.at(4), "DATA 1 3");
    EXPECT_EQ(served.payloads.at(4), "abc");
    EXPECT_EQ(served.frames.at(5), "DATA 1 0 end");
}

TEST_F(Answering, OfManyRequestsIsOneOutput) {
    std::string requests;
    for (StreamId id = 3; id < 60; id += 2) requests += get_of(id);
    connection().receive(requests, served.now());
    std::size_t events = 0;
    while (const auto event = connection().next_event()) {
        connection().respond(event->stream, response, {}, Ending::last);
        connection().released(event->stream);
        ++events;
    }
    EXPECT_EQ(events, 29U);
    std::string output(connection().output());
    EXPECT_EQ(take_frames(output).size(), 29U);
    served.flush();
    EXPECT_EQ(connection().output(), "");
}

TEST_F(Answering, OfAClosedStreamDoesNothing) {
    served.receive(reset_of(1));
    EXPECT_EQ(served.events, "request 1\nreset 1 CANCEL\n");
    const std::size_t before = served.frames.size();
    connection().respond(1, response, {}, Ending::more);
    connection().write_data(1, "abc", Ending::last);
    connection().write_trailers(1, response.fields);
    connection().has_data(1, served.now());
    EXPECT_EQ(connection().room_for_data(1), 0U);
    EXPECT_FALSE(connection().next_to_send(served.now()));
    connection().released(1);
    connection().released(1);
    served.flush();
    EXPECT_EQ(served.frames.size(), before);
    EXPECT_EQ(connection().streams(), 0U);
}

TEST_F(Answering, ThatIsReleasedTooEarlyIsReset) {
    connection().respond(1, response, {}, Ending::more);
    connection().released(1);
    served.flush();
    EXPECT_EQ(served.frames.back(), "RST_STREAM 1 INTERNAL_ERROR");
    EXPECT_EQ(served.counters().resets_sent, 1U);
}

TEST_F(Answering, AcknowledgesEachPing) {
    served.receive(ping_of("abcdefgh") + ping_of("ABCDEFGH"));
    EXPECT_EQ(served.frames.at(3), "PING ack abcdefgh");
    EXPECT_EQ(served.frames.at(4), "PING ack ABCDEFGH");
}

// RFC 9113 §8.1: a response may end before its request.
TEST(Connections, AskAClientToStopSendingAfterTheAnswer) {
    Served served(Server::answers);
    served.receive(hello() + post_of(1));
    EXPECT_EQ(served.frames.back(), "RST_STREAM 1 NO_ERROR");
    served.receive(data_of(1, std::string(1000, 'a')));
    EXPECT_EQ(served.verdict(), "RST_STREAM 1 NO_ERROR");
    EXPECT_EQ(served.events, "request 1\n");
}

TEST(Connections, TakeContentAfterTheAnswerWhileTheStreamIsHeld) {
    Served served;
    served.receive(hello() + post_of(1));
    served.connection().respond(1, {}, {}, Ending::last);
    served.receive(data_of(1, "abc"));
    EXPECT_EQ(served.events, "request 1\ncontent 1 abc\nend 1\n");
    served.connection().released(1);
    EXPECT_EQ(served.verdict(), "ok");
}

TEST(Connections, GiveBackAllMemory) {
    Served served(Server::answers);
    served.flush();
    const std::size_t idle = served.ledger().used();
    EXPECT_GT(idle, 8192U) << "the dynamic tables";
    std::string octets = hello();
    for (StreamId id = 1; id < 100; id += 2) octets += post_of(id) + data_of(id, std::string(1000, 'a'));
    served.receive(octets, 700);
    EXPECT_GT(served.ledger().peak(), idle);
    EXPECT_EQ(served.ledger().used(), idle);
    EXPECT_EQ(served.connection().streams(), 0U);
}

TEST(Connections, AreChargedForTheirStreams) {
    Served served;
    served.flush();
    const std::size_t idle = served.ledger().used();
    served.receive(hello() + headers_of(1, request_block({{"x", std::string(3000, 'a')}})) + get_of(3));
    EXPECT_GE(served.ledger().used(), idle + 3000 + 2 * sizeof(Stream));
    served.connection().released(1);
    served.flush();
    EXPECT_LT(served.ledger().used(), idle + 3000);
    served.connection().released(3);
    served.flush();
    EXPECT_EQ(served.ledger().used(), idle);
}

// --- Flow control

class FlowControl : public Test {
protected:
    void begin(SettingList settings, std::uint32_t connection_octets = 0) {
        served.receive(hello(settings));
        if (connection_octets > 0) served.receive(window_update_of(0, connection_octets));
    }
    void answer(StreamId id) {
        served.receive(get_of(id));
        connection().respond(id, {}, {}, Ending::more);
    }
    [[nodiscard]] Connection& connection() { return served.connection(); }

    Served served;
};

TEST_F(FlowControl, HoldsUpAStream) {
    begin({{4, 10}});
    answer(1);
    EXPECT_EQ(connection().room_for_data(1), 10U);
    connection().write_data(1, "0123456789", Ending::more);
    EXPECT_EQ(connection().room_for_data(1), 0U);
    served.receive(window_update_of(1, 7));
    EXPECT_EQ(connection().room_for_data(1), 7U);
}

TEST_F(FlowControl, HoldsUpTheConnection) {
    begin({{4, 1'000'000}});
    answer(1);
    EXPECT_EQ(connection().room_for_data(1), 65'535U);
    connection().write_data(1, std::string(65'535, 'a'), Ending::more);
    answer(3);
    EXPECT_EQ(connection().room_for_data(3), 0U);
    connection().has_data(3, served.now());
    EXPECT_FALSE(connection().next_to_send(served.now()));
    served.receive(window_update_of(0, 5));
    EXPECT_EQ(connection().room_for_data(3), 5U);
    EXPECT_EQ(connection().next_to_send(served.now()), 3U);
}

TEST_F(FlowControl, LetsAnEmptyEndPass) {
    begin({{4, 0}});
    answer(1);
    EXPECT_EQ(connection().room_for_data(1), 0U);
    connection().write_data(1, "", Ending::last);
    served.flush();
    EXPECT_EQ(served.frames.back(), "DATA 1 0 end");
}

// RFC 9113 §6.9.2
TEST_F(FlowControl, FollowsSettings) {
    begin({{4, 100}});
    answer(1);
    connection().has_data(1, served.now());
    connection().write_data(1, std::string(80, 'a'), Ending::more);
    served.receive(settings_of({{4, 50}}));
    EXPECT_EQ(connection().room_for_data(1), 0U);  // it is at -30
    EXPECT_FALSE(connection().next_to_send(served.now()));
    served.receive(window_update_of(1, 30));
    EXPECT_EQ(connection().room_for_data(1), 0U);
    served.receive(window_update_of(1, 1));
    EXPECT_EQ(connection().room_for_data(1), 1U);
    EXPECT_EQ(connection().next_to_send(served.now()), 1U);
    served.receive(settings_of({{4, 100}}));
    EXPECT_EQ(connection().room_for_data(1), 51U);
}

TEST_F(FlowControl, OfOneStreamDelaysNoOther) {
    begin({{4, 10}});
    for (const StreamId id : {1U, 3U}) {
        answer(id);
        connection().has_data(id, served.now());
    }
    EXPECT_EQ(connection().next_to_send(served.now()), 1U);
    connection().write_data(1, std::string(10, 'a'), Ending::more);
    EXPECT_EQ(connection().next_to_send(served.now()), 3U);
    connection().write_data(3, std::string(10, 'a'), Ending::more);
    EXPECT_FALSE(connection().next_to_send(served.now()));
    served.receive(window_update_of(3, 10));
    EXPECT_EQ(connection().next_to_send(served.now()), 3U);
}

TEST_F(FlowControl, EndsWithTheStreamsLastContent) {
    begin({});
    answer(1);
    connection().has_data(1, served.now());
    connection().write_data(1, "a", Ending::last);
    EXPECT_FALSE(connection().next_to_send(served.now()));
    answer(3);
    connection().has_data(3, served.now());
    connection().has_no_data(3);
    EXPECT_FALSE(connection().next_to_send(served.now()));
}

TEST_F(FlowControl, LeavesRoomInTheOutput) {
    begin({{4, 1'000'000}}, 1'000'000);
    answer(1);
    served.flush();
    served.stop_reading();
    const std::size_t room = connection().room_for_data(1);
    EXPECT_GT(room, Limits().output_octets_max - 100);  // the frames' headers
    connection().write_data(1, std::string(room, 'a'), Ending::more);
    EXPECT_EQ(connection().output().size(), Limits().output_octets_max);
    EXPECT_EQ(connection().room_for_data(1), 0U);
    EXPECT_FALSE(connection().has_room_for_head());
    connection().has_data(1, served.now());
    EXPECT_FALSE(connection().next_to_send(served.now()));
    connection().output_sent(10'000);
    EXPECT_GT(connection().room_for_data(1), 9'000U);
    EXPECT_EQ(connection().next_to_send(served.now()), 1U);
    EXPECT_GE(served.ledger().used(), Limits().output_octets_max - 10'000);
}

// The peer may send again what the caller has used, and not earlier.
TEST(Receiving, OpensTheWindowsWithWhatIsUsed) {
    Ledger ledger(10'000'000);
    BufferPool pool(ledger);
    const Limits limits;
    Context context(pool, limits);
    Connection connection(context, http::Scheme::https);
    const TimePoint now(1h);
    const auto receive = [&](const std::string& octets) {
        connection.receive(octets, now);
        std::size_t content = 0;
        while (const auto event = connection.next_event()) content += event->content.size();
        return content;
    };
    const auto updates = [&] {
        std::string output(connection.output());
        connection.output_sent(output.size());
        std::string text;
        for (const SentFrame& frame : take_frames(output)) text += text_of(frame) + ";";
        return text;
    };
    receive(hello() + post_of(1));
    updates();
    std::size_t content = 0;
    for (int i = 0; i < 8; ++i) content += receive(data_of(1, std::string(16'384, 'a'), 0));
    EXPECT_EQ(content, limits.stream_window_octets);
    EXPECT_EQ(updates(), "");
    connection.used(1, 65'535);
    EXPECT_EQ(updates(), "");
    connection.used(1, 1);
    EXPECT_EQ(updates(), "WINDOW_UPDATE 1 65536;");
    EXPECT_EQ(receive(data_of(1, std::string(16'384, 'a'), 0)), 16'384U);
    connection.used(1, 1'000'000);  // no more than there was
    EXPECT_EQ(updates(), "WINDOW_UPDATE 1 81920;");
    connection.released(1);
    EXPECT_EQ(updates(), "RST_STREAM 1 INTERNAL_ERROR;");
}

TEST(Receiving, OverAWindowIsAnError) {
    Limits limits;
    limits.stream_window_octets = 100'000;
    limits.connection_window_octets = 150'000;
    // Nobody uses the content.
    const auto verdict_on = [&limits](std::initializer_list<StreamId> streams, std::size_t octets) {
        Ledger ledger(10'000'000);
        BufferPool pool(ledger);
        Context context(pool, limits);
        Connection connection(context, http::Scheme::https);
        std::string input = hello();
        for (const StreamId id : streams) {
            input += post_of(id);
            for (std::size_t left = octets; left > 0; left -= std::min<std::size_t>(left, 10'000)) {
                input += data_of(id, std::string(std::min<std::size_t>(left, 10'000), 'a'), 0);
            }
        }
        connection.receive(input, TimePoint(1h));
        while (connection.next_event()) {
        }
        std::string output(connection.output());
        std::string text;
        for (const SentFrame& frame : take_frames(output)) text += text_of(frame) + ";";
        return text.substr(text.find("ack;") + 4);
    };
    EXPECT_EQ(verdict_on({1}, 100'000), "");
    EXPECT_EQ(verdict_on({1}, 100'001), "RST_STREAM 1 FLOW_CONTROL;");
    EXPECT_EQ(verdict_on({1, 3}, 75'000), "");
    EXPECT_EQ(verdict_on({1, 3}, 75'001), "GOAWAY 3 FLOW_CONTROL;");
}

// RFC 9113 §6.9.2: until the client has acknowledged our settings, it may use the initial window.
TEST(Receiving, AllowsTheInitialWindowUntilSettingsAreAcknowledged) {
    Limits limits;
    limits.stream_window_octets = 1'000;
    const std::string content = data_of(1, std::string(10'000, 'a'), 0);
    const std::string begin = std::string(client_preface) + settings_of();
    Served early(Server::silent, limits);
    early.receive(begin + post_of(1) + content + content);
    EXPECT_EQ(early.verdict(), "ok");
    Served late(Server::silent, limits);
    late.receive(begin + frame_of(FrameType::settings, flag_ack, 0, "") + post_of(1) + content);
    EXPECT_EQ(late.verdict(), "RST_STREAM 1 FLOW_CONTROL");
}

// RFC 9113 §6.9: content that nobody gets counts for the connection's window, which must not leak away.
TEST(Receiving, GivesBackTheWindowOfContentThatIsDropped) {
    Served served(Server::releases);
    std::string octets = hello();
    for (StreamId id = 1; id < 40; id += 2) {
        octets += post_of(id) + window_update_of(id, 0);  // we reset it
        for (int i = 0; i < 4; ++i) octets += data_of(id, std::string(16'384, 'a'), 0);
    }
    served.receive(octets);
    EXPECT_EQ(served.count("WINDOW_UPDATE 0 524288"), 2U);  // of 20 * 4 * 16384 octets
    EXPECT_FALSE(served.connection().has_ended());
}

TEST(Receiving, GivesBackTheWindowOfContentThatIsNotUsed) {
    Ledger ledger(10'000'000);
    BufferPool pool(ledger);
    Limits limits;
    limits.connection_window_octets = 100'000;
    Context context(pool, limits);
    Connection connection(context, http::Scheme::https);
    std::string input = hello() + post_of(1);
    for (int i = 0; i < 6; ++i) input += data_of(1, std::string(10'000, 'a'), 0);
    connection.receive(input, TimePoint(1h));
    while (connection.next_event()) {
    }
    connection.output_sent(connection.output().size());
    connection.released(1);
    std::string output(connection.output());
    EXPECT_EQ(text_of(take_frames(output).at(0)), "WINDOW_UPDATE 0 60000");
}

TEST(Receiving, GivesBackTheWindowOfPadding) {
    Served served;
    std::string octets = hello() + post_of(1);
    for (int i = 0; i < 700; ++i) {
        octets += data_of(1, '\xff' + std::string(1000 + 255, 'a'), flag_padded);
    }
    served.receive(octets);
    EXPECT_EQ(served.verdict(), "ok");
    // Half of it comes together in the 418th frame, whose padding is counted first.
    EXPECT_EQ(served.count("WINDOW_UPDATE 0 525008"), 1U);
}

// Content of random sizes, windows that open and settings that change at random: a client that adds up what it gets
// never gets more than it has allowed, and in the end it gets everything.
TEST(FlowControlProperty, HoldsForEveryClient) {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        std::minstd_rand random(seed);
        const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
        Served served;
        std::int64_t initial = static_cast<std::int64_t>(below(30'000));
        std::int64_t connection_window = 65'535;
        std::map<StreamId, std::int64_t> windows;
        std::map<StreamId, std::size_t> left;
        served.receive(hello({{4, static_cast<std::uint32_t>(initial)}}));
        for (StreamId id = 1; id < 12; id += 2) {
            served.receive(headers_of(id, request_block({{"priority", below(2) == 0 ? "i" : "u=2"}})));
            served.connection().respond(id, {}, {}, Ending::more);
            served.connection().has_data(id, served.now());
            windows[id] = initial;
            left[id] = 1 + below(200'000);
        }
        for (int turn = 0; turn < 20'000 && served.connection().streams() > 0; ++turn) {
            const std::size_t seen = served.frames.size();
            while (const auto id = served.connection().next_to_send(served.now())) {
                const std::size_t room = served.connection().room_for_data(*id);
                ASSERT_GT(room, 0U);
                const std::size_t octets = std::min({room, left[*id], 1 + below(20'000)});
                left[*id] -= octets;
                const Ending ending = left[*id] == 0 ? Ending::last : Ending::more;
                served.connection().write_data(*id, std::string(octets, 'a'), ending);
                if (ending == Ending::last) served.connection().released(*id);
            }
            served.flush();
            for (std::size_t i = seen; i < served.frames.size(); ++i) {
                const FrameHeader& header = served.headers[i];
                if (header.type != FrameType::data) continue;
                const StreamId id = header.stream;
                const auto octets = static_cast<std::int64_t>(header.length);
                windows[id] -= octets;
                connection_window -= octets;
                ASSERT_GE(windows[id], octets == 0 ? windows[id] : 0);
                ASSERT_GE(connection_window, 0);
            }
            served.wait(100ms);  // so that the updates are no flood
            const StreamId id = 1 + 2 * static_cast<StreamId>(below(6));
            const auto more = static_cast<std::uint32_t>(1 + below(9'000));
            switch (below(4)) {
                case 0:
                    served.receive(window_update_of(0, more));
                    connection_window += more;
                    break;
                case 1: {
                    const auto next = static_cast<std::int64_t>(below(40'000));
                    served.receive(settings_of({{4, static_cast<std::uint32_t>(next)}}));
                    for (auto& window : windows) window.second += next - initial;
                    initial = next;
                    break;
                }
                default: served.receive(window_update_of(id, more)); windows[id] += more;
            }
            ASSERT_FALSE(served.connection().has_ended());
        }
        EXPECT_EQ(served.connection().streams(), 0U);
        for (const auto& [id, octets] : left) EXPECT_EQ(octets, 0U) << id;
    }
}

// --- The end

TEST(Ending, TellsTheLastStreamAndWhy) {
    Served served;
    served.receive(hello() + get_of(1) + get_of(5) + get_of(3));
    EXPECT_EQ(served.frames.back(), "GOAWAY 5 PROTOCOL_ERROR");
    EXPECT_EQ(served.payloads.back().substr(8), "HEADERS with a lower stream identifier");
    EXPECT_EQ(served.events, "request 1\nrequest 5\nended PROTOCOL_ERROR\n");
    EXPECT_EQ(served.counters().connection_errors, 1U);
    const std::size_t frames = served.frames.size();
    served.receive(get_of(7) + ping_of());
    served.connection().respond(1, {}, {}, Ending::last);
    served.connection().released(1);
    served.connection().released(5);
    served.connection().shut_down(served.now());
    served.flush();
    EXPECT_EQ(served.frames.size(), frames);
    EXPECT_EQ(served.events, "request 1\nrequest 5\nended PROTOCOL_ERROR\n");
    EXPECT_EQ(served.connection().streams(), 0U);
    EXPECT_FALSE(served.connection().deadline());
}

TEST(Ending, CanBeWanted) {
    Served served;
    served.receive(hello() + get_of(1));
    served.connection().end({ErrorCode::no_error, "idle"});
    served.receive("");
    EXPECT_EQ(served.frames.back(), "GOAWAY 1 NO_ERROR");
    EXPECT_EQ(served.events, "request 1\nended NO_ERROR\n");
    EXPECT_EQ(served.counters().connection_errors, 0U);
}

// A malformed request is not passed on, so it may be tried again.
TEST(Ending, DoesNotCountWhatWasNotPassedOn) {
    Served served;
    served.receive(hello() + get_of(1) + headers_of(3, "") + get_of(2));
    EXPECT_EQ(served.frames.back(), "GOAWAY 1 PROTOCOL_ERROR");
}

// RFC 9113 §6.8
TEST(ShuttingDown, HasTwoSteps) {
    Served served;
    served.receive(hello() + get_of(1));
    served.connection().shut_down(served.now());
    served.connection().shut_down(served.now());
    served.receive(get_of(3));  // it was on its way
    EXPECT_EQ(served.count("GOAWAY 2147483647 NO_ERROR"), 1U);
    EXPECT_EQ(served.count("PING shutdown"), 1U);
    EXPECT_EQ(served.events, "request 1\nrequest 3\n");
    served.receive(ping_of("shutdown", flag_ack));
    EXPECT_EQ(served.frames.back(), "GOAWAY 3 NO_ERROR");
    served.receive(get_of(5) + post_of(7) + data_of(7, "abc"));  // too late
    EXPECT_EQ(served.events, "request 1\nrequest 3\n");
    served.connection().respond(1, {}, {}, Ending::last);
    served.connection().released(1);
    served.receive("");
    EXPECT_FALSE(served.connection().has_ended());
    served.connection().respond(3, {}, {}, Ending::last);
    served.connection().released(3);
    served.receive("");
    EXPECT_EQ(served.events, "request 1\nrequest 3\nended NO_ERROR\n");
    EXPECT_EQ(served.verdict(), "GOAWAY NO_ERROR, GOAWAY NO_ERROR");
}

TEST(ShuttingDown, WaitsForAPingNoLongerThanItsLimit) {
    Served served;
    served.receive(hello());
    served.connection().shut_down(served.now());
    EXPECT_EQ(served.connection().deadline(), served.now() + 1s);
    served.wait(999ms);
    served.receive("");
    EXPECT_FALSE(served.connection().has_ended());
    served.wait(1ms);
    served.receive("");
    EXPECT_EQ(served.frames.back(), "GOAWAY 0 NO_ERROR");
    EXPECT_TRUE(served.connection().has_ended());
}

TEST(ShuttingDown, ByTheClientIsAnEvent) {
    Served served;
    served.receive(hello() + get_of(1) + frame_of(FrameType::goaway, 0, 0, std::string(8, '\0')) + ping_of());
    EXPECT_EQ(served.events, "request 1\nleaving\n");
    EXPECT_EQ(served.frames.back(), "PING ack 12345678");
}

}  // namespace
}  // namespace portico::h2
