// portico/route/hosts_test.cc — the hosts that are answered, and where the check applies.
#include "portico/route/hosts.h"

#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"

namespace portico::route {
namespace {

struct HostRow {
    const char* name;
    std::string_view authority;
    bool admitted;
};
class HostsAdmit : public testing::TestWithParam<HostRow> {};

TEST_P(HostsAdmit, ThisMachineAndTheNamesThatWereGiven) {
    Hosts hosts({.checked = HostsChecked::on_loopback, .names = {"Box", "box.local.", "*.dev.example"}});
    EXPECT_EQ(hosts.admits(GetParam().authority, HostCheck::on), GetParam().admitted);
    // Neither an admitted nor a refused authority changes what is answered afterwards.
    EXPECT_EQ(hosts.admits(GetParam().authority, HostCheck::on), GetParam().admitted);
    EXPECT_TRUE(hosts.admits("localhost", HostCheck::on));
    EXPECT_EQ(hosts.admits(GetParam().authority, HostCheck::on), GetParam().admitted);
    EXPECT_FALSE(hosts.admits("evil.example", HostCheck::on));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, HostsAdmit,
    testing::Values(
        HostRow{"Localhost", "localhost", true}, HostRow{"WithAPort", "localhost:8080", true},
        HostRow{"InCapitals", "LOCALHOST:80", true}, HostRow{"WithTheRootsDot", "localhost.:8080", true},
        HostRow{"BelowLocalhost", "app.localhost:3000", true}, HostRow{"NotBelowLocalhost", "notlocalhost", false},
        HostRow{"LocalhostAsALabel", "localhost.evil.example", false}, HostRow{"Ipv4", "127.0.0.1:8080", true},
        HostRow{"AnyLoopbackIpv4", "127.9.8.7", true}, HostRow{"Ipv6", "[::1]:8080", true},
        HostRow{"Ipv6WithoutAPort", "[::1]", true}, HostRow{"Ipv4MappedIpv6", "[::ffff:127.0.0.1]", true},
        HostRow{"AddressOfAnotherMachine", "192.0.2.1:8080", false}, HostRow{"OtherIpv6", "[2001:db8::1]", false},
        HostRow{"Unspecified", "0.0.0.0:8080", false}, HostRow{"AddressAsALabel", "127.0.0.1.evil.example", false},
        HostRow{"NoHost", "", true}, HostRow{"OnlyAPort", ":8080", true}, HostRow{"AGivenName", "box:8080", true},
        HostRow{"AGivenNameInCapitals", "BOX", true}, HostRow{"AGivenNameWithADot", "box.local", true},
        HostRow{"BelowAGivenName", "www.box", false}, HostRow{"BelowAWildcard", "a.dev.example:80", true},
        HostRow{"FarBelowAWildcard", "b.a.dev.example", true}, HostRow{"TheWildcardsOwnName", "dev.example", false},
        HostRow{"EndsLikeTheWildcard", "evildev.example", false}, HostRow{"AnotherName", "evil.example:8080", false}),
    row_name);

class NamesAdmit : public testing::TestWithParam<HostRow> {};

TEST_P(NamesAdmit, EveryAddressAndTheSameNames) {
    Hosts hosts({.checked = HostsChecked::names_everywhere, .names = {"box"}});
    EXPECT_EQ(hosts.admits(GetParam().authority, HostCheck::names_only), GetParam().admitted);
    EXPECT_FALSE(hosts.admits("evil.example", HostCheck::names_only));
    EXPECT_TRUE(hosts.admits(GetParam().authority, HostCheck::off));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, NamesAdmit,
    testing::Values(HostRow{"Localhost", "localhost:8080", true}, HostRow{"AGivenName", "Box:8080", true},
                    HostRow{"NoHost", "", true}, HostRow{"Ipv4", "192.168.1.7:8080", true},
                    HostRow{"Loopback", "127.0.0.1", true}, HostRow{"Ipv6", "[fd00::7]:8080", true},
                    HostRow{"PublicIpv6", "[2001:db8::1]", true},
                    HostRow{"AddressAsALabel", "192.168.1.7.evil.example", false},
                    HostRow{"AddressInAName", "192-168-1-7.rebind.example", false},
                    HostRow{"NotQuiteAnAddress", "192.168.1", false}, HostRow{"AnotherName", "evil.example", false}),
    row_name);

TEST(Hosts, AnAddressThatOneListenerAdmitsIsNotAdmittedByAnother) {
    Hosts hosts({.checked = HostsChecked::names_everywhere, .names = {}});
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(hosts.admits("192.168.1.7:8080", HostCheck::names_only));
        EXPECT_FALSE(hosts.admits("192.168.1.7:8080", HostCheck::on));
    }
}

TEST(Hosts, AStarAnswersEveryHost) {
    Hosts hosts({.checked = HostsChecked::on_loopback, .names = {"*"}});
    EXPECT_TRUE(hosts.admits("any.example:80", HostCheck::on));
    EXPECT_TRUE(hosts.admits("any.example:80", HostCheck::names_only));
}

struct ListenerRow {
    const char* name;
    HostsChecked checked;
    io::SocketAddress listener;
    HostCheck check;
};
class HostsCheck : public testing::TestWithParam<ListenerRow> {};

TEST_P(HostsCheck, DependsOnTheListener) {
    EXPECT_EQ(Hosts({.checked = GetParam().checked, .names = {}}).check_at(listener_place(GetParam().listener)),
              GetParam().check);
}

io::SocketAddress at(std::string_view ip) { return io::SocketAddress::of(*io::IpAddress::parse(ip), 8080); }

INSTANTIATE_TEST_SUITE_P(
    Rows, HostsCheck,
    testing::Values(
        ListenerRow{"Nowhere", HostsChecked::nowhere, at("127.0.0.1"), HostCheck::off},
        ListenerRow{"Loopback", HostsChecked::on_loopback, at("127.0.0.1"), HostCheck::on},
        ListenerRow{"LoopbackIpv6", HostsChecked::on_loopback, at("::1"), HostCheck::on},
        ListenerRow{"EveryAddress", HostsChecked::on_loopback, at("0.0.0.0"), HostCheck::off},
        ListenerRow{"EveryAddressIpv6", HostsChecked::on_loopback, at("::"), HostCheck::off},
        ListenerRow{"ALan", HostsChecked::on_loopback, at("192.168.1.7"), HostCheck::off},
        ListenerRow{"UnixSocket", HostsChecked::on_loopback, io::SocketAddress::unix_path_of("/run/x"), HostCheck::off},
        ListenerRow{"NamesOnALan", HostsChecked::names_everywhere, at("192.168.1.7"), HostCheck::names_only},
        ListenerRow{"NamesOnEveryAddress", HostsChecked::names_everywhere, at("::"), HostCheck::names_only},
        ListenerRow{"NamesOnLoopback", HostsChecked::names_everywhere, at("127.0.0.1"), HostCheck::on},
        ListenerRow{"NamesOnAUnixSocket", HostsChecked::names_everywhere, io::SocketAddress::unix_path_of("/run/x"),
                    HostCheck::off},
        ListenerRow{"Everywhere", HostsChecked::everywhere, at("192.168.1.7"), HostCheck::on},
        ListenerRow{"UnixSocketEverywhere", HostsChecked::everywhere, io::SocketAddress::unix_path_of("/run/x"),
                    HostCheck::off}),
    row_name);

}  // namespace
}  // namespace portico::route
