// Passwords, and hashes that other programs made of them.
#include "portico/route/password.h"
#include "portico/base/row_name_for_test.h"

#include <gtest/gtest.h>

namespace portico::route {
namespace {

struct HashRow {
    const char* name;
    const char* hash;
    const char* password;
};
class OtherHashes : public testing::TestWithParam<HashRow> {};

TEST_P(OtherHashes, MatchTheirPasswordAndNoOther) {
    const std::string hash = GetParam().hash;
    EXPECT_TRUE(check_hash_format(hash).has_value());
    EXPECT_TRUE(password_matches(GetParam().password, hash));
    EXPECT_FALSE(password_matches(std::string(GetParam().password) + "x", hash));
    EXPECT_FALSE(password_matches(std::string(GetParam().password) + std::string(1, '\0') + "x", hash));
    EXPECT_FALSE(password_matches("", hash));
    // A hash without its last octet could not match anything.
    EXPECT_FALSE(check_hash_format(hash.substr(0, hash.size() - 1)).has_value());
    EXPECT_FALSE(check_hash_format(hash + "x").has_value());
}
INSTANTIATE_TEST_SUITE_P(
    Libxcrypt, OtherHashes,
    testing::Values(HashRow{"Bcrypt", "$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a", "secret"},
                    HashRow{"Sha256", "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2", "secret"},
                    HashRow{"Sha512",
                            "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/"
                            "Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/",
                            "secret"},
                    HashRow{"Yescrypt", "$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4Twogh2", "secret"}),
    row_name);

TEST(HashPassword, MakesYescryptThatMatches) {
    const auto hash = hash_password("correct horse");
    ASSERT_TRUE(hash.has_value());
    EXPECT_TRUE(hash->starts_with("$y$"));
    EXPECT_TRUE(check_hash_format(*hash).has_value());
    EXPECT_TRUE(password_matches("correct horse", *hash));
    EXPECT_FALSE(password_matches("correct horsE", *hash));
    const auto again = hash_password("correct horse");
    ASSERT_TRUE(again.has_value());
    EXPECT_NE(*hash, *again) << "each has a salt of its own";
}

TEST(HashPassword, RefusesWhatCanNotBeTyped) {
    EXPECT_FALSE(hash_password("").has_value());
    EXPECT_FALSE(hash_password(std::string("a\0b", 3)).has_value());
    EXPECT_FALSE(hash_password(std::string(2000, 'a')).has_value());
}

class BadHashes : public testing::TestWithParam<const char*> {};
TEST_P(BadHashes, AreRefusedInWords) {
    const auto checked = check_hash_format(GetParam());
    ASSERT_FALSE(checked.has_value());
    EXPECT_FALSE(checked.error().empty());
}
INSTANTIATE_TEST_SUITE_P(Site, BadHashes,
                         testing::Values("", "secret", "$1$salt$abc", "$6$", "$6$salt$", "$y$j9T$salt",
                                         "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
                                         "$2b$05$abcdefghijklmnopqrstuuHlzYTAUk3g6vYp6R9QvPPtxEMHJa*8S"));

}  // namespace
}  // namespace portico::route
