// portico/tls/credentials_test.cc — which certificates and keys are accepted, and what is said about the others.
#include "portico/tls/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "portico/tls/local_authority.h"
#include "portico/tls/pair_for_test.h"

namespace portico::tls {
namespace {

using std::chrono::days;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Credentials, HaveNamesAndDates) {
    const Credentials own = credentials_for({"Localhost", "*.example.org", "192.0.2.1", "2001:db8::1"});
    EXPECT_THAT(own.names(), ElementsAre("localhost", "*.example.org", "192.0.2.1", "2001:db8:0:0:0:0:0:1"));
    EXPECT_LT(own.begins(), today());
    EXPECT_GT(own.ends(), today() + days(80));
    EXPECT_LT(own.ends(), today() + days(100));
}

TEST(Credentials, OfAnAuthorityHaveItsName) { EXPECT_THAT(authority().names(), ElementsAre("test authority")); }

TEST(Credentials, HaveAFingerprint) {
    EXPECT_THAT(fingerprint(authority()), testing::MatchesRegex("([0-9A-F]{2}:){31}[0-9A-F]{2}"));
}

TEST(Credentials, AreNeverValidLongerThanTheirAuthority) {
    const auto later = today() + days(3645);
    const auto issued = issue(authority(), {"localhost"}, later);
    EXPECT_EQ(Credentials::read(issued->chain, issued->key)->ends(), authority().ends());
}

TEST(Credentials, AreIssuedForPlainNamesOnly) {
    for (const char* name : {"", "a,DNS:b.example", "a b", "a\nb"}) {
        EXPECT_FALSE(issue(authority(), {"localhost", name}, today()).has_value()) << name;
    }
    EXPECT_FALSE(issue(authority(), {}, today()).has_value());
}

TEST(Credentials, MayHaveAChain) {
    const auto issued = issue(authority(), {"localhost"}, today());
    EXPECT_TRUE(Credentials::read(issued->chain + authority_text().chain, issued->key).has_value());
}

struct ProblemRow {
    const char* name;
    std::string chain;
    std::string key;
    std::string said;
};

class UnusableCredentials : public testing::TestWithParam<ProblemRow> {};

TEST_P(UnusableCredentials, AreExplained) {
    const auto read = Credentials::read(GetParam().chain, GetParam().key);
    ASSERT_FALSE(read.has_value());
    EXPECT_THAT(read.error(), HasSubstr(GetParam().said));
}

std::vector<ProblemRow> problems() {
    const auto issued = *issue(authority(), {"localhost"}, today());
    const auto other = *issue(authority(), {"localhost"}, today());
    std::string cut = issued.chain;
    cut.replace(cut.size() / 2, 20, "####################");
    const std::string locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg1uNLNnH8nWQICCAAw\n"
        "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKBnVRBVBzGYJHVJ8Ljp9W4EgZAA\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n";
    return {
        {"NoCertificate", "", issued.key, "the certificate file: there is no certificate in it"},
        {"KeyForCertificate", issued.key, issued.key, "the certificate file: there is no certificate in it"},
        {"BrokenCertificate", cut, issued.key, "the certificate file: certificate 1 in it can't be read"},
        {"BrokenSecondCertificate", issued.chain + cut, issued.key, "certificate 2 in it can't be read"},
        {"NoKey", issued.chain, "", "the key file: there is no private key in it"},
        {"CertificateForKey", issued.chain, issued.chain, "the key file: there is no private key in it"},
        {"LockedKey", issued.chain, locked, "the key file: "},
        {"OtherKey", issued.chain, other.key, "the key does not belong to the certificate"},
        {"WrongOrder", authority_text().chain + issued.chain, authority_text().key,
         "certificate 1 in it is not certified by the one after it"},
    };
}

INSTANTIATE_TEST_SUITE_P(Files, UnusableCredentials, testing::ValuesIn(problems()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Contexts, SayWhatIsMissing) {
    EXPECT_EQ(ServerContext::open({}).error(), "TLS needs a certificate");
    ClientTlsOptions options;
    options.authorities = "nothing";
    EXPECT_THAT(ClientContext::open(options).error(), HasSubstr("there is no certificate among the authorities"));
}

}  // namespace
}  // namespace portico::tls
