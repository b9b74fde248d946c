// portico/http/range_test.cc — byte ranges, row by row (RFC 9110 §14).
//
// Room http: see status.h.
#include "portico/http/range.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "portico/base/row_name_for_test.h"

namespace portico::http {
namespace {

using Kind = Selection::Kind;

struct RangeRow {
    const char* name;
    std::string_view field_value;
    std::uint64_t octets;
    Kind kind;
    std::vector<ByteRange> parts = {};
};
class Range : public testing::TestWithParam<RangeRow> {};

TEST_P(Range, SelectsPartsOrNot) {
    const Selection selection = select_ranges(GetParam().field_value, GetParam().octets);
    EXPECT_EQ(selection.kind(), GetParam().kind);
    EXPECT_EQ(std::vector(selection.parts().begin(), selection.parts().end()), GetParam().parts);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section14_1_2, Range,
    testing::Values(
        RangeRow{"First", "bytes=0-499", 10000, Kind::parts, {{0, 500}}},
        RangeRow{"Second", "bytes=500-999", 10000, Kind::parts, {{500, 500}}},
        RangeRow{"Suffix", "bytes=-500", 10000, Kind::parts, {{9500, 500}}},
        RangeRow{"OpenEnd", "bytes=9500-", 10000, Kind::parts, {{9500, 500}}},
        RangeRow{"FirstAndLast", "bytes=0-0,-1", 10000, Kind::parts, {{0, 1}, {9999, 1}}},
        RangeRow{"WhiteSpace",
                 "bytes= 0-999, 4500-5499, -1000",
                 10000,
                 Kind::parts,
                 {{0, 1000}, {4500, 1000}, {9000, 1000}}},
        RangeRow{"Adjacent", "bytes=500-600,601-999", 10000, Kind::parts, {{500, 101}, {601, 399}}},
        RangeRow{"Overlapping", "bytes=500-700,601-999", 10000, Kind::parts, {{500, 201}, {601, 399}}},
        RangeRow{"LastBeyondEnd", "bytes=5-100", 10, Kind::parts, {{5, 5}}},
        RangeRow{"LongSuffix", "bytes=-100", 10, Kind::parts, {{0, 10}}},
        RangeRow{"Whole", "bytes=0-", 10, Kind::parts, {{0, 10}}},
        RangeRow{"OneOctet", "bytes=0-0", 1, Kind::parts, {{0, 1}}},
        RangeRow{"LastOctet", "bytes=9-9", 10, Kind::parts, {{9, 1}}},
        RangeRow{
            "LeadingZeros", "bytes=000000000000000000000001-00000000000000000000000002", 10, Kind::parts, {{1, 2}}},
        RangeRow{"LastOverflows", "bytes=5-99999999999999999999999", 10, Kind::parts, {{5, 5}}},
        RangeRow{"SuffixOverflows", "bytes=-99999999999999999999999", 10, Kind::parts, {{0, 10}}},
        RangeRow{"Descending", "bytes=5-9,0-3", 10, Kind::parts, {{5, 5}, {0, 4}}},
        RangeRow{"EmptyElements", "bytes=,0-0, ,1-1,", 10, Kind::parts, {{0, 1}, {1, 1}}},
        RangeRow{"UnitInAnyCase", "BYTES=0-0", 10, Kind::parts, {{0, 1}}},
        RangeRow{"SomeBeyondEnd", "bytes=20-30,0-0", 10, Kind::parts, {{0, 1}}},
        RangeRow{"Huge",
                 "bytes=-1",
                 std::numeric_limits<std::uint64_t>::max(),
                 Kind::parts,
                 {{std::numeric_limits<std::uint64_t>::max() - 1, 1}}},
        RangeRow{"HugeWhole",
                 "bytes=0-",
                 std::numeric_limits<std::uint64_t>::max(),
                 Kind::parts,
                 {{0, std::numeric_limits<std::uint64_t>::max()}}}),
    row_name);

INSTANTIATE_TEST_SUITE_P(Unsatisfiable, Range,
                         testing::Values(RangeRow{"AtTheEnd", "bytes=10-", 10, Kind::unsatisfiable},
                                         RangeRow{"BeyondTheEnd", "bytes=20-30", 10, Kind::unsatisfiable},
                                         RangeRow{"FirstOverflows", "bytes=99999999999999999999999-", 10,
                                                  Kind::unsatisfiable},
                                         RangeRow{"EmptySuffix", "bytes=-0", 10, Kind::unsatisfiable},
                                         RangeRow{"AllBeyond", "bytes=10-10,-0", 10, Kind::unsatisfiable}),
                         row_name);

INSTANTIATE_TEST_SUITE_P(
    Invalid, Range,
    testing::Values(
        RangeRow{"Empty", "", 10, Kind::whole}, RangeRow{"NoSet", "bytes", 10, Kind::whole},
        RangeRow{"EmptySet", "bytes=", 10, Kind::whole}, RangeRow{"OnlyCommas", "bytes=, ,", 10, Kind::whole},
        RangeRow{"OtherUnit", "lines=0-1", 10, Kind::whole}, RangeRow{"SpaceInUnit", "bytes =0-1", 10, Kind::whole},
        RangeRow{"NoHyphen", "bytes=1", 10, Kind::whole}, RangeRow{"HyphenAlone", "bytes=-", 10, Kind::whole},
        RangeRow{"Backwards", "bytes=5-4", 10, Kind::whole},
        RangeRow{"OneInvalidSpoilsAll", "bytes=0-1,5-4", 10, Kind::whole},
        RangeRow{"Letters", "bytes=a-b", 10, Kind::whole}, RangeRow{"Hexadecimal", "bytes=0x0-0x1", 10, Kind::whole},
        RangeRow{"Signed", "bytes=+0-1", 10, Kind::whole}, RangeRow{"TwoHyphens", "bytes=0--1", 10, Kind::whole},
        RangeRow{"NegativeFirst", "bytes=-1-2", 10, Kind::whole},
        RangeRow{"InnerSpace", "bytes=0 - 1", 10, Kind::whole}, RangeRow{"Quoted", "bytes=\"0-1\"", 10, Kind::whole},
        RangeRow{"Semicolon", "bytes=0-1;2-3", 10, Kind::whole},
        RangeRow{"NothingToSelectFrom", "bytes=0-", 0, Kind::whole},
        RangeRow{"SuffixOfNothing", "bytes=-5", 0, Kind::whole}),
    row_name);

std::string many(std::size_t count) {
    std::string value = "bytes=";
    for (std::size_t i = 0; i < count; ++i) value += std::to_string(2 * i) + "-" + std::to_string(2 * i) + ",";
    return value;
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section17_15_Costly, Range,
    testing::Values(RangeRow{"SumIsTheWhole", "bytes=0-4,5-9", 10, Kind::parts, {{0, 5}, {5, 5}}},
                    RangeRow{"SumIsMore", "bytes=0-5,5-9", 10, Kind::whole},
                    RangeRow{"AllTwice", "bytes=0-,0-", 10, Kind::whole},
                    RangeRow{"TwoOverlaps", "bytes=0-1,1-2,2-3", 100, Kind::parts, {{0, 2}, {1, 2}, {2, 2}}},
                    RangeRow{"ThreeOverlaps", "bytes=0-1,1-2,2-3,3-4", 100, Kind::whole},
                    RangeRow{"SameThrice", "bytes=1-1,1-1,1-1", 100, Kind::whole},
                    RangeRow{"SumWouldOverflow", "bytes=0-18446744073709551613,0-18446744073709551613",
                             std::numeric_limits<std::uint64_t>::max(), Kind::whole}),
    row_name);

TEST(Ranges, AreSixteenAtMost) {
    EXPECT_EQ(select_ranges(many(16), 100).parts().size(), 16U);
    EXPECT_EQ(select_ranges(many(17), 100).kind(), Kind::whole);
    EXPECT_EQ(select_ranges(many(17), 1).kind(), Kind::whole);  // counted as sent, not as satisfiable
}

TEST(Ranges, AreForOneRangeOfAGetWhoseIfRangeHolds) {
    const Validators validators{"\"a\"", std::nullopt};
    const std::chrono::sys_seconds now{};
    const auto kind = [&](const FieldSection& request, Method method) {
        return select_ranges(request, method, validators, 10, now).kind();
    };
    FieldSection request;
    EXPECT_EQ(kind(request, Method::get), Kind::whole);
    request.add(FieldName::range, "bytes=0-1");
    EXPECT_EQ(kind(request, Method::get), Kind::parts);
    EXPECT_EQ(kind(request, Method::head), Kind::whole);
    EXPECT_EQ(kind(request, Method::post), Kind::whole);
    request.add(FieldName::if_range, "\"a\"");
    EXPECT_EQ(kind(request, Method::get), Kind::parts);
    request.set(FieldName::if_range, "\"b\"");
    EXPECT_EQ(kind(request, Method::get), Kind::whole);
    request.remove(FieldName::if_range);
    request.add(FieldName::range, "bytes=2-3");
    EXPECT_EQ(kind(request, Method::get), Kind::whole);
}

TEST(ContentRange, SaysWhereAndOfHowMuch) {
    EXPECT_EQ(http::content_range({0, 500}, 1234), "bytes 0-499/1234");
    EXPECT_EQ(http::content_range({1233, 1}, 1234), "bytes 1233-1233/1234");
    EXPECT_EQ(unsatisfied_range(1234), "bytes */1234");
}

struct SentRow {
    const char* name;
    std::string_view value;
    std::optional<SentRange> range;
};
class SentRanges : public testing::TestWithParam<SentRow> {};

TEST_P(SentRanges, AreReadOrRefused) { EXPECT_EQ(parse_sent_range(GetParam().value), GetParam().range); }
INSTANTIATE_TEST_SUITE_P(
    Rfc9110, SentRanges,
    testing::Values(
        SentRow{"Part", "bytes 2-4/10", SentRange{{2, 3}, 10}},
        SentRow{"Whole", "Bytes 0-9/10", SentRange{{0, 10}, 10}}, SentRow{"Question", "bytes */10", SentRange{{}, 10}},
        SentRow{"Largest", "bytes 0-18446744073709551614/18446744073709551615", SentRange{{0, UINT64_MAX}, UINT64_MAX}},
        SentRow{"TooLarge", "bytes 0-1/18446744073709551616", std::nullopt},
        SentRow{"BeyondTheEnd", "bytes 5-10/10", std::nullopt}, SentRow{"Backwards", "bytes 4-3/10", std::nullopt},
        SentRow{"OfNothing", "bytes 0-0/0", std::nullopt}, SentRow{"UnknownWhole", "bytes 0-1/*", std::nullopt},
        SentRow{"OtherUnit", "lines 0-1/2", std::nullopt}, SentRow{"NoUnit", "0-1/2", std::nullopt},
        SentRow{"Signed", "bytes -1-1/2", std::nullopt}, SentRow{"Empty", "", std::nullopt},
        SentRow{"Space", "bytes 0-1/2 ", std::nullopt}),
    row_name);

TEST(MultipartRanges, AreWrittenAsRfc9110Section14_6Shows) {
    using enum Multipart::Place;
    const Multipart multipart(0x0123456789abcdef, "text/plain", 10);
    EXPECT_EQ(multipart.content_type(), "multipart/byteranges; boundary=portico-0123456789abcdef");
    const std::string all =
        multipart.head({0, 2}, first) + "ab" + multipart.head({5, 1}, later) + "f" + multipart.end();
    EXPECT_EQ(all,
              "--portico-0123456789abcdef\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\nab"
              "\r\n--portico-0123456789abcdef\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-5/10\r\n\r\nf"
              "\r\n--portico-0123456789abcdef--\r\n");
    EXPECT_EQ(Multipart(0, "", 10).head({0, 1}, first),
              "--portico-0000000000000000\r\nContent-Range: bytes 0-0/10\r\n\r\n");
}

}  // namespace
}  // namespace portico::http
