// portico/wire/hpack/encoder_test.cc — which representation a line gets, size updates, and bounds: RFC 7541 §4.2, §6,
// §7.1.
#include "portico/wire/hpack/encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/hpack/hex_for_test.h"
#include "portico/wire/hpack/sections_for_test.h"

namespace portico::hpack {
namespace {

using http::FieldName;
using http::Status;

// One line, encoded three times by a new encoder. `added`: the second time is one octet, the index of the first dynamic
// line. `added_again`: it is added the second time, and the third time is one octet.
enum class Fate : std::uint8_t { in_static, added, added_again, left, never };
struct LineRow {
    const char* name;
    OwnedLine line;
    Fate fate;
    std::string first;  // in hexadecimal
};
class EncodedLine : public testing::TestWithParam<LineRow> {};

TEST_P(EncodedLine, HasThisRepresentation) {
    const LineRow& row = GetParam();
    Encoder encoder;
    EXPECT_EQ(hex(encode_section(encoder, {row.line})), row.first);
    EXPECT_EQ(encoder.table().count(), row.fate == Fate::added ? 1U : 0U);
    const std::string second = hex(encode_section(encoder, {row.line}));
    if (row.fate != Fate::added_again) {
        EXPECT_EQ(second, row.fate == Fate::added ? "be" : row.first);
    }
    EXPECT_EQ(encoder.table().count(), row.fate == Fate::added || row.fate == Fate::added_again ? 1U : 0U);
    const bool is_indexed = encoder.table().count() > 0;
    EXPECT_EQ(hex(encode_section(encoder, {row.line})), is_indexed ? "be" : row.first);
    Decoder decoder;
    const auto lines = decode_section(decoder, from_hex(row.first));
    ASSERT_TRUE(lines && lines->size() == 1);
    EXPECT_EQ(lines->front().indexing, row.fate == Fate::never ? Indexing::never : Indexing::allowed);
    EXPECT_TRUE(http::equals_ignoring_case(lines->front().name, row.line.name));
    EXPECT_EQ(lines->front().value, row.line.value);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, EncodedLine,
    testing::Values(
        LineRow{"Static", {":method", "GET"}, Fate::in_static, "82"},
        LineRow{"StaticWithoutValue", {"Accept-Ranges", ""}, Fate::in_static, "92"},
        LineRow{"StaticName", {"Server", "X"}, Fate::added, "760158"},
        LineRow{"StaticNameThatHttpDoesNotName", {"From", "X"}, Fate::added, "650158"},
        LineRow{"KnownNameNotInTheTable", {"TE", "X"}, Fate::added, "400274650158"},
        LineRow{"UnknownName", {"X", "X"}, Fate::added, "4001780158"},
        LineRow{"UnknownNameHuffman", {"CUSTOM-Key", "X"}, Fate::added, "408825a849e95ba97d7f0158"},
        LineRow{"Empty", {"", ""}, Fate::added, "400000"},
        LineRow{"OtherPath", {":path", "/X"}, Fate::left, "04022f58"},
        LineRow{"SecretOfTheCaller", {"X", "X", Indexing::never}, Fate::never, "1001780158"},
        LineRow{"SecretOfTheCallerInTheStaticTable", {":method", "GET", Indexing::never}, Fate::never, "1203474554"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Fields, EncodedLine,
    testing::Values(
        LineRow{"ContentLength", {"content-length", "X"}, Fate::added_again, "0f0d0158"},
        LineRow{"Etag", {"etag", "X"}, Fate::added_again, "0f130158"},
        LineRow{"LastModified", {"last-modified", "X"}, Fate::added_again, "0f1d0158"},
        LineRow{"Location", {"location", "X"}, Fate::left, "0f1f0158"},
        LineRow{"ContentRange", {"content-range", "X"}, Fate::left, "0f0f0158"},
        LineRow{"Age", {"age", "X"}, Fate::left, "0f060158"}, LineRow{"Date", {"date", "X"}, Fate::added, "610158"},
        LineRow{"ContentType", {"content-type", "X"}, Fate::added, "5f0158"},
        LineRow{"CacheControl", {"cache-control", "X"}, Fate::added, "580158"},
        LineRow{"SetCookie", {"set-cookie", "X"}, Fate::never, "1f280158"},
        LineRow{"Authorization", {"authorization", "X"}, Fate::never, "1f080158"},
        LineRow{"ProxyAuthorization", {"proxy-authorization", "X"}, Fate::never, "1f220158"},
        LineRow{
            "GuessableCookie", {"cookie", std::string(19, '\\')}, Fate::never, "1f1113" + hex(std::string(19, '\\'))},
        LineRow{"LongCookie", {"cookie", std::string(20, '\\')}, Fate::added, "6014" + hex(std::string(20, '\\'))}),
    row_name);

TEST(Encoding, AStatusIsOneOctetIfItCanBe) {
    Encoder encoder;
    std::array<char, Encoder::status_octets_at_most> room{};
    std::string blocks;
    int statuses = 0;
    for (const Status status : {Status::ok, Status::no_content, Status::partial_content, Status::not_modified,
                                Status::bad_request, Status::not_found, Status::internal_server_error, Status::found,
                                Status::found, Status::insufficient_storage}) {
        std::span<char> out(room);
        encoder.encode_status(status, out);
        blocks += hex(std::string_view(room.data(), room.size() - out.size())) + " ";
        ++statuses;
    }
    EXPECT_EQ(statuses, 10);
    EXPECT_EQ(blocks, "88 89 8a 8b 8c 8d 8e 48826402 be 4803353037 ");
}

// What a small file's response costs on a connection that has answered before: what repeats is one octet each.
TEST(Encoding, AResponseThatComesAgainIsShort) {
    Encoder encoder;
    const std::vector<OwnedLine> lines = {{":status", "200"},
                                          {"server", "portico"},
                                          {"date", "Tue, 02 Jan 2024 03:04:06 GMT"},
                                          {"content-type", "text/html; charset=utf-8"},
                                          {"cache-control", "max-age=60"},
                                          {"accept-ranges", "bytes"},
                                          {"x-content-type-options", "nosniff"},
                                          {"x-of-the-program", "yes"}};
    EXPECT_GT(encode_section(encoder, lines).size(), 80U);
    const std::size_t memory = encoder.memory_octets();
    EXPECT_EQ(hex(encode_section(encoder, lines)), "88c4c3c2c1c0bfbe");
    EXPECT_EQ(encoder.memory_octets(), memory);
}

// Files that are asked for in turn leave the table to the fields that all of them have.
TEST(Encoding, AFieldOfARepresentationIsAddedOnlyIfItComesAgain) {
    Encoder encoder;
    Decoder decoder;
    int sections = 0;
    for (const std::string_view etag : {"1", "22", "1", "22", "4444444444", "5555555555", "5555555555"}) {
        EXPECT_EQ(encoder.table().count(), 0U) << sections;
        const OwnedLine line = {"etag", "\"" + std::string(etag) + "\""};
        const auto lines = decode_section(decoder, encode_section(encoder, {line}));
        ASSERT_TRUE(lines && lines->size() == 1);
        EXPECT_EQ(lines->front(), line);
        ++sections;
    }
    EXPECT_EQ(sections, 7);
    EXPECT_EQ(table_lines(encoder.table()), table_lines(decoder.table()));
    EXPECT_EQ(encoder.table().count(), 1U);
}

TEST(Encoding, FindsALineAmongOthersWithItsName) {
    Encoder encoder;
    const std::vector<OwnedLine> lines = {{"content-type", "a"}, {"x-a", "1"},          {"content-type", "b"},
                                          {"x-b", "1"},          {"content-type", "c"}, {"x-a", "2"}};
    encode_section(encoder, lines);
    ASSERT_EQ(encoder.table().count(), 6U);
    EXPECT_EQ(hex(encode_section(encoder, lines)), "c3c2c1c0bfbe");
    EXPECT_EQ(hex(encode_section(encoder, {{"X-B", "2"}})), "7f010132") << "the name is in the table, at index 64";
    EXPECT_EQ(hex(encode_section(encoder, {{"content-type", "d"}})), "5f0164") << "the static name is preferred";
}

TEST(Encoding, ForgetsWhatThePeerForgets) {
    Encoder encoder;
    encoder.set_table_octets_max(100);
    Decoder decoder(100);
    int blocks = 0;
    for (; blocks < 70'000; ++blocks) {  // more than there are numbers for lines
        const OwnedLine line = {blocks % 3 == 0 ? "server" : "x-a", std::to_string(blocks % 7)};
        const auto lines = decode_section(decoder, encode_section(encoder, {line}));
        ASSERT_TRUE(lines && lines->size() == 1) << blocks;
        ASSERT_EQ(lines->front(), line);
    }
    EXPECT_EQ(blocks, 70'000);
    EXPECT_EQ(table_lines(encoder.table()), table_lines(decoder.table()));
}

TEST(Encoding, DoesNotTakeALineForAnOldOneWithItsNumber) {
    Encoder encoder;
    Decoder decoder;
    encoder.set_table_octets_max(200);
    const OwnedLine line = {"server", "a"};
    ASSERT_TRUE(decode_section(decoder, encode_section(encoder, {line})));
    for (int i = 0; i < 1 << 16; ++i) {
        ASSERT_TRUE(decode_section(decoder, encode_section(encoder, {{"x-" + std::to_string(i), "a"}})));
    }
    ASSERT_EQ(encoder.table().added(), 1U) << "the number that the first line had";
    const auto lines = decode_section(decoder, encode_section(encoder, {line}));
    ASSERT_TRUE(lines && lines->size() == 1);
    EXPECT_EQ(lines->front(), line);
}

TEST(Encoding, ALineOfMoreThanHalfTheTableIsNotAdded) {
    Encoder encoder;
    encode_section(encoder, {{"server", std::string(2048 - 32 - 6, '\\')}});
    EXPECT_EQ(encoder.table().octets(), 2048U);
    encode_section(encoder, {{"server", std::string(2048 - 32 - 5, '\\')}});
    EXPECT_EQ(encoder.table().octets(), 2048U);
}

// The peer's settings between two blocks, and how the second block begins: §4.2.
struct UpdateRow {
    const char* name;
    std::vector<std::size_t> settings;
    std::string block;  // in hexadecimal; "server: a" has been added to the table before
};
class Update : public testing::TestWithParam<UpdateRow> {};

TEST_P(Update, BeginsTheNextBlock) {
    Encoder encoder;
    Decoder decoder;
    ASSERT_TRUE(decode_section(decoder, encode_section(encoder, {{"server", "a"}})));
    for (const std::size_t octets : GetParam().settings) {
        encoder.set_table_octets_max(octets);
        decoder.set_table_octets_max(std::min<std::size_t>(octets, 4096));
    }
    const std::string block = encode_section(encoder, {{"server", "a"}});
    EXPECT_EQ(hex(block), GetParam().block);
    EXPECT_TRUE(decode_section(decoder, block));
    EXPECT_EQ(table_lines(decoder.table()), table_lines(encoder.table()));
    EXPECT_EQ(decoder.table().octets_max(), encoder.table().octets_max());
    const std::string next = encode_section(encoder, {{":method", "GET"}});
    EXPECT_EQ(hex(next), "82") << "updates are sent once";
}

INSTANTIATE_TEST_SUITE_P(Section42, Update,
                         testing::Values(UpdateRow{"None", {}, "be"}, UpdateRow{"Same", {4096}, "be"},
                                         UpdateRow{"Larger", {65536}, "be"}, UpdateRow{"Largest", {0xffffffff}, "be"},
                                         UpdateRow{"Smaller", {100}, "3f45be"}, UpdateRow{"Zero", {0}, "200f270161"},
                                         UpdateRow{"TooSmallForTheLine", {38}, "3f070f270161"},
                                         UpdateRow{"ZeroAndBack", {0, 4096}, "203fe11f760161"},
                                         UpdateRow{"SmallerAndLarger", {100, 200}, "3f453fa901be"},
                                         UpdateRow{"SmallestOfThree", {200, 100, 65536}, "3f453fe11fbe"},
                                         UpdateRow{"LargerAndSmaller", {65536, 100}, "3f45be"}),
                         row_name);

TEST(Encoding, AnUpdateMayComeBeforeEachBlock) {
    Encoder encoder;
    Decoder decoder;
    int blocks = 0;
    for (const std::size_t octets : {4096U, 100U, 200U, 0U, 0U, 4096U, 50U, 4096U}) {
        encoder.set_table_octets_max(octets);
        decoder.set_table_octets_max(octets);
        const auto lines = decode_section(decoder, encode_section(encoder, {{"server", "a"}, {"date", "b"}}));
        ASSERT_TRUE(lines) << octets;
        EXPECT_EQ(table_lines(decoder.table()), table_lines(encoder.table()));
        ++blocks;
    }
    EXPECT_EQ(blocks, 8);
}

TEST(Encoding, NeverNeedsMoreThanItsBounds) {
    std::mt19937 random(7541);
    Encoder encoder;
    for (int i = 0; i < 300; ++i) encode_section(encoder, {{"x-" + std::to_string(i), ""}});
    ASSERT_GT(encoder.table().count(), 100U) << "so that indices are long";
    int lines = 0;
    for (std::size_t size = 0; size < 400; ++size, ++lines) {
        const std::string name = size % 2 == 0 ? std::string(size, 'x') : "x-" + std::to_string(300 - size / 4);
        std::string value(random() % 300, '\0');
        for (char& c : value) c = static_cast<char>(random());
        const std::size_t bound = Encoder::octets_at_most(name, value);
        std::string room(bound + 1, '#');
        std::span<char> out = std::span(room).first(bound);
        encoder.encode(name, value, size % 3 == 0 ? Indexing::never : Indexing::allowed, out);
        EXPECT_EQ(room.back(), '#');
    }
    EXPECT_EQ(lines, 400);
    encoder.set_table_octets_max(4000);
    encoder.set_table_octets_max(5000);
    std::array<char, Encoder::block_beginning_octets_at_most> room{};
    std::span<char> out(room);
    encoder.begin_block(out);
    EXPECT_EQ(out.size(), 0U) << "both updates have three octets";
}

// Random sections, in one connection, with the peer's settings changing.
TEST(RoundTrip, SectionsAreDecodedAsTheyWereEncoded) {
    std::mt19937 random(113);
    const std::vector<std::string> names = {":status",
                                            ":path",
                                            ":authority",
                                            "server",
                                            "date",
                                            "etag",
                                            "content-length",
                                            "set-cookie",
                                            "cookie",
                                            "x-content-type-options",
                                            "x-a",
                                            "x-b",
                                            "",
                                            "te",
                                            "authorization"};
    Encoder encoder;
    Decoder decoder;
    std::size_t checked = 0;
    for (int block = 0; block < 3000; ++block) {
        std::vector<OwnedLine> lines(random() % 12);
        for (OwnedLine& line : lines) {
            line.name = names[random() % names.size()];
            line.indexing = random() % 10 == 0 ? Indexing::never : Indexing::allowed;
            line.value = std::string(random() % (random() % 20 == 0 ? 3000 : 4), '\0');
            for (char& c : line.value) c = static_cast<char>(random() % 2 == 0 ? 'a' + random() % 3 : random());
        }
        if (random() % 20 == 0) {
            const std::size_t octets = random() % 4097;
            encoder.set_table_octets_max(octets);
            decoder.set_table_octets_max(octets);
        }
        const auto decoded_lines = decode_section(decoder, encode_section(encoder, lines));
        ASSERT_TRUE(decoded_lines);
        ASSERT_EQ(decoded_lines->size(), lines.size());
        for (std::size_t i = 0; i < lines.size(); ++i, ++checked) {
            ASSERT_EQ((*decoded_lines)[i].name, lines[i].name);
            ASSERT_EQ((*decoded_lines)[i].value, lines[i].value);
            if (lines[i].indexing == Indexing::never) {
                ASSERT_EQ((*decoded_lines)[i].indexing, Indexing::never);
            }
        }
        ASSERT_EQ(table_lines(encoder.table()), table_lines(decoder.table()));
    }
    EXPECT_GT(checked, 10'000U);
}

}  // namespace
}  // namespace portico::hpack
