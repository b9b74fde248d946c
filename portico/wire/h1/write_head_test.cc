// portico/wire/h1/write_head_test.cc — heads of responses, compared octet by octet: RFC 9112 §4, §5, §6.1, §9.3.
#include "portico/wire/h1/write_head.h"
#include "portico/base/row_name_for_test.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace portico::h1 {
namespace {

using http::FieldName;
using http::Status;

constexpr std::string_view date = "Tue, 02 Jan 2024 03:04:05 GMT";

std::string written(const http::Response& response, const HeadExtras& extras) {
    std::vector<char> room(head_octets_at_most(response));  // no more than that: a sanitizer detects one octet too many
    const std::size_t octets = write_head(response, extras, room);
    return std::string(room.data(), octets);
}

TEST(ResponseHead, HasStatusDateFieldsAndLength) {
    http::Response response;
    response.fields.add(FieldName::content_type, "text/plain; charset=utf-8");
    response.fields.add("X-Long-Name-Of-A-Field-That-Nobody-Knows",
                        "and a value that is longer than thirty-two octets");
    response.fields.add("X", "");
    HeadExtras extras;
    extras.date = date;
    extras.content_length = 128;
    EXPECT_EQ(written(response, extras),
              "HTTP/1.1 200 OK\r\n"
              "Date: Tue, 02 Jan 2024 03:04:05 GMT\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "X-Long-Name-Of-A-Field-That-Nobody-Knows: and a value that is longer than thirty-two octets\r\n"
              "X: \r\n"
              "Content-Length: 128\r\n"
              "\r\n");
}

TEST(ResponseHead, CopiesValuesOfEveryLength) {
    for (std::size_t octets = 0; octets < 100; ++octets) {
        std::string value;
        for (std::size_t i = 0; i < octets; ++i) value += static_cast<char>('0' + i % 64);
        http::Response response;
        response.fields.add("X", value);
        EXPECT_EQ(written(response, HeadExtras{}), "HTTP/1.1 200 OK\r\nX: " + value + "\r\n\r\n");
    }
}

TEST(ResponseHead, KeepsTheSpaceWhereThereIsNoReasonPhrase) {
    http::Response response;
    response.status = static_cast<Status>(299);
    EXPECT_EQ(written(response, HeadExtras{}), "HTTP/1.1 299 \r\n\r\n");
}

TEST(ResponseHead, WritesTheLargestLength) {
    HeadExtras extras;
    extras.content_length = 18446744073709551615U;
    EXPECT_EQ(written(http::Response{}, extras), "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
}

// All of the longest parts together need no more than was promised.
TEST(ResponseHead, FitsIntoItsBound) {
    HeadExtras extras;
    extras.date = date;
    extras.content_length = 18446744073709551615U;
    extras.peer_version = http::Version::http_1_0;
    std::vector<char> room(1000);
    EXPECT_LE(write_head(http::Response{}, extras, room), head_octets_at_most(http::Response{}));
    extras.content_length.reset();
    extras.peer_version = http::Version::http_1_1;
    extras.chunked = true;
    extras.persistence = Persistence::close;
    EXPECT_LE(write_head(http::Response{}, extras, room), head_octets_at_most(http::Response{}));
}

struct ExtrasRow {
    const char* name;
    Status status;
    HeadExtras extras;
    std::string_view head;
};
class Extras : public testing::TestWithParam<ExtrasRow> {};

TEST_P(Extras, AreWrittenAsTheConnectionNeeds) {
    http::Response response;
    response.status = GetParam().status;
    EXPECT_EQ(written(response, GetParam().extras), GetParam().head);
}

HeadExtras extras(Persistence persistence, http::Version peer, bool chunked = false) {
    HeadExtras made;
    made.persistence = persistence;
    made.peer_version = peer;
    made.chunked = chunked;
    return made;
}

using http::Version;
INSTANTIATE_TEST_SUITE_P(
    Rfc9112, Extras,
    testing::Values(ExtrasRow{"Kept", Status::ok, extras(Persistence::keep, Version::http_1_1),
                              "HTTP/1.1 200 OK\r\n\r\n"},
                    ExtrasRow{"Closed", Status::ok, extras(Persistence::close, Version::http_1_1),
                              "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
                    ExtrasRow{"KeptForHttp10", Status::ok, extras(Persistence::keep, Version::http_1_0),
                              "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n"},
                    ExtrasRow{"ClosedForHttp10", Status::ok, extras(Persistence::close, Version::http_1_0),
                              "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
                    ExtrasRow{"Chunked", Status::ok, extras(Persistence::keep, Version::http_1_1, true),
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
                    ExtrasRow{"NotModified", Status::not_modified, extras(Persistence::keep, Version::http_1_1),
                              "HTTP/1.1 304 Not Modified\r\n\r\n"},
                    ExtrasRow{"Interim", Status::continue_, extras(Persistence::close, Version::http_1_1),
                              "HTTP/1.1 100 Continue\r\n\r\n"}),
    row_name);

// RFC 9112 §7.1
TEST(Chunks, BeginWithTheirSize) {
    ChunkLine line;
    EXPECT_EQ(write_chunk_line(1, line), "1\r\n");
    EXPECT_EQ(write_chunk_line(0xabc, line), "abc\r\n");
    EXPECT_EQ(write_chunk_line(std::numeric_limits<std::size_t>::max(), line), "ffffffffffffffff\r\n");
    EXPECT_DEATH(static_cast<void>(write_chunk_line(0, line)), "the last");
}

// RFC 9112 §11.1: splitting a response would be a bug of ours, so the process ends instead.
class SplitResponse : public testing::TestWithParam<std::string_view> {};

TEST_P(SplitResponse, IsNeverWritten) {
    http::Response response;
    response.fields.add(FieldName::location, GetParam());
    EXPECT_DEATH(written(response, HeadExtras{}), "is_split");
}

using namespace std::string_view_literals;
INSTANTIATE_TEST_SUITE_P(Rfc9112, SplitResponse, testing::Values("a\r\nX: y"sv, "a\nb"sv, "a\rb"sv, "a\0b"sv));

TEST(ResponseHead, LetsOtherControlOctetsThrough) {
    http::Response response;
    response.fields.add(FieldName::location, "a\x01\tb");
    EXPECT_EQ(written(response, HeadExtras{}), "HTTP/1.1 200 OK\r\nLocation: a\x01\tb\r\n\r\n");
}

TEST(ResponseHead, IsNeverFramedTwice) {
    HeadExtras twice = extras(Persistence::keep, Version::http_1_1, true);
    twice.content_length = 5;
    EXPECT_DEATH(written(http::Response{}, twice), "chunked");
    EXPECT_DEATH(written(http::Response{}, extras(Persistence::keep, Version::http_1_0, true)), "chunked");
    http::Response response;
    response.fields.add(FieldName::content_length, "5");
    EXPECT_DEATH(written(response, HeadExtras{}), "content_length");
}

}  // namespace
}  // namespace portico::h1
