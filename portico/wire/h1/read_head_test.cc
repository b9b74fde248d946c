// portico/wire/h1/read_head_test.cc — request lines and field lines: RFC 9112 §2, §3, §5, and what an attacker would
// send.
#include "portico/wire/h1/read_head.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h1/feed_head.h"
#include "portico/wire/h1/status_for_test.h"

namespace portico::h1 {
namespace {

using http::Status;
using namespace std::string_literals;

// The head is read (`ok`, all its octets used), needs more octets (`continue_`), or is refused.
struct HeadRow {
    const char* name;
    std::string octets;
    Status status = Status::ok;
};
class Head : public testing::TestWithParam<HeadRow> {};

TEST_P(Head, IsReadOrRefused) {
    const std::string& octets = GetParam().octets;
    const HeadOutcome whole = feed_whole(octets);
    EXPECT_EQ(whole.refusal.value_or(whole.octets ? Status::ok : Status::continue_), GetParam().status) << whole.reason;
    if (whole.octets) {
        EXPECT_EQ(*whole.octets, octets.size());
    }
}

TEST_P(Head, HasTheSameOutcomeInPieces) {
    const std::string& octets = GetParam().octets;
    EXPECT_TRUE(same_in_pieces(octets, 1, 1));
    for (std::size_t first = 0; first < octets.size(); ++first) {
        EXPECT_TRUE(same_in_pieces(octets, first, octets.size())) << "cut behind octet " << first;
    }
}

// An otherwise good head whose field section has `lines`.
std::string with(const std::string& lines) { return "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n"; }
std::string request_line(const std::string& line) { return line + "\r\nHost: a\r\n\r\n"; }
std::string target(const std::string& text) { return request_line("GET " + text + " HTTP/1.1"); }
std::string version(const std::string& text) { return request_line("GET / " + text); }

INSTANTIATE_TEST_SUITE_P(
    Section2Message, Head,
    testing::Values(HeadRow{"Least", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
                    HeadRow{"NoFieldInHttp10", "GET / HTTP/1.0\r\n\r\n"}, HeadRow{"Nothing", "", more},
                    HeadRow{"NoEnd", "GET / HTTP/1.1\r\n", more},
                    HeadRow{"EndWithoutLf", "GET / HTTP/1.1\r\nHost: a\r\n\r", more},
                    HeadRow{"EmptyLineBefore", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
                    HeadRow{"EmptyLineAlone", "\r\n", more}, HeadRow{"CrAlone", "\r", more},
                    HeadRow{"TwoEmptyLinesBefore", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad},
                    HeadRow{"EmptyLineOfLf", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad},
                    HeadRow{"EmptyLineOfCr", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad},
                    HeadRow{"LfEndsRequestLine", "GET / HTTP/1.1\nHost: a\r\n\r\n", bad},
                    HeadRow{"LfEndsFieldLine", "GET / HTTP/1.1\r\nHost: a\n\r\n", bad},
                    HeadRow{"LfEndsHead", "GET / HTTP/1.1\r\nHost: a\r\n\n", bad},
                    HeadRow{"LfEverywhere", "GET / HTTP/1.1\nHost: a\n\n", bad},
                    HeadRow{"CrEndsRequestLine", "GET / HTTP/1.1\rHost: a\r\n\r\n", bad},
                    HeadRow{"CrEndsFieldLine", "GET / HTTP/1.1\r\nHost: a\r\r\n", bad},
                    HeadRow{"CrBeforeCrlf", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", bad},
                    HeadRow{"CrInValue", with("X: a\rb\r\n"), bad},
                    HeadRow{"CrInMethod", "G\rET / HTTP/1.1\r\nHost: a\r\n\r\n", bad},
                    HeadRow{"CrAsSpace", "GET\r/ HTTP/1.1\r\nHost: a\r\n\r\n", bad},
                    HeadRow{"LfCr", "GET / HTTP/1.1\n\rHost: a\n\r\n\r", bad},
                    HeadRow{"WhiteBeforeFirstField", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", bad},
                    HeadRow{"TabBeforeFirstField", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", bad},
                    HeadRow{"WhiteLineBeforeFirstField", "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n", bad},
                    HeadRow{"TlsClientHello", "\x16\x03\x01\x02\x00\x01"s, bad}, HeadRow{"NulFirst", "\0"s, bad},
                    HeadRow{"HighFirst", "\x80", bad},
                    HeadRow{"ByteOrderMark", "\xef\xbb\xbfGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad},
                    HeadRow{"Ssh", "SSH-2.0-OpenSSH_9.2\r\n", bad}, HeadRow{"Smtp", "EHLO example.org\r\n", bad},
                    HeadRow{"Response", "HTTP/1.1 200 OK\r\n", bad},
                    HeadRow{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Status::http_version_not_supported}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section23Version, Head,
    testing::Values(HeadRow{"Http11", version("HTTP/1.1")}, HeadRow{"Http10", version("HTTP/1.0")},
                    HeadRow{"Http12", version("HTTP/1.2")}, HeadRow{"Http19", version("HTTP/1.9")},
                    HeadRow{"Http20", version("HTTP/2.0"), Status::http_version_not_supported},
                    HeadRow{"Http30", version("HTTP/3.0"), Status::http_version_not_supported},
                    HeadRow{"Http99", version("HTTP/9.9"), Status::http_version_not_supported},
                    HeadRow{"Http09", version("HTTP/0.9"), Status::http_version_not_supported},
                    HeadRow{"LowerCase", version("http/1.1"), bad}, HeadRow{"MixedCase", version("Http/1.1"), bad},
                    HeadRow{"NoMinor", version("HTTP/1"), bad}, HeadRow{"NoMajor", version("HTTP/.1"), bad},
                    HeadRow{"NoDot", version("HTTP/11"), bad}, HeadRow{"TwoMajorDigits", version("HTTP/01.1"), bad},
                    HeadRow{"TwoMinorDigits", version("HTTP/1.10"), bad},
                    HeadRow{"Major2Alone", version("HTTP/2"), bad}, HeadRow{"Comma", version("HTTP/1,1"), bad},
                    HeadRow{"Letters", version("HTTP/x.y"), bad}, HeadRow{"Signed", version("HTTP/+1.1"), bad},
                    HeadRow{"OtherName", version("HTCPCP/1.0"), bad},
                    HeadRow{"OtherNameAsLong", version("ICAP/1.0"), bad}, HeadRow{"NoSlash", version("HTTP 1.1"), bad},
                    HeadRow{"Backslash", version("HTTP\\1.1"), bad}, HeadRow{"SpaceInside", version("HTTP/ 1.1"), bad},
                    HeadRow{"NameAlone", version("HTTP/"), bad}, HeadRow{"None", "GET /\r\nHost: a\r\n\r\n", bad},
                    HeadRow{"NoneAsIn09", "GET /\r\n", bad}, HeadRow{"NoneButSpace", "GET / \r\n", bad},
                    HeadRow{"NulInside", version("HTTP/1.1\0"s), bad}),
    row_name);

INSTANTIATE_TEST_SUITE_P(Section3RequestLine, Head,
                         testing::Values(HeadRow{"TwoSpacesBeforeTarget", request_line("GET  / HTTP/1.1"), bad},
                                         HeadRow{"TwoSpacesBehindTarget", request_line("GET /  HTTP/1.1"), bad},
                                         HeadRow{"TabBeforeTarget", request_line("GET\t/ HTTP/1.1"), bad},
                                         HeadRow{"TabBehindTarget", request_line("GET /\tHTTP/1.1"), bad},
                                         HeadRow{"VerticalTab", request_line("GET\x0b/ HTTP/1.1"), bad},
                                         HeadRow{"FormFeed", request_line("GET /\x0cHTTP/1.1"), bad},
                                         HeadRow{"SpaceFirst", request_line(" GET / HTTP/1.1"), bad},
                                         HeadRow{"SpaceLast", request_line("GET / HTTP/1.1 "), bad},
                                         HeadRow{"TabLast", request_line("GET / HTTP/1.1\t"), bad},
                                         HeadRow{"WordBehindVersion", request_line("GET / HTTP/1.1 x"), bad},
                                         HeadRow{"SpaceInTarget", request_line("GET /a b HTTP/1.1"), bad},
                                         HeadRow{"TwoTargets", request_line("GET / / HTTP/1.1"), bad},
                                         HeadRow{"TwoVersions", request_line("GET / HTTP/1.1 HTTP/1.1"), bad},
                                         HeadRow{"MethodAlone", request_line("GET"), bad},
                                         HeadRow{"MethodAndVersion", request_line("GET HTTP/1.1"), bad},
                                         HeadRow{"NoMethod", request_line("/ HTTP/1.1"), bad},
                                         HeadRow{"VersionAlone", request_line("HTTP/1.1"), bad},
                                         HeadRow{"NoBreakSpace", target("/a\xa0"), bad},
                                         HeadRow{"Semicolons", request_line("GET;/;HTTP/1.1"), bad}),
                         row_name);

INSTANTIATE_TEST_SUITE_P(
    Section31Method, Head,
    testing::Values(HeadRow{"Head", request_line("HEAD / HTTP/1.1")}, HeadRow{"Post", request_line("POST / HTTP/1.1")},
                    HeadRow{"Unknown", request_line("BREW / HTTP/1.1")},
                    HeadRow{"LowerCaseIsAnother", request_line("get / HTTP/1.1")},
                    HeadRow{"EveryTchar", request_line("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1")},
                    HeadRow{"Longest", request_line(std::string(64, 'M') + " / HTTP/1.1")},
                    HeadRow{"TooLong", request_line(std::string(65, 'M') + " / HTTP/1.1"), Status::not_implemented},
                    HeadRow{"TooLongWithoutEnd", std::string(65, 'M'), Status::not_implemented},
                    HeadRow{"Slash", request_line("GE/T / HTTP/1.1"), bad},
                    HeadRow{"Quoted", request_line("\"GET\" / HTTP/1.1"), bad},
                    HeadRow{"Parentheses", request_line("(GET) / HTTP/1.1"), bad},
                    HeadRow{"Colon", request_line("GET: / HTTP/1.1"), bad},
                    HeadRow{"Nul", request_line("GET\0 / HTTP/1.1"s), bad},
                    HeadRow{"Delete", request_line("GET\x7f / HTTP/1.1"), bad},
                    HeadRow{"BeyondAscii", request_line("G\xc3\x8bT / HTTP/1.1"), bad}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section32Target, Head,
    testing::Values(HeadRow{"Root", target("/")}, HeadRow{"Query", target("/a?b=c")},
                    HeadRow{"EmptyQuery", target("/?")}, HeadRow{"ManyMarks", target("/a?b?c??")},
                    HeadRow{"TwoSlashes", target("//a")}, HeadRow{"Encoded", target("/%41%20%2f")},
                    // These are refused when the path is translated. Here they are merely octets of a target.
                    HeadRow{"EncodedBadly", target("/%zz")}, HeadRow{"Dots", target("/../..")},
                    HeadRow{"PathOctets", target("/-._~!$&'()*+,;=:@%25")},
                    HeadRow{"WhatBrowsersLeaveInPaths", target("/a[1]^|b")},
                    HeadRow{"WhatBrowsersLeaveInQueries", target("/?a[1]^|b\\c`d{e}'\"")},
                    HeadRow{"Fragment", target("/a#b"), bad}, HeadRow{"FragmentInQuery", target("/a?b#c"), bad},
                    HeadRow{"QuoteInPath", target("/\"a\""), bad}, HeadRow{"AngleInPath", target("/<a>"), bad},
                    HeadRow{"AngleInQuery", target("/?<a>"), bad}, HeadRow{"BackslashInPath", target("/a\\b"), bad},
                    HeadRow{"BackslashFirst", target("\\a"), bad}, HeadRow{"BacktickInPath", target("/`a`"), bad},
                    HeadRow{"BracesInPath", target("/{a}"), bad}, HeadRow{"Nul", target("/a\0b"s), bad},
                    HeadRow{"NulInQuery", target("/a?\0b"s), bad}, HeadRow{"Control", target("/a\x01"), bad},
                    HeadRow{"Delete", target("/a\x7f"), bad}, HeadRow{"DeleteInQuery", target("/?a\x7f"), bad},
                    HeadRow{"Utf8", target("/m\xc3\xbcller"), bad},
                    HeadRow{"Utf8InQuery", target("/?m\xc3\xbcller"), bad}, HeadRow{"NoSlash", target("a"), bad},
                    HeadRow{"QueryAlone", target("?a"), bad}, HeadRow{"AsteriskWithGet", target("*"), bad},
                    HeadRow{"AsteriskWithOptions", request_line("OPTIONS * HTTP/1.1")},
                    HeadRow{"AsteriskAndMore", request_line("OPTIONS *a HTTP/1.1"), bad},
                    HeadRow{"AsteriskTwice", request_line("OPTIONS ** HTTP/1.1"), bad},
                    HeadRow{"OptionsOfPath", request_line("OPTIONS /a HTTP/1.1")}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section322AbsoluteForm, Head,
    testing::Values(
        HeadRow{"Http", target("http://example.org/a")}, HeadRow{"Https", target("https://example.org:1/a")},
        HeadRow{"UpperCase", target("HTTP://EXAMPLE.ORG/")}, HeadRow{"NoPath", target("http://example.org")},
        HeadRow{"NoPathButQuery", target("http://example.org?a")}, HeadRow{"IpLiteral", target("http://[::1]:80/")},
        HeadRow{"Ftp", target("ftp://example.org/"), bad}, HeadRow{"File", target("file:///etc/passwd"), bad},
        HeadRow{"JavaScript", target("javascript:1"), bad}, HeadRow{"WebSocket", target("ws://example.org/"), bad},
        HeadRow{"Userinfo", target("http://user@example.org/"), bad},
        HeadRow{"UserinfoAndPassword", target("http://user:secret@example.org/"), bad},
        HeadRow{"NoAuthority", target("http:///a"), bad}, HeadRow{"NoHost", target("http://:80/a"), bad},
        HeadRow{"OneSlash", target("http:/a"), bad}, HeadRow{"NoSlash", target("http:a"), bad},
        HeadRow{"SchemeAlone", target("http://"), bad}, HeadRow{"SchemeCut", target("http:"), bad},
        HeadRow{"BadPort", target("http://example.org:x/"), bad}, HeadRow{"BadHost", target("http://exa[mple/"), bad},
        HeadRow{"BackslashInAuthority", target("http://example.org\\@evil/"), bad},
        HeadRow{"Fragment", target("http://example.org/#a"), bad},
        HeadRow{"AuthorityAlone", target("example.org:80"), bad},
        HeadRow{"HostMustStillBeThere", "GET http://a/ HTTP/1.1\r\n\r\n", bad},
        HeadRow{"HostMustStillBeValid", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", bad},
        HeadRow{"HostMayDiffer", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(Section323AuthorityForm, Head,
                         testing::Values(HeadRow{"Connect", request_line("CONNECT example.org:443 HTTP/1.1")},
                                         HeadRow{"ConnectToLiteral", request_line("CONNECT [::1]:443 HTTP/1.1")},
                                         HeadRow{"NoPort", request_line("CONNECT example.org HTTP/1.1"), bad},
                                         HeadRow{"EmptyPort", request_line("CONNECT example.org: HTTP/1.1"), bad},
                                         HeadRow{"NoHost", request_line("CONNECT :443 HTTP/1.1"), bad},
                                         HeadRow{"PortTooLarge", request_line("CONNECT a:65536 HTTP/1.1"), bad},
                                         HeadRow{"Path", request_line("CONNECT / HTTP/1.1"), bad},
                                         HeadRow{"Uri", request_line("CONNECT http://a:80/ HTTP/1.1"), bad},
                                         HeadRow{"Asterisk", request_line("CONNECT * HTTP/1.1"), bad},
                                         HeadRow{"Userinfo", request_line("CONNECT u@a:80 HTTP/1.1"), bad}),
                         row_name);

INSTANTIATE_TEST_SUITE_P(
    Section5FieldLine, Head,
    testing::Values(
        HeadRow{"Usual", with("X-A: b\r\n")}, HeadRow{"NoSpace", with("X-A:b\r\n")},
        HeadRow{"Spaces", with("X-A:  \t b \t \r\n")}, HeadRow{"Empty", with("X-A:\r\n")},
        HeadRow{"SpacesAlone", with("X-A: \t \r\n")}, HeadRow{"ColonInValue", with("X-A: b:c\r\n")},
        HeadRow{"ColonFirstInValue", with("X-A::b\r\n")}, HeadRow{"TabInValue", with("X-A: b\tc\r\n")},
        HeadRow{"ObsText", with("X-A: \x80\xff m\xc3\xbcller\r\n")},
        HeadRow{"EveryTchar", with("!#$%&'*+-.^_`|~09azAZ: b\r\n")}, HeadRow{"Repeated", with("X-A: b\r\nX-A: b\r\n")},
        HeadRow{"SpaceBeforeColon", with("X-A : b\r\n"), bad}, HeadRow{"TabBeforeColon", with("X-A\t: b\r\n"), bad},
        HeadRow{"SpaceInName", with("X A: b\r\n"), bad}, HeadRow{"EmptyName", with(": b\r\n"), bad},
        HeadRow{"NoColon", with("X-A\r\n"), bad}, HeadRow{"NoColonButSpace", with("X-A b\r\n"), bad},
        HeadRow{"Folded", with("X-A: b\r\n c\r\n"), bad}, HeadRow{"FoldedByTab", with("X-A: b\r\n\tc\r\n"), bad},
        HeadRow{"FoldedToNothing", with("X-A: b\r\n \r\n"), bad},
        HeadRow{"FoldedBehindHost", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", bad},
        HeadRow{"SlashInName", with("X/A: b\r\n"), bad}, HeadRow{"QuoteInName", with("\"X\": b\r\n"), bad},
        HeadRow{"ParenthesisInName", with("X(A): b\r\n"), bad}, HeadRow{"BracketInName", with("X[A]: b\r\n"), bad},
        HeadRow{"NulInName", with("X\0A: b\r\n"s), bad}, HeadRow{"CrInName", with("X\rA: b\r\n"), bad},
        HeadRow{"ControlInName", with("X\x01: b\r\n"), bad}, HeadRow{"DeleteInName", with("X\x7f: b\r\n"), bad},
        HeadRow{"BeyondAsciiInName", with("\xc3\x9c: b\r\n"), bad}, HeadRow{"NulInValue", with("X-A: b\0c\r\n"s), bad},
        HeadRow{"NulFirstInValue", with("X-A: \0\r\n"s), bad}, HeadRow{"BellInValue", with("X-A: \x07\r\n"), bad},
        HeadRow{"EscInValue", with("X-A: \x1b[1m\r\n"), bad},
        HeadRow{"VerticalTabInValue", with("X-A: b\x0b\r\n"), bad},
        HeadRow{"FormFeedInValue", with("X-A: b\x0c\r\n"), bad}, HeadRow{"DeleteInValue", with("X-A: b\x7f\r\n"), bad},
        HeadRow{"LfInValue", with("X-A: b\nX-B: c\r\n"), bad}, HeadRow{"LfThenCr", with("X-A: b\n\rX-B: c\r\n"), bad},
        HeadRow{"CrAloneThenField", with("X-A: b\rX-B: c\r\n"), bad}),
    row_name);

// Limits, and the octet that exceeds them.
constexpr HeadLimits small_head_limits{.head_octets_max = 200, .target_octets_max = 50, .field_count_max = 3};

struct LimitRow {
    const char* name;
    std::string octets;
    Status status;
};
class Limit : public testing::TestWithParam<LimitRow> {};

TEST_P(Limit, HoldsWholeAndInPieces) {
    const std::string& octets = GetParam().octets;
    const HeadOutcome whole = feed_whole(octets, small_head_limits);
    EXPECT_EQ(whole.refusal.value_or(whole.octets ? Status::ok : Status::continue_), GetParam().status) << whole.reason;
    EXPECT_EQ(feed_head(octets, 1, 1, small_head_limits), whole);
    for (std::size_t first = 0; first < octets.size(); ++first) {
        EXPECT_EQ(feed_head(octets, first, octets.size(), small_head_limits), whole) << "cut behind octet " << first;
    }
}

std::string target_of(std::size_t octets) { return target("/" + std::string(octets - 1, 'a')); }
std::string query_of(std::size_t octets) { return target("/?" + std::string(octets - 2, '{')); }
std::string head_of(std::size_t octets) {
    const std::string rest = with("X: \r\n");
    return with("X: " + std::string(octets - rest.size(), 'x') + "\r\n");
}

INSTANTIATE_TEST_SUITE_P(
    OfCost, Limit,
    testing::Values(
        LimitRow{"LongestTarget", target_of(50), Status::ok},
        LimitRow{"TargetTooLong", target_of(51), Status::uri_too_long},
        LimitRow{"LongestQuery", query_of(50), Status::ok},
        LimitRow{"QueryTooLong", query_of(51), Status::uri_too_long},
        LimitRow{"TargetTooLongWithoutEnd", "GET /" + std::string(50, 'a'), Status::uri_too_long},
        LimitRow{"TargetOfHeadLength", target_of(500), Status::uri_too_long},
        LimitRow{"BadOctetBeforeTheLimit", target("/\"" + std::string(60, 'a')), bad},
        LimitRow{"BadOctetBehindTheLimit", target("/" + std::string(60, 'a') + "\""), Status::uri_too_long},
        LimitRow{"LongestHead", head_of(200), Status::ok},
        LimitRow{"HeadTooLong", head_of(201), Status::request_header_fields_too_large},
        LimitRow{"HeadTooLongWithoutEnd", head_of(300).substr(0, 200), Status::request_header_fields_too_large},
        LimitRow{"BadOctetInLongHead", with("X: \x01" + std::string(300, 'x') + "\r\n"), bad},
        LimitRow{"BadOctetBehindLongHead", with("X: " + std::string(300, 'x') + "\x01\r\n"),
                 Status::request_header_fields_too_large},
        LimitRow{"MostFields", with("A: 1\r\nB: 2\r\n"), Status::ok},
        LimitRow{"TooManyFields", with("A: 1\r\nB: 2\r\nC: 3\r\n"), Status::request_header_fields_too_large}),
    row_name);

TEST(HeadLimit, OfTargetBeyondThatOfHeadIsTheTargets) {
    constexpr HeadLimits limits{.head_octets_max = 40, .target_octets_max = 100, .field_count_max = 3};
    EXPECT_EQ(feed_whole(target_of(60), limits).refusal, Status::uri_too_long);
    EXPECT_EQ(feed_head(target_of(60), 1, 1, limits).refusal, Status::uri_too_long);
}

TEST(HeadLimit, OfRequestLineIsWhatRfc9112Recommends) {
    EXPECT_TRUE(feed_whole(target_of(8000 - sizeof("GET  HTTP/1.1") + 1)).octets);
}

// Returns how many octets of `head` have been fed when it is refused.
std::size_t octets_until_refused(std::string_view head) {
    http::Request request;
    HeadNotes notes;
    for (std::size_t size = 1; size <= head.size(); ++size) {
        if (!read_head(head.substr(0, size), notes, small_head_limits, request)) return size;
    }
    return 0;
}

TEST(Refusal, ComesBeforeTheHeadIsComplete) {
    EXPECT_EQ(octets_until_refused("\x16\x03\x01"), 1U);
    EXPECT_EQ(octets_until_refused(" GET / HTTP/1.1\r\n"), 1U);
    EXPECT_EQ(octets_until_refused("GET /a\r\nHost: a\r\n"), 8U);
    EXPECT_EQ(octets_until_refused("GET / HTTP/3.0\r\nHost: a\r\n"), 16U);
    EXPECT_EQ(octets_until_refused("\r\nGET foo HTTP/1.1\r\nHost: a\r\n"), 20U);
    EXPECT_EQ(octets_until_refused("GET / HTTP/1.1\r\nHost: a\nX: y\r\n"), 24U);
    EXPECT_LE(octets_until_refused("GET /" + std::string(150, 'a')), 50U + 64U + 5U);
    EXPECT_EQ(octets_until_refused("GET / HTTP/1.1\r\nX: " + std::string(300, 'x')), 200U);
}

TEST(Request, SaysWhatTheOriginFormSays) {
    const std::string head =
        "POST /a/b?c=d?e HTTP/1.1\r\nhOsT:\t example.org:80 \r\nX-Y: z\r\nContent-Length: 5\r\n\r\nhello";
    http::Request request;
    HeadNotes notes;
    const auto octets = read_head(head, notes, HeadLimits{}, request);
    ASSERT_TRUE(octets && *octets);
    EXPECT_EQ((*octets)->octets, head.size() - 5);
    EXPECT_EQ(request.method, http::Method::post);
    EXPECT_EQ(request.method_token, "POST");
    EXPECT_EQ(request.form, http::TargetForm::origin);
    EXPECT_EQ(request.target, "/a/b?c=d?e");
    EXPECT_EQ(request.path, "/a/b");
    EXPECT_EQ(request.query, "c=d?e");
    EXPECT_TRUE(request.has_query);
    EXPECT_EQ(request.authority, "example.org:80");
    EXPECT_EQ(notes.version, http::Version::http_1_1);
    ASSERT_EQ(request.fields.size(), 3U);
    EXPECT_EQ(request.fields.lines()[0].name, "hOsT");
    EXPECT_EQ(request.fields.lines()[0].known, http::FieldName::host);
    EXPECT_EQ(request.fields.lines()[1].known, http::FieldName::other);
    EXPECT_EQ(request.fields.find("x-y"), "z");
    EXPECT_EQ((*octets)->framing, Framing::length);
    EXPECT_EQ(request.content_length, 5U);
}

struct TargetRow {
    const char* name;
    std::string_view request_line;
    http::TargetForm form;
    std::string_view path;
    std::optional<std::string_view> query;
    std::string_view authority;
};
class TargetOf : public testing::TestWithParam<TargetRow> {};

TEST_P(TargetOf, HasFormAndParts) {
    const TargetRow& row = GetParam();
    const std::string head = std::string(row.request_line) + "\r\nHost: host:1\r\n\r\n";
    http::Request request;
    HeadNotes notes;
    const auto octets = read_head(head, notes, HeadLimits{}, request);
    ASSERT_TRUE(octets && *octets);
    EXPECT_EQ(request.form, row.form);
    EXPECT_EQ(request.path, row.path);
    EXPECT_EQ(request.has_query, row.query.has_value());
    EXPECT_EQ(request.query, row.query.value_or(""));
    EXPECT_EQ(request.authority, row.authority);
}

using http::TargetForm;
INSTANTIATE_TEST_SUITE_P(
    Section33, TargetOf,
    testing::Values(TargetRow{"Path", "GET /a HTTP/1.1", TargetForm::origin, "/a", std::nullopt, "host:1"},
                    TargetRow{"Query", "GET /a?b HTTP/1.1", TargetForm::origin, "/a", "b", "host:1"},
                    TargetRow{"EmptyQuery", "GET /a? HTTP/1.1", TargetForm::origin, "/a", "", "host:1"},
                    TargetRow{"TwoSlashes", "GET //evil/a HTTP/1.1", TargetForm::origin, "//evil/a", std::nullopt,
                              "host:1"},
                    TargetRow{"Uri", "GET http://b:2/a?c HTTP/1.1", TargetForm::absolute, "/a", "c", "b:2"},
                    TargetRow{"UriWithoutPath", "GET hTTps://b HTTP/1.1", TargetForm::absolute, "/", std::nullopt, "b"},
                    TargetRow{"UriWithQueryAlone", "GET http://b?/c HTTP/1.1", TargetForm::absolute, "/", "/c", "b"},
                    TargetRow{"UriOfHttp10", "GET http://b/ HTTP/1.0", TargetForm::absolute, "/", std::nullopt, "b"},
                    TargetRow{"Connect", "CONNECT b:2 HTTP/1.1", TargetForm::authority, "", std::nullopt, "b:2"},
                    TargetRow{"Asterisk", "OPTIONS * HTTP/1.1", TargetForm::asterisk, "*", std::nullopt, "host:1"}),
    row_name);

TEST(Request, HoldsTheFirstOfTwoHeads) {
    const std::string first = "GET /first HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string octets = first + "GET /second HTTP/1.1\r\nHost: b\r\n\r\n";
    EXPECT_EQ(feed_whole(octets).octets, first.size());
    EXPECT_EQ(feed_whole(octets), feed_head(octets, 1, 1));
}

TEST(Request, HasTheSchemeOfItsTarget) {
    const auto scheme = [](const std::string& head) {
        http::Request request;
        HeadNotes notes;
        EXPECT_TRUE(read_head(head, notes, HeadLimits{}, request)->has_value());
        return request.scheme;
    };
    EXPECT_EQ(scheme("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), http::Scheme::https);
    EXPECT_EQ(scheme("GET HTTPS://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), http::Scheme::https);
    EXPECT_EQ(scheme("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), http::Scheme::http);
    EXPECT_EQ(scheme("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), http::Scheme::http);
}

// For the log, and for the answer.
TEST(Request, HasAVersionEvenIfItIsRefused) {
    http::Request request;
    HeadNotes notes;
    EXPECT_FALSE(read_head("GET / HTTP/1.0\r\nA : b\r\n\r\n", notes, HeadLimits{}, request));
    EXPECT_EQ(notes.version, http::Version::http_1_0);
}

TEST(Request, IsEmptyWhileTheHeadIsIncomplete) {
    const std::string head = "POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n";
    http::Request request;
    HeadNotes notes;
    const auto octets = read_head(head, notes, HeadLimits{}, request);
    ASSERT_TRUE(octets && !*octets);
    EXPECT_EQ(describe(request, notes.version, ReadHead{}), describe(http::Request(), notes.version, ReadHead{}));
}

TEST(Request, NamesMethodAndTargetWhenFieldsAreRefused) {
    const std::string head = "POST /a?b HTTP/1.1\r\nHost: a b\r\n\r\n";
    http::Request request;
    HeadNotes notes;
    ASSERT_FALSE(read_head(head, notes, HeadLimits{}, request));
    EXPECT_EQ(request.method_token, "POST");
    EXPECT_EQ(request.target, "/a?b");
}

// Good heads with some octets changed, removed and inserted: however they are cut, they have the same outcome.
TEST(Head, MutatedHasTheSameOutcomeInPieces) {
    const std::string good = with("X-A: b\r\nContent-Length: 10\r\nConnection: close, x\r\nExpect: 100-continue\r\n");
    constexpr std::string_view splice = "\r\n\t :\0aGET?/#,1\x80";
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        std::string octets = good;
        for (auto changes = random() % 4; changes > 0; --changes) {
            const std::size_t place = random() % octets.size();
            const std::size_t removed = random() % 3;
            octets.replace(place, removed, std::string(random() % 2, splice[random() % splice.size()]));
        }
        ASSERT_TRUE(same_in_pieces(octets, 1, 1, small_head_limits)) << octets;
        ASSERT_TRUE(same_in_pieces(octets, random() % octets.size(), 1 + random() % 40, small_head_limits)) << octets;
    }
}

}  // namespace
}  // namespace portico::h1
