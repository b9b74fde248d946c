// portico/tls/ticket_keys_test.cc — sessions that are resumed by tickets, and those that must not be.
#include "portico/tls/ticket_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "portico/tls/pair_for_test.h"
#include "portico/tls/secrets.h"

namespace portico::tls {
namespace {

using Keys = std::shared_ptr<const TicketKeys>;
using Server = std::shared_ptr<const ServerContext>;
using Ticket = Owned<SSL_SESSION, SSL_SESSION_free>;

std::string octets_of_key(char filler) { return std::string(TicketKeys::key_octets, filler); }

Keys keys_of(const std::string& octets) { return *TicketKeys::read(octets); }

Credentials client_credentials(std::chrono::sys_seconds issued_at = today()) {
    const auto issued = issue(authority(), {"ann"}, issued_at, Purpose::client);
    return *Credentials::read(issued->chain, issued->key);
}

Server server_of(const std::vector<ServerIdentity>& identities, const Keys& keys) {
    ServerTlsOptions options;
    options.credentials = identities;
    options.ticket_keys = keys;
    return *ServerContext::open(options);
}

ClientRules rules(ClientDemand demand, std::string authorities = authority_text().chain) {
    return {demand, std::move(authorities)};
}

class Tickets : public testing::TestWithParam<int> {
protected:
    // Connects, with a ticket unless it is null. Returns the ticket that the server gives, or null if the client is not
    // let in.
    Ticket connect(const ServerContext& server, const std::string& host, SSL_SESSION* ticket = nullptr) {
        Pair pair(server, *client_, host);
        SSL* const ssl = pair.client().secrets().ssl.get();
        EXPECT_EQ(SSL_set_max_proto_version(ssl, GetParam()), 1);
        if (ticket != nullptr) {
            EXPECT_EQ(SSL_set_session(ssl, ticket), 1);
        }
        is_resumed_ = false;
        if (!pair.shake_hands()) return nullptr;
        EXPECT_EQ(pair.send(pair.server(), pair.client(), "hello"), "hello");  // the ticket comes with it
        is_resumed_ = pair.server().is_resumed();
        const PeerCertificate* const shown = pair.server().client_certificate();
        client_name_ = shown == nullptr ? "" : shown->subject;
        pair.client().close();  // OpenSSL forgets the tickets of sessions that end in another way
        return Ticket(SSL_get1_session(ssl));
    }
    // Whether a session of `first` is resumed at `second`.
    bool resumes(const Server& first, const Server& second, const std::string& at_first = "localhost",
                 const std::string& at_second = "localhost") {
        const Ticket ticket = connect(*first, at_first);
        EXPECT_NE(ticket, nullptr);
        EXPECT_FALSE(is_resumed_);
        static_cast<void>(connect(*second, at_second, ticket.get()));
        return is_resumed_;
    }

    static std::shared_ptr<const ClientContext> client() {
        ClientTlsOptions options;
        options.authorities = authority_text().chain;
        options.own = client_credentials();
        return *ClientContext::open(options);
    }

