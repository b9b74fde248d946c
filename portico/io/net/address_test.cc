// IP addresses and socket addresses: text, reach, and the C structures.
#include "portico/io/net/address.h"
#include "portico/base/row_name_for_test.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace portico::io {
namespace {

struct TextRow {
    const char* name;
    std::string_view written;
    std::optional<std::string_view> text;  // our text for it; nothing: refused
};
class IpText : public testing::TestWithParam<TextRow> {};

TEST_P(IpText, IsReadStrictlyAndWrittenShort) {
    const auto address = IpAddress::parse(GetParam().written);
    ASSERT_EQ(address.has_value(), GetParam().text.has_value());
    if (!address) return;
    EXPECT_EQ(address->text(), *GetParam().text);
    EXPECT_EQ(IpAddress::parse(address->text()), address);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc5952, IpText,
    testing::Values(TextRow{"V4", "192.0.2.1", "192.0.2.1"}, TextRow{"V4Largest", "255.255.255.255", "255.255.255.255"},
                    TextRow{"V4Short", "127.1", {}}, TextRow{"V4Octal", "010.0.0.1", {}},
                    TextRow{"V4TooLarge", "256.0.0.1", {}}, TextRow{"V4Zone", "127.0.0.1%1", {}},
                    TextRow{"V4Space", "127.0.0.1 ", {}}, TextRow{"Any", "::", "::"}, TextRow{"One", "::1", "::1"},
                    TextRow{"LeadingZeros", "2001:0db8::0001", "2001:db8::1"},
                    TextRow{"LowerCase", "2001:DB8::A", "2001:db8::a"},
                    TextRow{"LongestRun", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
                    TextRow{"FirstOfEqualRuns", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
                    TextRow{"OneZeroStays", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
                    TextRow{"Mapped", "::FFFF:192.0.2.1", "::ffff:192.0.2.1"}, TextRow{"Bracketed", "[::1]", {}},
                    TextRow{"TwoRuns", "1::2::3", {}}, TextRow{"NineGroups", "1:2:3:4:5:6:7:8:9", {}},
                    TextRow{"FiveDigits", "2001:00db8::1", {}}, TextRow{"ZoneByName", "fe80::1%lo", "fe80::1%lo"},
                    TextRow{"ZoneByNumber", "fe80::1%4000000", "fe80::1%4000000"}, TextRow{"ZoneZero", "fe80::1%0", {}},
                    TextRow{"ZoneEmpty", "fe80::1%", {}}, TextRow{"ZoneUnknown", "fe80::1%nosuchinterface", {}},
                    TextRow{"Empty", "", {}}, TextRow{"Name", "localhost", {}},
                    TextRow{"Nul", std::string_view("::1\0", 4), {}}),
    row_name);

TEST(IpText, GivesAZoneByItsInterfacesName) {
    const std::uint32_t loopback = if_nametoindex("lo");
    ASSERT_NE(loopback, 0U);
    EXPECT_EQ(IpAddress::parse("fe80::1%" + std::to_string(loopback))->text(), "fe80::1%lo");
}

struct ReachRow {
    const char* name;
    std::string_view address;
    Reach reach;
};
class IpReach : public testing::TestWithParam<ReachRow> {};

TEST_P(IpReach, IsTheSpecialRangesOrPublic) {
    EXPECT_EQ(IpAddress::parse(GetParam().address)->reach(), GetParam().reach);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc6890, IpReach,
    testing::Values(
        ReachRow{"V4Any", "0.0.0.0", Reach::unspecified}, ReachRow{"V4Loopback", "127.255.0.1", Reach::loopback},
        ReachRow{"Private10", "10.0.0.1", Reach::private_use}, ReachRow{"Private172", "172.16.0.0", Reach::private_use},
        ReachRow{"Private172Last", "172.31.255.255", Reach::private_use},
        ReachRow{"After172", "172.32.0.0", Reach::public_use},
        ReachRow{"Before172", "172.15.255.255", Reach::public_use},
        ReachRow{"Private192", "192.168.1.1", Reach::private_use},
        ReachRow{"Carrier", "100.64.0.1", Reach::private_use},
        ReachRow{"CarrierLast", "100.127.255.255", Reach::private_use},
        ReachRow{"AfterCarrier", "100.128.0.0", Reach::public_use},
        ReachRow{"V4LinkLocal", "169.254.1.1", Reach::link_local},
        ReachRow{"V4Multicast", "239.1.1.1", Reach::multicast},
        ReachRow{"Broadcast", "255.255.255.255", Reach::reserved}, ReachRow{"Future", "240.0.0.1", Reach::reserved},
        ReachRow{"Documentation1", "192.0.2.9", Reach::reserved},
        ReachRow{"Documentation3", "203.0.113.9", Reach::reserved},
        ReachRow{"Benchmark", "198.19.0.1", Reach::reserved}, ReachRow{"V4Public", "8.8.8.8", Reach::public_use},
        ReachRow{"V6Any", "::", Reach::unspecified}, ReachRow{"V6Loopback", "::1", Reach::loopback},
        ReachRow{"Mapped", "::ffff:10.1.1.1", Reach::private_use},
        ReachRow{"MappedLoopback", "::ffff:127.0.0.1", Reach::loopback},
        ReachRow{"UniqueLocal", "fd12::1", Reach::private_use}, ReachRow{"V6LinkLocal", "fe80::1", Reach::link_local},
        ReachRow{"V6LinkLocalLast", "febf::1", Reach::link_local}, ReachRow{"SiteLocal", "fec0::1", Reach::private_use},
        ReachRow{"V6Multicast", "ff02::1", Reach::multicast},
        ReachRow{"V6Documentation", "2001:db8::1", Reach::reserved},
        ReachRow{"V6Documentation2", "3fff:fff::1", Reach::reserved},
        ReachRow{"AfterDocumentation2", "3fff:1000::1", Reach::public_use},
        ReachRow{"Nat64", "64:ff9b::8.8.8.8", Reach::public_use}, ReachRow{"Discard", "100::1", Reach::reserved},
        ReachRow{"V6Public", "2606:4700::1111", Reach::public_use}, ReachRow{"Unassigned", "4000::1", Reach::reserved}),
    row_name);

TEST(IpAddress, UnmapsOnlyWhatIsMapped) {
    EXPECT_EQ(IpAddress::parse("::ffff:10.1.2.3")->unmapped().text(), "10.1.2.3");
    EXPECT_EQ(IpAddress::parse("::fffe:10.1.2.3")->unmapped(), IpAddress::parse("::fffe:10.1.2.3"));
    EXPECT_EQ(IpAddress::parse("10.1.2.3")->unmapped().text(), "10.1.2.3");
}

TEST(IpAddress, KnowsAnyAndLoopback) {
    EXPECT_EQ(IpAddress::any(Family::ipv4).text(), "0.0.0.0");
    EXPECT_EQ(IpAddress::any(Family::ipv6).text(), "::");
    EXPECT_EQ(IpAddress::loopback(Family::ipv4).text(), "127.0.0.1");
    EXPECT_EQ(IpAddress::loopback(Family::ipv6).text(), "::1");
    EXPECT_EQ(IpAddress().text(), "0.0.0.0");
}

struct SocketRow {
    const char* name;
    SocketAddress address;
    std::string_view text;
};
class SocketText : public testing::TestWithParam<SocketRow> {};

TEST_P(SocketText, AndStructureComeAndGo) {
    const SocketAddress& address = GetParam().address;
    EXPECT_EQ(address.text(), GetParam().text);
    sockaddr_storage storage{};
    const auto length = to_sockaddr(address, &storage);
    ASSERT_TRUE(length);
    EXPECT_EQ(from_sockaddr(reinterpret_cast<const sockaddr*>(&storage), *length), address);
}
INSTANTIATE_TEST_SUITE_P(
    All, SocketText,
    testing::Values(SocketRow{"V4", SocketAddress::of(*IpAddress::parse("192.0.2.1"), 80), "192.0.2.1:80"},
                    SocketRow{"V6", SocketAddress::of(*IpAddress::parse("::1"), 65535), "[::1]:65535"},
                    SocketRow{"Zone", SocketAddress::of(*IpAddress::parse("fe80::1%lo"), 1), "[fe80::1%lo]:1"},
                    SocketRow{"Path", SocketAddress::unix_path_of("/run/x.sock"), "unix:/run/x.sock"},
                    SocketRow{"LongestPath", SocketAddress::unix_path_of(std::string(107, 'p')),
                              "unix:ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
                              "pppppppppppppppppppppppp"},
                    SocketRow{"Abstract", SocketAddress::unix_path_of(std::string("\0name", 5)), "unix:@name"},
                    SocketRow{"AbstractControl", SocketAddress::unix_path_of(std::string("\0a\0\x1b", 4)),
                              "unix:@a\\x00\\x1b"},
                    SocketRow{"Unnamed", SocketAddress::unix_path_of(""), "unix:"}),
    row_name);

TEST(SocketAddress, RefusesAPathThatDoesNotFit) {
    sockaddr_storage storage{};
    EXPECT_FALSE(to_sockaddr(SocketAddress::unix_path_of(std::string(108, 'p')), &storage));
    EXPECT_TRUE(to_sockaddr(SocketAddress::unix_path_of('\0' + std::string(107, 'p')), &storage));
    EXPECT_FALSE(to_sockaddr(SocketAddress::unix_path_of('\0' + std::string(108, 'p')), &storage));
    EXPECT_FALSE(to_sockaddr(SocketAddress::unix_path_of(std::string("a\0b", 3)), &storage));
}

TEST(SocketAddress, ReadsAUnixStructureWithoutANul) {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    std::memset(un.sun_path, 'p', sizeof un.sun_path);
    const SocketAddress address = from_sockaddr(reinterpret_cast<const sockaddr*>(&un), sizeof un);
    EXPECT_EQ(address.path, std::string(108, 'p'));
    EXPECT_EQ(from_sockaddr(reinterpret_cast<const sockaddr*>(&un), offsetof(sockaddr_un, sun_path)).path, "");
}

TEST(NetworkOf, CountsOneCustomerAsOne) {
    const auto of = [](std::string_view ip) { return network_of(SocketAddress::of(*IpAddress::parse(ip), 1)); };
    EXPECT_EQ(of("192.0.2.1"), network_of(SocketAddress::of(*IpAddress::parse("192.0.2.1"), 2)));
    EXPECT_EQ(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    EXPECT_NE(of("192.0.2.1"), of("192.0.2.2"));
    EXPECT_EQ(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
    EXPECT_NE(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
    EXPECT_NE(of("0.0.0.0"), of("::"));
    EXPECT_EQ(network_of(SocketAddress::unix_path_of("/a")), network_of(SocketAddress::unix_path_of("/b")));
}

}  // namespace
}  // namespace portico::io
