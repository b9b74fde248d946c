// portico/wire/h1/authority_test.cc — hosts and ports.
#include "portico/wire/h1/authority.h"

#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"

namespace portico::h1 {
namespace {

using namespace std::string_view_literals;

struct AuthorityRow {
    const char* name;
    std::string_view text;
    bool with_optional_port;
    bool with_required_port;
};
class Authority : public testing::TestWithParam<AuthorityRow> {};

TEST_P(Authority, IsHostAndPortOrNot) {
    EXPECT_EQ(is_authority(GetParam().text, Port::optional), GetParam().with_optional_port);
    EXPECT_EQ(is_authority(GetParam().text, Port::required), GetParam().with_required_port);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc3986, Authority,
    testing::Values(
        AuthorityRow{"Name", "www.example.org", true, false},
        AuthorityRow{"NameAndPort", "www.example.org:80", true, true},
        AuthorityRow{"NoDigitBehindTheColon", "example.org:", true, false},
        AuthorityRow{"SubDelims", "a!$&'()*+;=b_~", true, false}, AuthorityRow{"Comma", "a,b", false, false},
        AuthorityRow{"Encoded", "ex%41mple", true, false}, AuthorityRow{"EncodedBadly", "ex%4gmple", false, false},
        AuthorityRow{"EncodedShort", "example%4", false, false}, AuthorityRow{"Ipv4", "127.0.0.1:8080", true, true},
        AuthorityRow{"Empty", "", false, false}, AuthorityRow{"PortAlone", ":80", false, false},
        AuthorityRow{"LargestPort", "a:65535", true, true}, AuthorityRow{"PortTooLarge", "a:65536", false, false},
        AuthorityRow{"PortOverflows", "a:4294967376", false, false},
        AuthorityRow{"PortWithZeros", "a:00080", true, true}, AuthorityRow{"PortOfLetters", "a:http", false, false},
        AuthorityRow{"PortSigned", "a:+80", false, false}, AuthorityRow{"TwoPorts", "a:80:80", false, false},
        AuthorityRow{"Userinfo", "user@example.org", false, false},
        AuthorityRow{"UserinfoWithPassword", "user:1@example.org", false, false},
        AuthorityRow{"Path", "example.org/", false, false}, AuthorityRow{"Query", "example.org?a", false, false},
        AuthorityRow{"Fragment", "example.org#a", false, false},
        AuthorityRow{"Backslash", "example.org\\a", false, false}, AuthorityRow{"Space", "example .org", false, false},
        AuthorityRow{"Tab", "example\t.org", false, false}, AuthorityRow{"TwoHosts", "a, b", false, false},
        AuthorityRow{"Quoted", "\"a\"", false, false}, AuthorityRow{"Angles", "<a>", false, false},
        AuthorityRow{"Nul", "a\0b"sv, false, false}, AuthorityRow{"BeyondAscii", "m\xc3\xbcller", false, false}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    IpLiteral, Authority,
    testing::Values(
        AuthorityRow{"Loopback", "[::1]", true, false}, AuthorityRow{"Unspecified", "[::]:80", true, true},
        AuthorityRow{"Full", "[2001:db8:1:2:3:4:5:abcd]:443", true, true},
        AuthorityRow{"GapInside", "[2001:db8::1]", true, false},
        AuthorityRow{"GapAtTheEnd", "[2001:db8::]", true, false},
        AuthorityRow{"GapOfOneGroup", "[1:2:3:4:5:6:7::]", true, false},
        AuthorityRow{"GapOfNoGroup", "[1:2:3:4:5:6:7:8::]", false, false},
        AuthorityRow{"TwoGaps", "[1::2::3]", false, false}, AuthorityRow{"ThreeColons", "[:::1]", false, false},
        AuthorityRow{"ColonFirst", "[:1]", false, false}, AuthorityRow{"ColonLast", "[1:2:3:4:5:6:7:]", false, false},
        AuthorityRow{"SevenGroups", "[1:2:3:4:5:6:7]", false, false},
        AuthorityRow{"NineGroups", "[1:2:3:4:5:6:7:8:9]", false, false},
        AuthorityRow{"FiveDigits", "[12345::]", false, false}, AuthorityRow{"NotHex", "[g::]", false, false},
        AuthorityRow{"Ipv4Mapped", "[::ffff:192.0.2.1]", true, false},
        AuthorityRow{"Ipv4InFull", "[1:2:3:4:5:6:192.0.2.1]", true, false},
        AuthorityRow{"Ipv4TooEarly", "[1:2:3:4:5:192.0.2.1]", false, false},
        AuthorityRow{"Ipv4NotLast", "[::192.0.2.1:1]", false, false},
        AuthorityRow{"Ipv4WithLargePart", "[::192.0.2.256]", false, false},
        AuthorityRow{"Ipv4WithLeadingZero", "[::192.0.2.01]", false, false},
        AuthorityRow{"Ipv4WithThreeParts", "[::192.0.2]", false, false},
        AuthorityRow{"Ipv4WithFourthEmpty", "[::192.0.2.]", false, false},
        AuthorityRow{"Ipv4Alone", "[192.0.2.1]", false, false}, AuthorityRow{"Zone", "[fe80::1%25eth0]", false, false},
        AuthorityRow{"Empty", "[]", false, false}, AuthorityRow{"NotClosed", "[::1", false, false},
        AuthorityRow{"NotOpened", "::1]", false, false}, AuthorityRow{"NoBrackets", "::1", false, false},
        AuthorityRow{"OctetsBehind", "[::1]a", false, false}, AuthorityRow{"Future", "[v1.a:b]", true, false},
        AuthorityRow{"FutureWithoutVersion", "[v.a]", false, false},
        AuthorityRow{"FutureWithoutAddress", "[v1.]", false, false},
        AuthorityRow{"FutureWithoutDot", "[v1]", false, false},
        AuthorityRow{"FutureWithBadVersion", "[vg.a]", false, false},
        AuthorityRow{"FutureWithBadAddress", "[v1.a/]", false, false}),
    row_name);

}  // namespace
}  // namespace portico::h1
