// portico/wire/h2/requests_test.cc — which field sections are requests: RFC 9113 §8.
#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h2/client_for_test.h"

namespace portico::h2 {
namespace {

using http::FieldName;
using http::Status;
using namespace std::string_literals;

// The verdict on the octets after the preface: "ok", the errors that are sent, or the status of the refusal.
struct MessageRow {
    const char* name;
    std::string octets;
    std::string verdict = "ok";
};
class Messages : public testing::TestWithParam<MessageRow> {};

std::string verdict_on(const Served& served) {
    const auto& refusals = served.refusals;
    if (served.verdict() == "ok" && !refusals.empty() && refusals.front()) {
        return std::to_string(http::code(refusals.front()->status));
    }
    return served.verdict();
}

TEST_P(Messages, AreRequestsOrNot) {
    Served served;
    served.receive(hello() + GetParam().octets);
    EXPECT_EQ(verdict_on(served), GetParam().verdict) << served.connection().last_fault().reason;
    // What is malformed is never passed on.
    if (GetParam().verdict == "ok") {
        EXPECT_EQ(served.requests.size(), 1U);
    }
    Served pieces;
    pieces.receive(hello() + GetParam().octets, 1);
    EXPECT_EQ(pieces.events, served.events);
    EXPECT_EQ(pieces.frames, served.frames);
}

const std::string malformed = "RST_STREAM 1 PROTOCOL_ERROR";

std::string section(Lines lines) { return headers_of(1, block_of(lines)); }
std::string with(std::string_view name, std::string_view value) {
    return headers_of(1, request_block({{name, value}}));
}
std::string path(std::string_view path) { return headers_of(1, request_block({}, "GET", path)); }
std::string method(std::string_view method) { return headers_of(1, request_block({}, method)); }
std::string authority(std::string_view authority) {
    return section({{":method", "GET"}, {":scheme", "https"}, {":authority", authority}, {":path", "/"}});
}
std::string hosts(std::string_view authority, std::string_view host) {
    return section(
        {{":method", "GET"}, {":scheme", "https"}, {":authority", authority}, {":path", "/"}, {"host", host}});
}
// A request with this Content-Length and content, and then a trailer section if it is not empty.
std::string content(std::string_view length, std::string_view octets, std::string_view trailer = {}) {
    const unsigned flags = trailer.empty() ? flag_end_stream : 0;
    const std::string request = post_of(1, {{"content-length", length}}) + data_of(1, octets, flags);
    return trailer.empty() ? request : request + headers_of(1, trailer);
}

INSTANTIATE_TEST_SUITE_P(
    Section81Framing, Messages,
    testing::Values(
        MessageRow{"NoContent", get_of(1)}, MessageRow{"Content", post_of(1) + data_of(1, "abc")},
        MessageRow{"ContentInTwoFrames", post_of(1) + data_of(1, "a", 0) + data_of(1, "bc")},
        MessageRow{"Trailers", post_of(1) + data_of(1, "a", 0) + headers_of(1, line_of("x", "y"))},
        MessageRow{"TrailersWithoutContent", post_of(1) + headers_of(1, line_of("x", "y"))},
        MessageRow{"NoTrailers", post_of(1) + headers_of(1, "")},
        MessageRow{"TrailersThatDontEnd", post_of(1) + headers_of(1, line_of("x", "y"), flag_end_headers), malformed},
        MessageRow{"PseudoInTrailers", post_of(1) + headers_of(1, line_of(":path", "/")), malformed},
        MessageRow{"StatusInTrailers", post_of(1) + headers_of(1, line_of(":status", "200")), malformed},
        MessageRow{"UpperCaseInTrailers", post_of(1) + headers_of(1, line_of("X", "y")), malformed},
        MessageRow{"ConnectionInTrailers", post_of(1) + headers_of(1, line_of("connection", "close")), malformed}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section811ContentLength, Messages,
    testing::Values(
        MessageRow{"Right", content("3", "abc")}, MessageRow{"Zero", content("0", "")},
        MessageRow{"RightInTwoFrames", post_of(1, {{"content-length", "3"}}) + data_of(1, "a", 0) + data_of(1, "bc")},
        MessageRow{"TooSmall", content("2", "abc"), malformed}, MessageRow{"TooLarge", content("4", "abc"), malformed},
        MessageRow{"ZeroButContent", content("0", "a"), malformed},
        MessageRow{"TooSmallInTwoFrames", post_of(1, {{"content-length", "2"}}) + data_of(1, "a", 0) + data_of(1, "bc"),
                   malformed},
        MessageRow{"PaddingIsNoContent",
                   post_of(1, {{"content-length", "1"}}) + data_of(1,
                                                                   "\x02"
                                                                   "a"
                                                                   "\0\0"s,
                                                                   flag_end_stream | flag_padded)},
        MessageRow{"RightWithTrailers", content("3", "abc", line_of("x", "y"))},
        MessageRow{"TooLargeWithTrailers", content("4", "abc", line_of("x", "y")), malformed},
        MessageRow{"ButNoContent", with("content-length", "1"), malformed},
        MessageRow{"ZeroAndNoContent", with("content-length", "0")},
        MessageRow{"Signed", content("+3", "abc"), malformed}, MessageRow{"List", content("3, 3", "abc"), malformed},
        MessageRow{"Empty", content("", "abc"), malformed},
        MessageRow{"Huge", content("9223372036854775808", "abc"), malformed},
        MessageRow{"Repeated", post_of(1, {{"content-length", "3"}, {"content-length", "3"}}) + data_of(1, "abc"),
                   malformed}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section821Fields, Messages,
    testing::Values(
        MessageRow{"Good", with("x-y", "a b")}, MessageRow{"Empty", with("x", "")},
        MessageRow{"HighOctets", with("x", "\xc3\xa4")}, MessageRow{"TabInside", with("x", "a\tb")},
        MessageRow{"UpperCaseName", with("X", "a"), malformed},
        MessageRow{"UpperCaseInside", with("xY", "a"), malformed},
        MessageRow{"UpperCaseOfKnown", with("Accept", "a"), malformed}, MessageRow{"NoName", with("", "a"), malformed},
        MessageRow{"SpaceInName", with("x y", "a"), malformed}, MessageRow{"ColonInName", with("x:y", "a"), malformed},
        MessageRow{"NulInName", with("x\0y"s, "a"), malformed}, MessageRow{"HighInName", with("x\x80", "a"), malformed},
        MessageRow{"DeleteInName", with("x\x7f", "a"), malformed},
        MessageRow{"CrlfInName", with("x\r\n", "a"), malformed}, MessageRow{"Nul", with("x", "a\0b"s), malformed},
        MessageRow{"Lf", with("x", "a\nb"), malformed}, MessageRow{"Cr", with("x", "a\rb"), malformed},
        MessageRow{"Delete", with("x", "a\x7f"), malformed}, MessageRow{"SpaceFirst", with("x", " a"), malformed},
        MessageRow{"SpaceLast", with("x", "a "), malformed}, MessageRow{"TabFirst", with("x", "\ta"), malformed},
        MessageRow{"TabLast", with("x", "a\t"), malformed}, MessageRow{"SpaceAlone", with("x", " "), malformed},
        MessageRow{"ControlInPath", path("/\x01"), malformed}, MessageRow{"LfInMethod", method("GET\n"), malformed},
        MessageRow{"LfInTrailer", post_of(1) + headers_of(1, line_of("x", "a\nb")), malformed}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section822ConnectionSpecific, Messages,
    testing::Values(MessageRow{"Connection", with("connection", "close"), malformed},
                    MessageRow{"KeepAlive", with("keep-alive", "1"), malformed},
                    MessageRow{"ProxyConnection", with("proxy-connection", "keep-alive"), malformed},
                    MessageRow{"TransferEncoding", with("transfer-encoding", "chunked"), malformed},
                    MessageRow{"Upgrade", with("upgrade", "websocket"), malformed},
                    MessageRow{"TeTrailers", with("te", "trailers")},
                    MessageRow{"TeGzip", with("te", "gzip"), malformed},
                    MessageRow{"TeBoth", with("te", "trailers, gzip"), malformed},
                    MessageRow{"TeTwice", headers_of(1, request_block({{"te", "trailers"}, {"te", "gzip"}})),
                               malformed}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section83Pseudo, Messages,
    testing::Values(
        MessageRow{"Unknown", headers_of(1, line_of(":x", "a") + request_block()), malformed},
        MessageRow{"Status", headers_of(1, line_of(":status", "200") + request_block()), malformed},
        MessageRow{"Protocol", headers_of(1, line_of(":protocol", "websocket") + request_block()), malformed},
        MessageRow{"NameOfColon", headers_of(1, line_of(":", "a") + request_block()), malformed},
        MessageRow{"UpperCase", headers_of(1, line_of(":Path", "/") + request_block()), malformed},
        MessageRow{"AfterField", headers_of(1, line_of("x", "a") + request_block()), malformed},
        MessageRow{"LastAfterField",
                   section({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {"x", "a"}, {":path", "/"}}),
                   malformed},
        MessageRow{"MethodTwice", headers_of(1, line_of(":method", "GET") + request_block()), malformed},
        MessageRow{"SchemeTwice", headers_of(1, line_of(":scheme", "https") + request_block()), malformed},
        MessageRow{"AuthorityTwice", headers_of(1, line_of(":authority", "a.example") + request_block()), malformed},
        MessageRow{"PathTwice", headers_of(1, line_of(":path", "/") + request_block()), malformed},
        MessageRow{"AnyOrder",
                   section({{":path", "/"}, {":authority", "a"}, {":scheme", "https"}, {":method", "GET"}})}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section831Request, Messages,
    testing::Values(
        MessageRow{"Empty", headers_of(1, ""), malformed},
        MessageRow{"NoMethod", section({{":scheme", "https"}, {":authority", "a"}, {":path", "/"}}), malformed},
        MessageRow{"NoScheme", section({{":method", "GET"}, {":authority", "a"}, {":path", "/"}}), malformed},
        MessageRow{"NoPath", section({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}}), malformed},
        MessageRow{"NoAuthority", section({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}), "400"},
        MessageRow{"HostAlone",
                   section({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "a.example"}})},
        MessageRow{"EmptyHostAlone", section({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", ""}}),
                   "400"},
        MessageRow{"EmptyHostForAsterisk",
                   section({{":method", "OPTIONS"}, {":scheme", "https"}, {":path", "*"}, {"host", ""}})},
        MessageRow{"BadHostAlone", section({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "a b"}}),
                   "400"},
        MessageRow{"EmptyMethod", method(""), malformed}, MessageRow{"MethodWithSpace", method("GET /"), malformed},
        MessageRow{"OtherMethod", method("BREW")}, MessageRow{"LongestMethod", method(std::string(64, 'M'))},
        MessageRow{"MethodTooLong", method(std::string(65, 'M')), "501"}, MessageRow{"EmptyPath", path(""), malformed},
        MessageRow{"PathWithoutSlash", path("a"), malformed}, MessageRow{"PathOfQuery", path("?a"), malformed},
        MessageRow{"AbsoluteUri", path("https://a.example/"), malformed}, MessageRow{"Query", path("/a?b=c?")},
        MessageRow{"Fragment", path("/a#b"), malformed}, MessageRow{"SpaceInPath", path("/a b"), malformed},
        MessageRow{"HighInPath", path("/\xc3\xa4"), malformed}, MessageRow{"SpaceInQuery", path("/?a b"), malformed},
        MessageRow{"Asterisk", path("*"), malformed},
        MessageRow{"AsteriskForOptions", headers_of(1, request_block({}, "OPTIONS", "*"))},
        MessageRow{"LongestPath", path("/" + std::string(8191, 'a'))},
        MessageRow{"PathTooLong", path("/" + std::string(8192, 'a')), "414"},
        MessageRow{"UpperCaseScheme",
                   section({{":method", "GET"}, {":scheme", "HTTPS"}, {":authority", "a"}, {":path", "/"}})},
        MessageRow{"OtherScheme",
                   section({{":method", "GET"}, {":scheme", "ftp"}, {":authority", "a"}, {":path", "/"}}), "400"},
        MessageRow{"EmptyScheme", section({{":method", "GET"}, {":scheme", ""}, {":authority", "a"}, {":path", "/"}}),
                   malformed},
        MessageRow{"BadScheme",
                   section({{":method", "GET"}, {":scheme", "ht tp"}, {":authority", "a"}, {":path", "/"}}), malformed},
        MessageRow{"Port", authority("a.example:8443")}, MessageRow{"Ipv6", authority("[::1]:443")},
        MessageRow{"UserInfo", authority("user@a.example"), malformed},
        MessageRow{"EmptyAuthority", authority(""), malformed}, MessageRow{"BadPort", authority("a:x"), malformed},
        MessageRow{"SlashInAuthority", authority("a/b"), malformed},
        MessageRow{"SameHost", hosts("a.example", "a.example")},
        MessageRow{"SameHostInCapitals", hosts("a.example", "A.Example")},
        MessageRow{"SameHostWithPort", hosts("a.example", "a.example:443")},
        MessageRow{"OtherHost", hosts("a.example", "b.example"), malformed},
        MessageRow{"OtherPort", hosts("a.example", "a.example:80"), malformed},
        MessageRow{"EmptyHost", hosts("a.example", ""), malformed},
        MessageRow{"HostTwice", headers_of(1, request_block({{"host", "a.example"}, {"host", "a.example"}})),
                   malformed},
        MessageRow{"Expect", with("expect", "100-continue")}, MessageRow{"ExpectOther", with("expect", "a"), "417"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section85Connect, Messages,
    testing::Values(
        MessageRow{"Good", section({{":method", "CONNECT"}, {":authority", "a:80"}})},
        MessageRow{"HeadersInTheTunnel",
                   headers_of(1, block_of({{":method", "CONNECT"}, {":authority", "a:80"}}), flag_end_headers) +
                       headers_of(1, line_of("x", "y")),
                   malformed},
        MessageRow{"NoPort", section({{":method", "CONNECT"}, {":authority", "a"}}), malformed},
        MessageRow{"NoAuthority", section({{":method", "CONNECT"}}), malformed},
        MessageRow{"Path", section({{":method", "CONNECT"}, {":authority", "a:80"}, {":path", "/"}}), malformed},
        MessageRow{"Scheme", section({{":method", "CONNECT"}, {":authority", "a:80"}, {":scheme", "https"}}),
                   malformed},
        MessageRow{"Protocol", section({{":method", "CONNECT"}, {":protocol", "websocket"}, {":authority", "a:80"}}),
                   malformed}),
    row_name);

// RFC 8441 §4
std::string extended(std::string_view verb, std::string_view carried, std::string_view host) {
    return section(
        {{":method", verb}, {":protocol", carried}, {":scheme", "https"}, {":path", "/"}, {":authority", host}});
}

INSTANTIATE_TEST_SUITE_P(
    Rfc8441, Messages,
    testing::Values(
        MessageRow{"Good", extended("CONNECT", "websocket", "a")},
        MessageRow{"AnyProtocol", extended("CONNECT", "connect-udp", "a:80")},
        MessageRow{"NotAToken", extended("CONNECT", "a b", "a"), malformed},
        MessageRow{"OtherMethod", extended("GET", "websocket", "a"), malformed},
        MessageRow{"NoScheme",
                   section({{":method", "CONNECT"}, {":protocol", "websocket"}, {":path", "/"}, {":authority", "a"}}),
                   malformed},
        MessageRow{"NoAuthority",
                   section({{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":path", "/"}}),
                   malformed}),
    row_name);

// Lines with names x0, x1, …; each has `octets` as RFC 9113 §6.5.2 counts.
std::string many_lines(std::size_t count, std::size_t octets) {
    std::string block;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string name = "x" + std::to_string(i);
        block += line_of(name, std::string(octets - 32 - name.size(), 'v'));
    }
    return block;
}

constexpr std::size_t pseudo_octets = 4 * 32 + 10 + 12 + 19 + 6;  // of request_block()

INSTANTIATE_TEST_SUITE_P(
    Budgets, Messages,
    testing::Values(MessageRow{"MostFields", headers_of(1, request_block() + many_lines(100, 40))},
                    MessageRow{"TooManyFields", headers_of(1, request_block() + many_lines(101, 40)), "431"},
                    MessageRow{"LargestList",
                               headers_of(1, request_block() + many_lines(1, 12000), 1) +
                                   continuation_of(1, line_of("y", std::string(12000 - 33, 'v')), 0) +
                                   continuation_of(1, line_of("z", std::string(8768 - 33 - pseudo_octets, 'v')))},
                    MessageRow{"ListTooLarge",
                               headers_of(1, request_block() + many_lines(1, 12000), 1) +
                                   continuation_of(1, line_of("y", std::string(12000 - 33, 'v')), 0) +
                                   continuation_of(1, line_of("z", std::string(8769 - 33 - pseudo_octets, 'v'))),
                               "431"},
                    MessageRow{"TrailersTooLarge", post_of(1) + headers_of(1, many_lines(101, 40)),
                               "RST_STREAM 1 ENHANCE_YOUR_CALM"},
                    // It is refused before it is read to its end.
                    MessageRow{"TooManyFieldsAndThenMalformed",
                               headers_of(1, request_block() + many_lines(101, 40) + line_of("X", "")), "431"},
                    MessageRow{"MalformedAndThenTooManyFields",
                               headers_of(1, request_block() + line_of("X", "") + many_lines(101, 40)), malformed}),
    row_name);

TEST(Requests, SayWhatWasSent) {
    Served served;
    served.receive(hello() + headers_of(1, request_block({{"accept", "*/*"}, {"x-y", "z"}}, "POST", "/a?b"), 4) +
                   data_of(1, "ab", 0) + data_of(1, "c", 0) + headers_of(1, line_of("x-sum", "7")));
    EXPECT_EQ(served.events, "request 1\ncontent 1 abc\nend 1\ntrailer x-sum=7\n");
    ASSERT_EQ(served.requests.size(), 1U);
    const http::Request& request = served.requests.front();
    EXPECT_EQ(request.method, http::Method::post);
    EXPECT_EQ(request.method_token, "POST");
    EXPECT_EQ(request.form, http::TargetForm::origin);
    EXPECT_EQ(request.target, "/a?b");
    EXPECT_EQ(request.path, "/a");
    EXPECT_EQ(request.query, "b");
    EXPECT_EQ(request.scheme, http::Scheme::https);
    EXPECT_EQ(request.authority, "a.example");
    EXPECT_TRUE(request.has_content);
    EXPECT_FALSE(request.content_length);
    ASSERT_EQ(request.fields.size(), 2U);
    EXPECT_EQ(request.fields.find(FieldName::accept), "*/*");
    EXPECT_EQ(request.fields.find("x-y"), "z");
}

TEST(Requests, HaveTheAuthorityOfHostIfThereIsNoOther) {
    Served served;
    served.receive(hello() + section({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "b"}}));
    EXPECT_EQ(served.requests.at(0).authority, "b");
    EXPECT_EQ(served.requests.at(0).scheme, http::Scheme::http);
}

TEST(Requests, OfConnectHaveTheAuthorityForm) {
    Served served;
    served.receive(hello() + headers_of(1, block_of({{":method", "CONNECT"}, {":authority", "a:80"}}), 4) +
                   data_of(1, "tunnelled", 0));
    EXPECT_EQ(served.events, "request 1\ncontent 1 tunnelled\n");
    EXPECT_EQ(served.requests.at(0).form, http::TargetForm::authority);
    EXPECT_EQ(served.requests.at(0).authority, "a:80");
    EXPECT_EQ(served.requests.at(0).path, "");
}

// RFC 9113 §8.2.3. The pieces count as they were sent.
TEST(Requests, HaveOneCookieLine) {
    Served served;
    served.receive(hello() +
                   headers_of(1, request_block({{"cookie", "a=b"}, {"x", "1"}, {"cookie", "c=d"}, {"cookie", "e"}})));
    const auto& fields = served.requests.at(0).fields;
    EXPECT_EQ(fields.find(FieldName::cookie), "a=b; c=d; e");
    EXPECT_EQ(fields.count(FieldName::cookie), 1U);
    EXPECT_EQ(fields.size(), 2U);
}

TEST(Requests, HaveEmptyPiecesOfACookieToo) {
    Served served;
    served.receive(hello() + headers_of(1, request_block({{"cookie", ""}, {"cookie", "a=b"}, {"cookie", ""}})));
    EXPECT_EQ(served.requests.at(0).fields.find(FieldName::cookie), "; a=b; ");
}

TEST(Requests, CountEachPieceOfACookie) {
    std::string crumbs;
    for (int i = 0; i < 101; ++i) crumbs += line_of("cookie", "a");
    Served served;
    served.receive(hello() + headers_of(1, request_block() + crumbs));
    EXPECT_EQ(served.refusals.at(0)->status, Status::request_header_fields_too_large);
    EXPECT_EQ(served.counters().header_lists_too_large, 1U);
}

TEST(Requests, KeepTheirViewsWhileOthersArrive) {
    Served served;
    served.receive(hello() + headers_of(1, request_block({{"x", "first"}})));
    for (StreamId id = 3; id < 100; id += 2) served.receive(headers_of(id, request_block({{"x", "other"}})));
    EXPECT_EQ(served.requests.at(0).fields.find("x"), "first");
    EXPECT_EQ(served.requests.at(1).fields.find("x"), "other");
}

// The block is decoded to its end, so that the next one finds the table as the client left it.
TEST(Requests, ThatAreRefusedOrMalformedKeepTheTablesEqual) {
    const std::string remembered =
        "\x40\x01y\x03"
        "abc";                           // literal with incremental indexing: RFC 7541 §6.2.1
    const std::string indexed = "\xbe";  // the newest line of the table
    const std::string later = headers_of(9, request_block() + indexed);
    const std::string blocks[] = {
        headers_of(1, request_block() + many_lines(101, 40) + remembered),
        headers_of(1, request_block() + line_of("X", "") + remembered),
        post_of(1) + reset_of(1) + post_of(3) + window_update_of(3, 0) + headers_of(3, remembered),
    };
    for (const std::string& block : blocks) {
        Served served;
        served.receive(hello() + block + later);
        ASSERT_FALSE(served.connection().has_ended());
        EXPECT_EQ(served.requests.back().fields.find("y"), "abc");
    }
}

TEST(Requests, OverTheStreamLimitKeepTheTablesEqual) {
    Limits limits;
    limits.streams_max = 1;
    Served served(Server::releases, limits);
    served.receive(hello() + get_of(1) +
                   headers_of(3, request_block() + "\x40\x01y\x03"
                                                   "abc") +
                   reset_of(1) + headers_of(5, request_block() + "\xbe"));
    EXPECT_EQ(served.verdict(), "RST_STREAM 3 REFUSED_STREAM");
    EXPECT_EQ(served.requests.back().fields.find("y"), "abc");
}

TEST(Requests, ThatAreMalformedAreCounted) {
    Served served;
    served.receive(hello() + with("X", "a") + get_of(3) + headers_of(5, ""));
    EXPECT_EQ(served.counters().malformed, 2U);
    EXPECT_EQ(served.counters().requests, 1U);
    EXPECT_EQ(served.events, "request 3\n");
}

}  // namespace
}  // namespace portico::h2
