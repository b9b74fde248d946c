// Orders at an authority in memory: what goes right, and what each trouble becomes.
#include "portico/acme/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "portico/acme/challenges.h"
#include "portico/acme/fake_authority_for_test.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/tls/certificate_request.h"

namespace portico::acme {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class Authorities : public testing::Test {
protected:
    Authorities() {
        options_.directory = fake_.directory();
        fake_.finds = [this](const std::string& type, const std::string& name, const std::string& token) {
            types_.push_back(type);
            return type == "http-01" ? challenges_.content(token).has_value()
                                     : challenges_.certificate(name).has_value();
        };
    }
    // Orders a certificate from its beginning to its end.
    Task<Result<std::string>> order(std::vector<std::string> names, unsigned attempt) {
        Authority authority(core_, fake_, options_);
        auto opened = co_await authority.open();
        if (!opened) co_return std::unexpected(opened.error());
        opened = co_await authority.open_account(key_, AccountUse::made_or_found);
        if (!opened) co_return std::unexpected(opened.error());
        Wanted wanted;
        wanted.request = tls::make_request(names)->der;
        wanted.names = std::move(names);
        wanted.attempt = attempt;
        wanted.replaces = replaces_;
        co_return co_await authority.order(std::move(wanted), prover_);
    }
    Result<std::string> result(std::vector<std::string> names = {"example.org"}, unsigned attempt = 0) {
        return io::run_task(core_, order(std::move(names), attempt));
    }
    // The failure of an order that must fail.
    Failure failure(std::vector<std::string> names = {"example.org"}) {
        const auto ordered = result(std::move(names));
        EXPECT_FALSE(ordered);
        return ordered ? Failure{} : ordered.error();
    }

