// portico/http/negotiate_test.cc — tests Accept-Encoding and Accept row by row (RFC 9110 §12.5).
//
// Room http: see status.h.
#include "portico/http/negotiate.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "portico/base/row_name_for_test.h"

namespace portico::http {
namespace {

using enum Coding;

CodingSet set_of(const std::vector<Coding>& codings) {
    CodingSet set;
    for (const Coding coding : codings) set.add(coding);
    return set;
}

struct CodingRow {
    const char* name;
    std::vector<std::string_view> values;  // one for each line
    std::optional<Coding> chosen;
    std::vector<Coding> available = {gzip, zstd, br};
};
class AcceptEncoding : public testing::TestWithParam<CodingRow> {};

TEST_P(AcceptEncoding, ChoosesTheBest) {
    FieldSection request;
    for (const std::string_view value : GetParam().values) request.add(FieldName::accept_encoding, value);
    EXPECT_EQ(choose_coding(request, set_of(GetParam().available)), GetParam().chosen);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section12_5_3, AcceptEncoding,
    testing::Values(
        CodingRow{"Absent", {}, identity}, CodingRow{"Empty", {""}, identity}, CodingRow{"Gzip", {"gzip"}, gzip},
        CodingRow{"XGzip", {"x-gzip"}, gzip}, CodingRow{"AnyCase", {"GZip"}, gzip},
        CodingRow{"OursAtEqualWeight", {"gzip, deflate, br, zstd"}, br},
        CodingRow{"ZstdBeforeGzip", {"gzip, zstd"}, zstd},
        CodingRow{"BestAvailable", {"gzip, deflate, br, zstd"}, gzip, {gzip}},
        CodingRow{"NothingAvailable", {"gzip, br"}, identity, {}},
        CodingRow{"ByWeight", {"br;q=0.5, gzip;q=0.8"}, gzip}, CodingRow{"WeightZero", {"br;q=0, gzip"}, gzip},
        CodingRow{"AllZero", {"br;q=0, gzip;q=0, zstd;q=0"}, identity}, CodingRow{"LeastWeight", {"br;q=0.001"}, br},
        CodingRow{"IdentityNamed", {"br;q=0.5, identity"}, identity},
        CodingRow{"IdentityAtEqualWeight", {"identity, gzip"}, gzip}, CodingRow{"Star", {"*"}, br},
        CodingRow{"StarForTheRest", {"br;q=0.1, *;q=0.5"}, zstd}, CodingRow{"StarZero", {"gzip, *;q=0"}, gzip},
        CodingRow{"StarZeroAlone", {"*;q=0"}, std::nullopt},
        CodingRow{"StarZeroButIdentity", {"*;q=0, identity;q=0.1"}, identity},
        CodingRow{"IdentityExcluded", {"identity;q=0"}, std::nullopt},
        CodingRow{"IdentityExcludedButGzip", {"identity;q=0, gzip;q=0.1"}, gzip},
        CodingRow{"IdentityExcludedNoneThere", {"identity;q=0, gzip"}, std::nullopt, {}},
        CodingRow{"RfcExample", {"gzip;q=1.0, identity; q=0.5, *;q=0"}, gzip},
        CodingRow{"TwoLines", {"gzip", "br"}, br}, CodingRow{"WhiteSpace", {" gzip ;\tq=0.5 , br ; q=0.4"}, gzip},
        CodingRow{"UpperCaseQ", {"br;Q=0.1, gzip;Q=0.2"}, gzip},
        CodingRow{"UnknownCodings", {"compress, foo"}, identity},
        CodingRow{"FirstOfRepeated", {"br;q=0, br"}, identity}, CodingRow{"WeightTooLarge", {"br;q=1.001, gzip"}, gzip},
        CodingRow{"WeightTooLong", {"br;q=0.1234, gzip;q=0.1"}, gzip},
        CodingRow{"WeightNegative", {"br;q=-1, gzip"}, gzip}, CodingRow{"WeightNoNumber", {"br;q=, gzip"}, gzip},
        CodingRow{"WeightWithoutZero", {"br;q=.5, gzip"}, gzip},
        CodingRow{"WeightWithDotAlone", {"br;q=0., gzip;q=1."}, gzip},
        CodingRow{"OtherParameter", {"br;x=1, gzip"}, gzip},
        CodingRow{"ParameterBehindWeight", {"br;q=1;x=1, gzip"}, gzip},
        CodingRow{"SemicolonAlone", {";q=1, gzip"}, gzip}, CodingRow{"OnlyCommas", {", ,"}, identity},
        CodingRow{"Prefix", {"gzi, gzipp, b"}, identity}),
    row_name);

struct MediaRow {
    const char* name;
    std::vector<std::string_view> values;
    std::optional<std::size_t> chosen;  // 0: text/html, 1: application/json
};
class Accept : public testing::TestWithParam<MediaRow> {};

TEST_P(Accept, ChoosesTheBest) {
    constexpr std::array<std::string_view, 2> offered = {"text/html", "application/json"};
    FieldSection request;
    for (const std::string_view value : GetParam().values) request.add(FieldName::accept, value);
    EXPECT_EQ(choose_media_type(request, offered), GetParam().chosen);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section12_5_1, Accept,
    testing::Values(MediaRow{"Absent", {}, 0}, MediaRow{"Any", {"*/*"}, 0}, MediaRow{"Json", {"application/json"}, 1},
                    MediaRow{"JsonInAnyCase", {"Application/JSON"}, 1}, MediaRow{"Html", {"text/html"}, 0},
                    MediaRow{"Browser", {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, 0},
                    MediaRow{"Fetch", {"application/json, text/plain, */*"}, 0},
                    MediaRow{"JsonFirstByWeight", {"text/html;q=0.5, application/json"}, 1},
                    MediaRow{"JsonThenAnything", {"application/json, */*;q=0.5"}, 1},
                    MediaRow{"AnySubtype", {"application/*"}, 1}, MediaRow{"Neither", {"image/png"}, std::nullopt},
                    MediaRow{"Excluded", {"text/html;q=0, */*"}, 1},
                    MediaRow{"ClosestCounts", {"text/*, text/html;q=0.1, application/json;q=0.2"}, 1},
                    MediaRow{"OrderDoesNotCount", {"text/html;q=0.1, */*;q=0.9, text/*;q=0.8"}, 1},
                    MediaRow{"TwoLines", {"image/png", "application/json"}, 1},
                    MediaRow{"Charset", {"application/json; charset=utf-8"}, 1},
                    MediaRow{"OtherParameter", {"text/html;level=1, application/json;q=0.1"}, 1},
                    MediaRow{"WeightBeforeParameter", {"text/html;q=0.2;charset=utf-8, application/json;q=0.3"}, 1},
                    MediaRow{"QuotedComma", {"text/html;x=\"a,application/json\""}, std::nullopt},
                    MediaRow{"OldStar", {"*"}, 0}, MediaRow{"Empty", {""}, std::nullopt},
                    MediaRow{"BadWeight", {"text/html;q=2, application/json;q=0.1"}, 1},
                    MediaRow{"PrefixOfType", {"text/htm, text"}, std::nullopt}),
    row_name);

TEST(CodingSet, HasIdentityAlways) {
    CodingSet set;
    EXPECT_TRUE(set.identity_only());
    EXPECT_TRUE(set.has(identity));
    set.add(br);
    EXPECT_TRUE(set.has(br));
    EXPECT_FALSE(set.has(gzip));
    EXPECT_FALSE(set.identity_only());
    EXPECT_EQ(spelling(br), "br");
    EXPECT_EQ(spelling(identity), "");
}

}  // namespace
}  // namespace portico::http
