// portico/tls/staple_test.cc — OCSP responses that are shown, and those that are not.
#include "portico/tls/staple.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <memory>
#include <string>
#include <vector>

#include "portico/tls/pair_for_test.h"
#include "portico/tls/secrets.h"
#include "portico/tls/staple_for_test.h"
#include "portico/tls/staples.h"

namespace portico::tls {
namespace {

using testing::HasSubstr;

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
std::string shown_to_client(const ServerContext& server) {
    ClientTlsOptions options;
    options.authorities = authority_text().chain;
    Pair pair(server, **ClientContext::open(options), "localhost");
    SSL* const ssl = pair.client().secrets().ssl.get();
    SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    EXPECT_TRUE(pair.shake_hands());
    const unsigned char* octets = nullptr;
    const long length = SSL_get_tlsext_status_ocsp_resp(ssl, &octets);
    return length <= 0 ? std::string()
                       : std::string(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(length));
}

std::string shown_to_client(const ServerIdentity& identity) {
    return shown_to_client(**ServerContext::open({.credentials = {identity}}));
}

TEST(Staples, AreShownToClientsThatAsk) {
    ServerIdentity identity(with_issuer({"localhost"}));
    EXPECT_EQ(shown_to_client(identity), "");
    const std::string response = response_of(identity.credentials, authority());
    identity.staple = *Staple::read(response, identity.credentials);
    EXPECT_EQ(shown_to_client(identity), response);
}

TEST(Responders, AreThoseThatTheCertificateNames) {
    EXPECT_TRUE(responders_of(with_issuer({"localhost"})).empty());
    EXPECT_THAT(responders_of(with_issuer({"localhost"},
                                          "OCSP;URI:http://a/1,caIssuers;URI:http://b/,OCSP;URI:ldap://c/,"
                                          "OCSP;URI:https://d/")),
                testing::ElementsAre("http://a/1", "https://d/"));
    EXPECT_EQ(responders_of(with_issuer({"localhost"},
                                        "OCSP;URI:http://1/,OCSP;URI:http://2/,OCSP;URI:http://3/,"
                                        "OCSP;URI:http://4/,OCSP;URI:http://5/"))
                  .size(),
              4U);
    const Credentials alone = credentials_for({"localhost"});
    EXPECT_TRUE(responders_of(alone).empty());
    EXPECT_EQ(status_request(alone), "");
    EXPECT_NE(status_request(with_issuer({"localhost"})), "");
}

// What is fetched while a server runs.
TEST(Staples, AreShownAsSoonAsTheyHaveBeenFetched) {
    std::vector<std::weak_ptr<StaplePlace>> begun;
    ServerTlsOptions options;
    options.staples = std::make_shared<Staples>(
        [&](const Credentials&, const std::weak_ptr<StaplePlace>& place) { begun.push_back(place); });
    const Credentials own = with_issuer({"localhost"}, "OCSP;URI:http://responder.example/");
    options.credentials.emplace_back(own);
    auto server = *ServerContext::open(options);
    ASSERT_EQ(begun.size(), 1U);
    EXPECT_EQ(shown_to_client(*server), "");
    const std::string response = response_of(own, authority());
    begun.front().lock()->set(*Staple::read(response, own));
    EXPECT_EQ(shown_to_client(*server), response);
    server = *ServerContext::open(options);
    EXPECT_EQ(shown_to_client(*server), response) << "by the context that follows, too";
    EXPECT_EQ(begun.size(), 1U);
    server.reset();
    EXPECT_TRUE(begun.front().expired());
    server = *ServerContext::open(options);
    EXPECT_EQ(begun.size(), 2U);
    options.credentials = {with_issuer({"localhost"})};
    EXPECT_EQ(shown_to_client(**ServerContext::open(options)), "") << "it names no responder";
    EXPECT_EQ(begun.size(), 2U);
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
