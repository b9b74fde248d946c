// portico/wire/h2/client_role_test.cc — a connection as the client's end: requests, responses, and a server's mistakes.
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h2/client_for_test.h"
#include "portico/wire/hpack/decoder.h"

namespace portico::h2 {
namespace {

using namespace std::chrono_literals;

http::Request request_for(std::string_view method = "GET", std::string_view path = "/") {
    http::Request request;
    request.method_token = method;
    request.method = http::recognise_method(method);
    request.target = path;
    request.authority = "a.example";
    return request;
}

// A client's end.
class Asking : public Served {
public:
    explicit Asking(const Limits& limits = {}, Server server = Server::silent) : Served(server, limits, Role::client) {}

    StreamId open(std::string_view method = "GET", Ending ending = Ending::last) {
        return connection().open(request_for(method), {}, ending);
    }
    Asking& hear(std::string_view octets, std::size_t piece = SIZE_MAX) {
        receive(octets, piece);
        return *this;
    }
};

std::string lines_of(std::string_view block, hpack::Decoder& decoder) {
    std::string text;
    std::vector<char> memory(10'000);
    std::span<char> room(memory);
    decoder.begin_block();
    for (;;) {
        const auto line = decoder.next(block, room);
        if (!line) return "malformed";
        if (!*line) return text;
        text.append((*line)->name).append("=").append((*line)->value).append("\n");
    }
}

// RFC 9113 §3.4, §6.5.2
TEST(AClient, BeginsWithItsPrefaceAndSettings) {
    Ledger ledger(1 << 20);
    BufferPool pool(ledger);
    const Limits limits;
    Context context(pool, limits);
    Connection connection(context, http::Scheme::https, Role::client);
    std::string output(connection.output());
    ASSERT_TRUE(output.starts_with(client_preface));
    output.erase(0, client_preface.size());
    const std::vector<SentFrame> frames = take_frames(output);
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].payload, number_of(2, 2) + number_of(0, 4) + number_of(4, 2) + number_of(131072, 4) +
                                     number_of(6, 2) + number_of(32768, 4) + number_of(9, 2) + number_of(1, 4));
    EXPECT_EQ(text_of(frames[1]), "WINDOW_UPDATE 0 " + std::to_string(1024 * 1024 - 65535));
}

// RFC 9113 §5.1.1, §8.3.1
TEST(AClient, OpensOddStreams) {
    Asking client;
    http::Request request = request_for("GET", "/a?b");
    request.fields.add("Accept", "*/*");
    request.fields.add(http::FieldName::te, "gzip");
    EXPECT_EQ(client.connection().open(request, {}, Ending::last), 1U);
    EXPECT_EQ(client.connection().open(request_for("POST"), {.date = {}, .content_length = 3}, Ending::more), 3U);
    client.connection().write_data(3, "abc", Ending::last);
    client.flush();
    const std::vector<std::string> sent(client.frames.begin() + 2, client.frames.end());
    EXPECT_EQ(sent, (std::vector<std::string>{"HEADERS 1 end", "HEADERS 3", "DATA 3 3 end"}));
    hpack::Decoder decoder;
    EXPECT_EQ(lines_of(client.payloads.at(2), decoder),
              ":method=GET\n:scheme=https\n:authority=a.example\n:path=/a?b\naccept=*/*\n");
    EXPECT_EQ(lines_of(client.payloads.at(3), decoder),
              ":method=POST\n:scheme=https\n:authority=a.example\n:path=/\ncontent-length=3\n");
}

// --- What a server sends after the requests on the streams 1 (GET), 3 (HEAD), and 5 (POST, which is not complete).

struct AnswerRow {
    const char* name;
    std::string octets;
    std::string verdict;  // "ok", or what we send of a fault
    std::string events;   // nothing: not compared
    bool is_event(const std::string& found) const { return events.empty() || found == events; }
};

class Answers : public testing::TestWithParam<AnswerRow> {
protected:
    static void check(std::size_t piece) {
        Asking client;
        client.open();
        client.open("HEAD");
        client.open("POST", Ending::more);
        client.hear(server_hello() + GetParam().octets, piece);
        EXPECT_EQ(client.verdict(), GetParam().verdict) << client.connection().last_fault().reason;
        EXPECT_TRUE(GetParam().is_event(client.events)) << client.events;
        for (const StreamId id : {1U, 3U, 5U}) client.connection().released(id);
        EXPECT_EQ(client.connection().streams(), 0U);
    }
};

TEST_P(Answers, AreReadWhole) { check(SIZE_MAX); }
TEST_P(Answers, AreReadOctetByOctet) { check(1); }

const std::string malformed_1 = "RST_STREAM 1 PROTOCOL_ERROR";
constexpr unsigned whole = flag_end_headers | flag_end_stream;

INSTANTIATE_TEST_SUITE_P(
    Rfc9113Section8, Answers,
    testing::Values(
        AnswerRow{"AHeadAlone", answer_of(1), "ok", "response 1 200 end\n"},
        AnswerRow{"ContentWithItsLength", response_of(1, {{"content-length", "5"}}) + data_of(1, "hello"), "ok",
                  "response 1 200\nfield content-length=5\ncontent 1 hello\nend 1\n"},
        AnswerRow{"ContentWithoutLength", response_of(1) + data_of(1, "he", 0) + data_of(1, "llo", 0) + data_of(1, ""),
                  "ok", "response 1 200\ncontent 1 hello\nend 1\n"},
        AnswerRow{"Interim", response_of(1, {{"link", "</a>"}}, "103") + response_of(1, {}, "100") + answer_of(1), "ok",
                  "response 1 103\nfield link=</a>\nresponse 1 100\nresponse 1 200 end\n"},
        AnswerRow{"Trailers", response_of(1) + data_of(1, "a", 0) + headers_of(1, block_of({{"sum", "7"}}), whole),
                  "ok", "response 1 200\ncontent 1 a\nend 1\ntrailer sum=7\n"},
        AnswerRow{"Head", response_of(3, {{"content-length", "5"}}, "200", whole), "ok",
                  "response 3 200 end\nfield content-length=5\n"},
        AnswerRow{"NotModified", response_of(1, {{"content-length", "5"}}, "304", whole), "ok",
                  "response 1 304 end\nfield content-length=5\n"},
        AnswerRow{"NoContentWithLengthZero", response_of(1, {{"content-length", "0"}}, "204", whole), "ok",
                  "response 1 204 end\nfield content-length=0\n"},
        AnswerRow{"UnknownStatus", answer_of(1, "799"), "ok", "response 1 799 end\n"},
        AnswerRow{"Continued",
                  headers_of(1, line_of(":status", "200"), flag_end_stream) + continuation_of(1, line_of("a", "b")),
                  "ok", "response 1 200 end\nfield a=b\n"},
        AnswerRow{"BeforeTheRequestEnds", answer_of(5, "413"), "ok", "response 5 413 end\n"},
        // RFC 9113 §8.1: the request is not wanted any more
        AnswerRow{"AndStopSending", answer_of(5) + reset_of(5, ErrorCode::no_error), "ok",
                  "response 5 200 end\nreset 5 NO_ERROR\n"},
        AnswerRow{"Refused", reset_of(1, ErrorCode::refused_stream) + answer_of(3), "ok",
                  "reset 1 REFUSED_STREAM\nresponse 3 200 end\n"},
        // Malformed: RFC 9113 §8.1.1. The others go on.
        AnswerRow{"NoStatus", headers_of(1, block_of({{"a", "b"}}), whole) + answer_of(3), malformed_1,
                  "reset 1 PROTOCOL_ERROR\nresponse 3 200 end\n"},
        AnswerRow{"TwoStatuses", response_of(1, {{":status", "200"}}), malformed_1, ""},
        AnswerRow{"StatusOfTwoDigits", answer_of(1, "20"), malformed_1, ""},
        AnswerRow{"StatusBelow100", answer_of(1, "099"), malformed_1, ""},
        AnswerRow{"StatusNotDigits", answer_of(1, "2x0"), malformed_1, ""},
        AnswerRow{"SwitchingProtocols", response_of(1, {}, "101"), malformed_1, ""},
        AnswerRow{"InterimThatEnds", answer_of(1, "103"), malformed_1, ""},
        AnswerRow{"RequestPseudoField", response_of(1, {{":path", "/"}}), malformed_1, ""},
        AnswerRow{"PseudoFieldAfterOthers", headers_of(1, block_of({{"a", "b"}, {":status", "200"}}), whole),
                  malformed_1, ""},
        AnswerRow{"PseudoFieldInTrailers", response_of(1) + headers_of(1, block_of({{":status", "200"}}), whole),
                  malformed_1, ""},
        AnswerRow{"TrailersThatDoNotEnd", response_of(1) + response_of(1), malformed_1, ""},
        AnswerRow{"UpperCase", response_of(1, {{"A", "b"}}), malformed_1, ""},
        AnswerRow{"ControlOctet", response_of(1, {{"a", "b\n"}}), malformed_1, ""},
        AnswerRow{"ConnectionSpecific", response_of(1, {{"transfer-encoding", "chunked"}}), malformed_1, ""},
        AnswerRow{"LengthNoNumber", response_of(1, {{"content-length", "1x"}}), malformed_1, ""},
        AnswerRow{"TwoLengths", response_of(1, {{"content-length", "1"}, {"content-length", "1"}}), malformed_1, ""},
        AnswerRow{"LengthWithoutContent", response_of(1, {{"content-length", "1"}}, "200", whole), malformed_1, ""},
        AnswerRow{"LengthOfNoContent", response_of(1, {{"content-length", "3"}}, "204", whole), malformed_1, ""},
        AnswerRow{"LengthOfInterim", response_of(1, {{"content-length", "0"}}, "103"), malformed_1, ""},
        AnswerRow{"TooMuch", response_of(1, {{"content-length", "1"}}) + data_of(1, "ab"), malformed_1, ""},
        AnswerRow{"TooLittle", response_of(1, {{"content-length", "3"}}) + data_of(1, "ab"), malformed_1, ""},
        AnswerRow{"DataFirst", data_of(1, "ab"), malformed_1, ""},
        AnswerRow{"DataAfterInterim", response_of(1, {}, "103") + data_of(1, "ab"), malformed_1, ""},
        AnswerRow{"ContentOfHead", response_of(3) + data_of(3, "ab"), "RST_STREAM 3 PROTOCOL_ERROR", ""},
        AnswerRow{"ContentOfNoContent", response_of(1, {}, "204") + data_of(1, "ab"), malformed_1, ""},
        AnswerRow{"DataAfterTheEnd", response_of(5, {}, "200", whole) + data_of(5, "ab"), "RST_STREAM 5 STREAM_CLOSED",
                  ""},
        AnswerRow{"TooLarge",
                  headers_of(1, block_of({{":status", "200"}, {"a", std::string(16'000, 'a')}}), 0) +
                      continuation_of(1, line_of("b", std::string(16'300, 'b')), 0) +
                      continuation_of(1, line_of("c", std::string(3'000, 'c'))) + answer_of(3),
                  "RST_STREAM 1 ENHANCE_YOUR_CALM", "reset 1 ENHANCE_YOUR_CALM\nresponse 3 200 end\n"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    ConnectionErrors, Answers,
    testing::Values(AnswerRow{"PushPromise", frame_of(FrameType::push_promise, flag_end_headers, 1, number_of(2, 4)),
                              "GOAWAY PROTOCOL_ERROR", ""},  // RFC 9113 §8.4
                    AnswerRow{"EvenStream", answer_of(2), "GOAWAY PROTOCOL_ERROR", ""},
                    AnswerRow{"IdleStream", answer_of(7), "GOAWAY PROTOCOL_ERROR", ""},
                    AnswerRow{"DataOnAnIdleStream", data_of(7, "a"), "GOAWAY PROTOCOL_ERROR", ""},
                    AnswerRow{"ResetOfAnIdleStream", reset_of(7), "GOAWAY PROTOCOL_ERROR", ""},
                    AnswerRow{"WindowOfAnIdleStream", window_update_of(7, 1), "GOAWAY PROTOCOL_ERROR", ""},
                    AnswerRow{"SecondAnswer", answer_of(1) + answer_of(1), "GOAWAY STREAM_CLOSED", ""},
                    AnswerRow{"PushEnabled", settings_of({{2, 1}}), "GOAWAY PROTOCOL_ERROR", ""},  // RFC 9113 §6.5.2
                    AnswerRow{"PriorityUpdate", priority_update_of(1, "u=1"), "GOAWAY PROTOCOL_ERROR",
                              ""},  // RFC 9218 §7.1
                    AnswerRow{"BrokenCompression", headers_of(1, "\xff\xff\xff\xff\xff\xff"), "GOAWAY COMPRESSION", ""},
                    AnswerRow{"GoawayThatGrows", goaway_of(1) + goaway_of(3), "GOAWAY PROTOCOL_ERROR", ""}),
    row_name);

// RFC 9113 §3.4: whatever speaks HTTP/1.1 is noticed.
TEST(AClient, WantsSettingsFirst) {
    for (const std::string& first : {ping_of(), frame_of(FrameType::settings, flag_ack, 0, ""), answer_of(1),
                                     std::string("HTTP/1.1 400 Bad Request\r\n\r\n")}) {
        Asking client;
        client.open();
        client.hear(first);
        EXPECT_TRUE(client.connection().has_ended());
    }
}

// RFC 9113 §5.1.2
TEST(AClient, OpensAsManyStreamsAsTheServerAllows) {
    Asking client(Limits{.streams_max = 4});
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(client.connection().can_open());
        client.open();
    }
    EXPECT_FALSE(client.connection().can_open());
    client.hear(server_hello({{3, 2}}) + answer_of(1) + answer_of(3));
    EXPECT_FALSE(client.connection().can_open()) << "two are open still";
    client.hear(answer_of(5));
    EXPECT_TRUE(client.connection().can_open());
    client.connection().reset(7, ErrorCode::cancel);
    client.open();
    client.hear(settings_of({{3, 0}}));
    EXPECT_FALSE(client.connection().can_open());
}

// RFC 9113 §6.8
TEST(AClient, TakesBackWhatGoawayLeavesOut) {
    Asking client({}, Server::releases);
    for (int i = 0; i < 4; ++i) client.open();
    client.hear(server_hello() + goaway_of(stream_id_max));
    EXPECT_EQ(client.events, "leaving\n");
    EXPECT_FALSE(client.connection().can_open());
    client.hear(goaway_of(3) + answer_of(1));
    EXPECT_EQ(client.events, "leaving\nleaving\nreset 7 REFUSED_STREAM\nreset 5 REFUSED_STREAM\nresponse 1 200 end\n");
    EXPECT_EQ(client.verdict(), "ok");
    client.connection().released(1);
    client.hear(answer_of(3));
    EXPECT_FALSE(client.connection().has_ended());
    client.connection().released(3);
    client.hear({});
    EXPECT_TRUE(client.events.ends_with("response 3 200 end\nended NO_ERROR\n")) << client.events;
    EXPECT_EQ(client.verdict(), "ok");
}

TEST(AClient, CancelsWhatIsReleased) {
    Asking client;
    client.open();
    client.open();
    client.hear(server_hello() + response_of(1) + data_of(1, "abc", 0));
    client.connection().released(1);
    client.hear(data_of(1, "def", 0) + answer_of(3));
    EXPECT_EQ(client.verdict(), "RST_STREAM 1 CANCEL");
    EXPECT_TRUE(client.events.ends_with("content 1 abc\nresponse 3 200 end\n"));
}

// RFC 9113 §6.9
TEST(AClient, KeepsTheServersWindows) {
    Asking client;
    client.open("POST", Ending::more);
    client.hear(server_hello({{4, 10}}));
    EXPECT_EQ(client.connection().room_for_data(1), 10U);
    client.connection().has_data(1, client.now());
    EXPECT_EQ(client.connection().next_to_send(client.now()), 1U);
    client.connection().write_data(1, "0123456789", Ending::more);
    EXPECT_FALSE(client.connection().next_to_send(client.now()));
    client.hear(window_update_of(1, 5));
    EXPECT_EQ(client.connection().room_for_data(1), 5U);
    client.connection().write_data(1, "abcde", Ending::last);
    client.hear(answer_of(1));
    EXPECT_EQ(client.verdict(), "ok");
}

TEST(AClient, GivesUpARequestThatIsNotTaken) {
    Asking client(Limits{.stall_time_max = 30s});
    client.open("POST", Ending::more);
    client.hear(server_hello({{4, 0}}));
    client.connection().has_data(1, client.now());
    ASSERT_TRUE(client.connection().deadline());
    client.wait(30s);
    client.hear({});
    EXPECT_EQ(client.events, "reset 1 CANCEL\n");
    EXPECT_EQ(client.verdict(), "RST_STREAM 1 CANCEL");
}

TEST(AClient, HoldsTheServerToItsWindow) {
    Asking client(Limits{.stream_window_octets = 10'000});
    client.open();
    client.hear(server_hello() + response_of(1) + data_of(1, std::string(9'000, 'a'), 0));
    EXPECT_EQ(client.frames.back(), "WINDOW_UPDATE 1 9000");
    client.hear(data_of(1, std::string(10'001, 'a'), 0));
    EXPECT_EQ(client.verdict(), "RST_STREAM 1 FLOW_CONTROL");
}

// What a server may cost.
struct ServerFloodRow {
    const char* name;
    std::string frame;
    std::size_t count;
};

class ServerFloods : public testing::TestWithParam<ServerFloodRow> {};

TEST_P(ServerFloods, EndTheConnection) {
    Asking client;
    for (int i = 0; i < 100; ++i) client.open();
    client.hear(server_hello());
    for (std::size_t i = 0; i < GetParam().count; ++i) {
        EXPECT_FALSE(client.connection().has_ended()) << i;
        client.hear(GetParam().frame);
    }
    EXPECT_EQ(client.verdict().substr(client.verdict().find("GOAWAY")), "GOAWAY ENHANCE_YOUR_CALM");
}

std::string long_block() {
    std::string octets = headers_of(1, line_of(":status", "200"), 0);
    for (int i = 0; i < 8; ++i) octets += continuation_of(1, "", 0);
    return octets;
}

INSTANTIATE_TEST_SUITE_P(Limits, ServerFloods,
                         testing::Values(ServerFloodRow{"Pings", ping_of(), 200},
                                         ServerFloodRow{"Settings", settings_of(), 200},
                                         ServerFloodRow{"Goaways", goaway_of(stream_id_max), 200},
                                         ServerFloodRow{"Resets", reset_of(1), 101},
                                         ServerFloodRow{"Priorities", priority_of(1, 3), 200},
                                         ServerFloodRow{"Continuations", long_block() + continuation_of(1, "", 0), 1}),
                         row_name);

}  // namespace
}  // namespace portico::h2
