// portico/wire/hpack/integer_test.cc — integers: RFC 7541 §5.1, C.1, and the limits of ours.
#include "portico/wire/hpack/integer.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "portico/base/row_name_for_test.h"

namespace portico::hpack {
namespace {

using namespace std::string_literals;

struct IntegerRow {
    const char* name;
    unsigned prefix_bits;
    std::string octets;  // the bits before the prefix are zero
    std::optional<std::uint32_t> value;
    bool is_shortest = true;
};
class Integer : public testing::TestWithParam<IntegerRow> {};

TEST_P(Integer, IsReadOrFails) {
    const IntegerRow& row = GetParam();
    std::string_view block = row.octets;
    const auto value = read_integer(block, row.prefix_bits);
    EXPECT_EQ(value ? std::optional(*value) : std::nullopt, row.value) << (value ? "" : value.error().reason);
    if (row.value) {
        EXPECT_EQ(block, "");
    }
}

TEST_P(Integer, IgnoresTheBitsBeforeThePrefix) {
    const IntegerRow& row = GetParam();
    std::string octets = row.octets;
    octets[0] = static_cast<char>(static_cast<unsigned char>(octets[0]) | (0xffU << row.prefix_bits & 0xffU));
    std::string_view block = octets;
    const auto value = read_integer(block, row.prefix_bits);
    EXPECT_EQ(value ? std::optional(*value) : std::nullopt, row.value);
}

TEST_P(Integer, LeavesTheOctetsAfterIt) {
    const IntegerRow& row = GetParam();
    if (!row.value) return;
    const std::string octets = row.octets + "\xff\xff";
    std::string_view block = octets;
    EXPECT_EQ(read_integer(block, row.prefix_bits), *row.value);
    EXPECT_EQ(block, "\xff\xff");
}

TEST_P(Integer, FailsIfCutAnywhere) {
    const IntegerRow& row = GetParam();
    if (!row.value) return;
    for (std::size_t octets = 1; octets < row.octets.size(); ++octets) {
        std::string_view block = std::string_view(row.octets).substr(0, octets);
        EXPECT_FALSE(read_integer(block, row.prefix_bits)) << octets;
    }
}

TEST_P(Integer, IsWrittenAsItIsRead) {
    const IntegerRow& row = GetParam();
    if (!row.value || !row.is_shortest) return;
    std::array<char, 16> room{};
    const char* const end = write_integer(*row.value, row.prefix_bits, 0, room.data());
    EXPECT_EQ(std::string_view(room.data(), end), row.octets);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7541, Integer,
    testing::Values(IntegerRow{"C11Ten", 5, "\x0a", 10}, IntegerRow{"C12Leet", 5, "\x1f\x9a\x0a", 1337},
                    IntegerRow{"C13WholeOctet", 8, "\x2a", 42}, IntegerRow{"Zero", 4, "\0"s, 0},
                    IntegerRow{"LargestInPrefix", 5, "\x1e", 30}, IntegerRow{"PrefixIsFull", 5, "\x1f\0"s, 31},
                    IntegerRow{"LargestInTwo", 5, "\x1f\x7f", 158}, IntegerRow{"LeastInThree", 5, "\x1f\x80\x01", 159},
                    IntegerRow{"PrefixOfOneBit", 1, "\x01\x05", 6}, IntegerRow{"PrefixOfSeven", 7, "\x7f\x01", 128},
                    IntegerRow{"Largest", 7, "\x7f\x80\xff\xff\xff\x0f", 0xffffffff},
                    IntegerRow{"OneTooLarge", 7, "\x7f\x81\xff\xff\xff\x0f", std::nullopt},
                    IntegerRow{"LargestOfAWholeOctet", 8, "\xff\x80\xfe\xff\xff\x0f", 0xffffffff},
                    IntegerRow{"FarTooLarge", 7, "\x7f\xff\xff\xff\xff\x7f", std::nullopt},
                    IntegerRow{"LongerThanNeeded", 5, "\x1f\x80\x80\x80\x80\0"s, 31, false},
                    IntegerRow{"TooManyOctets", 5, "\x1f\x80\x80\x80\x80\x80\0"s, std::nullopt},
                    IntegerRow{"NoEnd", 5, "\x1f\x80", std::nullopt},
                    IntegerRow{"PrefixAlone", 5, "\x1f", std::nullopt},
                    IntegerRow{"Endless", 5, "\x1f"s + std::string(100, '\xff'), std::nullopt}),
    row_name);

TEST(Integers, AllThatMatterAreReadAsWritten) {
    int checked = 0;
    for (unsigned prefix_bits = 1; prefix_bits <= 8; ++prefix_bits) {
        for (std::uint32_t value = 0; value < 20'000; ++value, ++checked) {
            std::array<char, 8> room{};
            const char* const end = write_integer(value, prefix_bits, 0, room.data());
            std::string_view block(room.data(), end);
            ASSERT_EQ(read_integer(block, prefix_bits), value);
            ASSERT_EQ(block, "");
        }
    }
    EXPECT_EQ(checked, 160'000);
}

}  // namespace
}  // namespace portico::hpack
