// portico/tls/server_context_test.cc — which clients are let in, and which requests belong on their connections.
#include "portico/tls/server_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portico/tls/credentials_parts.h"
#include "portico/tls/pair_for_test.h"
#include "portico/tls/secrets.h"

namespace portico::tls {
namespace {

using std::chrono::days;
using testing::ElementsAre;
using testing::HasSubstr;

Credentials client_named(const std::string& name, const PemPair& by = authority_text(),
                         Purpose purpose = Purpose::client, std::chrono::sys_seconds when = today()) {
    const auto issued = issue(*Credentials::read(by.chain, by.key), {name}, when, purpose);
    return *Credentials::read(issued->chain, issued->key);
}

std::shared_ptr<const ClientContext> client_with(std::optional<Credentials> own, const std::string& application = "") {
    ClientTlsOptions options;
    options.authorities = authority_text().chain;
    options.own = std::move(own);
    if (!application.empty()) options.applications = {application};
    return *ClientContext::open(options);
}

std::shared_ptr<const ServerContext> server_at(ServerTlsOptions options) { return *ServerContext::open(options); }

enum class Shows : std::uint8_t { nothing, a_good_one, an_expired_one, a_servers, a_strangers, four_below, five_below };

struct ClientRow {
    const char* name;
    ClientDemand demand;
    Shows shows;
    std::string failure;  // of the server; empty: the client is let in
    std::string subject;  // that the server sees
};

std::string pem_of(X509& certificate) {
    const OwnedBio into(BIO_new(BIO_s_mem()));
    EXPECT_EQ(PEM_write_bio_X509(into.get(), &certificate), 1);
    char* octets = nullptr;
    const long length = BIO_get_mem_data(into.get(), &octets);
    return {octets, static_cast<std::size_t>(length)};
}

// An authority that may have others below it, certified by `parent`, or by itself if that is null.
PemPair authority_below(const PemPair* parent, const std::string& name) {
    const PemPair made = *make_authority(name, today());
    const Credentials own = *Credentials::read(made.chain, made.key);
    const Credentials issuer = parent == nullptr ? own : *Credentials::read(parent->chain, parent->key);
    const OwnedCertificate changed(X509_dup(own.parts().chain.front().get()));
    const int limit = X509_get_ext_by_NID(changed.get(), NID_basic_constraints, -1);
    X509_EXTENSION_free(X509_delete_ext(changed.get(), limit));
    const Owned<X509_EXTENSION, X509_EXTENSION_free> unlimited(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"));
    EXPECT_EQ(X509_add_ext(changed.get(), unlimited.get(), -1), 1);
    EXPECT_EQ(X509_set_issuer_name(changed.get(), X509_get_subject_name(issuer.parts().chain.front().get())), 1);
    EXPECT_GT(X509_sign(changed.get(), issuer.parts().key.get(), EVP_sha256()), 0);
    return {pem_of(*changed), made.key};
}

const PemPair& deep_root() {
    static const PemPair only = authority_below(nullptr, "Deep Root");
    return only;
}

// A certificate with `length` authorities between it and deep_root().
Credentials chained(int length) {
    PemPair issuer = deep_root();
    std::string chain;
    for (int i = 0; i < length; ++i) {
        issuer = authority_below(&issuer, "below " + std::to_string(i));
        chain = issuer.chain + chain;
    }
    const auto leaf = issue(*Credentials::read(issuer.chain, issuer.key), {"ann"}, today(), Purpose::client);
    return *Credentials::read(leaf->chain + chain, leaf->key);
}

ClientRules clients(ClientDemand demand) { return {demand, authority_text().chain + deep_root().chain}; }

std::optional<Credentials> shown(Shows what) {
    switch (what) {
        case Shows::nothing: return std::nullopt;
        case Shows::a_good_one: return client_named("ann");
        case Shows::an_expired_one: return client_named("ann", authority_text(), Purpose::client, today() - days(100));
        case Shows::a_servers: return client_named("ann", authority_text(), Purpose::server);
        case Shows::a_strangers: return client_named("ann", *make_authority("Another", today()));
        case Shows::four_below: return chained(4);
        case Shows::five_below: return chained(5);
    }
    return std::nullopt;
}

class Clients : public testing::TestWithParam<ClientRow> {};

TEST_P(Clients, AreLetInByTheirCertificates) {
    const auto server = server_at({.credentials = {{credentials_for({"localhost"}), clients(GetParam().demand)}}});
    Pair pair(*server, *client_with(shown(GetParam().shows)), "localhost");
    static_cast<void>(pair.shake_hands());
    EXPECT_EQ(pair.server().is_established(), GetParam().failure.empty());
    EXPECT_EQ(pair.server().failure(), GetParam().failure);
    EXPECT_EQ(pair.server().is_untrusted(), !GetParam().failure.empty());
    const PeerCertificate* const certificate = pair.server().client_certificate();
    EXPECT_EQ(certificate == nullptr ? "" : certificate->subject, GetParam().subject);
    if (!GetParam().failure.empty()) {
        EXPECT_THAT(std::string(pair.client().failure()), HasSubstr("alert")) << "the client is told why";
    }
}

INSTANTIATE_TEST_SUITE_P(
    Demands, Clients,
    testing::Values(
        ClientRow{"NotAsked", ClientDemand::none, Shows::a_good_one, "", ""},
        ClientRow{"OptionalAndNone", ClientDemand::optional, Shows::nothing, "", ""},
        ClientRow{"OptionalAndGood", ClientDemand::optional, Shows::a_good_one, "", "CN=ann,O=Portico"},
        ClientRow{"OptionalAndBad", ClientDemand::optional, Shows::a_strangers,
                  "unable to get local issuer certificate", ""},
        ClientRow{"RequiredAndNone", ClientDemand::required, Shows::nothing, "peer did not return a certificate", ""},
        ClientRow{"RequiredAndGood", ClientDemand::required, Shows::a_good_one, "", "CN=ann,O=Portico"},
        ClientRow{"RequiredAndExpired", ClientDemand::required, Shows::an_expired_one, "certificate has expired", ""},
        ClientRow{"RequiredAndAServers", ClientDemand::required, Shows::a_servers, "unsuitable certificate purpose",
                  ""},
        ClientRow{"RequiredAndAStrangers", ClientDemand::required, Shows::a_strangers,
                  "unable to get local issuer certificate", ""},
        ClientRow{"FourAuthoritiesBetween", ClientDemand::required, Shows::four_below, "", "CN=ann,O=Portico"},
        ClientRow{"FiveAuthoritiesBetween", ClientDemand::required, Shows::five_below, "certificate chain too long",
                  ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Clients, AreDescribed) {
    const auto server = server_at({.credentials = {{credentials_for({"localhost"}), clients(ClientDemand::required)}}});
    const Credentials own = client_named("ann.example");
    Pair pair(*server, *client_with(own), "localhost");
    ASSERT_TRUE(pair.shake_hands());
    const PeerCertificate* const certificate = pair.server().client_certificate();
    ASSERT_NE(certificate, nullptr);
    EXPECT_EQ(certificate->issuer, "CN=Test Authority,O=Portico");
    EXPECT_THAT(certificate->names, ElementsAre("ann.example"));
    EXPECT_EQ(certificate->fingerprint, fingerprint(own));
    EXPECT_EQ(certificate->ends, own.ends());
    EXPECT_EQ(pair.client().client_certificate(), nullptr) << "it is the client's own";
}

TEST(Clients, AreNotShownTheAuthoritiesOfClientsAsAChain) {
    const auto server = server_at({.credentials = {{credentials_for({"localhost"}), clients(ClientDemand::optional)}}});
    Pair pair(*server, *client_with(std::nullopt), "localhost");
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_EQ(pair.client().peer_chain().size(), 1U) << "its issuer is among the authorities of clients";
}

TEST(Clients, AreLetInByTheRulesOfTheNameThatTheyAskFor) {
    const auto server =
        server_at({.credentials = {{credentials_for({"open.example"})},
                                   {credentials_for({"closed.example"}), clients(ClientDemand::required)}}});
    const auto unknown = client_with(std::nullopt);
    EXPECT_TRUE(Pair(*server, *unknown, "open.example").shake_hands());
    Pair closed(*server, *unknown, "closed.example");
    static_cast<void>(closed.shake_hands());
    EXPECT_FALSE(closed.server().is_established());
}

struct RulesRow {
    const char* name;
    std::vector<ServerIdentity> identities;
    std::string said;
};

TEST(ServerContexts, SayWhatIsWrongWithTheirRules) {
    const std::string chain = authority_text().chain;
    std::string cut = chain;
    cut.replace(cut.size() / 2, 20, "####################");
    const Credentials own = credentials_for({"localhost"});
    const std::vector<RulesRow> rows{
        {"none", {{own, {ClientDemand::required, ""}}}, "there is no certificate"},
        {"broken", {{own, {ClientDemand::optional, chain + cut}}}, "certificate 2 can't be read"},
        {"two", {{own, clients(ClientDemand::required)}, {own}}, "two certificates for localhost have different rules"},
    };
    for (const RulesRow& row : rows) {
        const auto opened = ServerContext::open({.credentials = row.identities});
        ASSERT_FALSE(opened.has_value()) << row.name;
        EXPECT_THAT(opened.error(), HasSubstr(row.said));
    }
}

TEST(ServerContexts, MayRefuseUnknownNames) {
    const auto server = server_at({.credentials = {{credentials_for({"localhost", "127.0.0.1", "*.example.org"})}},
                                   .unknown_names = UnknownNames::refused});
    const auto client = client_with(std::nullopt);
    EXPECT_TRUE(Pair(*server, *client, "localhost").shake_hands());
    EXPECT_TRUE(Pair(*server, *client, "www.example.org").shake_hands());
    EXPECT_TRUE(Pair(*server, *client, "127.0.0.1").shake_hands()) << "a client that asks for no name";
    Pair refused(*server, *client, "example.net");
    EXPECT_FALSE(refused.shake_hands());
    EXPECT_THAT(std::string(refused.client().failure()), HasSubstr("unrecognized name"));
}

struct HostRow {
    const char* name;
    std::string asked;  // by the client, for its connection
    std::string host;   // of a request on it
    bool is_served = true;
    UnknownNames unknown = UnknownNames::first_certificate;
};

class Requests : public testing::TestWithParam<HostRow> {};

TEST_P(Requests, BelongOnConnectionsOfTheirHosts) {
    const auto server = server_at(
        {.credentials = {{credentials_for({"first.example", "192.0.2.1"})},
                         {credentials_for({"www.second.example", "*.second.example", "shared.example"})},
                         {credentials_for({"third.example", "shared.example"})},
                         {credentials_for({"closed.example", "2001:db8::1"}), clients(ClientDemand::optional)}},
         .unknown_names = GetParam().unknown});
    ClientTlsOptions options;
    options.verification = Verification::none;
    Pair pair(*server, **ClientContext::open(options), GetParam().asked);
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_EQ(may_serve(pair.server(), GetParam().host), GetParam().is_served);
    EXPECT_TRUE(may_serve(pair.client(), GetParam().host));
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9110, Requests,
    testing::Values(HostRow{"TheNameAskedFor", "first.example", "first.example"},
                    HostRow{"AnotherOfTheCertificate", "www.second.example", "shared.example"},
                    HostRow{"ByAWildcard", "www.second.example", "api.second.example"},
                    HostRow{"TwoLabelsBelowAWildcard", "www.second.example", "a.b.second.example", false},
                    HostRow{"AnotherCertificates", "first.example", "www.second.example", false},
                    HostRow{"OnTheFirstForAnUnknownName", "first.example", "unknown.example"},
                    HostRow{"OnAnotherForAnUnknownName", "third.example", "unknown.example", false},
                    HostRow{"SharedWithTheCertificateThatIsShown", "third.example", "shared.example"},
                    HostRow{"AfterAnUnknownName", "unknown.example", "first.example"},
                    HostRow{"AfterAnUnknownNameToAnother", "unknown.example", "third.example", false},
                    HostRow{"WithoutAName", "192.0.2.9", "third.example"},
                    HostRow{"WithoutANameUnderOtherRules", "192.0.2.9", "closed.example", false},
                    HostRow{"OfOtherRules", "first.example", "closed.example", false},
                    HostRow{"FromOtherRules", "closed.example", "first.example", false},
                    HostRow{"AnAddressOfOtherRules", "192.0.2.1", "2001:db8::1", false},
                    HostRow{"AnAddressAsTheCertificateWritesIt", "192.0.2.1", "2001:db8:0:0:0:0:0:1", false},
                    HostRow{"AnAddress", "192.0.2.1", "192.0.2.1"}, HostRow{"NoHost", "first.example", ""},
                    HostRow{"UnknownWhereTheyAreRefused", "first.example", "unknown.example", false,
                            UnknownNames::refused}),
    [](const auto& row) { return std::string(row.param.name); });

// OpenSSL does not verify the certificate in a ticket again.
TEST(ServerContexts, ResumeNoSessionOfAClientWhoseCertificateHasExpired) {
    const auto server = server_at({.credentials = {{credentials_for({"localhost"}), clients(ClientDemand::required)}}});
    for (const bool has_expired : {false, true}) {
        const auto client = client_with(shown(has_expired ? Shows::an_expired_one : Shows::a_good_one));
        Owned<SSL_SESSION, SSL_SESSION_free> ticket;
        {
            Pair pair(*server, *client, "localhost");
            // As if the handshake were in the past.
            X509_VERIFY_PARAM* const demands = SSL_get0_param(pair.server().secrets().ssl.get());
            ASSERT_EQ(X509_VERIFY_PARAM_set_flags(demands, X509_V_FLAG_NO_CHECK_TIME), 1);
            ASSERT_TRUE(pair.shake_hands());
            EXPECT_EQ(pair.send(pair.server(), pair.client(), "hello"), "hello");
            ticket.reset(SSL_get1_session(pair.client().secrets().ssl.get()));
            pair.client().close();
        }
        Pair pair(*server, *client, "localhost");
        ASSERT_EQ(SSL_set_session(pair.client().secrets().ssl.get(), ticket.get()), 1);
        static_cast<void>(pair.shake_hands());
        EXPECT_EQ(pair.server().is_resumed(), !has_expired);
        EXPECT_EQ(pair.server().failure(), has_expired ? "certificate has expired" : "");
    }
}

// The octets of each flight of a handshake, and of what follows it at once.
std::vector<std::size_t> flights_of_a_handshake() {
    const PemPair made = *make_authority("Test", today(), KeyKind::ed25519);
    const Credentials issuer = *Credentials::read(made.chain, made.key);
    const PemPair issued = *issue(issuer, {"localhost"}, today(), Purpose::server, KeyKind::ed25519);
    ServerTlsOptions server;
    server.credentials.emplace_back(*Credentials::read(issued.chain, issued.key));
    server.tickets = Tickets::none;
    ClientTlsOptions client;
    client.authorities = made.chain;
    client.applications = {"h2"};
    Pair pair(**ServerContext::open(server), **ClientContext::open(client), "localhost");
    std::vector<std::size_t> octets;
    const auto move = [&](Session& from, Session& to) {
        Buffer output = from.take_output();
        octets.push_back(output.size());
        if (!output.empty()) to.receive(std::move(output));
        if (to.is_established()) {
            EXPECT_EQ(pair.all_of(to), "");
        } else {
            static_cast<void>(to.handshake());
        }
    };
    static_cast<void>(pair.client().handshake());
    for (int i = 0; i < 3; ++i) {
        move(pair.client(), pair.server());
        move(pair.server(), pair.client());
    }
    EXPECT_TRUE(pair.client().is_established() && pair.server().is_established());
    EXPECT_EQ(octets.at(3), 0U) << "the server has sent tickets";
    return octets;
}

// OpenSSL's random numbers change octets, but a simulation must not notice.
TEST(Simulations, HaveHandshakesThatNeverVaryInLength) {
    const std::vector<std::size_t> first = flights_of_a_handshake();
    for (int i = 0; i < 20; ++i) ASSERT_EQ(flights_of_a_handshake(), first);
}

}  // namespace
}  // namespace portico::tls
