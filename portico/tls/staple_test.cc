// portico/tls/staple_test.cc — OCSP responses that are shown, and those that are not.
#include "portico/tls/staple.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <memory>
#include <string>
#include <string_view>

#include "portico/tls/credentials_parts.h"
#include "portico/tls/pair_for_test.h"

namespace portico::tls {
namespace {

using testing::HasSubstr;

Credentials with_issuer(const std::vector<std::string>& names) {
    const auto issued = issue(authority(), names, today());
    return *Credentials::read(issued->chain + authority_text().chain, issued->key);
}

// Whether the response names the hash that most responders use.
enum class Hash : std::uint8_t { sha1, sha256 };

struct Saying {
    int status = V_OCSP_CERTSTATUS_GOOD;
    long begins = -60;  // seconds from now
    long ends = 3600;   // 0: the response does not say
    Hash hash = Hash::sha1;
};

using Time = Owned<ASN1_TIME, ASN1_TIME_free>;

// What an authority's responder says about a certificate.
std::string response_of(const Credentials& about, const Credentials& signer, const Saying& saying = {}) {
    const Owned<OCSP_BASICRESP, OCSP_BASICRESP_free> basic(OCSP_BASICRESP_new());
    const EVP_MD* const hash = saying.hash == Hash::sha1 ? EVP_sha1() : EVP_sha256();
    const Owned<OCSP_CERTID, OCSP_CERTID_free> id(
        OCSP_cert_to_id(hash, about.parts().chain[0].get(), authority().parts().chain[0].get()));
    const Time begins(X509_gmtime_adj(nullptr, saying.begins));
    const Time ends(saying.ends == 0 ? nullptr : X509_gmtime_adj(nullptr, saying.ends));
    const bool is_revoked = saying.status == V_OCSP_CERTSTATUS_REVOKED;
    EXPECT_NE(OCSP_basic_add1_status(basic.get(), id.get(), saying.status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                     is_revoked ? begins.get() : nullptr, begins.get(), ends.get()),
              nullptr);
    EXPECT_EQ(
        OCSP_basic_sign(basic.get(), signer.parts().chain[0].get(), signer.parts().key.get(), EVP_sha256(), nullptr, 0),
        1);
    const Owned<OCSP_RESPONSE, OCSP_RESPONSE_free> whole(
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    unsigned char* octets = nullptr;
    const int length = i2d_OCSP_RESPONSE(whole.get(), &octets);
    std::string der(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(length));
    OPENSSL_free(octets);
    return der;
}

TEST(Staples, OfTheIssuerAreAccepted) {
    const Credentials own = with_issuer({"localhost"});
    for (const Hash hash : {Hash::sha1, Hash::sha256}) {
        const auto staple = Staple::read(response_of(own, authority(), {.hash = hash}), own);
        ASSERT_TRUE(staple.has_value()) << staple.error();
        EXPECT_GT(staple->ends(), today() + std::chrono::minutes(55));
    }
}

TEST(Staples, ThatProveNothingAreRefused) {
    const Credentials own = with_issuer({"localhost"});
    const Credentials other = with_issuer({"localhost"});
    const PemPair stranger = *make_authority("Another Authority", today());
    const std::string good = response_of(own, authority());
    struct Row {
        std::string response;
        std::string said;
    };
    const std::vector<Row> rows{
        {"", "it is no OCSP response"},
        {"nothing", "it is no OCSP response"},
        {good.substr(0, good.size() - 1), "it is no OCSP response"},
        {good + "x", "it is no OCSP response"},
        {std::string("\x30\x03\x0a\x01\x03", 5), "the responder has given no answer"},
        {response_of(other, authority()), "it is for another certificate"},
        {response_of(own, authority(), {.status = V_OCSP_CERTSTATUS_REVOKED}), "has been revoked"},
        {response_of(own, authority(), {.status = V_OCSP_CERTSTATUS_UNKNOWN}), "is unknown"},
        {response_of(own, authority(), {.begins = -7200, .ends = -3600}), "it is not valid now"},
        {response_of(own, authority(), {.begins = 3600, .ends = 7200}), "it is not valid now"},
        {response_of(own, authority(), {.ends = 0}), "it does not say how long it is valid"},
        {response_of(own, *Credentials::read(stranger.chain, stranger.key)), "has not signed it"},
        {response_of(own, other), "has not signed it"},
    };
    for (const Row& row : rows) {
        const auto staple = Staple::read(row.response, own);
        ASSERT_FALSE(staple.has_value()) << row.said;
        EXPECT_THAT(staple.error(), HasSubstr(row.said));
    }
    const Credentials alone = credentials_for({"localhost"});
    EXPECT_THAT(Staple::read(response_of(alone, authority()), alone).error(), HasSubstr("lacks its issuer"));
}

// Returns what the server shows to a client that asks.
std::string shown_to_client(const ServerIdentity& identity) {
    const auto server = *ServerContext::open({.credentials = {identity}});
    ClientTlsOptions options;
    options.authorities = authority_text().chain;
    Pair pair(*server, **ClientContext::open(options), "localhost");
    SSL* const ssl = pair.client().secrets().ssl.get();
    SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    EXPECT_TRUE(pair.shake_hands());
    const unsigned char* octets = nullptr;
    const long length = SSL_get_tlsext_status_ocsp_resp(ssl, &octets);
    return length <= 0 ? std::string()
                       : std::string(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(length));
}

TEST(Staples, AreShownToClientsThatAsk) {
    ServerIdentity identity(with_issuer({"localhost"}));
    EXPECT_EQ(shown_to_client(identity), "");
    const std::string response = response_of(identity.credentials, authority());
    identity.staple = *Staple::read(response, identity.credentials);
    EXPECT_EQ(shown_to_client(identity), response);
}

// It was valid when it was read: clocks may differ by five minutes.
TEST(Staples, ThatHaveEndedAreNotShown) {
    ServerIdentity identity(with_issuer({"localhost"}));
    const std::string response = response_of(identity.credentials, authority(), {.ends = -10});
    identity.staple = *Staple::read(response, identity.credentials);
    EXPECT_EQ(shown_to_client(identity), "");
}

}  // namespace
}  // namespace portico::tls
