// portico/wire/h1/read_response_test.cc — heads of responses: RFC 9112 §4, §6.3.
#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h1/feed_head.h"

namespace portico::h1 {
namespace {

using http::Method;
using http::Status;
using namespace std::string_literals;

struct StatusLineRow {
    const char* name;
    std::string line;
    int status;  // 0: refused
    http::Version version = http::Version::http_1_1;
};
class StatusLine : public testing::TestWithParam<StatusLineRow> {};

TEST_P(StatusLine, IsReadOrRefused) {
    const std::string octets = GetParam().line + "\r\nA: b\r\n\r\nmore";
    http::Response response;
    HeadNotes notes;
    const auto read = read_response_head(octets, notes, HeadLimits{}, Method::get, response);
    ASSERT_EQ(read.has_value(), GetParam().status != 0);
    if (!read) {
        EXPECT_EQ(read.error().status, Status::bad_gateway);
    } else {
        ASSERT_TRUE(read->has_value());
        EXPECT_EQ(http::code(response.status), GetParam().status);
        EXPECT_EQ(notes.version, GetParam().version);
        EXPECT_EQ((*read)->octets, octets.size() - 4);
        EXPECT_EQ(response.fields.find("a"), "b");
    }
    EXPECT_EQ(feed_response(octets, 1, 1, Method::get), feed_response(octets, octets.size(), 1, Method::get));
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9112Section4, StatusLine,
    testing::Values(StatusLineRow{"Usual", "HTTP/1.1 200 OK", 200},
                    StatusLineRow{"LongPhrase", "HTTP/1.1 404 Not Found, sorry", 404},
                    StatusLineRow{"EmptyPhrase", "HTTP/1.1 200 ", 200}, StatusLineRow{"NoPhrase", "HTTP/1.1 200", 200},
                    StatusLineRow{"Latin1Phrase", "HTTP/1.1 404 Nicht verf\xfcgbar", 404},
                    StatusLineRow{"Unknown", "HTTP/1.1 799 Odd", 799},
                    StatusLineRow{"Http10", "HTTP/1.0 200 OK", 200, http::Version::http_1_0},
                    StatusLineRow{"HigherMinor", "HTTP/1.7 200 OK", 200}, StatusLineRow{"Http2", "HTTP/2.0 200 OK", 0},
                    StatusLineRow{"BelowHundred", "HTTP/1.1 099 Low", 0},
                    StatusLineRow{"TwoDigits", "HTTP/1.1 20 OK", 0}, StatusLineRow{"FourDigits", "HTTP/1.1 2000 OK", 0},
                    StatusLineRow{"Letters", "HTTP/1.1 abc OK", 0}, StatusLineRow{"TwoSpaces", "HTTP/1.1  200 OK", 0},
                    StatusLineRow{"Tab", "HTTP/1.1\t200 OK", 0}, StatusLineRow{"Nul", "HTTP/1.1 200 O\0K"s, 0},
                    StatusLineRow{"BareCr", "HTTP/1.1 200 O\rK", 0}, StatusLineRow{"BareLf", "HTTP/1.1 200 O\nK", 0},
                    StatusLineRow{"Request", "GET / HTTP/1.1", 0}, StatusLineRow{"LowerCase", "http/1.1 200 OK", 0}),
    row_name);

struct ResponseFramingRow {
    const char* name;
    Method method;
    std::string head;  // without "HTTP/1."
    Framing framing;
    std::uint64_t length = 0;
    bool is_refused = false;
};
class ResponseFraming : public testing::TestWithParam<ResponseFramingRow> {};

TEST_P(ResponseFraming, HasOneReadingOrIsRefused) {
    const std::string octets = "HTTP/1." + GetParam().head + "\r\n";
    http::Response response;
    HeadNotes notes;
    const auto read = read_response_head(octets, notes, HeadLimits{}, GetParam().method, response);
    ASSERT_EQ(read.has_value(), !GetParam().is_refused);
    if (!read) return;
    ASSERT_TRUE(read->has_value());
    EXPECT_EQ((*read)->framing, GetParam().framing);
    EXPECT_EQ(response.content_length.value_or(0), GetParam().length);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9112Section6_3, ResponseFraming,
    testing::Values(
        ResponseFramingRow{"Length", Method::get, "1 200 OK\r\nContent-Length: 5\r\n", Framing::length, 5},
        ResponseFramingRow{"NoOctets", Method::get, "1 200 OK\r\nContent-Length: 0\r\n", Framing::length, 0},
        ResponseFramingRow{"Chunked", Method::get, "1 200 OK\r\nTransfer-Encoding: chunked\r\n", Framing::chunked},
        ResponseFramingRow{"ToClose", Method::get, "1 200 OK\r\n", Framing::to_close},
        ResponseFramingRow{"ToCloseInHttp10", Method::get, "0 200 OK\r\nConnection: keep-alive\r\n", Framing::to_close},
        ResponseFramingRow{"Head", Method::head, "1 200 OK\r\nContent-Length: 5\r\n", Framing::none, 5},
        ResponseFramingRow{"HeadChunked", Method::head, "1 200 OK\r\nTransfer-Encoding: chunked\r\n", Framing::none},
        ResponseFramingRow{"HeadWithoutLength", Method::head, "1 200 OK\r\n", Framing::none},
        ResponseFramingRow{"NoContent", Method::get, "1 204 No Content\r\n", Framing::none},
        ResponseFramingRow{"LengthOfNoContent", Method::get, "1 204 No Content\r\nContent-Length: 5\r\n",
                           Framing::none},
        ResponseFramingRow{"NotModified", Method::get, "1 304 Not Modified\r\nContent-Length: 5\r\n", Framing::none, 5},
        ResponseFramingRow{"NotModifiedChunked", Method::get, "1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n",
                           Framing::none},
        ResponseFramingRow{"Interim", Method::get, "1 103 Early Hints\r\n", Framing::none},
        ResponseFramingRow{"Tunnel", Method::connect, "1 200 OK\r\n", Framing::none},
        ResponseFramingRow{"NoTunnel", Method::connect, "1 403 Forbidden\r\nContent-Length: 5\r\n", Framing::length, 5},
        ResponseFramingRow{"ChunkedNoContent", Method::get, "1 204 No\r\nTransfer-Encoding: chunked\r\n", Framing::none,
                           0, true},
        ResponseFramingRow{"ChunkedInterim", Method::get, "1 103 Hints\r\nTransfer-Encoding: chunked\r\n",
                           Framing::none, 0, true},
        ResponseFramingRow{"ChunkedTunnel", Method::connect, "1 200 OK\r\nTransfer-Encoding: chunked\r\n",
                           Framing::none, 0, true},
        ResponseFramingRow{"ChunkedInHttp10", Method::get, "0 200 OK\r\nTransfer-Encoding: chunked\r\n", Framing::none,
                           0, true},
        ResponseFramingRow{"Both", Method::get, "1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                           Framing::none, 0, true},
        ResponseFramingRow{"TwoLengths", Method::get, "1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
                           Framing::none, 0, true},
        ResponseFramingRow{"BadLength", Method::get, "1 200 OK\r\nContent-Length: +5\r\n", Framing::none, 0, true},
        ResponseFramingRow{"OtherCoding", Method::get, "1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
                           Framing::none, 0, true},
        ResponseFramingRow{"NotChunkedLast", Method::get, "1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n",
                           Framing::none, 0, true}),
    row_name);

TEST(ResponseHead, HasItsLimits) {
    const std::string usual = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    const HeadLimits near{.head_octets_max = usual.size(), .field_count_max = 1};
    http::Response response;
    HeadNotes notes;
    EXPECT_TRUE(read_response_head(usual, notes, near, Method::get, response)->has_value());
    notes = {};
    EXPECT_FALSE(read_response_head("HTTP/1.1 200 OK\r\nA: bcdef\r\n\r\n", notes, near, Method::get, response));
    notes = {};
    EXPECT_FALSE(read_response_head("HTTP/1.1 200 OK\r\nA:\r\nB:\r\n\r\n", notes, near, Method::get, response));
}

TEST(ResponseHead, SaysWhetherItsConnectionPersists) {
    const auto persistence = [](const std::string& octets) {
        http::Response response;
        HeadNotes notes;
        return (*read_response_head(octets, notes, HeadLimits{}, Method::get, response))->persistence;
    };
    EXPECT_EQ(persistence("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"), Persistence::keep);
    EXPECT_EQ(persistence("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n"), Persistence::close);
    EXPECT_EQ(persistence("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n"), Persistence::close);
    EXPECT_EQ(persistence("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n"), Persistence::keep);
    EXPECT_EQ(persistence("HTTP/1.1 200 OK\r\n\r\n"), Persistence::close);
    EXPECT_EQ(persistence("HTTP/1.1 204 No Content\r\n\r\n"), Persistence::keep);
    EXPECT_EQ(persistence("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"), Persistence::close);
    EXPECT_EQ(persistence("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), Persistence::keep);
}

}  // namespace
}  // namespace portico::h1
