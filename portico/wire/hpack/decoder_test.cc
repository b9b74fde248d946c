// portico/wire/hpack/decoder_test.cc — blocks that are decoded, and blocks that fail: RFC 7541 §3 to §6.
#include "portico/wire/hpack/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/hpack/hex_for_test.h"
#include "portico/wire/hpack/sections_for_test.h"

namespace portico::hpack {
namespace {

// The blocks of one connection, in hexadecimal: all but the last are decoded.
struct BlockRow {
    const char* name;
    std::vector<std::string> blocks;
    std::string lines;             // of the last block, "name: value" each, "!" first if never indexed
    std::string_view reason = {};  // why the last block fails
};
class Block : public testing::TestWithParam<BlockRow> {};

TEST_P(Block, IsDecodedOrFails) {
    Decoder decoder(4096);
    std::string all;
    std::string_view reason;
    for (const std::string& block : GetParam().blocks) {
        ASSERT_EQ(reason, "");
        const auto lines = decode_section(decoder, from_hex(block), &reason);
        all.clear();
        if (!lines) continue;
        for (const OwnedLine& line : *lines) {
            all += (line.indexing == Indexing::never ? "!" : "") + line.name + ": " + line.value + "\n";
        }
    }
    EXPECT_EQ(reason, GetParam().reason);
    EXPECT_EQ(all, GetParam().lines);
}

// Whoever skips lines finds the same in the rest.
TEST_P(Block, EndsInTheSameWayIfLinesAreSkipped) {
    Decoder decoder(4096);
    std::string_view reason;
    for (const std::string& block : GetParam().blocks) {
        decoder.begin_block();
        const std::string octets = from_hex(block);
        for (std::string_view rest = octets; reason.empty();) {
            decoder.skip_indexed(rest);
            std::span<char> no_room;
            const auto line = decoder.next(rest, no_room);
            if (!line) reason = line.error().reason;
            if (!line || !*line) break;
        }
    }
    EXPECT_EQ(reason, GetParam().reason);
}

std::string repeated(std::string_view text, int times) {
    std::string all;
    for (; times > 0; --times) all += text;
    return all;
}

constexpr std::string_view beyond = "an index beyond the dynamic table";
constexpr std::string_view cut_integer = "the block ends in an integer";
constexpr std::string_view cut_string = "the block ends in a string";
constexpr std::string_view no_string = "the block ends before a string";
constexpr std::string_view bad_padding = "a Huffman-coded string ends in bits that are not its padding";

INSTANTIATE_TEST_SUITE_P(
    Section6Lines, Block,
    testing::Values(BlockRow{"Empty", {""}, ""}, BlockRow{"LastStatic", {"bd"}, "www-authenticate: \n"},
                    BlockRow{"NewNameIsAdded", {"4001610162 be"}, "a: b\na: b\n"},
                    BlockRow{"StaticNameIsAdded", {"760162 be"}, "server: b\nserver: b\n"},
                    BlockRow{"TableOutlivesTheBlock", {"4001610162", "be"}, "a: b\n"},
                    BlockRow{"DynamicNameIsAdded", {"4001610162 7e0163 be bf"}, "a: b\na: c\na: c\na: b\n"},
                    BlockRow{"NotAdded", {"0001610162 be"}, "", beyond},
                    BlockRow{"NeverAdded", {"1001610162 be"}, "", beyond},
                    BlockRow{"NeverIndexed", {"1f080162"}, "!authorization: b\n"},
                    BlockRow{"NeverIndexedWithNewName", {"1001610162"}, "!a: b\n"},
                    BlockRow{"NotAddedWithDynamicName", {"4001610162 0f2f0163"}, "a: b\na: c\n"},
                    BlockRow{"EmptyNameAndValue", {"400000 be"}, ": \n: \n"},
                    BlockRow{"NotForHttp", {"0003413a0a020d00"}, std::string("A:\n: \r\0\n", 8)},
                    BlockRow{"IndexOfTwoOctets", {"0f0e0162"}, "content-location: b\n"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(Section233Index, Block,
                         testing::Values(BlockRow{"Zero", {"80"}, "", "index 0"},
                                         BlockRow{"FirstDynamicOfNone", {"be"}, "", beyond},
                                         BlockRow{"SecondDynamicOfOne", {"4001610162 bf"}, "", beyond},
                                         BlockRow{"NameOfALiteral", {"7e0162"}, "", beyond},
                                         BlockRow{"NameOfALiteralNotAdded", {"0f2f0162"}, "", beyond},
                                         BlockRow{"OfTwoOctets", {repeated("40016100", 66), "ff00"}, "a: \n"},
                                         BlockRow{"Largest", {"ff80ffffff0f"}, "", beyond},
                                         BlockRow{"TooLarge", {"ff81ffffff0f"}, "", "an integer is larger than 2^32-1"},
                                         BlockRow{"TooLong", {"ff808080808000"}, "", "an integer has too many octets"}),
                         row_name);

INSTANTIATE_TEST_SUITE_P(Truncated, Block,
                         testing::Values(BlockRow{"InAnIndex", {"ff"}, "", cut_integer},
                                         BlockRow{"BeforeTheName", {"40"}, "", no_string},
                                         BlockRow{"InTheLengthOfTheName", {"407f"}, "", cut_integer},
                                         BlockRow{"InTheName", {"400261"}, "", cut_string},
                                         BlockRow{"BeforeTheValue", {"400161"}, "", no_string},
                                         BlockRow{"InTheValue", {"4001610262"}, "", cut_string},
                                         BlockRow{"BeforeTheValueOfAKnownName", {"76"}, "", no_string},
                                         BlockRow{"LengthFarBeyondTheBlock", {"40017ffff0ffff0f"}, "", cut_string},
                                         BlockRow{"InASizeUpdate", {"3f"}, "", cut_integer}),
                         row_name);

INSTANTIATE_TEST_SUITE_P(
    Section52Strings, Block,
    testing::Values(BlockRow{"HuffmanName", {"0081 07 0162"}, "0: b\n"},
                    BlockRow{"HuffmanValue", {"000161 8107"}, "a: 0\n"}, BlockRow{"EmptyHuffman", {"008080"}, ": \n"},
                    BlockRow{"BadPaddingInName", {"0081000162"}, "", bad_padding},
                    BlockRow{"BadPaddingInValue", {"0001618100"}, "", bad_padding},
                    BlockRow{"LongPadding", {"00016181ff"}, "", bad_padding},
                    BlockRow{"Eos", {"00016184ffffffff"}, "", "a Huffman-coded string contains EOS"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Section63SizeUpdate, Block,
    testing::Values(BlockRow{"ToZero", {"4001610162", "20 82"}, ":method: GET\n"},
                    BlockRow{"ToZeroEvicts", {"4001610162", "20 be"}, "", beyond},
                    BlockRow{"ToZeroAndBack", {"20 3fe11f 4001610162 be"}, "a: b\na: b\n"},
                    BlockRow{"NothingIsAddedToNone", {"20 4001610162 be"}, "", beyond},
                    BlockRow{"JustLargeEnough", {"3f03 4001610162 be"}, "a: b\na: b\n"},
                    BlockRow{"OneTooSmall", {"3f02 4001610162 be"}, "", beyond}, BlockRow{"ToTheLimit", {"3fe11f"}, ""},
                    BlockRow{"AboveTheLimit", {"3fe21f"}, "", "a dynamic table size update above the limit"},
                    BlockRow{"AfterALine", {"82 20"}, "", "a dynamic table size update after a field line"},
                    BlockRow{"InTheNextBlock", {"82", "20"}, ""},
                    BlockRow{"AloneAndThenALine", {"20", "4001610162 be"}, "", beyond}),
    row_name);

// §4.4: the new line takes its name from the line that it evicts.
TEST(Decoding, ANewLineMayHaveTheNameOfTheOneThatItEvicts) {
    for (const std::size_t room_octets : {1000U, 0U}) {
        Decoder decoder(40);
        decoder.begin_block();
        const std::string octets = from_hex("40 04 61626364 04 31313131  7e 04 32323232  be");
        std::string_view block = octets;
        std::string memory(room_octets, '\0');
        std::span<char> room(memory);
        for (int line = 0; line < 3; ++line) ASSERT_TRUE(decoder.next(block, room).value());
        EXPECT_EQ(table_lines(decoder.table()), std::vector<std::string>{"(40) abcd: 2222"});
    }
}

TEST(Decoding, KnowsTheFieldsOfAllKindsOfLines) {
    Decoder decoder;
    // server: a, with the name in the static table, then in the dynamic one, indexed, and spelt out, Huffman-coded too.
    const std::string octets = from_hex("76 01 61  7e 01 62  be  00 06 736572766572 01 61  00 85 41 6c ee 5b 3f 01 61");
    std::string_view block = octets;
    std::string memory(100, '\0');
    decoder.begin_block();
    for (int lines = 0; lines < 5; ++lines) {
        std::span<char> room(memory);
        const auto line = decoder.next(block, room);
        ASSERT_TRUE(line && *line) << lines;
        EXPECT_EQ((*line)->known, http::FieldName::server) << (*line)->name;
        EXPECT_EQ((*line)->name, "server");
        EXPECT_EQ((*line)->octets, 6U + 1U + 32U);
    }
    EXPECT_EQ(block, "");
}

// Each kind of line, with each size of the room: what fits is in the room, and the table is the same in any case.
struct RoomRow {
    const char* name;
    std::string block;   // in hexadecimal; the last line is tried with all sizes of the room
    std::size_t copied;  // octets of the last line that are not static
    std::size_t octets;
};
class Room : public testing::TestWithParam<RoomRow> {};

TEST_P(Room, MayBeTooSmall) {
    const RoomRow& row = GetParam();
    const std::string octets = from_hex(row.block);
    Decoder reference;
    const auto expected = decode_section(reference, octets);
    ASSERT_TRUE(expected);
    for (std::size_t size = 0; size <= row.copied + 2; ++size) {
        Decoder decoder;
        std::string_view block = octets;
        std::string memory(size + 1, '#');
        decoder.begin_block();
        std::optional<DecodedLine> last;
        std::span<char> room;
        while (!block.empty()) {
            room = std::span(memory).first(size);
            auto line = decoder.next(block, room);
            ASSERT_TRUE(line && *line);
            last = **line;
        }
        EXPECT_EQ(last->octets, row.octets);
        EXPECT_EQ(last->fits, size >= row.copied);
        EXPECT_EQ(last->name, last->fits ? expected->back().name : "");
        EXPECT_EQ(last->value, last->fits ? expected->back().value : "");
        EXPECT_EQ(room.size(), last->fits ? size - row.copied : size);
        EXPECT_EQ(last->indexing, expected->back().indexing);
        EXPECT_EQ(memory.back(), '#');
        EXPECT_EQ(table_lines(decoder.table()), table_lines(reference.table()));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, Room,
    testing::Values(RoomRow{"Static", "82", 0, 42}, RoomRow{"Dynamic", "4003616263026465 be", 5, 37},
                    RoomRow{"StaticName", "76026465", 2, 40}, RoomRow{"StaticNameHuffman", "7685aec3771a4b", 7, 45},
                    RoomRow{"DynamicName", "4003616263026465 7e03313233", 6, 38},
                    RoomRow{"NewName", "4003616263026465", 5, 37},
                    RoomRow{"NewNameHuffman", "408825a849e95ba97d7f8925a849e95bb8e8b4bf", 22, 54},
                    RoomRow{"NotAdded", "0003616263026465", 5, 37}, RoomRow{"Never", "1003616263026465", 5, 37}),
    row_name);

TEST(Decoding, ALineMayBeLargerThanTableAndRoom) {
    Decoder decoder(100);
    const std::string octets = from_hex("4001610162 4001 61 64") + std::string(100, 'x') + "\x82";
    std::string_view block = octets;
    std::string memory(20, '\0');
    std::span<char> room(memory);
    decoder.begin_block();
    ASSERT_TRUE(decoder.next(block, room).value()->fits);
    const auto large = decoder.next(block, room);
    ASSERT_TRUE(large && *large);
    EXPECT_FALSE((*large)->fits);
    EXPECT_EQ((*large)->octets, 133U);
    EXPECT_EQ(decoder.table().count(), 0U) << "the line has emptied the table";
    EXPECT_EQ(decoder.next(block, room).value()->value, "GET");
}

TEST(Decoding, FailsInAStringThatDoesNotFitToo) {
    Decoder decoder;
    std::string_view block = "\x40\x01\x61\x81\xff";
    std::span<char> room;
    decoder.begin_block();
    EXPECT_FALSE(decoder.next(block, room));
}

TEST(Decoding, AllocatesOnlyForTheTable) {
    Decoder decoder;
    ASSERT_TRUE(decode_section(decoder, from_hex("8286840001610162")));
    EXPECT_EQ(decoder.memory_octets(), 0U);
    ASSERT_TRUE(decode_section(decoder, from_hex("4001610162")));
    EXPECT_LE(decoder.memory_octets(), 4096U + 4096U / 3);
}

// What the peer may still do after we have made the table smaller: §4.2.
struct SettingRow {
    const char* name;
    std::vector<std::size_t> settings;  // acknowledged before the second block
    std::string block;                  // in hexadecimal
    std::string_view reason = {};
};
class Setting : public testing::TestWithParam<SettingRow> {};

TEST_P(Setting, IsObeyed) {
    Decoder decoder(8192);
    ASSERT_TRUE(decode_section(decoder, from_hex("4001610162")));
    for (const std::size_t octets : GetParam().settings) decoder.set_table_octets_max(octets);
    std::string_view reason;
    decode_section(decoder, from_hex(GetParam().block), &reason);
    EXPECT_EQ(reason, GetParam().reason);
}

constexpr std::string_view missing = "a dynamic table size update is missing";
constexpr std::string_view above = "a dynamic table size update above the limit";

INSTANTIATE_TEST_SUITE_P(
    Section42, Setting,
    testing::Values(SettingRow{"Unchanged", {}, "be"}, SettingRow{"Same", {4096}, "be"},
                    SettingRow{"SameAndExceeded", {4096}, "3fe21f", above}, SettingRow{"Larger", {8192}, "be"},
                    SettingRow{"LargerAndUsed", {8192}, "3fe13f be"},
                    SettingRow{"LargerAndExceeded", {8192}, "3fe23f", above}, SettingRow{"Smaller", {100}, "3f45 be"},
                    SettingRow{"SmallerThanThat", {100}, "20 82"},
                    SettingRow{"SmallerAndIgnored", {100}, "be", missing},
                    SettingRow{"SmallerAndIgnoredByALiteral", {100}, "0001610162", missing},
                    SettingRow{"SmallerAndExceeded", {100}, "3f46", above},
                    SettingRow{"SmallerForAMoment", {0, 4096}, "20 3fe11f 82"},
                    SettingRow{"SmallerForAMomentEvicts", {0, 4096}, "20 3fe11f be", beyond},
                    SettingRow{"SmallerForAMomentWithoutTheSmallest", {0, 4096}, "3fe11f 82", above},
                    SettingRow{"TheSmallestIsNotTheLast", {100, 200}, "3f46", above},
                    SettingRow{"TheSmallestOfThree", {200, 100, 4096}, "3f46", above},
                    SettingRow{"TheSmallestOfThreeObeyed", {200, 100, 4096}, "3f45 3fe11f be"},
                    SettingRow{"SmallerAndAnEmptyBlock", {100}, "", missing},
                    SettingRow{"SmallerAndNoLine", {100}, "3f45"}),
    row_name);

TEST(Decoding, FailsBeforeTheFirstLineIfASizeUpdateIsMissing) {
    Decoder decoder;
    decoder.set_table_octets_max(100);
    decoder.begin_block();
    std::string_view block = "\x82";
    std::span<char> room;
    const auto line = decoder.next(block, room);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().reason, missing);
}

}  // namespace
}  // namespace portico::hpack
