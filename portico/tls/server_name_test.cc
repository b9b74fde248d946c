// portico/tls/server_name_test.cc — which octets of a server_name extension are a host's name (RFC 6066 §3).
#include "portico/tls/server_name.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace portico::tls {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

struct SentRow {
    const char* name;
    std::string_view octets;
    std::optional<std::string_view> read;
};

class ServerName : public testing::TestWithParam<SentRow> {};

TEST_P(ServerName, IsReadOrRefused) { EXPECT_EQ(read_server_name(GetParam().octets), GetParam().read); }

const std::string longest = "\x01\x02\x00\x00\xff"s + std::string(255, 'a');
const std::string too_long = "\x01\x03\x00\x01\x00"s + std::string(256, 'a');

INSTANTIATE_TEST_SUITE_P(Rfc6066, ServerName,
                         testing::Values(SentRow{"Name", "\x00\x0c\x00\x00\x09localhost"sv, "localhost"},
                                         SentRow{"OneOctet", "\x00\x04\x00\x00\x01z"sv, "z"},
                                         SentRow{"Longest", longest, std::string_view(longest).substr(5)},
                                         SentRow{"TooLong", too_long, std::nullopt},
                                         SentRow{"Nothing", "", std::nullopt},
                                         SentRow{"HalfALength", "\x00"sv, std::nullopt},
                                         SentRow{"EmptyList", "\x00\x00"sv, std::nullopt},
                                         SentRow{"EmptyName", "\x00\x03\x00\x00\x00"sv, std::nullopt},
                                         SentRow{"OtherType", "\x00\x04\x01\x00\x01z"sv, std::nullopt},
                                         SentRow{"ListTooLong", "\x00\x05\x00\x00\x01z"sv, std::nullopt},
                                         SentRow{"ListTooShort", "\x00\x03\x00\x00\x01z"sv, std::nullopt},
                                         SentRow{"NameTooLong", "\x00\x04\x00\x00\x02z"sv, std::nullopt},
                                         SentRow{"NameTooShort", "\x00\x05\x00\x00\x01zz"sv, std::nullopt},
                                         SentRow{"TwoNames", "\x00\x08\x00\x00\x01y\x00\x00\x01z"sv, std::nullopt},
                                         SentRow{"WithNul",
                                                 "\x00\x06\x00\x00\x03"
                                                 "a\0b"sv,
                                                 std::nullopt}),
                         [](const auto& row) { return std::string(row.param.name); });

// Whatever is cut off, nothing is read beyond the end, and there is no name.
TEST(ServerNames, OfACutExtensionAreNone) {
    const std::string_view whole = "\x00\x0c\x00\x00\x09localhost"sv;
    for (std::size_t octets = 0; octets < whole.size(); ++octets) {
        const std::string cut(whole.substr(0, octets));
        EXPECT_FALSE(read_server_name(cut).has_value()) << octets;
    }
}

}  // namespace
}  // namespace portico::tls
