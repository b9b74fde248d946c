// portico/http/preconditions_test.cc — tests conditional requests row by row (RFC 9110 §13).
//
// Room http: see status.h.
#include "portico/http/preconditions.h"

#include <gtest/gtest.h>

#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/http/date.h"

namespace portico::http {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using enum FieldName;
using enum Verdict;

// The representation in all rows: `"a"`, modified on 6 November 1994 at 08:49:37, and requested ten seconds later.
constexpr sys_seconds modified{seconds(784111777)};
constexpr sys_seconds at_request = modified + seconds(10);
constexpr std::string_view before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view exactly = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view after = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr Validators both{"\"a\"", modified};
constexpr Validators weak{"W/\"a\"", modified};
constexpr Validators neither{"", std::nullopt};

struct Row {
    const char* name;
    std::vector<FieldLine> lines;
    Verdict verdict;
    Method method = Method::get;
    Validators validators = both;
};
FieldLine line(FieldName name, std::string_view value) { return {name, spelling(name), value}; }
FieldSection section_of(const std::vector<FieldLine>& lines) {
    FieldSection section;
    for (const FieldLine& each : lines) section.add(each.known, each.value);
    return section;
}

class Preconditions : public testing::TestWithParam<Row> {};
TEST_P(Preconditions, AreEvaluated) {
    const Row& row = GetParam();
    EXPECT_EQ(evaluate_preconditions(section_of(row.lines), row.method, row.validators, at_request), row.verdict);
}

INSTANTIATE_TEST_SUITE_P(Rfc9110Section13_2_1, Preconditions,
                         testing::Values(Row{"None", {}, proceed},
                                         Row{"Options", {line(if_match, "\"b\"")}, proceed, Method::options},
                                         Row{"Trace", {line(if_none_match, "*")}, proceed, Method::trace},
                                         Row{"Connect", {line(if_match, "\"b\"")}, proceed, Method::connect},
                                         Row{"RangeAlone", {line(if_range, "\"b\"")}, proceed}),
                         row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section13_1_1_IfMatch, Preconditions,
    testing::Values(Row{"Same", {line(if_match, "\"a\"")}, proceed},
                    Row{"Other", {line(if_match, "\"b\"")}, precondition_failed},
                    Row{"InList", {line(if_match, "\"b\", \"a\"")}, proceed},
                    Row{"InSecondLine", {line(if_match, "\"b\""), line(if_match, "\"a\"")}, proceed},
                    Row{"Star", {line(if_match, "*")}, proceed},
                    Row{"StarWithoutEtag", {line(if_match, "*")}, proceed, Method::put, neither},
                    Row{"StarInList", {line(if_match, "\"b\", *")}, precondition_failed},
                    Row{"WeakNeverMatches", {line(if_match, "W/\"a\"")}, precondition_failed},
                    Row{"OursIsWeak", {line(if_match, "\"a\"")}, precondition_failed, Method::get, weak},
                    Row{"WithoutEtag", {line(if_match, "\"a\"")}, precondition_failed, Method::get, neither},
                    Row{"Unquoted", {line(if_match, "a")}, precondition_failed},
                    Row{"Empty", {line(if_match, "")}, precondition_failed},
                    Row{"ForHead", {line(if_match, "\"b\"")}, precondition_failed, Method::head},
                    Row{"ForPut", {line(if_match, "\"b\"")}, precondition_failed, Method::put},
                    Row{"ForUnknownMethod", {line(if_match, "\"b\"")}, precondition_failed, Method::other}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section13_1_2_IfNoneMatch, Preconditions,
    testing::Values(Row{"Same", {line(if_none_match, "\"a\"")}, not_modified},
                    Row{"Weakly", {line(if_none_match, "W/\"a\"")}, not_modified},
                    Row{"OursIsWeak", {line(if_none_match, "\"a\"")}, not_modified, Method::get, weak},
                    Row{"Other", {line(if_none_match, "\"b\"")}, proceed},
                    Row{"InList", {line(if_none_match, "\"b\",\"c\" , \"a\"")}, not_modified},
                    Row{"BehindMalformed", {line(if_none_match, "b, \"a\"")}, not_modified},
                    Row{"Unquoted", {line(if_none_match, "a")}, proceed},
                    Row{"Star", {line(if_none_match, "*")}, not_modified},
                    Row{"StarForPut", {line(if_none_match, "*")}, precondition_failed, Method::put},
                    Row{"SameForPut", {line(if_none_match, "\"a\"")}, precondition_failed, Method::put},
                    Row{"SameForHead", {line(if_none_match, "\"a\"")}, not_modified, Method::head},
                    Row{"WithoutEtag", {line(if_none_match, "\"a\"")}, proceed, Method::get, neither},
                    Row{"Empty", {line(if_none_match, "")}, proceed}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section13_1_3_IfModifiedSince, Preconditions,
    testing::Values(Row{"Exactly", {line(if_modified_since, exactly)}, not_modified},
                    Row{"Later", {line(if_modified_since, after)}, not_modified},
                    Row{"Earlier", {line(if_modified_since, before)}, proceed},
                    Row{"Rfc850", {line(if_modified_since, "Sunday, 06-Nov-94 08:49:37 GMT")}, not_modified},
                    Row{"Asctime", {line(if_modified_since, "Sun Nov  6 08:49:37 1994")}, not_modified},
                    Row{"Head", {line(if_modified_since, exactly)}, not_modified, Method::head},
                    Row{"NotForPost", {line(if_modified_since, exactly)}, proceed, Method::post},
                    Row{"Invalid", {line(if_modified_since, "yesterday")}, proceed},
                    Row{"Number", {line(if_modified_since, "999999999999")}, proceed},
                    Row{"Twice", {line(if_modified_since, exactly), line(if_modified_since, exactly)}, proceed},
                    Row{"NoDateOfOurs", {line(if_modified_since, exactly)}, proceed, Method::get, neither}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section13_1_4_IfUnmodifiedSince, Preconditions,
    testing::Values(Row{"Exactly", {line(if_unmodified_since, exactly)}, proceed},
                    Row{"Later", {line(if_unmodified_since, after)}, proceed},
                    Row{"Earlier", {line(if_unmodified_since, before)}, precondition_failed},
                    Row{"EarlierForPut", {line(if_unmodified_since, before)}, precondition_failed, Method::put},
                    Row{"Invalid", {line(if_unmodified_since, "0")}, proceed},
                    Row{"Twice", {line(if_unmodified_since, before), line(if_unmodified_since, before)}, proceed},
                    Row{"NoDateOfOurs", {line(if_unmodified_since, before)}, proceed, Method::get, neither}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section13_2_2_Precedence, Preconditions,
    testing::Values(
        Row{"IfMatchHidesIfUnmodifiedSince", {line(if_match, "\"a\""), line(if_unmodified_since, before)}, proceed},
        Row{"IfMatchFailsFirst", {line(if_match, "\"b\""), line(if_none_match, "\"a\"")}, precondition_failed},
        Row{"IfMatchThenIfNoneMatch", {line(if_match, "\"a\""), line(if_none_match, "\"a\"")}, not_modified},
        Row{"IfNoneMatchHidesIfModifiedSince",
            {line(if_none_match, "\"b\""), line(if_modified_since, exactly)},
            proceed},
        Row{"MalformedIfNoneMatchHidesToo", {line(if_none_match, "b"), line(if_modified_since, exactly)}, proceed},
        Row{"IfUnmodifiedSinceFailsFirst",
            {line(if_none_match, "\"a\""), line(if_unmodified_since, before)},
            precondition_failed},
        Row{"IfUnmodifiedThenIfModified",
            {line(if_unmodified_since, exactly), line(if_modified_since, exactly)},
            not_modified}),
    row_name);

struct IfRangeRow {
    const char* name;
    std::vector<std::string_view> values;
    bool holds;
    Validators validators = both;
    sys_seconds asked = at_request;
};
class IfRange : public testing::TestWithParam<IfRangeRow> {};
TEST_P(IfRange, HoldsOrNot) {
    FieldSection section;
    for (const std::string_view value : GetParam().values) section.add(if_range, value);
    EXPECT_EQ(if_range_holds(section, GetParam().validators, GetParam().asked), GetParam().holds);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section13_1_5, IfRange,
    testing::Values(IfRangeRow{"Absent", {}, true}, IfRangeRow{"SameTag", {"\"a\""}, true},
                    IfRangeRow{"OtherTag", {"\"b\""}, false}, IfRangeRow{"WeakTag", {"W/\"a\""}, false},
                    IfRangeRow{"OursIsWeak", {"\"a\""}, false, weak},
                    IfRangeRow{"NoTagOfOurs", {"\"a\""}, false, neither}, IfRangeRow{"List", {"\"a\", \"b\""}, false},
                    IfRangeRow{"Star", {"*"}, false}, IfRangeRow{"Exactly", {exactly}, true},
                    IfRangeRow{"Later", {after}, false}, IfRangeRow{"Earlier", {before}, false},
                    IfRangeRow{"Rfc850", {"Sunday, 06-Nov-94 08:49:37 GMT"}, true},
                    IfRangeRow{"WithinTheSecond", {exactly}, false, both, modified},
                    IfRangeRow{"OneSecondOld", {exactly}, true, both, modified + seconds(1)},
                    IfRangeRow{"NoDateOfOurs", {exactly}, false, neither}, IfRangeRow{"Nonsense", {"a"}, false},
                    IfRangeRow{"Empty", {""}, false}, IfRangeRow{"Twice", {"\"a\"", "\"a\""}, false}),
    row_name);

TEST(LastModified, IsNeverInTheFuture) {
    using std::chrono::nanoseconds;
    EXPECT_EQ(last_modified_of(modified + nanoseconds(999'999'999), at_request), modified);
    EXPECT_EQ(last_modified_of(modified - nanoseconds(1), at_request), modified - seconds(1));
    EXPECT_EQ(last_modified_of(at_request + seconds(5) + nanoseconds(0), at_request), at_request);
}

}  // namespace
}  // namespace portico::http
