// portico/wire/h1/read_chunked_test.cc — the chunked transfer coding: RFC 9112 §7.1, and what an attacker would send.
#include "portico/wire/h1/read_chunked.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h1/feed_chunked.h"
#include "portico/wire/h1/status_for_test.h"

namespace portico::h1 {
namespace {

using http::Status;
using namespace std::string_literals;

// The content is complete (`ok`), needs more octets (`continue_`), or is refused.
struct ChunkedRow {
    const char* name;
    std::string octets;
    std::string content;
    Status status = Status::ok;
};
class Chunked : public testing::TestWithParam<ChunkedRow> {};

constexpr ChunkedLimits small_chunked_limits{
    .chunk_line_octets_max = 40, .extension_octets_max = 60, .trailer_octets_max = 60, .trailer_count_max = 3};

TEST_P(Chunked, IsDecodedOrRefused) {
    const ChunkedRow& row = GetParam();
    const ChunkedOutcome whole = feed_whole_chunked(row.octets, small_chunked_limits);
    const Status otherwise = whole.done ? Status::ok : Status::continue_;
    EXPECT_EQ(whole.refusal.value_or(otherwise), row.status) << whole.reason;
    EXPECT_EQ(whole.content, row.content);
    if (whole.done) {
        EXPECT_EQ(whole.used, row.octets.size());
    }
}

TEST_P(Chunked, HasTheSameOutcomeInPieces) {
    const std::string& octets = GetParam().octets;
    const ChunkedOutcome whole = feed_whole_chunked(octets, small_chunked_limits);
    EXPECT_EQ(feed_chunked(octets, 1, 1, small_chunked_limits), whole);
    for (std::size_t first = 0; first < octets.size(); ++first) {
        EXPECT_EQ(feed_chunked(octets, first, octets.size(), small_chunked_limits), whole)
            << "cut behind octet " << first;
    }
}

constexpr Status fields_too_large = Status::request_header_fields_too_large;

// A row for what follows a chunk of five octets.
ChunkedRow behind_hello(const char* name, const std::string& octets, Status status = Status::ok) {
    return {name, "5\r\nhello" + octets, "hello", status};
}
// A chunk of five octets whose size is written as given.
ChunkedRow sized(const char* name, const std::string& size) {
    return {name, size + "\r\nhello\r\n0\r\n\r\n", "hello", Status::ok};
}
ChunkedRow refused_size(const char* name, const std::string& size) {
    return {name, size + "\r\nhello\r\n0\r\n\r\n", "", bad};
}

INSTANTIATE_TEST_SUITE_P(
    Section71, Chunked,
    testing::Values(ChunkedRow{"Empty", "0\r\n\r\n", ""}, behind_hello("One", "\r\n0\r\n\r\n"),
                    ChunkedRow{"Two", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"},
                    ChunkedRow{"Sixteen", "10\r\n0123456789abcdef\r\n0\r\n\r\n", "0123456789abcdef"},
                    ChunkedRow{"UpperHex", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
                    ChunkedRow{"LowerHex", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
                    ChunkedRow{"DataThatLooksLikeTheEnd", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"},
                    ChunkedRow{"DataWithNul", "3\r\na\0b\r\n0\r\n\r\n"s, "a\0b"s},
                    ChunkedRow{"ManyZerosEnd", "0000\r\n\r\n", ""}, sized("LeadingZeros", "0005"),
                    ChunkedRow{"Nothing", "", "", more}, ChunkedRow{"SizeAlone", "5", "", more},
                    ChunkedRow{"DataCut", "5\r\nhel", "hel", more}, behind_hello("NoLastChunk", "\r\n", more),
                    behind_hello("NoEmptyLine", "\r\n0\r\n", more), behind_hello("EmptyLineCut", "\r\n0\r\n\r", more)),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section71Size, Chunked,
    testing::Values(refused_size("Missing", ""), refused_size("Hex", "0x5"), refused_size("HexUpper", "0X5"),
                    refused_size("Minus", "-5"), refused_size("Plus", "+5"), refused_size("NotHex", "g"),
                    refused_size("NotHexBehind", "5g"), refused_size("Fraction", "5.0"), refused_size("Comma", "5,"),
                    refused_size("SpaceBefore", " 5"), refused_size("TabBefore", "\t5"),
                    refused_size("SpaceBehind", "5 "), refused_size("TabBehind", "5\t"),
                    refused_size("SpaceInside", "5 5"), refused_size("Underscore", "0_5"),
                    refused_size("Quoted", "\"5\""), refused_size("Nul", "5\0"s), refused_size("VerticalTab", "5\x0b"),
                    refused_size("BeyondAscii", "\xb2"), refused_size("Colon", "5:"),
                    ChunkedRow{"Largest", "7fffffffffffffff\r\nabc", "abc", more},
                    ChunkedRow{"OneTooLarge", "8000000000000000\r\nabc", "", bad},
                    ChunkedRow{"SixtyFourBits", "ffffffffffffffff\r\nabc", "", bad},
                    ChunkedRow{"WrapsToFive", "10000000000000005\r\nhello\r\n0\r\n\r\n", "", bad},
                    ChunkedRow{"WrapsToZero", "10000000000000000\r\n\r\n", "", bad},
                    ChunkedRow{"LargestBehindZeros", "0000007fffffffffffffff\r\nabc", "abc", more}),
    row_name);

INSTANTIATE_TEST_SUITE_P(Section71LineEnds, Chunked,
                         testing::Values(ChunkedRow{"LfEndsSize", "5\nhello\r\n0\r\n\r\n", "", bad},
                                         ChunkedRow{"CrEndsSize", "5\rhello\r\n0\r\n\r\n", "", bad},
                                         ChunkedRow{"CrCrLfEndsSize", "5\r\r\nhello\r\n0\r\n\r\n", "", bad},
                                         ChunkedRow{"LfEndsExtension", "5;a\nhello\r\n0\r\n\r\n", "", bad},
                                         behind_hello("LfEndsData", "\n0\r\n\r\n", bad),
                                         behind_hello("CrEndsData", "\r0\r\n\r\n", bad),
                                         behind_hello("NothingEndsData", "0\r\n\r\n", bad),
                                         behind_hello("OctetBehindData", "x\r\n0\r\n\r\n", bad),
                                         behind_hello("OctetAndLfEndData", "x\n0\r\n\r\n", bad),
                                         behind_hello("TwoLineEndsBehindData", "\r\n\r\n0\r\n\r\n", bad),
                                         behind_hello("LfEndsLastChunk", "\r\n0\n\r\n", bad),
                                         behind_hello("LfEndsAll", "\r\n0\r\n\n", bad),
                                         behind_hello("CrEndsAll", "\r\n0\r\n\rx", bad),
                                         ChunkedRow{"EmptyLineBefore", "\r\n5\r\nhello\r\n0\r\n\r\n", "", bad}),
                         row_name);

INSTANTIATE_TEST_SUITE_P(
    Section711Extensions, Chunked,
    testing::Values(sized("Name", "5;a"), sized("Value", "5;a=b"), sized("Two", "5;a=b;c"),
                    sized("Quoted", "5;a=\"b c;=,\""), sized("QuotedPair", "5;a=\"\\\"\\\\\""),
                    sized("QuotedEmpty", "5;a=\"\""), sized("QuotedObsText", "5;a=\"\xff\""),
                    sized("WhiteBeforeSemicolon", "5 \t;a"), sized("WhiteAround", "5 ; a = b ; c"),
                    sized("WhiteBeforeQuoted", "5;a= \"b\" ;c"), sized("EveryTchar", "5;!#$%&'*+-.^_`|~aA0"),
                    ChunkedRow{"OnLastChunk", "0;a=b\r\n\r\n", ""}, refused_size("NoName", "5;"),
                    refused_size("NoNameButWhite", "5; "), refused_size("NoNameThenAnother", "5;;a"),
                    refused_size("NoNameButValue", "5;=b"), refused_size("NoValue", "5;a="),
                    refused_size("NoValueButWhite", "5;a= "), refused_size("NoValueThenAnother", "5;a=;b"),
                    refused_size("TwoValues", "5;a=b=c"), refused_size("TwoWords", "5;a b"),
                    refused_size("TwoWordsAsValue", "5;a=b c"), refused_size("WhiteAtTheEnd", "5;a "),
                    refused_size("WhiteAtTheEndOfValue", "5;a=b "), refused_size("WhiteBehindQuoted", "5;a=\"b\" "),
                    refused_size("OctetBehindQuoted", "5;a=\"b\"c"), refused_size("NotClosed", "5;a=\"b"),
                    refused_size("QuotedInsideToken", "5;a=b\"c\""), refused_size("QuotedName", "5;\"a\""),
                    refused_size("Comma", "5;a,b"), refused_size("Nul", "5;a\0"s),
                    refused_size("NulInQuoted", "5;a=\"\0\""s), refused_size("LfInQuoted", "5;a=\"\n\""),
                    refused_size("CrInQuoted", "5;a=\"\r\""), refused_size("LfInQuotedPair", "5;a=\"\\\n\""),
                    refused_size("CrlfInQuoted", "5;a=\"\r\n\""), refused_size("BeyondAscii", "5;\xff")),
    row_name);

INSTANTIATE_TEST_SUITE_P(Section712Trailers, Chunked,
                         testing::Values(behind_hello("One", "\r\n0\r\nA: b\r\n\r\n"),
                                         behind_hello("Two", "\r\n0\r\nA: b\r\nC:\r\n\r\n"),
                                         behind_hello("ObsText", "\r\n0\r\nA: \xff\tb\r\n\r\n"),
                                         // Trailer fields are discarded, so these have no effect.
                                         behind_hello("FramingFields", "\r\n0\r\nContent-Length: 9\r\n\r\n"),
                                         behind_hello("SpaceBeforeColon", "\r\n0\r\nA : b\r\n\r\n", bad),
                                         behind_hello("EmptyName", "\r\n0\r\n: b\r\n\r\n", bad),
                                         behind_hello("NoColon", "\r\n0\r\nA\r\n\r\n", bad),
                                         behind_hello("Request", "\r\n0\r\nGET / HTTP/1.1\r\n\r\n", bad),
                                         behind_hello("Folded", "\r\n0\r\nA: b\r\n c\r\n\r\n", bad),
                                         behind_hello("WhiteFirst", "\r\n0\r\n A: b\r\n\r\n", bad),
                                         behind_hello("LfEndsLine", "\r\n0\r\nA: b\n\r\n", bad),
                                         behind_hello("CrEndsLine", "\r\n0\r\nA: b\rC: d\r\n\r\n", bad),
                                         behind_hello("Nul", "\r\n0\r\nA: \0\r\n\r\n"s, bad),
                                         behind_hello("NulInName", "\r\n0\r\nA\0: b\r\n\r\n"s, bad)),
                         row_name);

INSTANTIATE_TEST_SUITE_P(
    Limits, Chunked,
    testing::Values(
        ChunkedRow{"LongestLine", std::string(38, '0') + "\r\n\r\n", ""},
        ChunkedRow{"LineTooLong", std::string(39, '0') + "\r\n\r\n", "", bad},
        ChunkedRow{"TwoLongLines", std::string(37, '0') + "5\r\nhello\r\n" + std::string(38, '0') + "\r\n\r\n",
                   "hello"},
        ChunkedRow{"LongestExtension", "0;" + std::string(36, 'a') + "\r\n\r\n", ""},
        ChunkedRow{"ExtensionTooLong", "0;" + std::string(37, 'a') + "\r\n\r\n", "", bad},
        ChunkedRow{"ExtensionsTooLongTogether",
                   "1;" + std::string(30, 'a') + "\r\nx\r\n1;" + std::string(30, 'a') + "\r\nx\r\n0\r\n\r\n", "x", bad},
        behind_hello("MostTrailers", "\r\n0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"),
        behind_hello("TooManyTrailers", "\r\n0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", fields_too_large),
        behind_hello("LongestTrailer", "\r\n0\r\nA: " + std::string(55, 'b') + "\r\n\r\n"),
        behind_hello("TrailerTooLong", "\r\n0\r\nA: " + std::string(56, 'b') + "\r\n\r\n", fields_too_large),
        behind_hello("TrailerTooLongWithoutEnd", "\r\n0\r\nA: " + std::string(60, 'b'), fields_too_large)),
    row_name);

TEST(ChunkedReader, LeavesWhatFollows) {
    const std::string octets = "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
    const ChunkedOutcome outcome = feed_whole_chunked(octets);
    EXPECT_TRUE(outcome.done);
    EXPECT_EQ(octets.substr(outcome.used), "GET / HTTP/1.1\r\n");
}

TEST(ChunkedReader, GivesNoMoreThanOneChunkAStep) {
    ChunkedReader reader{ChunkedLimits{}};
    const std::string_view octets = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    const auto first = reader.read(octets);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->content, "abc");
    const auto second = reader.read(octets.substr(first->used));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->content, "de");
    EXPECT_FALSE(reader.done());
    const auto last = reader.read(octets.substr(first->used + second->used));
    ASSERT_TRUE(last);
    EXPECT_EQ(last->content, "");
    EXPECT_TRUE(reader.done());
}

TEST(ChunkedReader, UsesNothingOfNothing) {
    ChunkedReader reader{ChunkedLimits{}};
    const auto step = reader.read("");
    ASSERT_TRUE(step);
    EXPECT_EQ(step->used, 0U);
}

TEST(ChunkedReader, HasTheSameOutcomeInPiecesWhenMutated) {
    const std::string good = "5;a=\"b\\\"c\" ; d\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nA: b\r\nC: d\r\n\r\n";
    constexpr std::string_view splice = "\r\n\t ;=\"\\\0a05f:\x80";
    std::mt19937 random(4);
    for (int round = 0; round < 20'000; ++round) {
        std::string octets = good;
        for (auto changes = random() % 4; changes > 0; --changes) {
            const std::size_t place = random() % octets.size();
            const std::size_t removed = random() % 3;
            octets.replace(place, removed, std::string(random() % 2, splice[random() % splice.size()]));
        }
        const ChunkedOutcome whole = feed_whole_chunked(octets, small_chunked_limits);
        ASSERT_EQ(feed_chunked(octets, 1, 1, small_chunked_limits), whole) << octets;
        ASSERT_EQ(feed_chunked(octets, random() % octets.size(), 1 + random() % 20, small_chunked_limits), whole)
            << octets;
    }
}

}  // namespace
}  // namespace portico::h1
