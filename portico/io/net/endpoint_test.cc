// The grammar of endpoints, and the messages about errors in them.
#include "portico/io/net/endpoint.h"
#include "portico/base/row_name_for_test.h"

#include <gtest/gtest.h>

namespace portico::io {
namespace {

Endpoint tcp(std::string host, std::uint16_t port) { return {EndpointScheme::tcp, std::move(host), port}; }
Endpoint udp(std::string host, std::uint16_t port) { return {EndpointScheme::udp, std::move(host), port}; }
Endpoint unix_path(std::string path) { return Endpoint::unix_stream(std::move(path)); }

struct FormRow {
    const char* name;
    std::string_view written;
    Endpoint endpoint;
    std::string_view text;
};
class EndpointForm : public testing::TestWithParam<FormRow> {};

TEST_P(EndpointForm, IsReadAndWrittenInFull) {
    const auto endpoint = parse_endpoint(GetParam().written);
    ASSERT_TRUE(endpoint) << endpoint.error().message;
    EXPECT_EQ(*endpoint, GetParam().endpoint);
    EXPECT_EQ(endpoint->text(), GetParam().text);
    EXPECT_EQ(parse_endpoint(endpoint->text()).value_or(Endpoint()), *endpoint);
}
INSTANTIATE_TEST_SUITE_P(
    All, EndpointForm,
    testing::Values(FormRow{"Tcp", "tcp://127.0.0.1:8080", tcp("127.0.0.1", 8080), "tcp://127.0.0.1:8080"},
                    FormRow{"Udp", "udp://[::1]:53", udp("::1", 53), "udp://[::1]:53"},
                    FormRow{"Service", "tcp://localhost:http", tcp("localhost", 80), "tcp://localhost:80"},
                    FormRow{"UdpService", "udp://localhost:domain", udp("localhost", 53), "udp://localhost:53"},
                    FormRow{"ServiceAlone", ":http", tcp("", 80), "tcp://:80"},
                    FormRow{"V4", "127.0.0.1:8080", tcp("127.0.0.1", 8080), "tcp://127.0.0.1:8080"},
                    FormRow{"EveryInterface", ":8080", tcp("", 8080), "tcp://:8080"},
                    FormRow{"V6", "[::1]:80", tcp("::1", 80), "tcp://[::1]:80"},
                    FormRow{"V6Any", "[::]:8080", tcp("::", 8080), "tcp://[::]:8080"},
                    FormRow{"Zone", "[fe80::1%eth9]:80", tcp("fe80::1%eth9", 80), "tcp://[fe80::1%eth9]:80"},
                    FormRow{"Name", "example.org:443", tcp("example.org", 443), "tcp://example.org:443"},
                    FormRow{"NameForTheRoot", "example.org.:443", tcp("example.org.", 443), "tcp://example.org.:443"},
                    FormRow{"NameWithDigits", "a1.2b:80", tcp("a1.2b", 80), "tcp://a1.2b:80"},
                    FormRow{"BarePort", "8080", tcp("", 8080), "tcp://:8080"},
                    FormRow{"AnyPort", "127.0.0.1:0", tcp("127.0.0.1", 0), "tcp://127.0.0.1:0"},
                    FormRow{"LargestPort", ":65535", tcp("", 65535), "tcp://:65535"},
                    FormRow{"SchemeInCapitals", "TCP://localhost:80", tcp("localhost", 80), "tcp://localhost:80"},
                    FormRow{"SchemeAndBarePort", "udp://53", udp("", 53), "udp://:53"},
                    FormRow{"SchemeWithoutSlashes", "tcp:9000", tcp("", 9000), "tcp://:9000"},
                    FormRow{"SchemeWithoutSlashesAndAHost", "UDP:[::1]:53", udp("::1", 53), "udp://[::1]:53"},
                    FormRow{"Path", "unix:/run/x.sock", unix_path("/run/x.sock"), "unix:/run/x.sock"},
                    FormRow{"RelativePath", "unix:x.sock", unix_path("x.sock"), "unix:x.sock"},
                    FormRow{"PathAsUri", "unix:///run/x.sock", unix_path("/run/x.sock"), "unix:/run/x.sock"},
                    FormRow{"ManySlashes", "unix://///x", unix_path("/x"), "unix:/x"},
                    FormRow{"PathWithBlank", "unix:/run/a b:c", unix_path("/run/a b:c"), "unix:/run/a b:c"},
                    FormRow{"Abstract", "unix:@abstract", unix_path(std::string("\0abstract", 9)), "unix:@abstract"},
                    FormRow{"Stdio", "stdio", Endpoint::stdio(), "stdio"}),
    row_name);

TEST(Endpoint, HasTheSchemeThatIsMeantIfItNamesNone) {
    EXPECT_EQ(parse_endpoint("localhost:53", EndpointScheme::udp).value(), udp("localhost", 53));
    EXPECT_EQ(parse_endpoint("tcp://localhost:53", EndpointScheme::udp).value(), tcp("localhost", 53));
}

struct FaultRow {
    const char* name;
    std::string_view written;
    std::string_view message;
    std::size_t column;
};
class EndpointFault : public testing::TestWithParam<FaultRow> {};

TEST_P(EndpointFault, SaysWhatAndWhere) {
    const auto endpoint = parse_endpoint(GetParam().written);
    ASSERT_FALSE(endpoint) << endpoint->text();
    EXPECT_EQ(endpoint.error().message, GetParam().message);
    EXPECT_EQ(endpoint.error().column, GetParam().column);
}
INSTANTIATE_TEST_SUITE_P(
    All, EndpointFault,
    testing::Values(FaultRow{"Empty", "", "endpoint missing", 1},
                    FaultRow{"PortTooLarge", "localhost:70000", "port 70000 is larger than 65535", 11},
                    FaultRow{"BarePortTooLarge", "65536", "port 65536 is larger than 65535", 1},
                    FaultRow{"PortPast64Bits", ":99999999999999999999",
                             "port 99999999999999999999 is larger than 65535", 2},
                    FaultRow{"NoPort", "localhost", "port missing: write localhost:PORT", 10},
                    FaultRow{"EmptyPort", "localhost:", "port missing", 11},
                    FaultRow{"NegativePort", "localhost:-1", "unknown TCP service \"-1\"", 11},
                    FaultRow{"UnknownService", "tcp://localhost:htpt", "unknown TCP service \"htpt\"", 17},
                    FaultRow{"TcpServiceOnly", "udp://localhost:telnet", "unknown UDP service \"telnet\"", 17},
                    FaultRow{"Slash", "tcp://localhost:80/", "unexpected \"/\" after the port", 19},
                    FaultRow{"Blank", "localhost:80 ", "unexpected \" \" after the port", 13},
                    FaultRow{"NoBracket", "[::1:80", "missing ']'", 8},
                    FaultRow{"NoPortAfterBracket", "[::1]", "port missing: write [::1]:PORT", 6},
                    FaultRow{"NoColonAfterBracket", "[::1]80", "':' and a port must follow ']'", 6},
                    FaultRow{"V4InBrackets", "[127.0.0.1]:80", "\"127.0.0.1\" is not an IPv6 address", 2},
                    FaultRow{"BadV6", "tcp://[::g]:80", "\"::g\" is not an IPv6 address", 8},
                    FaultRow{"EmptyZone", "[fe80::1%]:80", "zone missing after '%'", 2},
                    FaultRow{"BareV6", "::1", "an IPv6 address needs brackets and a port: [::1]:PORT", 1},
                    FaultRow{"TwoColons", "localhost:80:90",
                             "unexpected second ':'; write an IPv6 address in brackets, as in [::1]:8080", 13},
                    FaultRow{"ShortV4", "127.1:80", "\"127.1\" is not an IPv4 address", 1},
                    FaultRow{"OctalV4", "tcp://010.0.0.1:80", "\"010.0.0.1\" is not an IPv4 address", 7},
                    FaultRow{"HexV4", "0x7f000001:80", "\"0x7f000001\" is not an IPv4 address", 1},
                    FaultRow{"EmptyLabel", "a..b:80", "\"a..b\" has an empty label", 1},
                    FaultRow{"Star", "*:80", "'*' is not allowed in a host name", 1},
                    FaultRow{"BlankInHost", "a b:80", "' ' is not allowed in a host name", 2},
                    FaultRow{"ControlInHost", "a\x1b:80", "control character in the host name", 2},
                    FaultRow{"UnknownScheme", "http://localhost:80",
                             "\"http\" is not a transport: write tcp://, udp://, unix: or stdio", 1},
                    FaultRow{"SchemeAlone", "tcp://", "host and port missing", 7},
                    FaultRow{"SchemeWithoutSlashesAlone", "tcp:", "port missing", 5},
                    FaultRow{"NoPath", "unix:", "path missing after \"unix:\"", 6},
                    FaultRow{"NoName", "unix:@", "name missing after '@'", 6},
                    FaultRow{"UnixHost", "unix://run/x", "a Unix socket has no host: write unix:/path", 6},
                    FaultRow{"ControlInPath", "unix:/run/\n", "control character in the path", 11}),
    row_name);

TEST(Endpoint, RefusesAPathThatLinuxDoesNotTake) {
    EXPECT_TRUE(parse_endpoint("unix:" + std::string(107, 'p')));
    EXPECT_TRUE(parse_endpoint("unix:@" + std::string(107, 'p')));
    const auto endpoint = parse_endpoint("unix:" + std::string(108, 'p'));
    ASSERT_FALSE(endpoint);
    EXPECT_EQ(endpoint.error().message, "path longer than the 107 bytes that Linux allows");
    EXPECT_FALSE(parse_endpoint("unix:@" + std::string(108, 'p')));
}

TEST(Endpoint, RefusesAHostThatDnsDoesNotTake) {
    const std::string longest = std::string(251, 'a') + ".b";
    EXPECT_TRUE(parse_endpoint(longest + ":80"));
    EXPECT_FALSE(parse_endpoint("c" + longest + ":80"));
}

struct ApartRow {
    const char* name;
    std::string_view host;
    std::string_view port;
    std::string_view text;  // or the error's
};
class HostAndPort : public testing::TestWithParam<ApartRow> {};

TEST_P(HostAndPort, MakeAnEndpoint) {
    const auto endpoint = endpoint_of(GetParam().host, GetParam().port);
    EXPECT_EQ(endpoint ? endpoint->text() : endpoint.error().message, GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(All, HostAndPort,
                         testing::Values(ApartRow{"Name", "localhost", "80", "tcp://localhost:80"},
                                         ApartRow{"Service", "localhost", "https", "tcp://localhost:443"},
                                         ApartRow{"BareV6", "::1", "80", "tcp://[::1]:80"},
                                         ApartRow{"BracketedV6", "[::1]", "80", "tcp://[::1]:80"},
                                         ApartRow{"Zone", "fe80::1%lo", "80", "tcp://[fe80::1%lo]:80"},
                                         ApartRow{"NoBracket", "[::1", "80", "missing ']'"},
                                         ApartRow{"BadV6", "::1::", "80", "\"::1::\" is not an IPv6 address"},
                                         ApartRow{"BadHost", "a b", "80", "' ' is not allowed in a host name"},
                                         ApartRow{"BadPort", "localhost", "70000", "port 70000 is larger than 65535"}),
                         row_name);

TEST(Endpoint, IsMadeOfASocketsAddress) {
    EXPECT_EQ(endpoint_at(SocketAddress::of(*IpAddress::parse("127.0.0.1"), 80)).text(), "tcp://127.0.0.1:80");
    EXPECT_EQ(endpoint_at(SocketAddress::of(*IpAddress::parse("::1"), 80), EndpointScheme::udp).text(),
              "udp://[::1]:80");
    EXPECT_EQ(endpoint_at(SocketAddress::unix_path_of(std::string("\0x", 2))).text(), "unix:@x");
}

}  // namespace
}  // namespace portico::io
