// portico/base/quantity_test.cc — durations, sizes and similar words, as tables.
//
// Room base: see fd.h.
#include "portico/base/quantity.h"

#include <gtest/gtest.h>

#include "portico/base/nearest.h"
#include "portico/base/row_name_for_test.h"

namespace portico {
namespace {

struct DurationRow {
    const char* name;
    std::string_view text;
    std::optional<std::int64_t> milliseconds;
};
class DurationText : public testing::TestWithParam<DurationRow> {};

TEST_P(DurationText, IsReadOrRefused) {
    const auto duration = parse_duration(GetParam().text);
    ASSERT_EQ(duration.has_value(), GetParam().milliseconds.has_value());
    if (!duration) return;
    EXPECT_EQ(duration->count(), *GetParam().milliseconds);
    EXPECT_EQ(parse_duration(duration_text(*duration)), duration);
}
INSTANTIATE_TEST_SUITE_P(
    Quantity, DurationText,
    testing::Values(DurationRow{"Seconds", "3s", 3'000}, DurationRow{"BareIsSeconds", "10", 10'000},
                    DurationRow{"Milliseconds", "1500ms", 1'500}, DurationRow{"Minutes", "2m", 120'000},
                    DurationRow{"Hours", "1h", 3'600'000}, DurationRow{"Days", "7d", 604'800'000},
                    DurationRow{"Zero", "0", 0}, DurationRow{"Empty", "", std::nullopt},
                    DurationRow{"UnitAlone", "s", std::nullopt}, DurationRow{"UnknownUnit", "3y", std::nullopt},
                    DurationRow{"Signed", "-3s", std::nullopt}, DurationRow{"Fraction", "1.5s", std::nullopt},
                    DurationRow{"SpaceInside", "3 s", std::nullopt},
                    DurationRow{"TooLong", "9999999999999h", std::nullopt},
                    DurationRow{"NoNumberOf64Bits", "99999999999999999999s", std::nullopt}),
    row_name);

struct OctetsRow {
    const char* name;
    std::string_view text;
    std::optional<std::uint64_t> octets;
};
class OctetsText : public testing::TestWithParam<OctetsRow> {};

TEST_P(OctetsText, IsReadOrRefused) {
    const auto octets = parse_octets(GetParam().text);
    ASSERT_EQ(octets, GetParam().octets);
    if (octets) {
        EXPECT_EQ(parse_octets(octets_text(*octets)), octets);
    }
}
INSTANTIATE_TEST_SUITE_P(
    Quantity, OctetsText,
    testing::Values(OctetsRow{"Bare", "512", 512}, OctetsRow{"Kibi", "16k", 16'384}, OctetsRow{"Mebi", "1M", 1'048'576},
                    OctetsRow{"GibiInFull", "2GiB", 2'147'483'648}, OctetsRow{"Zero", "0", 0},
                    OctetsRow{"Empty", "", std::nullopt}, OctetsRow{"UnknownUnit", "3x", std::nullopt},
                    OctetsRow{"Negative", "-1", std::nullopt}, OctetsRow{"TooLarge", "9000000t", std::nullopt}),
    row_name);

TEST(Quantity, IsWrittenInItsLargestWholeUnit) {
    EXPECT_EQ(duration_text(std::chrono::seconds(75)), "75s");
    EXPECT_EQ(duration_text(std::chrono::seconds(120)), "2m");
    EXPECT_EQ(duration_text(std::chrono::milliseconds(1'500)), "1500ms");
    EXPECT_EQ(duration_text(std::chrono::milliseconds(0)), "0s");
    EXPECT_EQ(octets_text(16'384), "16k");
    EXPECT_EQ(octets_text(1'000), "1000");
    EXPECT_EQ(octets_text(0), "0");
}

TEST(Quantity, CountIsOneDecimalNumber) {
    EXPECT_EQ(parse_count("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(parse_count("18446744073709551616"), std::nullopt);
    EXPECT_EQ(parse_count("3k"), std::nullopt);
    EXPECT_EQ(parse_count(""), std::nullopt);
}

struct SizeRow {
    std::uint64_t octets;
    const char* text;
};
class Sizes : public testing::TestWithParam<SizeRow> {};
TEST_P(Sizes, HaveThreeDigitsAndADecimalUnit) { EXPECT_EQ(size_text(GetParam().octets), GetParam().text); }
INSTANTIATE_TEST_SUITE_P(Quantity, Sizes,
                         testing::Values(SizeRow{0, "0 B"}, SizeRow{999, "999 B"}, SizeRow{1'000, "1.00 kB"},
                                         SizeRow{1'439, "1.43 kB"}, SizeRow{9'999, "9.99 kB"},
                                         SizeRow{12'050, "12.0 kB"}, SizeRow{999'999, "999 kB"},
                                         SizeRow{1'000'000, "1.00 MB"}, SizeRow{5'368'709'120, "5.36 GB"},
                                         SizeRow{1'234'000'000'000, "1.23 TB"}, SizeRow{UINT64_MAX, "18.4 EB"}));

struct NearRow {
    const char* name;
    std::string_view word;
    std::optional<std::string_view> meant;
};
class Nearest : public testing::TestWithParam<NearRow> {};

TEST_P(Nearest, IsWhatWasProbablyMeant) {
    constexpr std::string_view candidates[] = {"serve", "hello", "echo", "connect", "hash-password", "ports"};
    EXPECT_EQ(nearest(GetParam().word, candidates), GetParam().meant);
}
INSTANTIATE_TEST_SUITE_P(Words, Nearest,
                         testing::Values(NearRow{"Swapped", "sevre", "serve"}, NearRow{"Missing", "srve", "serve"},
                                         NearRow{"Added", "sserve", "serve"}, NearRow{"Changed", "helli", "hello"},
                                         NearRow{"Beginning", "hash", "hash-password"},
                                         NearRow{"Itself", "echo", "echo"},
                                         NearRow{"FarAway", "download", std::nullopt},
                                         NearRow{"Short", "x", std::nullopt}, NearRow{"Empty", "", std::nullopt},
                                         NearRow{"Unlike", "cat", std::nullopt}),
                         row_name);

}  // namespace
}  // namespace portico
