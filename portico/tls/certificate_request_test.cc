// What a client of a certificate authority makes: requests, self-signed certificates, proofs; and the keys that sign.
#include "portico/tls/certificate_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/tls/certify_for_test.h"
#include "portico/tls/pair_for_test.h"
#include "portico/tls/secrets.h"
#include "portico/tls/signing_key.h"

namespace portico::tls {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Requests, CarryTheirNamesAndTheirKey) {
    const auto request = make_request({"example.org", "*.example.org"});
    ASSERT_TRUE(request);
    const std::string chain = certify(authority(), request->der, today(), today() + std::chrono::hours(1));
    const auto credentials = Credentials::read(chain, request->key);
    ASSERT_TRUE(credentials) << credentials.error();
    EXPECT_THAT(credentials->names(), ElementsAre("example.org", "*.example.org"));
}

TEST(Requests, AreMadeForPlainNamesOnly) {
    EXPECT_FALSE(make_request({}));
    const auto odd = make_request({"example.org,IP:192.0.2.1"});
    ASSERT_FALSE(odd);
    EXPECT_THAT(odd.error(), HasSubstr("192.0.2.1"));
}

TEST(Requests, HaveAKeyOfTheirOwnEach) {
    EXPECT_NE(make_request({"example.org"})->key, make_request({"example.org"})->key);
}

TEST(SelfSigned, AreForTheNames) {
    const auto now = today();
    const auto made = make_self_signed({"example.org"}, now);
    ASSERT_TRUE(made);
    const auto credentials = Credentials::read(made->chain, made->key);
    ASSERT_TRUE(credentials);
    EXPECT_THAT(credentials->names(), ElementsAre("example.org"));
    EXPECT_EQ(credentials->ends(), now + std::chrono::days(7));
    EXPECT_FALSE(id_of(*credentials)) << "it has no authority's key";
}

TEST(SelfSigned, MayHaveLongNames) {
    const std::string name = std::string(63, 'a') + "." + std::string(63, 'b') + ".example";
    EXPECT_TRUE(make_self_signed({name}, today()));
}

// RFC 8737 §3: the digest in an octet string, in a critical extension.
TEST(ChallengeCertificates, HoldTheDigest) {
    const std::string digest = sha256("a key authorization");
    const auto made = make_challenge_certificate("example.org", digest, today());
    ASSERT_TRUE(made) << made.error();
    EXPECT_THAT(made->names(), ElementsAre("example.org"));
    const Owned<ASN1_OBJECT, ASN1_OBJECT_free> kind(OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1));
    X509* const certificate = made->parts().chain.front().get();
    const int at = X509_get_ext_by_OBJ(certificate, kind.get(), -1);
    ASSERT_GE(at, 0);
    X509_EXTENSION* const extension = X509_get_ext(certificate, at);
    EXPECT_EQ(X509_EXTENSION_get_critical(extension), 1);
    const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(extension);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                          static_cast<std::size_t>(ASN1_STRING_length(value))),
              "\x04\x20" + digest);
}

TEST(CertificateIds, AreTheAuthoritysKeyAndTheNumber) {
    const Credentials credentials = credentials_for({"localhost"});
    const auto id = id_of(credentials);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->authority_key.size(), 20);
    EXPECT_LE(id->serial_number.size(), 20);
    EXPECT_GE(id->serial_number.size(), 1);
    EXPECT_FALSE(der_of(credentials).empty());
}

std::string number_of(std::string_view octets) {
    const auto* from = reinterpret_cast<const unsigned char*>(octets.data());
    const Owned<BIGNUM, BN_free> number(BN_bin2bn(from, static_cast<int>(octets.size()), nullptr));
    const Owned<char, [](char* text) { OPENSSL_free(text); }> text(BN_bn2hex(number.get()));
    return text.get();
}

