// portico/wire/h1/interpret_test.cc — what fields mean for a request's connection: RFC 9112 §3.2, §6, §9.3, §11.2.
#include "portico/wire/h1/interpret.h"

#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h1/feed_head.h"
#include "portico/wire/h1/status_for_test.h"

namespace portico::h1 {
namespace {

using http::Status;
using namespace std::string_literals;

// How a request's content is framed, or the status with which the request is refused.
struct FramingRow {
    const char* name;
    std::string lines;
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
    Status status = Status::ok;
    const char* version = "1.1";
};
class FramingOf : public testing::TestWithParam<FramingRow> {};

std::string head_with(const std::string& lines, const char* version) {
    return "POST / HTTP/"s + version + "\r\nHost: a\r\n" + lines + "\r\n";
}

TEST_P(FramingOf, HasOneReadingOrIsRefused) {
    const FramingRow& row = GetParam();
    const std::string head = head_with(row.lines, row.version);
    http::Request request;
    HeadNotes notes;
    const auto octets = read_head(head, notes, HeadLimits{}, request);
    ASSERT_EQ(octets.has_value(), row.status == Status::ok);
    if (octets) {
        ASSERT_TRUE(octets->has_value());
        EXPECT_EQ((*octets)->octets, head.size());
        EXPECT_EQ((*octets)->framing, row.framing);
        EXPECT_EQ((*octets)->content_length, row.content_length);
        EXPECT_EQ(request.has_content, row.framing != Framing::none);
        EXPECT_EQ(request.content_length.has_value(), row.framing == Framing::length);
        EXPECT_EQ(request.content_length.value_or(0), row.content_length);
    } else {
        EXPECT_EQ(octets.error().status, row.status) << octets.error().reason;
    }
    EXPECT_EQ(feed_head(head, 1, 1), feed_whole(head));
}

FramingRow of_length(const char* name, const std::string& lines, std::uint64_t octets) {
    return {name, lines, Framing::length, octets};
}
FramingRow chunked(const char* name, const std::string& lines) { return {name, lines, Framing::chunked}; }
FramingRow refused(const char* name, const std::string& lines, Status status = bad) {
    return {name, lines, Framing::none, 0, status};
}
FramingRow refused_in_http10(const char* name, const std::string& lines) {
    return {name, lines, Framing::none, 0, bad, "1.0"};
}

INSTANTIATE_TEST_SUITE_P(
    Section62ContentLength, FramingOf,
    testing::Values(
        FramingRow{"None", ""}, of_length("Zero", "Content-Length: 0\r\n", 0),
        of_length("Five", "Content-Length: 5\r\n", 5), of_length("LowerCase", "content-length:5\r\n", 5),
        of_length("LeadingZeros", "Content-Length: 0005\r\n", 5),
        of_length("WhiteAround", "Content-Length: \t5 \r\n", 5),
        of_length("Largest", "Content-Length: 9223372036854775807\r\n", 9223372036854775807U),
        refused("OneTooLarge", "Content-Length: 9223372036854775808\r\n"),
        refused("SixtyFourBits", "Content-Length: 18446744073709551615\r\n"),
        refused("WrapsToFive", "Content-Length: 18446744073709551621\r\n"),
        refused("ManyDigits", "Content-Length: " + std::string(100, '9') + "\r\n"),
        refused("Empty", "Content-Length:\r\n"), refused("White", "Content-Length: \t\r\n"),
        refused("Plus", "Content-Length: +5\r\n"), refused("Minus", "Content-Length: -5\r\n"),
        refused("Hex", "Content-Length: 0x5\r\n"), refused("HexDigits", "Content-Length: a\r\n"),
        refused("Fraction", "Content-Length: 5.0\r\n"), refused("Exponent", "Content-Length: 1e1\r\n"),
        refused("WhiteInside", "Content-Length: 1 0\r\n"), refused("TabInside", "Content-Length: 1\t0\r\n"),
        refused("Underscore", "Content-Length: 1_0\r\n"), refused("Quoted", "Content-Length: \"5\"\r\n"),
        refused("Semicolon", "Content-Length: 5;\r\n"), refused("ListOfEqual", "Content-Length: 5, 5\r\n"),
        refused("ListOfDifferent", "Content-Length: 5, 6\r\n"), refused("TrailingComma", "Content-Length: 5,\r\n"),
        refused("LeadingComma", "Content-Length: ,5\r\n"),
        refused("TwoEqual", "Content-Length: 5\r\nContent-Length: 5\r\n"),
        refused("TwoDifferent", "Content-Length: 5\r\nContent-Length: 6\r\n"),
        refused("TwoInOtherCase", "Content-Length: 5\r\ncontent-length: 0\r\n"),
        refused("SecondEmpty", "Content-Length: 5\r\nContent-Length:\r\n"), refused("Word", "Content-Length: five\r\n"),
        refused("ArabicDigits", "Content-Length: \xd9\xa5\r\n"), refused("NulBehind", "Content-Length: 5\0\r\n"s)),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section61TransferEncoding, FramingOf,
    testing::Values(
        chunked("Chunked", "Transfer-Encoding: chunked\r\n"), chunked("AnyCase", "tRANSFER-eNCODING: cHUNKED\r\n"),
        chunked("WhiteAround", "Transfer-Encoding:\t chunked \t\r\n"), refused("Gzip", "Transfer-Encoding: gzip\r\n"),
        refused("GzipThenChunked", "Transfer-Encoding: gzip, chunked\r\n", Status::not_implemented),
        refused("GzipThenChunkedOnTwoLines", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                Status::not_implemented),
        refused("UnknownThenChunked", "Transfer-Encoding: x;a=b, chunked\r\n", Status::not_implemented),
        refused("IdentityThenChunked", "Transfer-Encoding: identity, chunked\r\n", Status::not_implemented),
        refused("Identity", "Transfer-Encoding: identity\r\n"),
        refused("ChunkedThenGzip", "Transfer-Encoding: chunked, gzip\r\n"),
        refused("ChunkedThenIdentity", "Transfer-Encoding: chunked, identity\r\n"),
        refused("ChunkedTwice", "Transfer-Encoding: chunked, chunked\r\n"),
        refused("ChunkedOnTwoLines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        refused("ChunkedThenGzipOnTwoLines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"),
        refused("ChunkedThenEmptyLine", "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"),
        refused("EmptyLineThenChunked", "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"),
        refused("Empty", "Transfer-Encoding:\r\n"), refused("Comma", "Transfer-Encoding: ,\r\n"),
        refused("LeadingComma", "Transfer-Encoding: , chunked\r\n"),
        refused("TrailingComma", "Transfer-Encoding: chunked,\r\n"),
        refused("Parameter", "Transfer-Encoding: chunked;a=b\r\n"),
        refused("EmptyParameter", "Transfer-Encoding: chunked;\r\n"),
        refused("Quoted", "Transfer-Encoding: \"chunked\"\r\n"),
        refused("QuotedParameter", "Transfer-Encoding: x;a=\"b, chunked\"\r\n"),
        refused("InHttp10", "Transfer-Encoding: gzip\r\n"),
        refused_in_http10("ChunkedInHttp10", "Transfer-Encoding: chunked\r\n"),
        refused_in_http10("ChunkedAndLengthInHttp10", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
    row_name);

// RFC 9112 §11.2. Some server has taken each of these for chunked, and another server for something else.
INSTANTIATE_TEST_SUITE_P(
    Section112Smuggling, FramingOf,
    testing::Values(refused("LengthThenChunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
                    refused("ChunkedThenLength", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
                    refused("ChunkedAndZeroLength", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
                    refused("ChunkedAndBadLength", "Content-Length: x\r\nTransfer-Encoding: chunked\r\n"),
                    refused("UnknownCodingAndLength", "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n"),
                    refused("SpaceBeforeColon", "Transfer-Encoding : chunked\r\n"),
                    refused("TabBeforeColon", "Transfer-Encoding\t: chunked\r\n"),
                    refused("SpaceBeforeName", " Transfer-Encoding: chunked\r\n"),
                    refused("VerticalTabBeforeCoding",
                            "Transfer-Encoding: \x0b"
                            "chunked\r\n"),
                    refused("FormFeedBeforeCoding",
                            "Transfer-Encoding: \x0c"
                            "chunked\r\n"),
                    refused("VerticalTabBeforeColon", "Transfer-Encoding\x0b: chunked\r\n"),
                    refused("NulBehindCoding", "Transfer-Encoding: chunked\0\r\n"s),
                    refused("NulInName", "Transfer-Encoding\0: chunked\r\n"s),
                    refused("CrBeforeCoding", "Transfer-Encoding: \rchunked\r\n"),
                    refused("LfBeforeCoding", "Transfer-Encoding:\nchunked\r\n"),
                    refused("Folded", "Transfer-Encoding:\r\n chunked\r\n"),
                    refused("HiddenBehindLf", "X: y\nTransfer-Encoding: chunked\r\n"),
                    refused("HiddenBehindCr", "X: y\rTransfer-Encoding: chunked\r\n"),
                    refused("Xchunked", "Transfer-Encoding: xchunked\r\n"),
                    refused("ChunkedX", "Transfer-Encoding: chunkedx\r\n"),
                    refused("TwoWords", "Transfer-Encoding: chunked foo\r\n"),
                    refused("WordsBefore", "Transfer-Encoding: foo chunked\r\n"),
                    refused("Colon", "Transfer-Encoding: :chunked\r\n"),
                    refused("Backslash", "Transfer-Encoding: \\chunked\r\n"),
                    refused("SingleQuotes", "Transfer-Encoding: 'chunked'\r\n"),
                    refused("Brackets", "Transfer-Encoding: [chunked]\r\n"),
                    refused("NoBreakSpace",
                            "Transfer-Encoding: \xa0"
                            "chunked\r\n"),
                    refused("ObsTextBehind", "Transfer-Encoding: chunked\xff\r\n"),
                    // Names that are not Transfer-Encoding, although some server has treated them so.
                    FramingRow{"Underscore", "Transfer_Encoding: chunked\r\n"},
                    FramingRow{"NameWithTail", "Transfer-Encodingx: chunked\r\n"},
                    FramingRow{"NameWithHead", "XTransfer-Encoding: chunked\r\n"},
                    of_length("UnderscoreAndLength", "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", 5),
                    FramingRow{"LengthUnderscore", "Content_Length: 5\r\n"},
                    refused("LengthSpaceBeforeColon", "Content-Length : 5\r\n"),
                    refused("LengthFolded", "Content-Length:\r\n 5\r\n"),
                    refused("LengthVerticalTab",
                            "Content-Length: \x0b"
                            "5\r\n"),
                    refused("KelvinSign",
                            "Transfer-Encoding: chun\xe2\x84\xaa"
                            "ed\r\n")),
    row_name);

struct HostRow {
    const char* name;
    std::string lines;
    bool read_in_http11;
    bool read_in_http10;
};
class Host : public testing::TestWithParam<HostRow> {};

TEST_P(Host, IsThereOnceAndValid) {
    for (const bool http11 : {true, false}) {
        const std::string head = "GET / HTTP/1."s + (http11 ? "1" : "0") + "\r\n" + GetParam().lines + "\r\n";
        const HeadOutcome outcome = feed_whole(head);
        const bool expected = http11 ? GetParam().read_in_http11 : GetParam().read_in_http10;
        EXPECT_EQ(outcome.octets.has_value(), expected);
        if (!expected) {
            EXPECT_EQ(outcome.refusal, bad);
        }
        EXPECT_EQ(feed_head(head, 1, 1), outcome);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Section32, Host,
    testing::Values(
        HostRow{"Missing", "", false, true}, HostRow{"Name", "Host: a\r\n", true, true},
        HostRow{"Empty", "Host:\r\n", true, true}, HostRow{"White", "Host: \t\r\n", true, true},
        HostRow{"Port", "Host: a:8080\r\n", true, true}, HostRow{"Literal", "Host: [::1]:8080\r\n", true, true},
        HostRow{"TwoEqual", "Host: a\r\nHost: a\r\n", false, false},
        HostRow{"TwoDifferent", "Host: a\r\nHost: b\r\n", false, false},
        HostRow{"TwoInOtherCase", "Host: a\r\nhost: a\r\n", false, false},
        HostRow{"TwoAndOneEmpty", "Host: a\r\nHost:\r\n", false, false},
        HostRow{"TwoFarApart", "Host: a\r\nX: y\r\nHost: a\r\n", false, false},
        HostRow{"List", "Host: a, b\r\n", false, false}, HostRow{"SpaceInside", "Host: a b\r\n", false, false},
        HostRow{"Userinfo", "Host: u@a\r\n", false, false}, HostRow{"Path", "Host: a/b\r\n", false, false},
        HostRow{"Uri", "Host: http://a/\r\n", false, false}, HostRow{"PortTooLarge", "Host: a:65536\r\n", false, false},
        HostRow{"PortOfLetters", "Host: a:x\r\n", false, false},
        HostRow{"LiteralNotClosed", "Host: [::1\r\n", false, false},
        HostRow{"LiteralWithoutBrackets", "Host: ::1\r\n", false, false},
        HostRow{"SpaceBeforeColon", "Host : a\r\n", false, false},
        HostRow{"XHostIsNoHost", "X-Host: a\r\n", false, true}),
    row_name);

struct ConnectionRow {
    const char* name;
    std::string lines;
    Persistence in_http11;
    Persistence in_http10;
};
class Connection : public testing::TestWithParam<ConnectionRow> {};

TEST_P(Connection, PersistsOrNot) {
    for (const bool http11 : {true, false}) {
        const std::string head = head_with(GetParam().lines, http11 ? "1.1" : "1.0");
        http::Request request;
        HeadNotes notes;
        const auto octets = read_head(head, notes, HeadLimits{}, request);
        ASSERT_TRUE(octets && *octets);
        EXPECT_EQ((*octets)->persistence, http11 ? GetParam().in_http11 : GetParam().in_http10);
    }
}

constexpr auto keep = Persistence::keep;
constexpr auto close = Persistence::close;
INSTANTIATE_TEST_SUITE_P(
    Section93, Connection,
    testing::Values(ConnectionRow{"None", "", keep, close},
                    ConnectionRow{"Close", "Connection: close\r\n", close, close},
                    ConnectionRow{"KeepAlive", "Connection: keep-alive\r\n", keep, keep},
                    ConnectionRow{"AnyCase", "Connection: Keep-Alive\r\n", keep, keep},
                    ConnectionRow{"CloseInAnyCase", "Connection: ClOsE\r\n", close, close},
                    ConnectionRow{"CloseWins", "Connection: close, keep-alive\r\n", close, close},
                    ConnectionRow{"CloseWinsWhereLast", "Connection: keep-alive,close\r\n", close, close},
                    ConnectionRow{"CloseWinsOnItsOwnLine", "Connection: keep-alive\r\nConnection: close\r\n", close,
                                  close},
                    ConnectionRow{"AmongOthers", "Connection: , TE , close,\r\n", close, close},
                    ConnectionRow{"KeepAliveAmongOthers", "Connection: upgrade, keep-alive\r\n", keep, keep},
                    ConnectionRow{"Other", "Connection: upgrade\r\n", keep, close},
                    ConnectionRow{"Empty", "Connection:\r\n", keep, close},
                    ConnectionRow{"Longer", "Connection: closed\r\n", keep, close},
                    ConnectionRow{"TwoWords", "Connection: keep alive\r\n", keep, close},
                    ConnectionRow{"Upgrade", "Connection: upgrade\r\nUpgrade: h2c, websocket\r\n", keep, close},
                    ConnectionRow{"FieldNamedKeepAlive", "Keep-Alive: timeout=5\r\n", keep, close},
                    ConnectionRow{"FieldNamedClose", "Close: yes\r\n", keep, close},
                    ConnectionRow{"ProxyConnection", "Proxy-Connection: close\r\n", keep, close}),
    row_name);

struct ExpectRow {
    const char* name;
    std::string lines;
    http::Expectation expectation;
    Status status = Status::ok;
    const char* version = "1.1";
};
class Expect : public testing::TestWithParam<ExpectRow> {};

TEST_P(Expect, IsMetOrRefused) {
    const std::string head = head_with(GetParam().lines, GetParam().version);
    http::Request request;
    HeadNotes notes;
    const auto octets = read_head(head, notes, HeadLimits{}, request);
    ASSERT_EQ(octets ? Status::ok : octets.error().status, GetParam().status);
    if (octets) {
        EXPECT_EQ(request.expectation, GetParam().expectation);
    }
}

constexpr auto none = http::Expectation::none;
INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section1011, Expect,
    testing::Values(ExpectRow{"None", "", none},
                    ExpectRow{"Continue", "Expect: 100-continue\r\n", http::Expectation::continue_},
                    ExpectRow{"AnyCase", "Expect: 100-Continue\r\n", http::Expectation::continue_},
                    ExpectRow{"Twice", "Expect: 100-continue, 100-continue\r\n", http::Expectation::continue_},
                    ExpectRow{"Empty", "Expect:\r\n", none},
                    ExpectRow{"IgnoredInHttp10", "Expect: 100-continue\r\n", none, Status::ok, "1.0"},
                    ExpectRow{"Other", "Expect: 200-ok\r\n", none, Status::expectation_failed},
                    ExpectRow{"OtherInHttp10", "Expect: 200-ok\r\n", none, Status::expectation_failed, "1.0"},
                    ExpectRow{"ContinueAndOther", "Expect: 100-continue, x=y\r\n", none, Status::expectation_failed},
                    ExpectRow{"Longer", "Expect: 100-continued\r\n", none, Status::expectation_failed},
                    ExpectRow{"Parameter", "Expect: 100-continue;q=1\r\n", none, Status::expectation_failed},
                    ExpectRow{"FramingIsReadFirst", "Expect: x\r\nContent-Length: x\r\n", none, bad}),
    row_name);

}  // namespace
}  // namespace portico::h1
