// portico/server/misdirected_test.cc — requests that belong on another connection (RFC 9110 §7.4).
#include "portico/server/misdirected.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "portico/tls/pair_for_test.h"

namespace portico::server {
namespace {

struct AuthorityRow {
    const char* name;
    std::string_view authority;
    bool is_misdirected;
    http::TargetForm form = http::TargetForm::origin;
};

class Authorities : public testing::TestWithParam<AuthorityRow> {};

TEST_P(Authorities, BelongOnTheConnectionOrNot) {
    tls::ServerTlsOptions options;
    options.credentials.emplace_back(tls::credentials_for({"one.example"}));
    options.credentials.emplace_back(tls::credentials_for({"two.example", "one.example.two.example"}));
    const auto server = *tls::ServerContext::open(options);
    tls::ClientTlsOptions trusting;
    trusting.authorities = tls::authority_text().chain;
    tls::Pair pair(*server, **tls::ClientContext::open(trusting), "one.example");
    ASSERT_TRUE(pair.shake_hands());
    http::Request request;
    request.authority = GetParam().authority;
    request.form = GetParam().form;
    EXPECT_EQ(is_misdirected(&pair.server(), request), GetParam().is_misdirected);
    EXPECT_FALSE(is_misdirected(nullptr, request)) << "there is no policy without TLS";
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9110, Authorities,
    testing::Values(AuthorityRow{"TheSame", "one.example", false}, AuthorityRow{"WithAPort", "one.example:8443", false},
                    AuthorityRow{"InUpperCase", "ONE.EXAMPLE", false},
                    AuthorityRow{"WithAFinalDot", "one.example.:443", false},
                    AuthorityRow{"AnotherCertificates", "two.example", true},
                    AuthorityRow{"AnotherCertificatesWithAPort", "two.example:8443", true},
                    AuthorityRow{"ThatBeginsAlike", "one.example.two.example", true},
                    AuthorityRow{"Unknown", "three.example", false}, AuthorityRow{"None", "", false},
                    AuthorityRow{"OfATunnel", "two.example:443", false, http::TargetForm::authority}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace portico::server
