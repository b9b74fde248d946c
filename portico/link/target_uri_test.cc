// portico/link/target_uri_test.cc — URIs and references: RFC 3986, RFC 9110 §4.2.
#include "portico/link/target_uri.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "portico/base/row_name_for_test.h"

namespace portico::link {
namespace {

struct UriRow {
    const char* name;
    std::string text;
    std::string host;  // empty: refused
    std::uint16_t port = 0;
    std::string authority{};
    std::string target{};
};
class Uri : public testing::TestWithParam<UriRow> {};

TEST_P(Uri, IsTakenApartOrRefused) {
    const UriRow& row = GetParam();
    const auto uri = parse_target_uri(row.text);
    ASSERT_EQ(uri.has_value(), !row.host.empty()) << (uri ? uri->host : uri.error());
    if (!uri) {
        EXPECT_FALSE(uri.error().empty());
        return;
    }
    EXPECT_EQ(uri->host, row.host);
    EXPECT_EQ(uri->port, row.port);
    EXPECT_EQ(uri->authority, row.authority);
    EXPECT_EQ(uri->target, row.target);
    const auto again = parse_target_uri(uri->text());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->text(), uri->text());
    EXPECT_TRUE(again->has_origin_of(*uri));
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section4_2, Uri,
    testing::Values(UriRow{"Plain", "http://example.org/a/b", "example.org", 80, "example.org", "/a/b"},
                    UriRow{"Secure", "https://example.org/", "example.org", 443, "example.org", "/"},
                    UriRow{"Port", "http://example.org:8080/", "example.org", 8080, "example.org:8080", "/"},
                    UriRow{"DefaultPort", "https://example.org:443/", "example.org", 443, "example.org", "/"},
                    UriRow{"OtherDefaultPort", "http://example.org:443/", "example.org", 443, "example.org:443", "/"},
                    UriRow{"EmptyPort", "http://example.org:/", "example.org", 80, "example.org", "/"},
                    UriRow{"Case", "HTTP://EXAMPLE.org/A", "example.org", 80, "example.org", "/A"},
                    UriRow{"NoPath", "http://example.org", "example.org", 80, "example.org", "/"},
                    UriRow{"QueryWithoutPath", "http://example.org?a=b", "example.org", 80, "example.org", "/?a=b"},
                    UriRow{"EmptyQuery", "http://example.org/a?", "example.org", 80, "example.org", "/a?"},
                    UriRow{"Fragment", "http://example.org/a?b#c", "example.org", 80, "example.org", "/a?b"},
                    UriRow{"FragmentWithoutPath", "http://example.org#/c", "example.org", 80, "example.org", "/"},
                    UriRow{"Escapes", "http://example.org/%41%zz", "example.org", 80, "example.org", "/%41%zz"},
                    UriRow{"Spaces", "http://example.org/a b?c d", "example.org", 80, "example.org", "/a%20b?c%20d"},
                    UriRow{"Letters", "http://example.org/\xc3\xa4?\xc3\xb6", "example.org", 80, "example.org",
                           "/%C3%A4?%C3%B6"},
                    UriRow{"Backslash", "http://example.org/a\\b", "example.org", 80, "example.org", "/a%5Cb"},
                    UriRow{"Ipv4", "http://127.0.0.1/", "127.0.0.1", 80, "127.0.0.1", "/"},
                    UriRow{"Ipv6", "http://[::1]:8080/", "::1", 8080, "[::1]:8080", "/"},
                    UriRow{"Ipv6Alone", "https://[2001:DB8::1]", "2001:db8::1", 443, "[2001:db8::1]", "/"},
                    UriRow{"Credentials", "http://a:b@example.org/", "example.org", 80, "example.org", "/"},
                    UriRow{"AtInThePath", "http://example.org/@a", "example.org", 80, "example.org", "/@a"},
                    UriRow{"Empty", "", ""}, UriRow{"NoScheme", "example.org/", ""},
                    UriRow{"OtherScheme", "ftp://example.org/", ""},
                    UriRow{"LongerScheme", "httpsx://example.org/", ""}, UriRow{"NoSlashes", "http:example.org", ""},
                    UriRow{"OneSlash", "http:/example.org", ""}, UriRow{"NoHost", "http:///a", ""},
                    UriRow{"NoHostButPort", "http://:80/", ""}, UriRow{"OnlyCredentials", "http://a@/", ""},
                    UriRow{"LargePort", "http://a:65536/", ""}, UriRow{"PortZero", "http://a:0/", ""},
                    UriRow{"PortName", "http://a:http/", ""}, UriRow{"OpenBracket", "http://[::1/", ""},
                    UriRow{"NoIpv6", "http://[a]/", ""}, UriRow{"Zone", "http://[fe80::1%25eth0]/", ""},
                    UriRow{"Future", "http://[v1.a]/", ""}, UriRow{"EscapedHost", "http://a%41/", ""},
                    UriRow{"LettersInHost", "http://\xc3\xa4.example/", ""}, UriRow{"SpaceInHost", "http://a b/", ""},
                    UriRow{"LineEnd", "http://a/\r\nb", ""}, UriRow{"Nul", std::string("http://a/\0b", 11), ""},
                    UriRow{"Tab", "http://a/\tb", ""}, UriRow{"ControlInCredentials", "http://a%0d:b@example.org/", ""},
                    UriRow{"TwoSlashPath", "http://example.org//a", "example.org", 80, "example.org", "//a"},
                    UriRow{"Long", "http://example.org/" + std::string(8 * 1024 - 19, 'a'), "example.org", 80,
                           "example.org", "/" + std::string(8 * 1024 - 19, 'a')},
                    UriRow{"TooLong", "http://example.org/" + std::string(8 * 1024 - 18, 'a'), ""}),
    row_name);

TEST(UriCredentials, AreDecoded) {
    const auto uri = parse_target_uri("http://us%65r:p%40ss:w@rd@example.org/");
    ASSERT_TRUE(uri && uri->credentials);
    EXPECT_EQ(uri->host, "example.org");
    EXPECT_EQ(uri->credentials->user, "user");
    EXPECT_EQ(uri->credentials->password, "p@ss:w@rd");
    EXPECT_EQ(uri->text(), "http://example.org/");
    EXPECT_FALSE(parse_target_uri("http://example.org/")->credentials);
    EXPECT_FALSE(parse_target_uri("http://us%3Aer@example.org/")) << "a user has no colon: RFC 7617 §2";
}

struct ReferenceRow {
    const char* name;
    std::string reference;
    std::string uri;  // empty: refused
};
class Reference : public testing::TestWithParam<ReferenceRow> {};

TEST_P(Reference, IsResolvedOrRefused) {
    const auto base = parse_target_uri("http://user@a:8080/b/c/d;p?q");
    ASSERT_TRUE(base);
    const auto uri = resolve_reference(*base, GetParam().reference);
    ASSERT_EQ(uri.has_value(), !GetParam().uri.empty());
    if (!uri) return;
    EXPECT_EQ(uri->text(), GetParam().uri);
    EXPECT_FALSE(uri->credentials);
}
// The examples of RFC 3986 §5.4 that have an http URI or none.
INSTANTIATE_TEST_SUITE_P(
    Rfc3986Section5_4, Reference,
    testing::Values(
        ReferenceRow{"OtherScheme", "g:h", ""}, ReferenceRow{"Name", "g", "http://a:8080/b/c/g"},
        ReferenceRow{"DotName", "./g", "http://a:8080/b/c/g"}, ReferenceRow{"Folder", "g/", "http://a:8080/b/c/g/"},
        ReferenceRow{"Path", "/g", "http://a:8080/g"}, ReferenceRow{"Authority", "//g", "http://g/"},
        ReferenceRow{"Query", "?y", "http://a:8080/b/c/d;p?y"},
        ReferenceRow{"NameAndQuery", "g?y", "http://a:8080/b/c/g?y"},
        ReferenceRow{"Fragment", "#s", "http://a:8080/b/c/d;p?q"},
        ReferenceRow{"NameAndFragment", "g#s", "http://a:8080/b/c/g"},
        ReferenceRow{"Parameter", ";x", "http://a:8080/b/c/;x"}, ReferenceRow{"Empty", "", "http://a:8080/b/c/d;p?q"},
        ReferenceRow{"Dot", ".", "http://a:8080/b/c/"}, ReferenceRow{"DotSlash", "./", "http://a:8080/b/c/"},
        ReferenceRow{"Up", "..", "http://a:8080/b/"}, ReferenceRow{"UpSlash", "../", "http://a:8080/b/"},
        ReferenceRow{"UpName", "../g", "http://a:8080/b/g"}, ReferenceRow{"UpTwice", "../..", "http://a:8080/"},
        ReferenceRow{"UpTwiceName", "../../g", "http://a:8080/g"},
        ReferenceRow{"AboveTheRoot", "../../../../g", "http://a:8080/g"},
        ReferenceRow{"AbsoluteDots", "/./g", "http://a:8080/g"}, ReferenceRow{"AbsoluteUp", "/../g", "http://a:8080/g"},
        ReferenceRow{"DotAtTheEnd", "g.", "http://a:8080/b/c/g."},
        ReferenceRow{"DotsAtTheFront", "..g", "http://a:8080/b/c/..g"},
        ReferenceRow{"Mixed", "./g/../h", "http://a:8080/b/c/h"},
        ReferenceRow{"DotsInTheQuery", "g?y/../x", "http://a:8080/b/c/g?y/../x"},
        ReferenceRow{"Absolute", "https://b/c", "https://b/c"}, ReferenceRow{"OldForm", "http:g", ""},
        ReferenceRow{"ColonInASegment", "./g:h", "http://a:8080/b/c/g:h"}, ReferenceRow{"Split", "/g\r\nA: b", ""},
        ReferenceRow{"Letters", "/\xc3\xa4", "http://a:8080/%C3%A4"},
        ReferenceRow{"Long", "/" + std::string(9'000, 'a'), ""}),
    row_name);

}  // namespace
}  // namespace portico::link
