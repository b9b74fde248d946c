// portico/http/bearer_auth_test.cc — what is a bearer token, and what is not.
#include "portico/http/bearer_auth.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace portico::http {
namespace {

struct BearerRow {
    std::vector<std::string_view> values;  // the lines of Authorization
    std::optional<std::string_view> token;
    NoBearer why = NoBearer::absent;
};

TEST(BearerToken, IsTheOnlyCredential) {
    const BearerRow rows[] = {
        {{"Bearer abc"}, "abc"},
        {{"bearer  Az09-._~+/== "}, "Az09-._~+/=="},
        {{}, {}, NoBearer::absent},
        {{"Basic YTpi"}, {}, NoBearer::absent},
        {{"Bearerabc"}, {}, NoBearer::absent},
        {{"Basic YTpi", "Basic YTpi"}, {}, NoBearer::absent},
        {{"Bearer"}, {}, NoBearer::malformed},
        {{"Bearer "}, {}, NoBearer::malformed},
        {{"Bearer ="}, {}, NoBearer::malformed},
        {{"Bearer a=b"}, {}, NoBearer::malformed},
        {{"Bearer a b"}, {}, NoBearer::malformed},
        {{"Bearer a, Bearer b"}, {}, NoBearer::malformed},
        {{"Bearer a\"b"}, {}, NoBearer::malformed},
        {{"Bearer a", "Bearer a"}, {}, NoBearer::malformed},
        {{"Basic YTpi", "Bearer a"}, {}, NoBearer::malformed},
        {{"Bearer a", "Basic YTpi"}, {}, NoBearer::malformed},
    };
    for (const BearerRow& row : rows) {
        FieldSection fields;
        for (const std::string_view value : row.values) fields.add("Authorization", value);
        const auto token = bearer_token(fields);
        const std::string_view shown = row.values.empty() ? "(none)" : row.values.front();
        EXPECT_EQ(token.has_value(), row.token.has_value()) << shown;
        if (token && row.token) {
            EXPECT_EQ(*token, *row.token);
        }
        if (!token) {
            EXPECT_EQ(token.error(), row.why) << shown;
        }
    }
}

TEST(BearerChallenge, EscapesItsRealm) {
    EXPECT_EQ(bearer_challenge("a\"b\\c"), "Bearer realm=\"a\\\"b\\\\c\"");
    EXPECT_EQ(bearer_challenge("api", "invalid_token"), "Bearer realm=\"api\", error=\"invalid_token\"");
}

}  // namespace
}  // namespace portico::http
