// portico/wire/hpack/appendix_c_test.cc — the examples of RFC 7541 Appendix C, C.2 to C.6.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/hpack/hex_for_test.h"
#include "portico/wire/hpack/sections_for_test.h"

namespace portico::hpack {
namespace {

// One block, and what it leaves in the table.
struct Exchange {
    std::string block;  // in hexadecimal
    std::vector<OwnedLine> lines;
    std::vector<std::string> table;
};

// The blocks of one connection.
struct ExampleRow {
    const char* name;
    std::size_t table_octets_max;
    std::vector<Exchange> exchanges;
    bool is_encoded_so = false;  // our encoder makes the same choices as the example's
};
class AppendixC : public testing::TestWithParam<ExampleRow> {};

TEST_P(AppendixC, IsDecoded) {
    Decoder decoder(GetParam().table_octets_max);
    for (const Exchange& exchange : GetParam().exchanges) {
        const auto lines = decode_section(decoder, from_hex(exchange.block));
        ASSERT_TRUE(lines);
        EXPECT_EQ(*lines, exchange.lines);
        EXPECT_EQ(table_lines(decoder.table()), exchange.table);
    }
}

TEST_P(AppendixC, IsEncoded) {
    Encoder encoder;
    for (const Exchange& exchange : GetParam().exchanges) {
        const std::string block = encode_section(encoder, exchange.lines);
        if (!GetParam().is_encoded_so) continue;
        EXPECT_EQ(hex(block), exchange.block);
        EXPECT_EQ(table_lines(encoder.table()), exchange.table);
    }
}

// What our encoder writes for the example, a decoder reads as the example.
TEST_P(AppendixC, IsDecodedAsWeEncodeIt) {
    Encoder encoder;
    encoder.set_table_octets_max(GetParam().table_octets_max);
    Decoder decoder(GetParam().table_octets_max);
    for (const Exchange& exchange : GetParam().exchanges) {
        const auto lines = decode_section(decoder, encode_section(encoder, exchange.lines));
        ASSERT_TRUE(lines);
        ASSERT_EQ(lines->size(), exchange.lines.size());
        for (std::size_t i = 0; i < lines->size(); ++i) {
            EXPECT_EQ((*lines)[i].name, exchange.lines[i].name);
            EXPECT_EQ((*lines)[i].value, exchange.lines[i].value);
        }
        EXPECT_EQ(table_lines(decoder.table()), table_lines(encoder.table()));
    }
}

INSTANTIATE_TEST_SUITE_P(
    C2Representations, AppendixC,
    testing::Values(ExampleRow{"C21LiteralWithIndexing",
                               4096,
                               {{"400a637573746f6d2d6b65790d637573746f6d2d686561646572",
                                 {{"custom-key", "custom-header"}},
                                 {"(55) custom-key: custom-header"}}}},
                    ExampleRow{"C22LiteralWithoutIndexing",
                               4096,
                               {{"040c2f73616d706c652f70617468", {{":path", "/sample/path"}}, {}}}},
                    ExampleRow{"C23LiteralNeverIndexed",
                               4096,
                               {{"100870617373776f726406736563726574", {{"password", "secret", Indexing::never}}, {}}}},
                    ExampleRow{"C24Indexed", 4096, {{"82", {{":method", "GET"}}, {}}}, true}),
    row_name);

const std::vector<OwnedLine> first_request = {
    {":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "www.example.com"}};
const std::vector<OwnedLine> second_request = {{":method", "GET"},
                                               {":scheme", "http"},
                                               {":path", "/"},
                                               {":authority", "www.example.com"},
                                               {"cache-control", "no-cache"}};
const std::vector<OwnedLine> third_request = {{":method", "GET"},
                                              {":scheme", "https"},
                                              {":path", "/index.html"},
                                              {":authority", "www.example.com"},
                                              {"custom-key", "custom-value"}};
const std::vector<std::string> after_first_request = {"(57) :authority: www.example.com"};
const std::vector<std::string> after_second_request = {"(53) cache-control: no-cache",
                                                       "(57) :authority: www.example.com"};
const std::vector<std::string> after_third_request = {"(54) custom-key: custom-value", "(53) cache-control: no-cache",
                                                      "(57) :authority: www.example.com"};

INSTANTIATE_TEST_SUITE_P(
    Requests, AppendixC,
    testing::Values(ExampleRow{"C3WithoutHuffman",
                               4096,
                               {{"828684410f7777772e6578616d706c652e636f6d", first_request, after_first_request},
                                {"828684be58086e6f2d6361636865", second_request, after_second_request},
                                {"828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", third_request,
                                 after_third_request}}},
                    ExampleRow{
                        "C4WithHuffman",
                        4096,
                        {{"828684418cf1e3c2e5f23a6ba0ab90f4ff", first_request, after_first_request},
                         {"828684be5886a8eb10649cbf", second_request, after_second_request},
                         {"828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", third_request, after_third_request}},
                        true}),
    row_name);

const std::vector<OwnedLine> first_response = {{":status", "302"},
                                               {"cache-control", "private"},
                                               {"date", "Mon, 21 Oct 2013 20:13:21 GMT"},
                                               {"location", "https://www.example.com"}};
const std::vector<OwnedLine> second_response = {{":status", "307"},
                                                {"cache-control", "private"},
                                                {"date", "Mon, 21 Oct 2013 20:13:21 GMT"},
                                                {"location", "https://www.example.com"}};
const std::vector<OwnedLine> third_response = {
    {":status", "200"},
    {"cache-control", "private"},
    {"date", "Mon, 21 Oct 2013 20:13:22 GMT"},
    {"location", "https://www.example.com"},
    {"content-encoding", "gzip"},
    {"set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"}};
const std::vector<std::string> after_first_response = {"(63) location: https://www.example.com",
                                                       "(65) date: Mon, 21 Oct 2013 20:13:21 GMT",
                                                       "(52) cache-control: private", "(42) :status: 302"};
const std::vector<std::string> after_second_response = {"(42) :status: 307", "(63) location: https://www.example.com",
                                                        "(65) date: Mon, 21 Oct 2013 20:13:21 GMT",
                                                        "(52) cache-control: private"};
const std::vector<std::string> after_third_response = {
    "(98) set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1", "(52) content-encoding: gzip",
    "(65) date: Mon, 21 Oct 2013 20:13:22 GMT"};

// These examples index fields that our encoder does not.
INSTANTIATE_TEST_SUITE_P(
    Responses, AppendixC,
    testing::Values(
        ExampleRow{"C5WithoutHuffman",
                   256,
                   {{"4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e17"
                     "68747470733a2f2f7777772e6578616d706c652e636f6d",
                     first_response, after_first_response},
                    {"4803333037c1c0bf", second_response, after_second_response},
                    {"88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d"
                     "4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b20766572"
                     "73696f6e3d31",
                     third_response, after_third_response}}},
        ExampleRow{"C6WithHuffman",
                   256,
                   {{"488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b"
                     "97c8e9ae82ae43d3",
                     first_response, after_first_response},
                    {"4883640effc1c0bf", second_response, after_second_response},
                    {"88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdf"
                     "cd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
                     third_response, after_third_response}}}),
    row_name);

}  // namespace
}  // namespace portico::hpack
