// Integers as octets, at compile time and at run time.
#include "portico/base/byte_order.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace portico {
namespace {

constexpr std::array<std::uint8_t, 8> eight_octets = {0x81, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
static_assert(load_big<std::uint8_t>(std::span(eight_octets)) == 0x81);
static_assert(load_big<std::uint16_t>(std::span(eight_octets)) == 0x8102);
static_assert(load_big<std::uint32_t>(std::span(eight_octets)) == 0x8102'0304);
static_assert(load_big<std::uint64_t>(std::span(eight_octets)) == 0x8102'0304'0506'0708);
static_assert(load_little<std::uint16_t>(std::span(eight_octets)) == 0x0281);
static_assert(load_little<std::uint32_t>(std::span(eight_octets)) == 0x0403'0281);
static_assert(load_little<std::uint64_t>(std::span(eight_octets)) == 0x0807'0605'0403'0281);
static_assert(load_big<std::int8_t>(std::span(eight_octets)) == -127);
static_assert(load_big<std::int16_t>(std::span(eight_octets)) == static_cast<std::int16_t>(0x8102));

template <class T>
class StoredInteger : public testing::Test {};
using Integers =
    testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, std::int16_t, std::int32_t, std::int64_t>;
TYPED_TEST_SUITE(StoredInteger, Integers);

TYPED_TEST(StoredInteger, IsLoadedAgainAndTouchesNothingElse) {
    for (const auto value : {TypeParam(0), TypeParam(1), TypeParam(0x7f), TypeParam(~TypeParam(0)),
                             static_cast<TypeParam>(0x8877665544332211)}) {
        std::array<std::byte, 10> room{};
        room.fill(std::byte{0xaa});
        store_big(std::span(room).subspan(1), value);
        EXPECT_EQ(load_big<TypeParam>(std::span<const std::byte>(room).subspan(1)), value);
        store_little(std::span(room).subspan(1), value);
        EXPECT_EQ(load_little<TypeParam>(std::span<const std::byte>(room).subspan(1)), value);
        EXPECT_EQ(room.front(), std::byte{0xaa});
        EXPECT_EQ(room[1 + sizeof value], std::byte{0xaa});
    }
}

TEST(StoredInteger, MayBeCharacters) {
    std::array<char, 4> room{};
    store_big(std::span(room), std::uint32_t{0x47455420});
    EXPECT_EQ(std::string_view(room.data(), room.size()), "GET ");
}

}  // namespace
}  // namespace portico