// Whether the signature of ES256 is that of the message, with the public key that point() gives.
bool is_signed(const SigningKey& key, std::string_view message, std::string_view signature) {
    const auto read = Owned<BIO, BIO_free_all>(BIO_new(BIO_s_mem()));
    const std::string text = key.text();
    BIO_write(read.get(), text.data(), static_cast<int>(text.size()));
    const OwnedKey own(PEM_read_bio_PrivateKey(read.get(), nullptr, nullptr, nullptr));
    const Owned<ECDSA_SIG, ECDSA_SIG_free> numbers(ECDSA_SIG_new());
    const auto part = [signature](std::size_t from) {
        return BN_bin2bn(reinterpret_cast<const unsigned char*>(signature.data()) + from, 32, nullptr);
    };
    ECDSA_SIG_set0(numbers.get(), part(0), part(32));
    std::array<unsigned char, 80> der;
    unsigned char* end = der.data();
    const int length = i2d_ECDSA_SIG(numbers.get(), &end);
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> checking(EVP_MD_CTX_new());
    EVP_DigestVerifyInit(checking.get(), nullptr, EVP_sha256(), nullptr, own.get());
    return EVP_DigestVerify(checking.get(), der.data(), static_cast<std::size_t>(length),
                            reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

// Numbers with zeros in front are a rare case that shorter encodings fail in: there are some among so many.
TEST(SigningKeys, SignInFullLength) {
    const auto key = SigningKey::make();
    ASSERT_TRUE(key);
    int short_numbers = 0;
    for (int i = 0; i < 1200; ++i) {
        const std::string message = "message " + std::to_string(i);
        const std::string signature = key->sign(message);
        ASSERT_EQ(signature.size(), 64);
        if (signature[0] == '\0' || signature[32] == '\0') {
            ++short_numbers;
            ASSERT_TRUE(is_signed(*key, message, signature));
        }
    }
    EXPECT_GT(short_numbers, 0);
    EXPECT_TRUE(is_signed(*key, "message", key->sign("message")));
    EXPECT_FALSE(is_signed(*key, "massage", key->sign("message")));
}

TEST(SigningKeys, AreReadFromTheirText) {
    const auto key = SigningKey::make();
    const auto read = SigningKey::read(key->text());
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(number_of(read->point().x), number_of(key->point().x));
    EXPECT_EQ(read->point().x.size(), 32);
    EXPECT_EQ(read->point().y, key->point().y);
}

TEST(SigningKeys, OfOtherKindsAreRefused) {
    EXPECT_FALSE(SigningKey::read(""));
    EXPECT_FALSE(SigningKey::read(authority_text().chain));
    const OwnedKey other(EVP_EC_gen("P-384"));
    const auto read = SigningKey::read(key_text(*other));
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error(), HasSubstr("P-256"));
}

std::string from_hex(std::string_view hex) {
    std::string octets;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        octets += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return octets;
}

// FIPS 180-4's "abc", and RFC 4231 §4.3.
TEST(Digests, AreTheKnownOnes) {
    EXPECT_EQ(sha256("abc"), from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?"),
              from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

// A client that offers acme-tls/1 alone is shown the proof, whatever else the server has; every other client is not.
class Challenged : public testing::Test {
protected:
    std::shared_ptr<const ServerContext> server() {
        ServerTlsOptions options;
        options.credentials.push_back(credentials_for({"example.org"}));
        options.challenge = [this](const std::string& name) -> std::optional<Credentials> {
            asked_ = name;
            if (name != "example.org") return std::nullopt;
            return make_challenge_certificate("example.org", sha256("it"), today()).value();
        };
        return *ServerContext::open(options);
    }
    static std::shared_ptr<const ClientContext> client(std::vector<std::string> applications) {
        ClientTlsOptions options;
        options.verification = Verification::none;
        options.applications = std::move(applications);
        return *ClientContext::open(options);
    }
    std::string asked_;
};

TEST_F(Challenged, ShowTheProofToTheAuthority) {
    const auto server_context = server();
    const auto client_context = client({"acme-tls/1"});
    Pair pair(*server_context, *client_context, "Example.org");
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_EQ(pair.client().application(), "acme-tls/1");
    EXPECT_EQ(asked_, "example.org");
    EXPECT_EQ(pair.client().peer_chain().size(), 1U);
    EXPECT_EQ(pair.client().peer_chain().front().subject, pair.client().peer_chain().front().issuer);
}

TEST_F(Challenged, ShowNothingForAnotherName) {
    const auto server_context = server();
    const auto client_context = client({"acme-tls/1"});
    Pair pair(*server_context, *client_context, "other.example.org");
    EXPECT_FALSE(pair.shake_hands());
    EXPECT_EQ(asked_, "other.example.org");
}

TEST_F(Challenged, ShowTheProofToNobodyElse) {
    const auto server_context = server();
    for (const auto& applications :
         std::vector<std::vector<std::string>>{{"http/1.1"}, {"acme-tls/1", "http/1.1"}, {}}) {
        const auto client_context = client(applications);
        Pair pair(*server_context, *client_context, "example.org");
        EXPECT_TRUE(pair.shake_hands());
        EXPECT_NE(pair.client().peer_chain().front().subject, pair.client().peer_chain().front().issuer);
    }
    EXPECT_EQ(asked_, "");
}

TEST(WithoutChallenges, TheProtocolIsUnknown) {
    ServerTlsOptions options;
    options.credentials.push_back(credentials_for({"example.org"}));
    ClientTlsOptions asking;
    asking.verification = Verification::none;
    asking.applications = {"acme-tls/1"};
    const auto server = *ServerContext::open(options);
    const auto client = *ClientContext::open(asking);
    Pair pair(*server, *client, "example.org");
    EXPECT_FALSE(pair.shake_hands());
}

}  // namespace
}  // namespace portico::tls
