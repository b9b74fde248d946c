// portico/http/basic_auth_test.cc — tests the Basic scheme row by row (RFC 7617).
//
// Room http: see status.h.
#include "portico/http/basic_auth.h"

#include <gtest/gtest.h>

#include <utility>

#include "portico/base/row_name_for_test.h"

namespace portico::http {
namespace {

using UserPass = std::pair<std::string, std::string>;

struct BasicRow {
    const char* name;
    std::string_view authorization;
    std::optional<UserPass> credentials;
};
class Basic : public testing::TestWithParam<BasicRow> {};

TEST_P(Basic, IsReadOrNot) {
    const auto credentials = parse_basic(GetParam().authorization);
    ASSERT_EQ(credentials.has_value(), GetParam().credentials.has_value());
    if (credentials) {
        EXPECT_EQ(UserPass(credentials->user, credentials->password), *GetParam().credentials);
    }
}
INSTANTIATE_TEST_SUITE_P(
    Rfc7617Section2, Basic,
    testing::Values(
        BasicRow{"Example", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", UserPass("Aladdin", "open sesame")},
        BasicRow{"Utf8", "Basic dGVzdDoxMjPCow==", UserPass("test", "123\xc2\xa3")},
        BasicRow{"SchemeInAnyCase", "bASIC YTpi", UserPass("a", "b")},
        BasicRow{"SeveralSpaces", "Basic   YTpi", UserPass("a", "b")},
        BasicRow{"ColonInPassword", "Basic YTpiOmM=", UserPass("a", "b:c")},
        BasicRow{"EmptyUser", "Basic OmI=", UserPass("", "b")},
        BasicRow{"EmptyPassword", "Basic YTo=", UserPass("a", "")},
        BasicRow{"BothEmpty", "Basic Og==", UserPass("", "")}, BasicRow{"NoColon", "Basic YQ==", std::nullopt},
        BasicRow{"Empty", "", std::nullopt}, BasicRow{"SchemeAlone", "Basic", std::nullopt},
        BasicRow{"SchemeAndSpace", "Basic ", std::nullopt}, BasicRow{"OtherScheme", "Bearer YTpi", std::nullopt},
        BasicRow{"NoSpace", "BasicYTpi", std::nullopt}, BasicRow{"Tab", "Basic\tYTpi", std::nullopt},
        BasicRow{"NoPadding", "Basic YTo", std::nullopt}, BasicRow{"TooMuchPadding", "Basic YTpi====", std::nullopt},
        BasicRow{"PaddingInside", "Basic YT==YTpi", std::nullopt}, BasicRow{"StrayBits", "Basic YTp=", std::nullopt},
        BasicRow{"StrayOctet", "Basic YT*i", std::nullopt}, BasicRow{"SpaceBehind", "Basic YTpi ", std::nullopt},
        BasicRow{"UrlAlphabet", "Basic YTo_", std::nullopt}, BasicRow{"TwoTokens", "Basic YTpi YTpi", std::nullopt},
        BasicRow{"NulInPassword", "Basic YToA", std::nullopt}, BasicRow{"LineFeedInUser", "Basic Cjpi", std::nullopt}),
    row_name);

TEST(Basic, IsReadFromOneLineOnly) {
    FieldSection fields;
    EXPECT_FALSE(basic_credentials(fields).has_value());
    fields.add(FieldName::authorization, "Basic YTpi");
    ASSERT_TRUE(basic_credentials(fields).has_value());
    EXPECT_EQ(basic_credentials(fields)->user, "a");
    fields.add(FieldName::authorization, "Basic YTpi");
    EXPECT_FALSE(basic_credentials(fields).has_value()) << "a proxy may have read the other one";
}

// RFC 4648 §10
TEST(Basic, SendsWhatItReads) {
    EXPECT_EQ(basic_authorization({.user = "", .password = ""}), "Basic Og==");
    EXPECT_EQ(basic_authorization({.user = "user", .password = "pass"}), "Basic dXNlcjpwYXNz");
    for (const char* const password : {"", "f", "fo", "foo", "foob", "\xc3\xa4\xff", "a:b"}) {
        const auto read = parse_basic(basic_authorization({.user = "name", .password = password}));
        ASSERT_TRUE(read.has_value());
        EXPECT_EQ(read->user, "name");
        EXPECT_EQ(read->password, password);
    }
}

TEST(Basic, ChallengesWithRealmAndCharset) {
    EXPECT_EQ(basic_challenge("portico"), "Basic realm=\"portico\", charset=\"UTF-8\"");
    EXPECT_EQ(basic_challenge("a \"b\" \\"), "Basic realm=\"a \\\"b\\\" \\\\\", charset=\"UTF-8\"");
}

TEST(ConstantTime, ComparesAsEqualDoes) {
    EXPECT_TRUE(constant_time_equal("", ""));
    EXPECT_TRUE(constant_time_equal("secret", "secret"));
    EXPECT_FALSE(constant_time_equal("secret", "secreT"));
    EXPECT_FALSE(constant_time_equal("Secret", "secret"));
    EXPECT_FALSE(constant_time_equal("secret", "secret "));
}

}  // namespace
}  // namespace portico::http
