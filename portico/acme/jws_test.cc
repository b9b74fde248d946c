// Signed requests: base64url, keys and their thumbprints, and the two kinds of signatures.
#include "portico/acme/jws.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "portico/acme/base64url.h"
#include "portico/base/row_name_for_test.h"

namespace portico::acme {
namespace {

using Json = nlohmann::json;

struct Base64Row {
    const char* name;
    std::string_view octets;
    std::string_view text;
};
class Base64Url : public testing::TestWithParam<Base64Row> {};

TEST_P(Base64Url, IsWrittenAndRead) {
    EXPECT_EQ(base64url(GetParam().octets), GetParam().text);
    EXPECT_EQ(from_base64url(GetParam().text), std::string(GetParam().octets));
}
// RFC 4648 §10, RFC 7515 appendix C.
INSTANTIATE_TEST_SUITE_P(Rfc4648, Base64Url,
                         testing::Values(Base64Row{"Empty", "", ""}, Base64Row{"One", "f", "Zg"},
                                         Base64Row{"Two", "fo", "Zm8"}, Base64Row{"Three", "foo", "Zm9v"},
                                         Base64Row{"Six", "foobar", "Zm9vYmFy"},
                                         Base64Row{"OtherAlphabet", "\x03\xec\xff\xe0\xc1", "A-z_4ME"}),
                         row_name);

TEST(Base64UrlOf, OtherTextsIsRefused) {
    for (const std::string_view text : {"Zg==", "Z", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm9v\n", "Zm 9v", "A"}) {
        EXPECT_FALSE(from_base64url(text)) << text;
    }
}

class Signed : public testing::Test {
protected:
    static Json part_of(const Json& json, const char* name) {
        return Json::parse(from_base64url(json.at(name).get<std::string>()).value());
    }
    const tls::SigningKey key_ = *tls::SigningKey::make();
};

TEST_F(Signed, RequestsOfNewAccountsCarryTheKey) {
    Envelope envelope;
    envelope.url = "https://ca.example/new-account";
    envelope.nonce = "abc";
    const Json json = Json::parse(signed_request(key_, envelope, R"({"a":1})"));
    EXPECT_EQ(json.size(), 3U) << "no unprotected header (RFC 8555 §6.2)";
    const Json head = part_of(json, "protected");
    EXPECT_EQ(head.at("alg"), "ES256");
    EXPECT_EQ(head.at("url"), "https://ca.example/new-account");
    EXPECT_EQ(head.at("nonce"), "abc");
    EXPECT_EQ(head.at("jwk"), Json::parse(public_jwk(key_)));
    EXPECT_FALSE(head.contains("kid"));
    EXPECT_EQ(part_of(json, "payload"), Json({{"a", 1}}));
    EXPECT_EQ(from_base64url(json.at("signature").get<std::string>())->size(), 64U);
}

TEST_F(Signed, FurtherRequestsNameTheAccount) {
    Envelope envelope;
    envelope.url = "https://ca.example/order/1";
    envelope.nonce = "abc";
    envelope.account = "https://ca.example/account/7";
    const Json json = Json::parse(signed_request(key_, envelope, ""));
    const Json head = part_of(json, "protected");
    EXPECT_EQ(head.at("kid"), "https://ca.example/account/7");
    EXPECT_FALSE(head.contains("jwk"));
    EXPECT_EQ(json.at("payload"), "") << "a POST as a GET (RFC 8555 §6.3)";
}

// RFC 7638 §3.2: only the needed members, in the order of their names, without spaces.
TEST_F(Signed, KeysHaveOneForm) {
    const std::string jwk = public_jwk(key_);
    EXPECT_TRUE(jwk.starts_with(R"({"crv":"P-256","kty":"EC","x":")")) << jwk;
    EXPECT_EQ(jwk.find(' '), std::string::npos);
    EXPECT_EQ(Json::parse(jwk).size(), 4U);
    EXPECT_EQ(thumbprint(key_), base64url(tls::sha256(jwk)));
    EXPECT_EQ(key_authorization("token", key_), "token." + thumbprint(key_));
}

// RFC 8555 §7.3.4.
TEST_F(Signed, KeysAreBoundToExternalAccounts) {
    const ExternalAccount external{"my-id", "a secret"};
    const Json json = Json::parse(bound_key(external, "https://ca.example/new-account", key_));
    const Json head = part_of(json, "protected");
    EXPECT_EQ(head, Json({{"alg", "HS256"}, {"kid", "my-id"}, {"url", "https://ca.example/new-account"}}));
    EXPECT_EQ(part_of(json, "payload"), Json::parse(public_jwk(key_)));
    const std::string covered = json.at("protected").get<std::string>() + "." + json.at("payload").get<std::string>();
    EXPECT_EQ(json.at("signature"), base64url(tls::hmac_sha256("a secret", covered)));
}

}  // namespace
}  // namespace portico::acme