    const Credentials own_ = credentials_for({"localhost", "www.example"});
    const Credentials other_ = credentials_for({"other.example"});
    const Keys keys_ = keys_of(octets_of_key('a'));
    std::shared_ptr<const ClientContext> client_ = client();
    bool is_resumed_ = false;
    std::string client_name_;
};

TEST_P(Tickets, ResumeAtTheSameServer) {
    const Server server = server_of({own_}, nullptr);
    EXPECT_TRUE(resumes(server, server));
}

TEST_P(Tickets, ResumeAtAnotherServerWithTheSameKeys) {
    EXPECT_TRUE(resumes(server_of({own_}, keys_), server_of({own_}, keys_of(octets_of_key('a')))));
}

TEST_P(Tickets, AreNothingToAServerWithOtherKeys) {
    EXPECT_FALSE(resumes(server_of({own_}, nullptr), server_of({own_}, nullptr)));
    EXPECT_FALSE(resumes(server_of({own_}, keys_), server_of({own_}, keys_of(octets_of_key('b')))));
}

TEST_P(Tickets, ResumeWithAnOlderKeyAndAreRenewed) {
    const Server first = server_of({own_}, keys_);
    const Server second = server_of({own_}, keys_of(octets_of_key('b') + octets_of_key('a')));
    const Ticket old = connect(*first, "localhost");
    const Ticket renewed = connect(*second, "localhost", old.get());
    EXPECT_TRUE(is_resumed_);
    static_cast<void>(connect(*server_of({own_}, keys_of(octets_of_key('b'))), "localhost", renewed.get()));
    EXPECT_TRUE(is_resumed_) << "the newest key has made the ticket";
}

TEST_P(Tickets, OutliveTwoRotationsAndNotThree) {
    Server server = server_of({own_}, nullptr);
    const Ticket ticket = connect(*server, "localhost");
    for (const bool is_known : {true, true, false}) {
        server = server->with(server->ticket_keys()->rotated());
        static_cast<void>(connect(*server, "localhost", ticket.get()));
        EXPECT_EQ(is_resumed_, is_known) << server->ticket_keys()->count();
    }
    EXPECT_EQ(server->ticket_keys()->count(), 3U);
}

TEST_P(Tickets, BelongToACertificate) {
    const Credentials renewed = credentials_for({"localhost", "www.example"});
    EXPECT_FALSE(resumes(server_of({own_}, keys_), server_of({renewed}, keys_)));
}

TEST_P(Tickets, BelongToASite) {
    const Server server = server_of({own_, other_}, keys_);
    EXPECT_TRUE(resumes(server, server));
    EXPECT_TRUE(resumes(server, server, "other.example", "other.example"));
    EXPECT_FALSE(resumes(server, server, "localhost", "other.example"));
    EXPECT_FALSE(resumes(server, server, "other.example", "localhost"));
}

struct Change {
    const char* name;
    ClientRules before;
    ClientRules after;
};

TEST_P(Tickets, BelongToTheRulesForClients) {
    const std::string both = authority_text().chain + make_authority("Another", today())->chain;
    const std::vector<Change> changes{
        {"demand", {}, rules(ClientDemand::optional)},
        {"requirement", rules(ClientDemand::optional), rules(ClientDemand::required)},
        {"authorities", rules(ClientDemand::required), rules(ClientDemand::required, both)},
    };
    for (const Change& change : changes) {
        const Server before = server_of({ServerIdentity(own_, change.before)}, keys_);
        const Server after = server_of({ServerIdentity(own_, change.after)}, keys_);
        EXPECT_TRUE(resumes(before, before)) << change.name;
        EXPECT_FALSE(resumes(before, after)) << change.name;
        EXPECT_FALSE(resumes(after, before)) << change.name;
    }
}

TEST_P(Tickets, KeepTheClientsCertificate) {
    const Server server = server_of({ServerIdentity(own_, rules(ClientDemand::required))}, keys_);
    EXPECT_TRUE(resumes(server, server));
    EXPECT_EQ(client_name_, "CN=ann,O=Portico");
}

// The rules of a site must not be evaded by a ticket from a site without rules, whatever its name.
TEST_P(Tickets, OfAnOpenSiteDoNotOpenAClosedOne) {
    const Server server = server_of({own_, ServerIdentity(other_, rules(ClientDemand::required))}, keys_);
    ClientTlsOptions options;
    options.authorities = authority_text().chain;
    client_ = *ClientContext::open(options);  // without a certificate
    const Ticket ticket = connect(*server, "localhost");
    ASSERT_NE(ticket, nullptr);
    EXPECT_EQ(connect(*server, "other.example", ticket.get()), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Rfc5077, Tickets, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& row) { return std::string(row.param == TLS1_2_VERSION ? "Tls12" : "Tls13"); });

struct FileRow {
    const char* name;
    std::string octets;
    std::string said;
};

class UnusableTicketKeys : public testing::TestWithParam<FileRow> {};

TEST_P(UnusableTicketKeys, AreExplained) {
    const auto read = TicketKeys::read(GetParam().octets);
    ASSERT_FALSE(read.has_value());
    EXPECT_THAT(read.error(), testing::HasSubstr(GetParam().said));
}

std::string seventeen_keys() {
    std::string octets;
    for (char filler = 'a'; filler < 'a' + 17; ++filler) octets += octets_of_key(filler);
    return octets;
}

INSTANTIATE_TEST_SUITE_P(
    Files, UnusableTicketKeys,
    testing::Values(FileRow{"Empty", "", "it has 0 bytes"}, FileRow{"Cut", octets_of_key('a') + "b", "it has 81 bytes"},
                    FileRow{"Twice", octets_of_key('a') + octets_of_key('a'), "keys 1 and 2 in it have the same name"},
                    FileRow{"TooMany", seventeen_keys(), "it has 17 keys; the most are 16"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(TicketKeys, AreAtMostSixteen) {
    EXPECT_EQ((*TicketKeys::read(seventeen_keys().substr(TicketKeys::key_octets)))->count(), 16U);
}

}  // namespace
}  // namespace portico::tls
