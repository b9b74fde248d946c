// portico/tls/session_test.cc — sessions: handshakes, content, endings, and peers that abuse them.
#include "portico/tls/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/tls/pair_for_test.h"
#include "portico/tls/secrets.h"

namespace portico::tls {
namespace {

using testing::HasSubstr;

std::shared_ptr<const ServerContext> server_with(std::vector<ServerIdentity> credentials) {
    ServerTlsOptions options;
    options.credentials = std::move(credentials);
    return *ServerContext::open(options);
}

std::shared_ptr<const ClientContext> client_that_trusts(const std::string& authorities) {
    ClientTlsOptions options;
    options.authorities = authorities;
    options.applications = {"http/1.1"};
    return *ClientContext::open(options);
}

class Sessions : public testing::Test {
protected:
    std::shared_ptr<const ServerContext> server_ = server_with({credentials_for({"localhost", "127.0.0.1"})});
    std::shared_ptr<const ClientContext> client_ = client_that_trusts(authority_text().chain);
};

TEST_F(Sessions, AgreeAndTellWhatOn) {
    Pair pair(*server_, *client_, "localhost");
    EXPECT_FALSE(pair.server().is_established());
    ASSERT_TRUE(pair.shake_hands()) << pair.server().failure() << pair.client().failure();
    for (Session* end : {&pair.server(), &pair.client()}) {
        EXPECT_EQ(end->version(), "TLSv1.3");
        EXPECT_THAT(std::string(end->cipher()), HasSubstr("GCM"));
        EXPECT_EQ(end->application(), "http/1.1");
        EXPECT_EQ(end->server_name(), "localhost");
        EXPECT_FALSE(end->is_resumed());
    }
}

TEST_F(Sessions, AgreeWhateverTheOctetsCome) {
    Pair pair(*server_, *client_, "127.0.0.1");
    ASSERT_TRUE(pair.shake_hands(1)) << pair.client().failure();
    EXPECT_EQ(pair.server().server_name(), "") << "an address is not sent as a name";
    EXPECT_EQ(pair.send(pair.client(), pair.server(), "GET / HTTP/1.1\r\n\r\n", 1), "GET / HTTP/1.1\r\n\r\n");
}

TEST_F(Sessions, CarryContentBothWays) {
    Pair pair(*server_, *client_, "localhost");
    ASSERT_TRUE(pair.shake_hands());
    std::string content(1'000'000, 'x');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 % 251);
    EXPECT_EQ(pair.send(pair.client(), pair.server(), content), content);
    EXPECT_EQ(pair.send(pair.server(), pair.client(), content, SIZE_MAX, 1000), content);
    EXPECT_EQ(pair.send(pair.server(), pair.client(), content.substr(0, 3000), 1), content.substr(0, 3000));
}

TEST_F(Sessions, PutSpansIntoOneRecord) {
    Pair pair(*server_, *client_, "localhost");
    ASSERT_TRUE(pair.shake_hands());
    std::string head = "head ";
    std::string content(20'000, 'c');
    const std::array<iovec, 3> spans{{{head.data(), head.size()}, {nullptr, 0}, {content.data(), content.size()}}};
    EXPECT_EQ(pair.server().encrypt(spans, record_octets_max), 20'005U);
    Buffer output = pair.server().take_output();
    EXPECT_LT(output.size(), 20'005U + 2 * 40) << "two records and no more";
    pair.client().receive(std::move(output));
    EXPECT_TRUE(pair.all_of(pair.client()) == head + content);
}

TEST_F(Sessions, HoldNoBufferWhenTheyHaveNothingToDo) {
    Pair pair(*server_, *client_, "localhost");
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_EQ(pair.send(pair.client(), pair.server(), "hello"), "hello");
    EXPECT_EQ(pair.ledger().used(), 0U);
    EXPECT_FALSE(pair.server().has_input());
}

TEST_F(Sessions, TakeAPartOfARecordForNoInput) {
    Pair pair(*server_, *client_, "localhost");
    ASSERT_TRUE(pair.shake_hands());
    std::string hello = "hello";
    const iovec span{hello.data(), hello.size()};
    ASSERT_EQ(pair.client().encrypt({&span, 1}, record_octets_max), 5U);
    std::size_t calls = 0;
    pair.carry(
        pair.client(), pair.server(),
        [&] {
            const std::string arrived = pair.all_of(pair.server());
            ++calls;
            EXPECT_EQ(arrived.empty(), !arrived.starts_with("hello"));
            EXPECT_FALSE(pair.server().has_input()) << "after " << calls << " octets";
        },
        1);
    EXPECT_GT(calls, 20U);
}

TEST_F(Sessions, SayThatTheyEnd) {
    Pair pair(*server_, *client_, "localhost");
    ASSERT_TRUE(pair.shake_hands());
    pair.client().close();
    pair.carry(pair.client(), pair.server(), [&] { EXPECT_EQ(pair.all_of(pair.server()), ""); });
    EXPECT_EQ(pair.last(), Progress::ended);
    EXPECT_TRUE(pair.server().has_peer_said_end());
    // Nothing begins it anew.
    EXPECT_EQ(pair.client().handshake(), Progress::done);
    std::string late = "late";
    const iovec span{late.data(), late.size()};
    EXPECT_EQ(pair.client().encrypt({&span, 1}, record_octets_max), 0U);
    // The other direction goes on.
    EXPECT_EQ(pair.send(pair.server(), pair.client(), "answer"), "answer");
}

TEST_F(Sessions, EndWithTheStream) {
    Pair pair(*server_, *client_, "localhost");
    ASSERT_TRUE(pair.shake_hands());
    pair.server().receive_end();
    EXPECT_EQ(pair.all_of(pair.server()), "");
    EXPECT_EQ(pair.last(), Progress::ended);
    EXPECT_FALSE(pair.server().has_peer_said_end());
}

TEST_F(Sessions, OfAPeerThatLeavesEarlyFail) {
    Pair pair(*server_, *client_, "localhost");
    static_cast<void>(pair.client().handshake());
    pair.carry(pair.client(), pair.server(), [&] { static_cast<void>(pair.server().handshake()); });
    pair.server().receive_end();
    EXPECT_EQ(pair.server().handshake(), Progress::failed);
    EXPECT_EQ(pair.server().failure(), "the peer left during the handshake");
}

TEST_F(Sessions, FailWhereOctetsWereChanged) {
    Pair pair(*server_, *client_, "localhost");
    ASSERT_TRUE(pair.shake_hands());
    std::string hello = "hello";
    const iovec span{hello.data(), hello.size()};
    ASSERT_EQ(pair.client().encrypt({&span, 1}, record_octets_max), 5U);
    const Buffer output = pair.client().take_output();
    Buffer changed = pair.pool().borrow();
    output.octets().copy(changed.room().data(), output.size());
    changed.room()[output.size() - 1] ^= 1;
    changed.grow(output.size());
    pair.server().receive(std::move(changed));
    EXPECT_EQ(pair.all_of(pair.server()), "");
    EXPECT_EQ(pair.last(), Progress::failed);
    EXPECT_FALSE(pair.server().failure().empty());
    EXPECT_EQ(pair.server().encrypt({&span, 1}, record_octets_max), 0U) << "nothing is sent after that";
    EXPECT_GT(pair.server().take_output().size(), 0U) << "but an alert";
}

// What a server is told that is not TLS at all.
TEST_F(Sessions, FailWithOtherProtocols) {
    for (const std::string_view octets :
         {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff garbage", "SSH-2.0-OpenSSH_9.2\r\n"}) {
        Ledger ledger(1 << 20);
        BufferPool pool(ledger);
        const auto session = server_->make_session(pool);
        Buffer received = pool.borrow(octets.size());
        octets.copy(received.room().data(), octets.size());
        received.grow(octets.size());
        session->receive(std::move(received));
        EXPECT_EQ(session->handshake(), Progress::failed) << octets;
        EXPECT_FALSE(session->failure().empty());
    }
}

TEST_F(Sessions, FailWithoutMemory) {
    Ledger ledger(1024);
    BufferPool pool(ledger);
    const auto session = *client_->make_session("localhost", pool);
    EXPECT_EQ(session->handshake(), Progress::failed);
    EXPECT_EQ(session->failure(), "no memory for the output");
}

// Each KeyUpdate costs its sender five octets, and the receiver a new set of keys (RFC 8446 §4.6.3).
TEST_F(Sessions, EndAFloodOfKeyUpdates) {
    Pair pair(*server_, *client_, "localhost");
    ASSERT_TRUE(pair.shake_hands());
    SSL* const ssl = pair.client().secrets().ssl.get();
    const auto update = [&](int times) {
        for (int i = 0; i < times; ++i) {
            ASSERT_EQ(SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
            ASSERT_EQ(SSL_do_handshake(ssl), 1);
            pair.carry(pair.client(), pair.server(), [&] { EXPECT_EQ(pair.all_of(pair.server()), ""); });
        }
    };
    update(30);
    EXPECT_EQ(pair.last(), Progress::needs_input);
    EXPECT_EQ(pair.send(pair.client(), pair.server(), "content"), "content");
    update(30);
    EXPECT_EQ(pair.last(), Progress::needs_input) << "content in between makes it no flood";
    update(5);
    EXPECT_EQ(pair.last(), Progress::failed);
    EXPECT_EQ(pair.server().failure(), "too many handshake messages without content");
}

TEST_F(Sessions, AreResumedByATicket) {
    SSL_SESSION* ticket = nullptr;
    for (const bool is_second : {false, true}) {
        Pair pair(*server_, *client_, "localhost");
        SSL* const ssl = pair.client().secrets().ssl.get();
        if (is_second) {
            ASSERT_EQ(SSL_set_session(ssl, ticket), 1);
        }
        ASSERT_TRUE(pair.shake_hands());
        EXPECT_EQ(pair.server().is_resumed(), is_second);
        EXPECT_EQ(pair.send(pair.server(), pair.client(), "hello"), "hello");  // the ticket comes with it
        if (ticket == nullptr) ticket = SSL_get1_session(ssl);
        pair.client().close();  // OpenSSL forgets the tickets of sessions that end in another way
    }
    SSL_SESSION_free(ticket);
}

// Notes "> ClientHello" for what is sent, "< handshake" for what is received; records begin with "[".
class Notes final : public SessionWatcher {
public:
    void saw(const Sighting& sighting) override {
        EXPECT_GT(sighting.octets + (sighting.name == "ServerHelloDone" ? 1U : 0U), 0U);
        const bool is_record = sighting.part == Sighting::Part::record;
        noted.push_back((sighting.direction == Direction::sent ? "> " : "< ") + (is_record ? "[" : std::string()) +
                        sighting.name);
    }
    std::vector<std::string> noted;
};

TEST_F(Sessions, ShowWhatGoesThrough) {
    Notes notes;
    Pair pair(*server_, *client_, "localhost");
    pair.client().watch(notes);
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_THAT(notes.noted,
                testing::ElementsAre("> [handshake", "> ClientHello", "< [handshake", "< ServerHello",
                                     "< [change cipher spec", "< [application data (handshake inside)",
                                     "< EncryptedExtensions", "< [application data (handshake inside)", "< Certificate",
                                     "< [application data (handshake inside)", "< CertificateVerify",
                                     "< [application data (handshake inside)", "< Finished", "> [change cipher spec",
                                     "> ChangeCipherSpec", "> [application data (handshake inside)", "> Finished",
                                     "< [application data (handshake inside)", "< NewSessionTicket",
                                     "< [application data (handshake inside)", "< NewSessionTicket"));
    notes.noted.clear();
    EXPECT_EQ(pair.send(pair.client(), pair.server(), "content"), "content");
    pair.client().close();
    EXPECT_THAT(notes.noted, testing::ElementsAre("> [application data", "> [application data (alert inside)",
                                                  "> alert: close notify"));
}

TEST_F(Sessions, ShowWhatGoesThroughInTls12) {
    Notes notes;
    Pair pair(*server_, *client_, "localhost");
    ASSERT_EQ(SSL_set_max_proto_version(pair.client().secrets().ssl.get(), TLS1_2_VERSION), 1);
    pair.client().watch(notes);
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_THAT(notes.noted,
                testing::IsSupersetOf({"< ServerKeyExchange", "< ServerHelloDone", "> ClientKeyExchange"}));
    notes.noted.clear();
    EXPECT_EQ(pair.send(pair.client(), pair.server(), "content"), "content");
    EXPECT_THAT(notes.noted, testing::ElementsAre("> [application data"));
}

struct TrustRow {
    const char* name;
    std::string host;
    std::string failure;  // of the client; empty: it trusts the server
};

class Trust : public testing::TestWithParam<TrustRow> {};

TEST_P(Trust, NeedsTheNameThatWasAskedFor) {
    const auto server = server_with({credentials_for({"localhost", "*.example.org", "127.0.0.1", "::1"})});
    Pair pair(*server, *client_that_trusts(authority_text().chain), GetParam().host);
    EXPECT_EQ(pair.shake_hands(), GetParam().failure.empty());
    EXPECT_EQ(pair.client().failure(), GetParam().failure);
}

INSTANTIATE_TEST_SUITE_P(Rfc6125, Trust,
                         testing::Values(TrustRow{"Name", "localhost", ""}, TrustRow{"Below", "www.example.org", ""},
                                         TrustRow{"Address", "127.0.0.1", ""}, TrustRow{"AddressOfSixteen", "::1", ""},
                                         TrustRow{"Other", "localhos", "hostname mismatch"},
                                         TrustRow{"TwoBelow", "a.b.example.org", "hostname mismatch"},
                                         TrustRow{"TheNameItself", "example.org", "hostname mismatch"},
                                         TrustRow{"OtherAddress", "127.0.0.2", "IP address mismatch"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(Sessions, WithAnUnknownAuthorityFail) {
    const PemPair other = *make_authority("Another Authority", today());
    Pair pair(*server_, *client_that_trusts(other.chain), "localhost");
    EXPECT_FALSE(pair.shake_hands());
    EXPECT_EQ(pair.client().failure(), "unable to get local issuer certificate");
    EXPECT_FALSE(pair.server().failure().empty()) << "the server was told why";
}

TEST_F(Sessions, WithoutVerificationBelieveAnybody) {
    ClientTlsOptions options;
    options.verification = Verification::none;
    Pair pair(*server_, **ClientContext::open(options), "elsewhere.example");
    EXPECT_TRUE(pair.shake_hands());
    EXPECT_EQ(pair.server().application(), "") << "no protocol was offered";
}

TEST_F(Sessions, ThatHaveNoProtocolInCommonFail) {
    ClientTlsOptions options;
    options.verification = Verification::none;
    options.applications = {"smtp"};
    Pair pair(*server_, **ClientContext::open(options), "localhost");
    EXPECT_FALSE(pair.shake_hands());
}

struct NameRow {
    const char* name;
    std::string asked;
    std::string shown;  // the first name of the certificate
};

class ServerNames : public testing::TestWithParam<NameRow> {};

TEST_P(ServerNames, ChooseTheCertificate) {
    const auto server =
        server_with({credentials_for({"first.example"}), credentials_for({"www.example.org", "example.org"}),
                     credentials_for({"*.example.org"})});
    ClientTlsOptions options;
    options.verification = Verification::none;
    Pair pair(*server, **ClientContext::open(options), GetParam().asked);
    ASSERT_TRUE(pair.shake_hands());
    const OwnedCertificate shown(SSL_get1_peer_certificate(pair.client().secrets().ssl.get()));
    std::array<char, 100> name;
    ASSERT_GT(X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name.data(), name.size()),
              0);
    EXPECT_EQ(std::string(name.data()), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(Rfc6066, ServerNames,
                         testing::Values(NameRow{"Exact", "www.example.org", "www.example.org"},
                                         NameRow{"InUpperCase", "WWW.Example.ORG", "www.example.org"},
                                         NameRow{"TheSecondName", "example.org", "www.example.org"},
                                         NameRow{"Wildcard", "api.example.org", "*.example.org"},
                                         NameRow{"TwoLabelsBelow", "a.b.example.org", "first.example"},
                                         NameRow{"Unknown", "example.net", "first.example"},
                                         NameRow{"Address", "127.0.0.1", "first.example"}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace portico::tls
