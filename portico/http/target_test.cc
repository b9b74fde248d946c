// portico/http/target_test.cc — decodes and encodes paths (RFC 3986 §2.1, §5.2.4).
//
// Room http: see status.h.
#include "portico/http/target.h"

#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"

namespace portico::http {
namespace {

using namespace std::string_view_literals;

struct PathRow {
    const char* name;
    std::string_view raw;
    std::string_view decoded;  // empty if the path is refused
    Status refusal = Status::ok;
};
class Path : public testing::TestWithParam<PathRow> {};

TEST_P(Path, IsDecodedOnceOrRefused) {
    const PathRow& row = GetParam();
    std::string buffer = "left from before";
    const auto decoded = decode_path(row.raw, buffer);
    EXPECT_EQ(decoded ? *decoded : ""sv, row.decoded);
    EXPECT_EQ(decoded ? Status::ok : decoded.error().status, row.refusal);
}

INSTANTIATE_TEST_SUITE_P(
    Plain, Path,
    testing::Values(PathRow{"Root", "/", "/"}, PathRow{"Empty", "", "/"}, PathRow{"File", "/a/b.html", "/a/b.html"},
                    PathRow{"Folder", "/a/", "/a/"}, PathRow{"Punctuation", "/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@"},
                    PathRow{"RawUtf8", "/gr\xc3\xbc\xc3\x9f", "/gr\xc3\xbc\xc3\x9f"},
                    PathRow{"RawLatin1", "/gr\xfc", "/gr\xfc"}, PathRow{"Dotfile", "/.a/..b/...", "/.a/..b/..."},
                    PathRow{"DotsInside", "/a.b/c..d", "/a.b/c..d"}, PathRow{"NoSlash", "a", "", Status::bad_request},
                    PathRow{"Asterisk", "*", "", Status::bad_request}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc3986Section2_1, Path,
    testing::Values(
        PathRow{"Escape", "/a%20b", "/a b"}, PathRow{"EscapedLetter", "/%41%6a%6A", "/Ajj"},
        PathRow{"EscapedUtf8", "/gr%C3%bc", "/gr\xc3\xbc"}, PathRow{"EscapedLatin1", "/gr%FC", "/gr\xfc"},
        PathRow{"OnceOnly", "/%2541", "/%41"}, PathRow{"DoublyEscapedDots", "/%252e%252e/a", "/%2e%2e/a"},
        PathRow{"EscapedDelimiters", "/%3F%23%25%3b%5C", "/?#%;\\"}, PathRow{"NoDigits", "/%", "", Status::bad_request},
        PathRow{"OneDigit", "/%4", "", Status::bad_request},
        PathRow{"OneDigitThenSlash", "/%4/", "", Status::bad_request},
        PathRow{"NoHexadecimal", "/%zz", "", Status::bad_request},
        PathRow{"SecondNoHexadecimal", "/%4g", "", Status::bad_request},
        PathRow{"TwoPercents", "/%%41", "", Status::bad_request},
        PathRow{"SignedDigits", "/%+1", "", Status::bad_request},
        PathRow{"UnicodeEscape", "/%u002e", "", Status::bad_request},
        PathRow{"Nul", "/a%00.html", "", Status::bad_request}, PathRow{"RawNul", "/a\0b"sv, "", Status::bad_request},
        PathRow{"EscapedLineFeed", "/a%0ab", "/a\nb"},
        PathRow{"EscapedDelete", "/a%7Fb",
                "/a\x7f"
                "b"},
        PathRow{"RawTab", "/a\tb", "", Status::bad_request}, PathRow{"EscapedSlash", "/a%2fb", "", Status::not_found},
        PathRow{"EscapedSlashUpperCase", "/a%2Fb", "", Status::not_found},
        PathRow{"ClimbingByEscapedSlash", "/..%2f..%2fetc/passwd", "", Status::not_found},
        PathRow{"RawBackslash", "/a\\b", "", Status::bad_request},
        PathRow{"ClimbingByBackslash", "/..\\..\\a", "", Status::bad_request},
        PathRow{"RawFragment", "/a#b", "", Status::bad_request}, PathRow{"RawQuery", "/a?b", "", Status::bad_request}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc3986Section5_2_4, Path,
    testing::Values(PathRow{"Dot", "/a/./b", "/a/b"}, PathRow{"DotAtTheEnd", "/a/.", "/a/"},
                    PathRow{"DotAlone", "/.", "/"}, PathRow{"DotDot", "/a/b/../c", "/a/c"},
                    PathRow{"DotDotAtTheEnd", "/a/b/..", "/a/"}, PathRow{"DotDotToTheRoot", "/a/..", "/"},
                    PathRow{"DotDotTwice", "/a/b/../../c", "/c"}, PathRow{"EscapedDot", "/a/%2e/b", "/a/b"},
                    PathRow{"EscapedDotDot", "/a/%2E%2e/b", "/b"}, PathRow{"HalfEscapedDotDot", "/a/.%2e/b", "/b"},
                    PathRow{"Climbing", "/..", "", Status::bad_request},
                    PathRow{"ClimbingDeeper", "/../../etc/passwd", "", Status::bad_request},
                    PathRow{"ClimbingEscaped", "/%2e%2e/etc/passwd", "", Status::bad_request},
                    PathRow{"ClimbingAfterDescending", "/a/../../b", "", Status::bad_request},
                    PathRow{"ClimbingThroughEmpty", "/a//../../b", "", Status::bad_request},
                    PathRow{"ClimbingAndBack", "/../root/a", "", Status::bad_request},
                    PathRow{"DotDotWithMore", "/..a/b", "/..a/b"}, PathRow{"DotDotSpace", "/a/..%20/b", "/a/.. /b"},
                    PathRow{"DotDotSemicolon", "/a/..;/b", "/a/..;/b"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(EmptySegments, Path,
                         testing::Values(PathRow{"TwoSlashes", "//", "/"},
                                         PathRow{"TwoSlashesBefore", "//evil.example/a", "/evil.example/a"},
                                         PathRow{"ThreeSlashesInside", "/a///b", "/a/b"},
                                         PathRow{"TwoSlashesBehind", "/a//", "/a/"},
                                         PathRow{"DotBetween", "/a/.//b", "/a/b"},
                                         PathRow{"DotDotBehindEmpty", "/a//../b", "/b"}),
                         row_name);

INSTANTIATE_TEST_SUITE_P(Rfc3629Section3, Path,
                         testing::Values(PathRow{"OverlongDot", "/%c0%ae%c0%ae/a", "", Status::bad_request},
                                         PathRow{"OverlongSlash", "/a%c0%afb", "", Status::bad_request},
                                         PathRow{"OverlongRaw", "/\xc0\xae", "", Status::bad_request},
                                         PathRow{"OverlongHalfRaw", "/\xc0%ae", "", Status::bad_request},
                                         PathRow{"OverlongC1", "/%c1%9c", "", Status::bad_request},
                                         PathRow{"OverlongThree", "/%e0%80%af", "", Status::bad_request},
                                         PathRow{"OverlongFour", "/%f0%80%80%af", "", Status::bad_request},
                                         PathRow{"OverlongFive", "/%f8%80%80%80%af", "", Status::bad_request},
                                         PathRow{"OverlongSix", "/%fc%80%80%80%80%af", "", Status::bad_request},
                                         PathRow{"ShortestThree", "/%e0%a0%80", "/\xe0\xa0\x80"},
                                         PathRow{"ShortestFour", "/%f0%90%80%80", "/\xf0\x90\x80\x80"},
                                         PathRow{"C0WithoutContinuation", "/%c0a",
                                                 "/\xc0"
                                                 "a"},
                                         PathRow{"C0AcrossASlash", "/%c0/%ae", "/\xc0/\xae"}),
                         row_name);

TEST(Path, IsNotCopiedWhenNothingChanges) {
    std::string buffer;
    for (const std::string_view raw : {"/"sv, "/a/b.html"sv, "/.well-known/a"sv, "/a..b/.c/"sv}) {
        const auto decoded = decode_path(raw, buffer);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(decoded->data(), raw.data());
    }
}

struct HiddenRow {
    const char* name;
    std::string_view path;
    bool hidden;
};
class Hidden : public testing::TestWithParam<HiddenRow> {};
TEST_P(Hidden, IsASegmentWithADotBefore) { EXPECT_EQ(is_hidden(GetParam().path), GetParam().hidden); }
INSTANTIATE_TEST_SUITE_P(Paths, Hidden,
                         testing::Values(HiddenRow{"Root", "/", false}, HiddenRow{"File", "/a/b.c", false},
                                         HiddenRow{"Dotfile", "/.git", true}, HiddenRow{"Below", "/.git/config", true},
                                         HiddenRow{"Deeper", "/a/.b", true},
                                         HiddenRow{"WellKnown", "/.well-known", false},
                                         HiddenRow{"BelowWellKnown", "/.well-known/security.txt", false},
                                         HiddenRow{"DotfileInWellKnown", "/.well-known/.a", true},
                                         HiddenRow{"WellKnownElsewhere", "/a/.well-known/b", true},
                                         HiddenRow{"LongerThanWellKnown", "/.well-known2/a", true}),
                         row_name);

TEST(EncodedPath, IsInertAndDecodesToItself) {
    std::string encoded;
    append_encoded_path(encoded, "/a b/javascript:x&'\"<>%?#\\gr\xc3\xbc\n");
    EXPECT_EQ(encoded, "/a%20b/javascript%3Ax%26%27%22%3C%3E%25%3F%23%5Cgr%C3%BC%0A");
    std::string all = "/";
    for (int octet = 0x20; octet < 0x7f; ++octet) {
        if (octet != '/') all.push_back(static_cast<char>(octet));
    }
    encoded.clear();
    append_encoded_path(encoded, all);
    std::string buffer;
    const auto decoded = decode_path(encoded, buffer);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, all);
}

}  // namespace
}  // namespace portico::http
