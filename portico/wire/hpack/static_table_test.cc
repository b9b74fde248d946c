// portico/wire/hpack/static_table_test.cc — the static table: RFC 7541 Appendix A.
#include "portico/wire/hpack/static_table.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "portico/base/row_name_for_test.h"

namespace portico::hpack {
namespace {

// As the RFC prints it.
constexpr std::array<std::string_view, static_index_max> appendix_a = {
    ":authority: ",
    ":method: GET",
    ":method: POST",
    ":path: /",
    ":path: /index.html",
    ":scheme: http",
    ":scheme: https",
    ":status: 200",
    ":status: 204",
    ":status: 206",
    ":status: 304",
    ":status: 400",
    ":status: 404",
    ":status: 500",
    "accept-charset: ",
    "accept-encoding: gzip, deflate",
    "accept-language: ",
    "accept-ranges: ",
    "accept: ",
    "access-control-allow-origin: ",
    "age: ",
    "allow: ",
    "authorization: ",
    "cache-control: ",
    "content-disposition: ",
    "content-encoding: ",
    "content-language: ",
    "content-length: ",
    "content-location: ",
    "content-range: ",
    "content-type: ",
    "cookie: ",
    "date: ",
    "etag: ",
    "expect: ",
    "expires: ",
    "from: ",
    "host: ",
    "if-match: ",
    "if-modified-since: ",
    "if-none-match: ",
    "if-range: ",
    "if-unmodified-since: ",
    "last-modified: ",
    "link: ",
    "location: ",
    "max-forwards: ",
    "proxy-authenticate: ",
    "proxy-authorization: ",
    "range: ",
    "referer: ",
    "refresh: ",
    "retry-after: ",
    "server: ",
    "set-cookie: ",
    "strict-transport-security: ",
    "transfer-encoding: ",
    "user-agent: ",
    "vary: ",
    "via: ",
    "www-authenticate: ",
};

TEST(StaticTable, IsAppendixA) {
    for (std::size_t index = 1; index <= static_index_max; ++index) {
        const StaticEntry& entry = static_entry(index);
        EXPECT_EQ(std::string(entry.name) + ": " + std::string(entry.value), appendix_a[index - 1]) << index;
        EXPECT_EQ(entry.known, http::recognise(entry.name)) << index;
    }
}

TEST(StaticTable, EachEntryIsFound) {
    for (std::size_t index = 1; index <= static_index_max; ++index) {
        const StaticEntry& entry = static_entry(index);
        const Match match = find_static(entry.known, entry.name, entry.value);
        EXPECT_EQ(match.index, index);
        EXPECT_TRUE(match.is_whole) << index;
    }
}

struct FindRow {
    const char* name;
    std::string_view line_name;
    std::string_view value;
    std::size_t index;
    bool is_whole = false;
};
class StaticFind : public testing::TestWithParam<FindRow> {};

TEST_P(StaticFind, FindsNameAndValue) {
    const FindRow& row = GetParam();
    const Match match = find_static(http::recognise(row.line_name), row.line_name, row.value);
    EXPECT_EQ(match.index, row.index);
    EXPECT_EQ(match.is_whole, row.is_whole);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7541, StaticFind,
    testing::Values(FindRow{"OtherMethod", ":method", "PUT", 2}, FindRow{"SecondMethod", ":method", "POST", 3, true},
                    FindRow{"OtherStatus", ":status", "302", 8}, FindRow{"LastStatus", ":status", "500", 14, true},
                    FindRow{"OtherPath", ":path", "/a", 4}, FindRow{"Known", "server", "a", 54},
                    FindRow{"KnownWithoutValue", "server", "", 54, true}, FindRow{"UpperCase", "SERVER", "a", 54},
                    FindRow{"UnknownToHttp", "Refresh", "a", 52},
                    FindRow{"AcceptEncoding", "accept-encoding", "gzip, deflate", 16, true},
                    FindRow{"AcceptEncodingOfToday", "accept-encoding", "gzip, deflate, br", 16},
                    FindRow{"NotInTheTable", "x-content-type-options", "nosniff", 0},
                    FindRow{"BeginningOfAName", "accept-chars", "", 0}, FindRow{"Empty", "", "", 0}),
    row_name);

}  // namespace
}  // namespace portico::hpack
