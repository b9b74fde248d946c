// portico/server/limits_test.cc — setting limits by name.
//
// Room server: see limits.h.
#include "portico/server/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "portico/base/row_name_for_test.h"

namespace portico::server {
namespace {

using testing::HasSubstr;

// One client can't take every place, nor all memory.
TEST(Limits, OfOneAddressAreAQuarterOfAll) {
    EXPECT_EQ(Limits{}.connections_per_address_max, Limits{}.connections_max / 4);
    EXPECT_GT(Limits{}.unsent_octets_max, 0U);
}

struct RefusedRow {
    const char* name;
    std::string_view setting;
    const char* said;
};
class RefusedLimit : public testing::TestWithParam<RefusedRow> {};

TEST_P(RefusedLimit, SaysWhyAndChangesNothing) {
    Limits limits;
    const auto set = set_limit(limits, GetParam().setting);
    ASSERT_FALSE(set.has_value());
    EXPECT_THAT(set.error(), HasSubstr(GetParam().said));
    EXPECT_EQ(limits.head_time_max, Limits{}.head_time_max);
    EXPECT_EQ(limits.memory_max, Limits{}.memory_max);
}
INSTANTIATE_TEST_SUITE_P(
    Limits, RefusedLimit,
    testing::Values(RefusedRow{"SlipOfTheFinger", "head_tme_max=3s", "did you mean 'head_time_max'?"},
                    RefusedRow{"UnknownName", "colour=3s", "there is no limit 'colour'"},
                    RefusedRow{"NoValue", "head_time_max", "write head_time_max=VALUE"},
                    RefusedRow{"EmptyValue", "head_time_max=", "is not a time"},
                    RefusedRow{"ZeroTime", "head_time_max=0", "too small"},
                    RefusedRow{"ZeroConnections", "connections_max=0", "too small; the least is 1"},
                    RefusedRow{"SizeForATime", "head_time_max=3k", "such as 500ms, 3s or 2m"},
                    RefusedRow{"TimeForASize", "memory_max=3s", "such as 512, 16k or 1m"},
                    RefusedRow{"UnitOnACount", "field_count_max=3k", "is not a number"},
                    RefusedRow{"TooLong", "keep_alive_max=999d", "the most is 365d"},
                    RefusedRow{"TooLarge", "memory_max=5t", "too large"},
                    RefusedRow{"Nothing", "", "there is no limit ''"}),
    row_name);

TEST(SetLimit, SetsTheOneNamed) {
    Limits limits;
    ASSERT_TRUE(set_limit(limits, "head_time_max=3s").has_value());
    ASSERT_TRUE(set_limit(limits, "head_octets_max=32k").has_value());
    ASSERT_TRUE(set_limit(limits, "connections_max=7").has_value());
    ASSERT_TRUE(set_limit(limits, "rate_min=0").has_value());
    ASSERT_TRUE(set_limit(limits, "memory_max=2g").has_value());
    EXPECT_EQ(limits.head_time_max, std::chrono::seconds(3));
    EXPECT_EQ(limits.head_octets_max, 32U * 1024);
    EXPECT_EQ(limits.connections_max, 7U);
    EXPECT_EQ(limits.rate_min, 0U);
    EXPECT_EQ(limits.memory_max, std::size_t{2} << 30);
    EXPECT_EQ(limits.keep_alive_max, Limits{}.keep_alive_max);
}

struct UncheckedRow {
    const char* name;
    void (*spoil)(Limits& limits);
    const char* said;
};
class UncheckedLimit : public testing::TestWithParam<UncheckedRow> {};

TEST_P(UncheckedLimit, IsRefused) {
    Limits limits;
    GetParam().spoil(limits);
    const auto checked = check_limits(limits);
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error(), GetParam().said);
}
INSTANTIATE_TEST_SUITE_P(
    Limits, UncheckedLimit,
    testing::Values(UncheckedRow{"ZeroTime", [](Limits& l) { l.head_time_max = std::chrono::milliseconds(0); },
                                 "head_time_max: 0ms is too small; the least is 1ms"},
                    UncheckedRow{"NegativeTime", [](Limits& l) { l.drain_time_max = std::chrono::milliseconds(-3); },
                                 "drain_time_max: -3ms is less than nothing"},
                    UncheckedRow{"EndlessTime", [](Limits& l) { l.keep_alive_max = std::chrono::milliseconds::max(); },
                                 "keep_alive_max: 9223372036854775807ms is too large; the most is 365d"},
                    UncheckedRow{"NoConnections", [](Limits& l) { l.connections_max = 0; },
                                 "connections_max: 0 is too small; the least is 1"},
                    UncheckedRow{"NoHead", [](Limits& l) { l.head_octets_max = 0; },
                                 "head_octets_max: 0 is too small; the least is 128"},
                    UncheckedRow{"ThousandsOfHelpers", [](Limits& l) { l.helpers_max = std::size_t{1} << 32; },
                                 "helpers_max: 4294967296 is too large; the most is 1024"},
                    UncheckedRow{"MinusOneContent",
                                 [](Limits& l) { l.content_octets_max = static_cast<std::uint64_t>(-1); },
                                 "content_octets_max: 18446744073709551615 is too large; the most is 1t"}),
    row_name);

TEST(CheckLimits, AcceptsTheDefaultsAndTheMeaningfulZeros) {
    EXPECT_TRUE(check_limits(Limits()).has_value());
    Limits limits;
    limits.rate_min = 0;
    limits.drain_time_max = limits.shutdown_time_max = limits.shutdown_idle_max = std::chrono::milliseconds(0);
    limits.content_octets_max = 0;
    EXPECT_TRUE(check_limits(limits).has_value());
}

TEST(CheckReplacement, RefusesWhatBelongsToTheProcess) {
    const Limits present;
    std::size_t refused = 0;
    for (const LimitRow& row : limit_rows()) {
        Limits next;
        // Some other value that the limit can have.
        const std::string value = row.standard.ends_with("s") ? "9s" : "2000000";
        for (const std::string& other : {value, std::string("700")}) {
            if (next == present) static_cast<void>(set_limit(next, std::string(row.name) + "=" + other));
        }
        ASSERT_NE(next, present) << row.name;
        const auto checked = check_replacement(present, next);
        if (checked) continue;
        EXPECT_THAT(checked.error(), HasSubstr(std::string(row.name) + ": can't change while the server runs"));
        ++refused;
    }
    EXPECT_EQ(refused, 9U);
    EXPECT_TRUE(check_replacement(present, present).has_value());
    Limits wrong;
    wrong.head_time_max = std::chrono::milliseconds(0);
    EXPECT_FALSE(check_replacement(present, wrong).has_value());
}

TEST(LimitRows, AreAllOfThemAndTheirDefaultsCanBeTyped) {
    std::set<std::string_view> names;
    for (const LimitRow& row : limit_rows()) {
        Limits limits;
        EXPECT_TRUE(set_limit(limits, std::string(row.name) + "=" + row.standard).has_value()) << row.name;
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_FALSE(row.meaning.empty()) << row.name;
    }
    // Every member has eight octets, so this detects a member without a row.
    EXPECT_EQ(names.size(), sizeof(Limits) / 8);
}

}  // namespace
}  // namespace portico::server
