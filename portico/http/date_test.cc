// portico/http/date_test.cc — dates in fields, row by row (RFC 9110 §5.6.7).
//
// Room http: see status.h.
#include "portico/http/date.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "portico/base/row_name_for_test.h"

namespace portico::http {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr sys_seconds noon = sys_days(year(2026) / 3 / 1) + std::chrono::hours(12);
constexpr long long bad = -1;

std::string written(sys_seconds time) {
    std::array<char, imf_fixdate_octets> room{};
    write_imf_fixdate(time, room);
    return {room.data(), room.size()};
}

struct DateRow {
    const char* name;
    std::string_view field_value;
    long long time;  // seconds since 1970, or `bad`
};
class Date : public testing::TestWithParam<DateRow> {};

TEST_P(Date, IsReadOrNot) {
    const auto time = parse_date(GetParam().field_value, noon);
    EXPECT_EQ(time ? time->time_since_epoch().count() : bad, GetParam().time);
}
INSTANTIATE_TEST_SUITE_P(Rfc9110Section5_6_7, Date,
                         testing::Values(DateRow{"ImfFixdate", "Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
                                         DateRow{"Rfc850", "Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
                                         DateRow{"Asctime", "Sun Nov  6 08:49:37 1994", 784111777},
                                         DateRow{"AsctimeTwoDigitDay", "Wed Nov 16 08:49:37 1994", 784975777},
                                         DateRow{"Epoch", "Thu, 01 Jan 1970 00:00:00 GMT", 0},
                                         DateRow{"BeforeTheEpoch", "Wed, 31 Dec 1969 23:59:58 GMT", -2},
                                         DateRow{"LeapDay", "Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
                                         DateRow{"LeapSecond", "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
                                         DateRow{"YearZero", "Sat, 01 Jan 0000 00:00:00 GMT", -62167219200},
                                         DateRow{"LastYear", "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
                                         DateRow{"WrongDayOfTheWeek", "Mon, 06 Nov 1994 08:49:37 GMT", 784111777},
                                         DateRow{"NoLeapDay", "Thu, 29 Feb 1900 00:00:00 GMT", bad},
                                         DateRow{"Day31OfShortMonth", "Wed, 31 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"DayZero", "Sun, 00 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"Hour24", "Sun, 06 Nov 1994 24:00:00 GMT", bad},
                                         DateRow{"Minute60", "Sun, 06 Nov 1994 08:60:37 GMT", bad},
                                         DateRow{"Second61", "Sun, 06 Nov 1994 08:49:61 GMT", bad},
                                         DateRow{"LowerCaseMonth", "Sun, 06 nov 1994 08:49:37 GMT", bad},
                                         DateRow{"LowerCaseDay", "sun, 06 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"LowerCaseZone", "Sun, 06 Nov 1994 08:49:37 gmt", bad},
                                         DateRow{"UtcZone", "Sun, 06 Nov 1994 08:49:37 UTC", bad},
                                         DateRow{"NumericZone", "Sun, 06 Nov 1994 08:49:37 +0000", bad},
                                         DateRow{"NoZone", "Sun, 06 Nov 1994 08:49:37", bad},
                                         DateRow{"NoDayOfTheWeek", "06 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"NoSuchDayOfTheWeek", "Foo, 06 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"LongDayInFixdate", "Sunday, 06 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"ShortDayInRfc850", "Sun, 06-Nov-94 08:49:37 GMT", bad},
                                         DateRow{"FourDigitYearInRfc850", "Sunday, 06-Nov-1994 08:49:37 GMT", bad},
                                         DateRow{"OneDigitDay", "Sun, 6 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"AsctimeOneDigitWithoutSpace", "Sun Nov 6 08:49:37 1994", bad},
                                         DateRow{"AsctimeWithZone", "Sun Nov  6 08:49:37 1994 GMT", bad},
                                         DateRow{"TwoSpaces", "Sun,  06 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"OctetBehind", "Sun, 06 Nov 1994 08:49:37 GMT;", bad},
                                         DateRow{"SpaceBefore", " Sun, 06 Nov 1994 08:49:37 GMT", bad},
                                         DateRow{"SignedYear", "Sun, 06 Nov -994 08:49:37 GMT", bad},
                                         DateRow{"Empty", "", bad}, DateRow{"Zero", "0", bad},
                                         DateRow{"DayAlone", "Sun", bad}, DateRow{"Seconds", "784111777", bad}),
                         row_name);

// A two-digit year more than 50 years in the future means the past; `noon` is that of 1 March 2026.
INSTANTIATE_TEST_SUITE_P(Rfc850Century, Date,
                         testing::Values(DateRow{"ThisYear", "Sunday, 01-Mar-26 12:00:00 GMT", 1772366400},
                                         DateRow{"FiftyYearsAhead", "Sunday, 01-Mar-76 12:00:00 GMT", 3350289600},
                                         DateRow{"LaterInTheFiftiethYear", "Wednesday, 01-Dec-76 00:00:00 GMT",
                                                 218246400},
                                         DateRow{"FiftyOneYearsAhead", "Tuesday, 01-Mar-77 12:00:00 GMT", 226065600},
                                         DateRow{"LastCentury", "Friday, 31-Dec-99 23:59:59 GMT", 946684799}),
                         row_name);

TEST(ImfFixdate, IsWrittenAsItIsRead) {
    EXPECT_EQ(written(sys_seconds(seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(written(sys_seconds(seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(written(sys_seconds(seconds(-2))), "Wed, 31 Dec 1969 23:59:58 GMT");
    // Goes through four centuries in steps of a little more than a day: all months, leap years and days of the week.
    for (long long time = -6'000'000'000; time < 7'000'000'000; time += 90'061) {
        const sys_seconds instant{seconds(time)};
        const auto again = parse_date(written(instant), noon);
        ASSERT_TRUE(again == instant) << time;
    }
}

TEST(ImfFixdate, IsTheNearestThatCanBeWritten) {
    EXPECT_EQ(written(sys_seconds::max()), "Fri, 31 Dec 9999 23:59:59 GMT");
    EXPECT_EQ(written(sys_seconds::min()), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(ImfFixdate, IsNoDateWhenCutShort) {
    for (const std::string_view whole :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        for (std::size_t octets = 0; octets < whole.size(); ++octets) {
            EXPECT_FALSE(parse_date(whole.substr(0, octets), noon)) << whole.substr(0, octets);
        }
    }
}

}  // namespace
}  // namespace portico::http
