// The machine's interfaces. Every machine has a loopback interface.
#include "portico/io/net/interfaces.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace portico::io {
namespace {

TEST(Interfaces, HaveALoopback) {
    const auto interfaces = list_interfaces();
    ASSERT_TRUE(interfaces);
    EXPECT_TRUE(std::ranges::is_sorted(*interfaces, {}, &Interface::index));
    const auto lo = std::ranges::find(*interfaces, "lo", &Interface::name);
    ASSERT_NE(lo, interfaces->end());
    EXPECT_TRUE(lo->is_loopback);
    EXPECT_TRUE(lo->is_up);
    EXPECT_NE(lo->index, 0U);
    EXPECT_GE(lo->mtu, 1500U);
    EXPECT_FALSE(lo->mac);
    const InterfaceAddress wanted{.ip = IpAddress::loopback(Family::ipv4), .prefix_bits = 8};
    EXPECT_NE(std::ranges::find(lo->addresses, wanted), lo->addresses.end());
}

TEST(MacAddress, IsWrittenWithColons) { EXPECT_EQ(text_of({0x02, 0x42, 0xac, 0x11, 0x00, 0xff}), "02:42:ac:11:00:ff"); }

}  // namespace
}  // namespace portico::io
