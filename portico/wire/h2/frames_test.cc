// portico/wire/h2/frames_test.cc — what RFC 9113 demands of single frames and of streams: §3 to §6.
#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h2/client_for_test.h"

namespace portico::h2 {
namespace {

using namespace std::string_literals;

// What the server says to the octets: "ok", or which errors it sends.
struct FramesRow {
    const char* name;
    std::string octets;
    const char* verdict = "ok";
    Server server = Server::silent;
};
class Frames : public testing::TestWithParam<FramesRow> {};

TEST_P(Frames, AreTakenOrRefused) {
    Served served(GetParam().server);
    served.receive(GetParam().octets);
    EXPECT_EQ(served.verdict(), GetParam().verdict) << served.connection().last_fault().reason;
    const bool has_ended = std::string_view(GetParam().verdict).contains("GOAWAY");
    EXPECT_EQ(served.connection().has_ended(), has_ended);
}

TEST_P(Frames, HaveTheSameOutcomeInPieces) {
    Served whole(GetParam().server);
    whole.receive(GetParam().octets);
    for (const std::size_t piece : {1U, 2U, 5U, 9U, 10U, 33U}) {
        Served pieces(GetParam().server);
        pieces.receive(GetParam().octets, piece);
        EXPECT_EQ(pieces.events, whole.events) << piece;
        EXPECT_EQ(pieces.frames, whole.frames) << piece;
    }
}

constexpr const char* protocol = "GOAWAY PROTOCOL_ERROR";
constexpr const char* frame_size = "GOAWAY FRAME_SIZE";
constexpr const char* flow_control = "GOAWAY FLOW_CONTROL";
constexpr const char* stream_closed = "GOAWAY STREAM_CLOSED";
constexpr const char* reset_protocol = "RST_STREAM 1 PROTOCOL_ERROR";
constexpr const char* reset_closed = "RST_STREAM 1 STREAM_CLOSED";

// After the preface.
std::string after(const std::string& octets) { return hello() + octets; }
std::string of_type(FrameType type, unsigned flags, StreamId stream, std::size_t octets) {
    return after(frame_of(type, flags, stream, std::string(octets, '\0')));
}

INSTANTIATE_TEST_SUITE_P(
    Section34Preface, Frames,
    testing::Values(FramesRow{"Good", hello()}, FramesRow{"EmptySettings", std::string(client_preface) + settings_of()},
                    FramesRow{"Http1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", protocol},
                    FramesRow{"OneOctetWrong", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r" + settings_of(), protocol},
                    FramesRow{"LowerCase", "pri * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings_of(), protocol},
                    FramesRow{"Incomplete", "PRI * HTTP/2.0\r\n\r\nSM\r\n"},
                    FramesRow{"PingFirst", std::string(client_preface) + ping_of(), protocol},
                    FramesRow{"HeadersFirst", std::string(client_preface) + get_of(1), protocol},
                    FramesRow{"AcknowledgmentFirst",
                              std::string(client_preface) + frame_of(FrameType::settings, flag_ack, 0, ""), protocol},
                    FramesRow{"UnknownFrameFirst", std::string(client_preface) + frame_of(0, 0x20, 0, 0, ""),
                              protocol}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section4Frame, Frames,
    testing::Values(FramesRow{"LargestData", after(post_of(1) + data_of(1, std::string(16384, 'a')))},
                    FramesRow{"DataTooLarge", after(post_of(1) + data_of(1, std::string(16385, 'a'))), frame_size},
                    FramesRow{"HeadersTooLarge", after(headers_of(1, std::string(16385, 'a'))), frame_size},
                    FramesRow{"LengthOfAllBits", after(frame_of(0xffffff, 0, 0, 1, "")), frame_size},
                    FramesRow{"UnknownTooLarge", after(frame_of(16385, 0x20, 0, 0, "")), frame_size},
                    FramesRow{"ReservedBit", after(frame_of(FrameType::ping, 0, 0x80000000, "12345678"))},
                    FramesRow{"UnusedFlags", after(frame_of(FrameType::ping, 0xfe, 0, "12345678"))},
                    FramesRow{"UnusedFlagsOfHeaders", after(headers_of(1, request_block(), 0x52 | 5))},
                    FramesRow{"UnknownType", after(frame_of(20, 0x20, 0xff, 0, std::string(20, 'a')) + get_of(1))},
                    FramesRow{"UnknownTypeOnIdleStream", after(frame_of(3, 0xff, 0xff, 77, "abc") + get_of(1))},
                    FramesRow{"UnknownTypeEmpty", after(frame_of(0, 0x0b, 0, 1, "") + get_of(1))}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section43FieldBlock, Frames,
    testing::Values(
        FramesRow{"Continued", after(headers_of(1, request_block().substr(0, 9), flag_end_stream) +
                                     continuation_of(1, request_block().substr(9)))},
        FramesRow{"ContinuedEmpty", after(headers_of(1, "", flag_end_stream) + continuation_of(1, request_block()))},
        FramesRow{"EndsEmpty", after(headers_of(1, request_block(), flag_end_stream) + continuation_of(1, ""))},
        FramesRow{"CutInALine", after(headers_of(1, request_block().substr(0, 3), flag_end_stream) +
                                      continuation_of(1, request_block().substr(3, 1), 0) +
                                      continuation_of(1, request_block().substr(4)))},
        FramesRow{"PingInside", after(headers_of(1, request_block(), 0) + ping_of()), protocol},
        FramesRow{"DataInside", after(headers_of(1, request_block(), 0) + data_of(1, "")), protocol},
        FramesRow{"HeadersInside", after(headers_of(1, request_block(), 0) + get_of(3)), protocol},
        FramesRow{"PriorityInside", after(headers_of(1, request_block(), 0) + priority_of(1, 3)), protocol},
        FramesRow{"UnknownInside", after(headers_of(1, request_block(), 0) + frame_of(0, 0x20, 0, 1, "")), protocol},
        FramesRow{"WindowUpdateInside", after(headers_of(1, request_block(), 0) + window_update_of(0, 1)), protocol},
        FramesRow{"ContinuationOfOtherStream", after(headers_of(1, request_block(), 0) + continuation_of(3, "")),
                  protocol},
        FramesRow{"BadIndex", after(headers_of(1, "\xff\xff\x03"s)), "GOAWAY COMPRESSION"},
        FramesRow{"IndexZero", after(headers_of(1, "\x80"s)), "GOAWAY COMPRESSION"},
        FramesRow{"CutLine", after(headers_of(1, "\x40\x05:m"s)), "GOAWAY COMPRESSION"},
        FramesRow{"TableOverSetting", after(headers_of(1, "\x3f\xe2\x1f"s + request_block())), "GOAWAY COMPRESSION"},
        FramesRow{"BadHuffman", after(headers_of(1, "\x00\x01x\x84\xff\xff\xff\xff"s)), "GOAWAY COMPRESSION"},
        FramesRow{"BadIndexInTrailers", after(post_of(1) + headers_of(1, "\x80"s)), "GOAWAY COMPRESSION"},
        FramesRow{"BadIndexOnResetStream",
                  after(post_of(1) + data_of(1, "", 0) + window_update_of(1, 0) + headers_of(1, "\x80"s)),
                  "RST_STREAM 1 PROTOCOL_ERROR, GOAWAY COMPRESSION"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section51Idle, Frames,
    testing::Values(FramesRow{"Data", after(data_of(1, "a")), protocol},
                    FramesRow{"Reset", after(reset_of(1)), protocol},
                    FramesRow{"WindowUpdate", after(window_update_of(1, 1)), protocol},
                    FramesRow{"Continuation", after(continuation_of(1, request_block())), protocol},
                    FramesRow{"Priority", after(priority_of(1, 3) + get_of(1))},
                    FramesRow{"DataAfterOthers", after(get_of(5) + data_of(7, "a")), protocol},
                    FramesRow{"DataOnServersStream", after(get_of(5) + data_of(2, "a")), protocol},
                    FramesRow{"ResetOfServersStream", after(get_of(5) + reset_of(2)), protocol},
                    FramesRow{"WindowUpdateOfServersStream", after(get_of(5) + window_update_of(2, 1)), protocol}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section51HalfClosed, Frames,
    testing::Values(FramesRow{"Data", after(get_of(1) + data_of(1, "a")), reset_closed},
                    FramesRow{"Headers", after(get_of(1) + get_of(1)), reset_closed},
                    FramesRow{"WindowUpdate", after(get_of(1) + window_update_of(1, 100))},
                    FramesRow{"Priority", after(get_of(1) + priority_of(1, 3))},
                    FramesRow{"Reset", after(get_of(1) + reset_of(1))},
                    FramesRow{"DataAfterData", after(post_of(1) + data_of(1, "a") + data_of(1, "a")), reset_closed},
                    FramesRow{"TrailersAfterData", after(post_of(1) + data_of(1, "a") + headers_of(1, "")),
                              reset_closed},
                    FramesRow{"OthersGoOn", after(get_of(1) + data_of(1, "a") + get_of(3)), reset_closed}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section51Closed, Frames,
    testing::Values(
        FramesRow{"Data", after(get_of(1) + data_of(1, "a")), reset_closed, Server::answers},
        FramesRow{"Headers", after(get_of(1) + get_of(1)), stream_closed, Server::answers},
        FramesRow{"WindowUpdate", after(get_of(1) + window_update_of(1, 100)), "ok", Server::answers},
        FramesRow{"Priority", after(get_of(1) + priority_of(1, 3)), "ok", Server::answers},
        FramesRow{"Reset", after(get_of(1) + reset_of(1)), "ok", Server::answers},
        FramesRow{"DataAfterItsReset", after(post_of(1) + reset_of(1) + data_of(1, "a")), reset_closed},
        FramesRow{"HeadersAfterItsReset", after(post_of(1) + reset_of(1) + headers_of(1, "")), stream_closed},
        FramesRow{"WindowUpdateAfterItsReset", after(post_of(1) + reset_of(1) + window_update_of(1, 1))},
        FramesRow{"ResetAfterItsReset", after(post_of(1) + reset_of(1) + reset_of(1))},
        FramesRow{"PriorityAfterItsReset", after(post_of(1) + reset_of(1) + priority_of(1, 3))},
        FramesRow{"DataAfterItsResetReleased", after(post_of(1) + reset_of(1) + data_of(1, "a")), reset_closed,
                  Server::releases},
        FramesRow{"HeadersAfterItsResetReleased", after(post_of(1) + reset_of(1) + headers_of(1, "")), stream_closed,
                  Server::releases},
        // The peer may not know yet that we have reset the stream.
        FramesRow{"DataAfterOurReset", after(post_of(1) + window_update_of(1, 0) + data_of(1, "a")), reset_protocol},
        FramesRow{"HeadersAfterOurReset", after(post_of(1) + window_update_of(1, 0) + headers_of(1, "")),
                  reset_protocol},
        FramesRow{"DataAfterOurResetReleased", after(post_of(1) + window_update_of(1, 0) + data_of(1, "a")),
                  reset_protocol, Server::releases},
        FramesRow{"AnsweredEarly", after(post_of(1) + data_of(1, "a") + headers_of(1, "")), "RST_STREAM 1 NO_ERROR",
                  Server::answers}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section511Identifiers, Frames,
    testing::Values(FramesRow{"Even", after(get_of(2)), protocol}, FramesRow{"Zero", after(get_of(0)), protocol},
                    FramesRow{"Skipped", after(get_of(1) + get_of(7))},
                    FramesRow{"Lower", after(get_of(5) + get_of(3)), protocol},
                    FramesRow{"LowerEven", after(get_of(5) + get_of(4)), protocol},
                    FramesRow{"DataOnSkipped", after(get_of(5) + data_of(3, "a")), "RST_STREAM 3 STREAM_CLOSED"},
                    FramesRow{"Largest", after(get_of(0x7fffffff))},
                    FramesRow{"ReservedBit", after(get_of(0x80000001))}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section61Data, Frames,
    testing::Values(
        FramesRow{"NoStream", after(data_of(0, "a")), protocol}, FramesRow{"Good", after(post_of(1) + data_of(1, "a"))},
        FramesRow{"Empty", after(post_of(1) + data_of(1, ""))},
        FramesRow{"Padded", after(post_of(1) + data_of(1, "\x02"s + "abc" + "\0\0"s, flag_padded | flag_end_stream))},
        FramesRow{"PaddedByNothing", after(post_of(1) + data_of(1, "\0abc"s, flag_padded | flag_end_stream))},
        FramesRow{"AllPadding", after(post_of(1) + data_of(1, "\x02\0\0"s, flag_padded | flag_end_stream))},
        FramesRow{"PaddingAsLongAsPayload", after(post_of(1) + data_of(1, "\x03\0\0"s, flag_padded)), protocol},
        FramesRow{"PaddingTooLong", after(post_of(1) + data_of(1, "\xff\0\0"s, flag_padded)), protocol},
        FramesRow{"NoPadLength", after(post_of(1) + data_of(1, "", flag_padded)), frame_size},
        FramesRow{"PaddingAnywhere", after(post_of(1) + data_of(1, "\x02"s + "abcxy", flag_padded | flag_end_stream))}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section62Headers, Frames,
    testing::Values(
        FramesRow{"NoStream", after(headers_of(0, request_block())), protocol},
        FramesRow{"Padded", after(headers_of(1, "\x03"s + request_block() + "\0\0\0"s, 0x0d))},
        FramesRow{"Priority", after(headers_of(1, "\x80\0\0\3\x10"s + request_block(), 0x25))},
        FramesRow{"PaddedAndPriority", after(headers_of(1, "\x01\0\0\0\3\x10"s + request_block() + "\0"s, 0x2d))},
        FramesRow{"PaddingTooLong", after(headers_of(1, "\x7f"s + request_block().substr(0, 20), 0x0d)), protocol},
        FramesRow{"PaddingOfAll", after(headers_of(1, "\x05"s + "\0\0\0\0"s, 0x0d)), protocol},
        FramesRow{"PaddingIntoPriority", after(headers_of(1, "\x01\0\0\0\3\x10"s, 0x2d)), protocol},
        FramesRow{"NoPadLength", after(headers_of(1, "", 0x0d)), frame_size},
        FramesRow{"CutPriority", after(headers_of(1, "\0\0\0\3"s, 0x25)), frame_size},
        FramesRow{"DependsOnItself", after(headers_of(1, "\0\0\0\1\x10"s + request_block(), 0x25)), reset_protocol}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section63Priority, Frames,
    testing::Values(FramesRow{"Good", after(get_of(1) + priority_of(1, 3))},
                    FramesRow{"NoStream", of_type(FrameType::priority, 0, 0, 5), protocol},
                    FramesRow{"TooShort", after(get_of(1) + frame_of(FrameType::priority, 0, 1, "1234")),
                              "RST_STREAM 1 FRAME_SIZE"},
                    FramesRow{"TooLong", after(get_of(1) + frame_of(FrameType::priority, 0, 1, "123456")),
                              "RST_STREAM 1 FRAME_SIZE"},
                    // An idle stream can't be reset.
                    FramesRow{"TooLongOnIdleStream", of_type(FrameType::priority, 0, 1, 6), frame_size},
                    FramesRow{"DependsOnItself", after(get_of(1) + priority_of(1, 1)), reset_protocol},
                    FramesRow{"OnServersStream", after(get_of(5) + priority_of(2, 1))}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section64RstStream, Frames,
    testing::Values(FramesRow{"Good", after(post_of(1) + reset_of(1))},
                    FramesRow{"UnknownCode", after(post_of(1) + reset_of(1, static_cast<ErrorCode>(0x1234)))},
                    FramesRow{"NoStream", of_type(FrameType::rst_stream, 0, 0, 4), protocol},
                    FramesRow{"TooShort", after(get_of(1) + frame_of(FrameType::rst_stream, 0, 1, "123")), frame_size},
                    FramesRow{"TooLong", after(get_of(1) + frame_of(FrameType::rst_stream, 0, 1, "12345")),
                              frame_size}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section65Settings, Frames,
    testing::Values(FramesRow{"Empty", after(settings_of())},
                    FramesRow{"Unknown", after(settings_of({{0xff, 0xffffffff}, {0, 1}}))},
                    FramesRow{"SameTwice", after(settings_of({{4, 1}, {4, 2}}))},
                    FramesRow{"Acknowledgment", after(frame_of(FrameType::settings, flag_ack, 0, ""))},
                    FramesRow{"AcknowledgmentWithPayload", of_type(FrameType::settings, flag_ack, 0, 6), frame_size},
                    FramesRow{"OnStream", of_type(FrameType::settings, 0, 1, 6), protocol},
                    FramesRow{"AcknowledgmentOnStream", of_type(FrameType::settings, flag_ack, 1, 0), protocol},
                    FramesRow{"BrokenSize", of_type(FrameType::settings, 0, 0, 5), frame_size},
                    FramesRow{"BrokenSizeOfTwo", of_type(FrameType::settings, 0, 0, 11), frame_size},
                    FramesRow{"PushOff", after(settings_of({{2, 0}}))},
                    FramesRow{"PushOn", after(settings_of({{2, 1}}))},
                    FramesRow{"PushOfTwo", after(settings_of({{2, 2}})), protocol},
                    FramesRow{"LargestWindow", after(settings_of({{4, 0x7fffffff}}))},
                    FramesRow{"WindowTooLarge", after(settings_of({{4, 0x80000000}})), flow_control},
                    FramesRow{"SmallestFrame", after(settings_of({{5, 16384}}))},
                    FramesRow{"LargestFrame", after(settings_of({{5, 16777215}}))},
                    FramesRow{"FrameTooSmall", after(settings_of({{5, 16383}})), protocol},
                    FramesRow{"FrameTooLarge", after(settings_of({{5, 16777216}})), protocol},
                    FramesRow{"NoTable", after(settings_of({{1, 0}}))},
                    FramesRow{"HugeTable", after(settings_of({{1, 0xffffffff}}))},
                    FramesRow{"NoStreams", after(settings_of({{3, 0}}))},
                    FramesRow{"ListOfNothing", after(settings_of({{6, 0}}))},
                    FramesRow{"ConnectProtocol", after(settings_of({{8, 1}}))},
                    FramesRow{"ConnectProtocolOfTwo", after(settings_of({{8, 2}})), protocol},
                    FramesRow{"NoOldPriorities", after(settings_of({{9, 1}}))},
                    FramesRow{"NoOldPrioritiesOfTwo", after(settings_of({{9, 2}})), protocol},
                    FramesRow{"InPreface", hello({{2, 2}}), protocol}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section66To68, Frames,
    testing::Values(FramesRow{"PushPromise", of_type(FrameType::push_promise, 4, 1, 20), protocol},
                    FramesRow{"PushPromiseOnOpenStream",
                              after(post_of(1) + frame_of(FrameType::push_promise, 4, 1, number_of(2, 4))), protocol},
                    FramesRow{"Ping", after(ping_of())},
                    FramesRow{"PingAcknowledgment", after(ping_of("12345678", flag_ack))},
                    FramesRow{"PingOnStream", of_type(FrameType::ping, 0, 1, 8), protocol},
                    FramesRow{"PingTooShort", of_type(FrameType::ping, 0, 0, 6), frame_size},
                    FramesRow{"PingTooLong", of_type(FrameType::ping, 0, 0, 9), frame_size},
                    FramesRow{"Goaway", of_type(FrameType::goaway, 0, 0, 8)},
                    FramesRow{"GoawayWithDebugData", of_type(FrameType::goaway, 0, 0, 100)},
                    FramesRow{"GoawayOnStream", of_type(FrameType::goaway, 0, 1, 8), protocol},
                    FramesRow{"GoawayTooShort", of_type(FrameType::goaway, 0, 0, 7), frame_size}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section69WindowUpdate, Frames,
    testing::Values(FramesRow{"Connection", after(window_update_of(0, 1))},
                    FramesRow{"Stream", after(get_of(1) + window_update_of(1, 1))},
                    FramesRow{"ZeroOnConnection", after(window_update_of(0, 0)), protocol},
                    FramesRow{"ZeroOnStream", after(get_of(1) + window_update_of(1, 0)), reset_protocol},
                    FramesRow{"ZeroButReservedBit", after(get_of(1) + window_update_of(1, 0x80000000)), reset_protocol},
                    FramesRow{"TooShort", of_type(FrameType::window_update, 0, 0, 3), frame_size},
                    FramesRow{"TooLong", of_type(FrameType::window_update, 0, 0, 5), frame_size},
                    FramesRow{"ConnectionAtMost", after(window_update_of(0, 0x7fffffff - 65535))},
                    FramesRow{"ConnectionOverflow", after(window_update_of(0, 0x7fffffff - 65534)), flow_control},
                    FramesRow{"StreamAtMost", after(get_of(1) + window_update_of(1, 0x7fffffff - 65535))},
                    FramesRow{"StreamOverflow", after(get_of(1) + window_update_of(1, 0x7fffffff - 65534)),
                              "RST_STREAM 1 FLOW_CONTROL"},
                    FramesRow{"SettingsOverflow",
                              after(get_of(1) + window_update_of(1, 1) + settings_of({{4, 0x7fffffff}})), flow_control},
                    FramesRow{"SettingsAtMost",
                              after(get_of(1) + window_update_of(1, 1) + settings_of({{4, 0x7ffffffe}}))}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section610Continuation, Frames,
    testing::Values(
        FramesRow{"NoStream", after(continuation_of(0, "")), protocol},
        FramesRow{"AfterEndHeaders", after(post_of(1) + continuation_of(1, "")), protocol},
        FramesRow{"AfterContinuationsEnd",
                  after(headers_of(1, request_block(), 1) + continuation_of(1, "") + continuation_of(1, "")), protocol},
        FramesRow{"AfterData", after(post_of(1) + data_of(1, "a", 0) + continuation_of(1, "")), protocol}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc9218Section71, Frames,
    testing::Values(FramesRow{"Open", after(post_of(1) + priority_update_of(1, "u=1"))},
                    FramesRow{"Idle", after(priority_update_of(1, "u=1, i") + get_of(1))},
                    FramesRow{"NoValue", after(get_of(1) + priority_update_of(1, ""))},
                    FramesRow{"NoDictionary", after(get_of(1) + priority_update_of(1, "u=,,"))},
                    FramesRow{"Stream0", after(priority_update_of(0, "u=1")), protocol},
                    FramesRow{"PushStream", after(priority_update_of(2, "u=1")), protocol},
                    FramesRow{"OnStream", after(frame_of(FrameType::priority_update, 0, 1, number_of(1, 4))), protocol},
                    FramesRow{"TooShort", of_type(FrameType::priority_update, 0, 0, 3), frame_size},
                    FramesRow{"Closed", after(get_of(1) + priority_update_of(1, "u=1")), "ok", Server::answers}),
    row_name);

}  // namespace
}  // namespace portico::h2