    io::SimKernel kernel_{1};
    io::Core core_{kernel_};
    FakeAuthority fake_{core_};
    AuthorityOptions options_;
    Challenges challenges_;
    ServerProver prover_{core_, challenges_, {"http-01", "tls-alpn-01"}};
    const tls::SigningKey key_ = *tls::SigningKey::make();
    std::vector<std::string> types_;  // of the proofs that the authority has looked for
    std::string replaces_;
};

TEST_F(Authorities, GiveCertificates) {
    const auto chain = result();
    ASSERT_TRUE(chain) << chain.error().message;
    EXPECT_THAT(*chain, HasSubstr("-----BEGIN CERTIFICATE-----"));
    EXPECT_THAT(types_, ElementsAre("http-01"));
    EXPECT_FALSE(challenges_.content("token0")) << "the proof is taken back";
    EXPECT_EQ(fake_.last_account, FakeAuthority::Json({{"termsOfServiceAgreed", true}}));
}

TEST_F(Authorities, GiveCertificatesForSeveralNames) {
    ASSERT_TRUE(result({"example.org", "www.example.org"}));
    EXPECT_THAT(types_, ElementsAre("http-01", "http-01"));
}

TEST_F(Authorities, AreShownTheOtherProofAfterAFailure) {
    ASSERT_TRUE(result({"example.org"}, 1));
    EXPECT_THAT(types_, ElementsAre("tls-alpn-01"));
    EXPECT_FALSE(challenges_.certificate("example.org"));
}

TEST_F(Authorities, AreShownWhatTheyOffer) {
    fake_.offers = {"tls-alpn-01"};
    ASSERT_TRUE(result());
    EXPECT_THAT(types_, ElementsAre("tls-alpn-01"));
    fake_.offers = {"dns-01", "other-01"};
    const Failure none = failure();
    EXPECT_EQ(none.what, Failure::What::local);
    EXPECT_THAT(none.message, HasSubstr("dns-01, other-01"));
}

TEST_F(Authorities, MayRefuseANonce) {
    fake_.bad_nonces = Authority::nonce_tries_max - 1;
    EXPECT_TRUE(result());
}

TEST_F(Authorities, MayNotRefuseEveryNonce) {
    fake_.bad_nonces = Authority::nonce_tries_max;
    EXPECT_EQ(failure().type, "badNonce");
}

TEST_F(Authorities, ThatGiveNoNonceAreOfNoUse) {
    fake_.change = [](Answer& answer) { answer.nonce.clear(); };
    EXPECT_THAT(failure().message, HasSubstr("Replay-Nonce"));
    fake_.change = [](Answer& answer) { answer.nonce = "not base64url!"; };
    EXPECT_THAT(failure().message, HasSubstr("Replay-Nonce"));
    fake_.change = [](Answer& answer) { answer.nonce = std::string(Authority::nonce_octets_max + 4, 'a'); };
    EXPECT_THAT(failure().message, HasSubstr("Replay-Nonce"));
}

TEST_F(Authorities, ThatAreDownAreUnreachable) {
    fake_.is_down = true;
    EXPECT_EQ(failure().what, Failure::What::unreachable);
}

TEST_F(Authorities, ThatFailAreUnreachable) {
    fake_.change = [](Answer& answer) { answer.status = 500; };
    EXPECT_EQ(failure().what, Failure::What::unreachable);
}

TEST_F(Authorities, MayWantToBeAskedLater) {
    Answer busy;
    busy.status = 429;
    busy.retry_after = "3600";
    fake_.instead = busy;
    Failure later = failure();
    EXPECT_EQ(later.what, Failure::What::rate_limited);
    EXPECT_EQ(later.wait_min, seconds(3600));
    busy.status = 403;
    busy.content = R"({"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many orders"})";
    fake_.instead = busy;
    later = failure();
    EXPECT_EQ(later.what, Failure::What::rate_limited);
    EXPECT_THAT(later.message, HasSubstr("too many orders"));
}

TEST_F(Authorities, SayWhyAProofFailed) {
    fake_.finds = nullptr;
    const Failure why = failure();
    EXPECT_EQ(why.what, Failure::What::not_proven);
    EXPECT_THAT(why.message, HasSubstr("example.org"));
    EXPECT_THAT(why.message, HasSubstr("http-01: not found"));
    EXPECT_FALSE(challenges_.content("token0")) << "the proof is taken back";
}

TEST_F(Authorities, SayWhyAnOrderFailed) {
    fake_.order_problem = "forbidden by CAA";
    const Failure why = failure();
    EXPECT_EQ(why.what, Failure::What::not_proven);
    EXPECT_THAT(why.message, HasSubstr("forbidden by CAA"));
}

TEST_F(Authorities, AreNotWaitedForWithoutAnEnd) {
    fake_.never_decides = true;
    options_.order_time_max = seconds(60);
    const io::TimePoint begin = core_.now();
    EXPECT_THAT(failure().message, HasSubstr("too long"));
    EXPECT_LE(core_.now() - begin, seconds(75));
    EXPECT_GE(core_.now() - begin, seconds(50));
    EXPECT_GE(fake_.questions, 20U) << "it is asked again and again";
}

TEST_F(Authorities, AreAskedAsOftenAsTheyLike) {
    fake_.pause = "20";
    const io::TimePoint begin = core_.now();
    EXPECT_TRUE(result());
    EXPECT_GE(core_.now() - begin, seconds(20));
    EXPECT_LE(fake_.questions, 20U);
}

TEST_F(Authorities, ThatWantToBeAskedInAWeekAreAskedSooner) {
    fake_.pause = "604800";
    EXPECT_TRUE(result());
}

TEST_F(Authorities, MustNotSendTooMuch) {
    fake_.change = [](Answer& answer) { answer.content += std::string(document_octets_max, ' '); };
    EXPECT_THAT(failure().message, HasSubstr("too long"));
}

TEST_F(Authorities, MustSendAChainAndNothingElse) {
    for (const char* instead : {"", "hello", "-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n",
                                "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"}) {
        fake_.change = [instead](Answer& answer) {
            if (answer.content.starts_with("-----BEGIN")) answer.content = instead;
        };
        EXPECT_THAT(failure().message, HasSubstr("not a chain")) << instead;
    }
}

TEST_F(Authorities, MustAskForTheNamesThatWereOrdered) {
    fake_.change = [](Answer& answer) {
        const std::size_t at = answer.content.find("\"example.org\"");
        if (at != std::string::npos) answer.content.replace(at, 13, "\"example.com\"");
    };
    EXPECT_THAT(failure().message, HasSubstr("example.com"));
}

TEST_F(Authorities, MustGiveAddressesOfHttps) {
    fake_.change = [](Answer& answer) {
        if (answer.location.starts_with("https")) answer.location.replace(0, 5, "http");
    };
    EXPECT_THAT(failure().message, HasSubstr("https://"));
}

TEST_F(Authorities, MayHaveAccountsForCustomersOnly) {
    fake_.needs_external_account = true;
    EXPECT_THAT(failure().message, HasSubstr("--acme-eab"));
    options_.external = ExternalAccount{"my-id", "secret"};
    options_.email = "me@example.org";
    EXPECT_TRUE(result());
    EXPECT_TRUE(fake_.last_account.contains("externalAccountBinding"));
    EXPECT_EQ(fake_.last_account.at("contact"), FakeAuthority::Json::array({"mailto:me@example.org"}));
    fake_.needs_external_account = false;
    EXPECT_TRUE(result());
    EXPECT_FALSE(fake_.last_account.contains("externalAccountBinding")) << "it is for those that need it";
}

// RFC 9773 §5.
TEST_F(Authorities, LearnWhichCertificateIsReplaced) {
    replaces_ = "abc.def";
    EXPECT_TRUE(result());
    EXPECT_FALSE(fake_.last_order.contains("replaces")) << "this one does not know what that is";
    fake_.gives_renewal_info = true;
    EXPECT_TRUE(result());
    EXPECT_EQ(fake_.last_order.value("replaces", ""), "abc.def");
    Answer replaced;
    replaced.status = 409;
    replaced.content = R"({"type":"urn:ietf:params:acme:error:alreadyReplaced"})";
    fake_.instead = replaced;
    EXPECT_TRUE(result());
    EXPECT_FALSE(fake_.last_order.contains("replaces"));
}

TEST(Challenge, ForOneNameMayBeShownTwice) {
    const auto certificate = [](const char* text) {
        return *tls::make_challenge_certificate("example.org", tls::sha256(text), std::chrono::sys_seconds{});
    };
    Challenges challenges;
    challenges.show_certificate("example.org", "first", certificate("first"));
    const auto first = challenges.certificate("example.org");
    challenges.show_certificate("example.org", "second", certificate("second"));
    EXPECT_NE(tls::fingerprint(*challenges.certificate("example.org")), tls::fingerprint(*first));
    challenges.take_back("second");
    EXPECT_EQ(tls::fingerprint(*challenges.certificate("example.org")), tls::fingerprint(*first));
    EXPECT_FALSE(challenges.content("first")) << "a certificate is no content";
    EXPECT_FALSE(challenges.certificate("www.example.org"));
}

}  // namespace
}  // namespace portico::acme
