// portico/wire/hpack/huffman_test.cc — Huffman-coded strings: RFC 7541 §5.2, Appendix B, and the examples of C.4 and
// C.6.
#include "portico/wire/hpack/huffman.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/hpack/hex_for_test.h"

namespace portico::hpack {
namespace {

using namespace std::string_literals;

std::string encoded(std::string_view text, Letters letters = Letters::as_they_are) {
    std::string octets(huffman_octets(text, letters), '\0');
    const char* const end = encode_huffman(text, octets.data(), letters);
    EXPECT_EQ(end, octets.data() + octets.size());
    return octets;
}

std::optional<std::string> decoded(std::string_view coded) {
    std::string room(coded.size() * 8 / 5, '\0');  // the shortest code has five bits
    const auto octets = decode_huffman(coded, room);
    if (!octets) return std::nullopt;
    return room.substr(0, *octets);
}

// Appendix B, as the RFC prints it: each symbol's code and the number of its bits.
struct AppendixRow {
    std::uint32_t code;
    unsigned bits;
};
// clang-format off
constexpr std::array<AppendixRow, 257> appendix_b = {{
    {0x1ff8, 13}, {0x7fffd8, 23}, {0xfffffe2, 28}, {0xfffffe3, 28}, {0xfffffe4, 28}, {0xfffffe5, 28},
    {0xfffffe6, 28}, {0xfffffe7, 28}, {0xfffffe8, 28}, {0xffffea, 24}, {0x3ffffffc, 30}, {0xfffffe9, 28},
    {0xfffffea, 28}, {0x3ffffffd, 30}, {0xfffffeb, 28}, {0xfffffec, 28}, {0xfffffed, 28}, {0xfffffee, 28},
    {0xfffffef, 28}, {0xffffff0, 28}, {0xffffff1, 28}, {0xffffff2, 28}, {0x3ffffffe, 30}, {0xffffff3, 28},
    {0xffffff4, 28}, {0xffffff5, 28}, {0xffffff6, 28}, {0xffffff7, 28}, {0xffffff8, 28}, {0xffffff9, 28},
    {0xffffffa, 28}, {0xffffffb, 28}, {0x14, 6}, {0x3f8, 10}, {0x3f9, 10}, {0xffa, 12},
    {0x1ff9, 13}, {0x15, 6}, {0xf8, 8}, {0x7fa, 11}, {0x3fa, 10}, {0x3fb, 10},
    {0xf9, 8}, {0x7fb, 11}, {0xfa, 8}, {0x16, 6}, {0x17, 6}, {0x18, 6},
    {0x0, 5}, {0x1, 5}, {0x2, 5}, {0x19, 6}, {0x1a, 6}, {0x1b, 6},
    {0x1c, 6}, {0x1d, 6}, {0x1e, 6}, {0x1f, 6}, {0x5c, 7}, {0xfb, 8},
    {0x7ffc, 15}, {0x20, 6}, {0xffb, 12}, {0x3fc, 10}, {0x1ffa, 13}, {0x21, 6},
    {0x5d, 7}, {0x5e, 7}, {0x5f, 7}, {0x60, 7}, {0x61, 7}, {0x62, 7},
    {0x63, 7}, {0x64, 7}, {0x65, 7}, {0x66, 7}, {0x67, 7}, {0x68, 7},
    {0x69, 7}, {0x6a, 7}, {0x6b, 7}, {0x6c, 7}, {0x6d, 7}, {0x6e, 7},
    {0x6f, 7}, {0x70, 7}, {0x71, 7}, {0x72, 7}, {0xfc, 8}, {0x73, 7},
    {0xfd, 8}, {0x1ffb, 13}, {0x7fff0, 19}, {0x1ffc, 13}, {0x3ffc, 14}, {0x22, 6},
    {0x7ffd, 15}, {0x3, 5}, {0x23, 6}, {0x4, 5}, {0x24, 6}, {0x5, 5},
    {0x25, 6}, {0x26, 6}, {0x27, 6}, {0x6, 5}, {0x74, 7}, {0x75, 7},
    {0x28, 6}, {0x29, 6}, {0x2a, 6}, {0x7, 5}, {0x2b, 6}, {0x76, 7},
    {0x2c, 6}, {0x8, 5}, {0x9, 5}, {0x2d, 6}, {0x77, 7}, {0x78, 7},
    {0x79, 7}, {0x7a, 7}, {0x7b, 7}, {0x7ffe, 15}, {0x7fc, 11}, {0x3ffd, 14},
    {0x1ffd, 13}, {0xffffffc, 28}, {0xfffe6, 20}, {0x3fffd2, 22}, {0xfffe7, 20}, {0xfffe8, 20},
    {0x3fffd3, 22}, {0x3fffd4, 22}, {0x3fffd5, 22}, {0x7fffd9, 23}, {0x3fffd6, 22}, {0x7fffda, 23},
    {0x7fffdb, 23}, {0x7fffdc, 23}, {0x7fffdd, 23}, {0x7fffde, 23}, {0xffffeb, 24}, {0x7fffdf, 23},
    {0xffffec, 24}, {0xffffed, 24}, {0x3fffd7, 22}, {0x7fffe0, 23}, {0xffffee, 24}, {0x7fffe1, 23},
    {0x7fffe2, 23}, {0x7fffe3, 23}, {0x7fffe4, 23}, {0x1fffdc, 21}, {0x3fffd8, 22}, {0x7fffe5, 23},
    {0x3fffd9, 22}, {0x7fffe6, 23}, {0x7fffe7, 23}, {0xffffef, 24}, {0x3fffda, 22}, {0x1fffdd, 21},
    {0xfffe9, 20}, {0x3fffdb, 22}, {0x3fffdc, 22}, {0x7fffe8, 23}, {0x7fffe9, 23}, {0x1fffde, 21},
    {0x7fffea, 23}, {0x3fffdd, 22}, {0x3fffde, 22}, {0xfffff0, 24}, {0x1fffdf, 21}, {0x3fffdf, 22},
    {0x7fffeb, 23}, {0x7fffec, 23}, {0x1fffe0, 21}, {0x1fffe1, 21}, {0x3fffe0, 22}, {0x1fffe2, 21},
    {0x7fffed, 23}, {0x3fffe1, 22}, {0x7fffee, 23}, {0x7fffef, 23}, {0xfffea, 20}, {0x3fffe2, 22},
    {0x3fffe3, 22}, {0x3fffe4, 22}, {0x7ffff0, 23}, {0x3fffe5, 22}, {0x3fffe6, 22}, {0x7ffff1, 23},
    {0x3ffffe0, 26}, {0x3ffffe1, 26}, {0xfffeb, 20}, {0x7fff1, 19}, {0x3fffe7, 22}, {0x7ffff2, 23},
    {0x3fffe8, 22}, {0x1ffffec, 25}, {0x3ffffe2, 26}, {0x3ffffe3, 26}, {0x3ffffe4, 26}, {0x7ffffde, 27},
    {0x7ffffdf, 27}, {0x3ffffe5, 26}, {0xfffff1, 24}, {0x1ffffed, 25}, {0x7fff2, 19}, {0x1fffe3, 21},
    {0x3ffffe6, 26}, {0x7ffffe0, 27}, {0x7ffffe1, 27}, {0x3ffffe7, 26}, {0x7ffffe2, 27}, {0xfffff2, 24},
    {0x1fffe4, 21}, {0x1fffe5, 21}, {0x3ffffe8, 26}, {0x3ffffe9, 26}, {0xffffffd, 28}, {0x7ffffe3, 27},
    {0x7ffffe4, 27}, {0x7ffffe5, 27}, {0xfffec, 20}, {0xfffff3, 24}, {0xfffed, 20}, {0x1fffe6, 21},
    {0x3fffe9, 22}, {0x1fffe7, 21}, {0x1fffe8, 21}, {0x7ffff3, 23}, {0x3fffea, 22}, {0x3fffeb, 22},
    {0x1ffffee, 25}, {0x1ffffef, 25}, {0xfffff4, 24}, {0xfffff5, 24}, {0x3ffffea, 26}, {0x7ffff4, 23},
    {0x3ffffeb, 26}, {0x7ffffe6, 27}, {0x3ffffec, 26}, {0x3ffffed, 26}, {0x7ffffe7, 27}, {0x7ffffe8, 27},
    {0x7ffffe9, 27}, {0x7ffffea, 27}, {0x7ffffeb, 27}, {0xffffffe, 28}, {0x7ffffec, 27}, {0x7ffffed, 27},
    {0x7ffffee, 27}, {0x7ffffef, 27}, {0x7fffff0, 27}, {0x3ffffee, 26}, {0x3fffffff, 30},
}};
// clang-format on

// The bits of the code, and ones up to the end of the octet.
std::string padded(const AppendixRow& row) {
    const unsigned octets = (row.bits + 7) / 8;
    const unsigned padding = 8 * octets - row.bits;
    const std::uint64_t bits = std::uint64_t{row.code} << padding | ((1U << padding) - 1);
    std::string text;
    for (unsigned i = octets; i > 0; --i) text += static_cast<char>(bits >> (8 * (i - 1)));
    return text;
}

TEST(Huffman, EachSymbolHasTheCodeOfAppendixB) {
    for (unsigned symbol = 0; symbol < 256; ++symbol) {
        const std::string text(1, static_cast<char>(symbol));
        EXPECT_EQ(hex(encoded(text)), hex(padded(appendix_b[symbol]))) << symbol;
        EXPECT_EQ(decoded(padded(appendix_b[symbol])), text) << symbol;
    }
}

TEST(Huffman, TextsAreDecodedAsTheyWereEncoded) {
    std::mt19937 random(7541);
    int decoded_texts = 0;
    for (std::size_t octets = 0; octets < 300; ++octets, ++decoded_texts) {
        std::string text(octets, '\0');
        for (char& c : text) c = static_cast<char>(random());
        ASSERT_EQ(decoded(encoded(text)), text) << hex(text);
    }
    EXPECT_EQ(decoded_texts, 300);
}

TEST(Huffman, EachSymbolIsDecodedAfterEachNumberOfBits) {
    int checked = 0;
    for (unsigned symbol = 0; symbol < 256; ++symbol) {
        for (const std::string before : {"", "0", "00", "000", "0000", "00000", "000000", "0000000", "&", "&0", "?"}) {
            const std::string text = before + static_cast<char>(symbol) + "e" + static_cast<char>(255 - symbol);
            ASSERT_EQ(decoded(encoded(text)), text) << hex(text);
            ++checked;
        }
    }
    EXPECT_EQ(checked, 256 * 11);
}

TEST(Huffman, RoomThatIsTooSmallGetsThePartThatFits) {
    const std::string text = "Mon, 21 Oct 2013 20:13:21 GMT \xff\x01";
    const std::string coded = encoded(text);
    for (std::size_t size = 0; size <= text.size(); ++size) {
        std::string room(size + 1, '#');
        const auto octets = decode_huffman(coded, std::span(room).first(size));
        ASSERT_TRUE(octets);
        EXPECT_EQ(*octets, text.size());
        EXPECT_EQ(room, text.substr(0, size) + "#");
    }
}

TEST(Huffman, NamesAreEncodedInLowerCase) {
    EXPECT_EQ(decoded(encoded("X-Frame-OPTIONS[\\]^_`{|}~@", Letters::in_lower_case)), "x-frame-options[\\]^_`{|}~@");
    EXPECT_EQ(huffman_octets("AZ", Letters::in_lower_case), huffman_octets("az"));
    std::string all(256, '\0');
    for (unsigned i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
    std::string lower = all;
    std::transform(lower.begin() + 'A', lower.begin() + 'Z' + 1, lower.begin() + 'A',
                   [](char c) { return static_cast<char>(c + 0x20); });
    EXPECT_EQ(encoded(all, Letters::in_lower_case), encoded(lower));
}

struct CodedRow {
    const char* name;
    std::string coded;                // in hexadecimal
    std::optional<std::string> text;  // absent: refused
};
class HuffmanCoded : public testing::TestWithParam<CodedRow> {};

TEST_P(HuffmanCoded, IsDecodedOrFails) { EXPECT_EQ(decoded(from_hex(GetParam().coded)), GetParam().text); }
TEST_P(HuffmanCoded, IsEncodedSo) {
    if (GetParam().text) {
        EXPECT_EQ(hex(encoded(*GetParam().text)), GetParam().coded);
    }
}

INSTANTIATE_TEST_SUITE_P(
    AppendixC, HuffmanCoded,
    testing::Values(CodedRow{"Authority", "f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"},
                    CodedRow{"NoCache", "a8eb10649cbf", "no-cache"},
                    CodedRow{"CustomKey", "25a849e95ba97d7f", "custom-key"}, CodedRow{"Status", "6402", "302"},
                    CodedRow{"Private", "aec3771a4b", "private"},
                    CodedRow{"Date", "d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"},
                    CodedRow{"Location", "9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"},
                    CodedRow{"Cookie",
                             "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587"
                             "316065c003ed4ee5b1063d5007",
                             "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"}),
    row_name);

// "0" is 00000, "&" is 11111000, "!" is 1111111000, and EOS is 30 ones.
INSTANTIATE_TEST_SUITE_P(
    Section52Padding, HuffmanCoded,
    testing::Values(CodedRow{"Empty", "", ""}, CodedRow{"None", "f8", "&"}, CodedRow{"ThreeBits", "07", "0"},
                    CodedRow{"SevenBits", "0000007f", "00000"}, CodedRow{"ThreeZeros", "00", std::nullopt},
                    CodedRow{"FirstBitZero", "03", std::nullopt}, CodedRow{"LastBitZero", "06", std::nullopt},
                    CodedRow{"SevenBitsLastZero", "0000007e", std::nullopt}, CodedRow{"EightBits", "ff", std::nullopt},
                    CodedRow{"EightBitsAfterSymbol", "f8ff", std::nullopt},
                    CodedRow{"ElevenBits", "07ff", std::nullopt}, CodedRow{"TwentySevenBits", "07ffffff", std::nullopt},
                    CodedRow{"Eos", "ffffffff", std::nullopt}, CodedRow{"EosAfterSymbol", "f8ffffffff", std::nullopt},
                    CodedRow{"EosBeforeSymbol", "fffffffc1f", std::nullopt},
                    CodedRow{"EosAfterMany", "f8f8f8f8f8f8f8f8f8f8ffffffff", std::nullopt},
                    CodedRow{"ShortCodeCut", "fe", std::nullopt}, CodedRow{"LongCodeCut", "fffffe", std::nullopt}),
    row_name);

}  // namespace
}  // namespace portico::hpack
