// portico/tls/early_data_test.cc — what clients send before the handshake is complete (RFC 8446 §2.3, §8).
#include "portico/tls/early_data.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portico/tls/pair_for_test.h"
#include "portico/tls/secrets.h"

namespace portico::tls {
namespace {

using std::chrono::seconds;
using Ticket = Owned<SSL_SESSION, SSL_SESSION_free>;
using Random = std::array<unsigned char, EarlyData::random_octets>;

Random random_of(unsigned number) {
    Random random{};
    for (std::size_t i = 0; i < sizeof number; ++i) random[i] = static_cast<unsigned char>(number >> (8 * i));
    return random;
}

class Memory : public testing::Test {
protected:
    static constexpr std::chrono::sys_seconds wall{seconds(1'700'000'000)};
    [[nodiscard]] bool accept(unsigned number, seconds at, std::chrono::sys_seconds ticket_made = wall) {
        return data_.accept(random_of(number), ticket_made, began_ + at);
    }
    const EarlyData::Time began_{};
    EarlyData data_{1000, began_, wall};
};

TEST_F(Memory, AcceptsAMessageOnce) {
    EXPECT_TRUE(accept(1, seconds(0)));
    EXPECT_TRUE(accept(2, seconds(0)));
    EXPECT_FALSE(accept(1, seconds(0)));
    // It would have to be accepted in the last moment of a generation to be forgotten soonest.
    EXPECT_TRUE(accept(3, seconds(29)));
    for (const int at : {30, 40, 58, 59}) EXPECT_FALSE(accept(3, seconds(at))) << at;
    EXPECT_FALSE(accept(2, seconds(59)));
}

TEST_F(Memory, ForgetsWhatOpensslRefusesAnyway) {
    EXPECT_TRUE(accept(1, seconds(0)));
    EXPECT_TRUE(accept(2, seconds(31)));
    EXPECT_TRUE(accept(1, seconds(61)));
    EXPECT_FALSE(accept(2, seconds(61)));
    EXPECT_TRUE(accept(2, seconds(1000))) << "nothing is left of a time long ago";
    EXPECT_TRUE(accept(1, seconds(1000)));
}

TEST_F(Memory, RefusesWhenItIsFull) {
    for (unsigned i = 0; i < EarlyData::messages_max; ++i) ASSERT_TRUE(accept(i, seconds(0)));
    EXPECT_FALSE(accept(1'000'000, seconds(29)));
    EXPECT_TRUE(accept(1'000'000, seconds(30)));
}

TEST_F(Memory, KnowsNotWhatWasAcceptedBeforeItBegan) {
    EXPECT_FALSE(accept(1, seconds(29), wall - seconds(1)));
    EXPECT_TRUE(accept(1, seconds(30), wall - seconds(1)));
}

struct ServerRow {
    std::uint32_t octets_max = 1000;
    ClientRules clients = {};
};

class EarlyContents : public testing::Test {
protected:
    std::shared_ptr<const ServerContext> server(const ServerRow& row = {}) {
        ServerTlsOptions options;
        options.credentials.emplace_back(own_, row.clients);
        if (row.octets_max > 0) {
            options.early_data =
                std::make_shared<EarlyData>(row.octets_max, std::chrono::steady_clock::now(), today() - seconds(60));
        }
        return *ServerContext::open(options);
    }
    static std::shared_ptr<const ClientContext> client(std::vector<std::string> applications = {"http/1.1"}) {
        ClientTlsOptions options;
        options.authorities = authority_text().chain;
        options.applications = std::move(applications);
        return *ClientContext::open(options);
    }
    // A ticket of the server.
    static Ticket ticket(const ServerContext& server) {
        Pair pair(server, *client(), "localhost");
        EXPECT_TRUE(pair.shake_hands());
        EXPECT_EQ(pair.send(pair.server(), pair.client(), "hello"), "hello");  // the ticket comes with it
        pair.client().close();
        return Ticket(SSL_get1_session(pair.client().secrets().ssl.get()));
    }
    // The client begins to resume the session, and sends these octets early.
    static void send_early(Pair& pair, SSL_SESSION* ticket, std::string_view octets) {
        SSL* const ssl = pair.client().secrets().ssl.get();
        ASSERT_EQ(SSL_set_session(ssl, ticket), 1);
        std::size_t written = 0;
        ASSERT_EQ(SSL_write_early_data(ssl, octets.data(), octets.size(), &written), 1);
    }
    // What the server does with everything that the client has sent: it reads early content.
    std::string take(Pair& pair, std::size_t part = SIZE_MAX) {
        std::string read;
        pair.carry(
            pair.client(), pair.server(),
            [&] {
                if (!pair.server().carries_content()) static_cast<void>(pair.server().handshake());
                if (pair.server().carries_content()) read += pair.all_of(pair.server());
            },
            part);
        return read;
    }
    static void answer(Pair& pair) {
        pair.carry(pair.server(), pair.client(), [&] {
            if (!pair.client().is_established()) static_cast<void>(pair.client().handshake());
        });
    }

private:
    const Credentials own_ = credentials_for({"localhost"});  // of all servers: no session goes on with another one
};

TEST_F(EarlyContents, AreReadAndAnsweredBeforeTheHandshakeIsComplete) {
    for (const std::size_t part : {SIZE_MAX, std::size_t{1}}) {
        const auto server = this->server();
        const Ticket ticket = this->ticket(*server);
        Pair pair(*server, *client(), "localhost");
        send_early(pair, ticket.get(), "early");
        EXPECT_EQ(take(pair, part), "early");
        EXPECT_TRUE(pair.server().is_early());
        EXPECT_FALSE(pair.server().is_established());
        EXPECT_EQ(pair.server().application(), "http/1.1");
        EXPECT_EQ(pair.server().server_name(), "localhost");
        std::string content = "answer";
        const iovec span{content.data(), content.size()};
        EXPECT_EQ(pair.server().encrypt({&span, 1}, record_octets_max), 6U);
        std::string arrived;
        pair.carry(pair.server(), pair.client(), [&] {
            if (!pair.client().is_established()) static_cast<void>(pair.client().handshake());
            if (pair.client().is_established()) arrived += pair.all_of(pair.client());
        });
        EXPECT_EQ(arrived, "answer");
        EXPECT_EQ(take(pair, part), "");
        EXPECT_FALSE(pair.server().is_early());
        EXPECT_TRUE(pair.server().is_established());
        EXPECT_TRUE(pair.server().has_output()) << "further tickets";
        EXPECT_EQ(pair.send(pair.server(), pair.client(), "more"), "more");
        EXPECT_EQ(pair.send(pair.client(), pair.server(), "and more"), "and more");
        pair.server().close();
        EXPECT_TRUE(pair.server().has_output());
    }
}

TEST_F(EarlyContents, ComeInParts) {
    const auto server = this->server();
    const Ticket ticket = this->ticket(*server);
    Pair pair(*server, *client(), "localhost");
    send_early(pair, ticket.get(), "one ");
    std::size_t written = 0;
    SSL* const ssl = pair.client().secrets().ssl.get();
    ASSERT_EQ(SSL_write_early_data(ssl, "two", 3, &written), 1);
    EXPECT_EQ(take(pair), "one two");
    ASSERT_EQ(SSL_write_early_data(ssl, " three", 6, &written), 1);
    EXPECT_EQ(take(pair), " three");
    EXPECT_TRUE(pair.server().is_early());
    answer(pair);
    // What the client sends together with its last message of the handshake is not early.
    EXPECT_EQ(pair.send(pair.client(), pair.server(), "late"), "late");
    EXPECT_TRUE(pair.server().is_established());
}

// A copy of a client's first octets is what an attacker can send.
TEST_F(EarlyContents, AreAcceptedOnce) {
    const auto server = this->server();
    const auto after_renewal = server->with(TicketKeys::make());
    const Ticket ticket = this->ticket(*server);
    Pair pair(*server, *client(), "localhost");
    send_early(pair, ticket.get(), "early");
    const Buffer first = pair.client().take_output();
    for (const bool is_copy : {false, true}) {
        Ledger ledger(1 << 20);
        BufferPool pool(ledger);
        const auto session = server->make_session(pool);
        Buffer received = pool.borrow(first.size());
        first.octets().copy(received.room().data(), first.size());
        received.grow(first.size());
        session->receive(std::move(received));
        EXPECT_EQ(session->handshake(), is_copy ? Progress::needs_input : Progress::done);
        EXPECT_EQ(session->is_early(), !is_copy);
        EXPECT_TRUE(session->is_resumed()) << "the session goes on without early data";
    }
}

// Which server has made the ticket.
enum class From : std::uint8_t { a_usual_server, the_same_server };

struct RefusalRow {
    const char* name;
    ServerRow row;
    std::vector<std::string> applications = {"http/1.1"};
    From from = From::a_usual_server;
};
class RefusedEarlyContents : public EarlyContents, public testing::WithParamInterface<RefusalRow> {};

TEST_P(RefusedEarlyContents, AreSkippedAndTheHandshakeGoesOn) {
    const auto server = this->server();
    const auto other = GetParam().row.octets_max == 1000 && GetParam().row.clients.demand == ClientDemand::none
                           ? server
                           : this->server(GetParam().row)->with(server->ticket_keys());
    const Ticket ticket = this->ticket(GetParam().from == From::the_same_server ? *other : *server);
    ASSERT_EQ(SSL_SESSION_set_max_early_data(ticket.get(), 1000), 1) << "whatever the ticket says";
    Pair pair(*other, *client(GetParam().applications), "localhost");
    send_early(pair, ticket.get(), "early");
    EXPECT_EQ(take(pair), "");
    EXPECT_FALSE(pair.server().is_early());
    answer(pair);
    EXPECT_EQ(take(pair), "");
    EXPECT_TRUE(pair.server().is_established()) << pair.server().failure();
    EXPECT_EQ(pair.send(pair.client(), pair.server(), "late"), "late");
}

INSTANTIATE_TEST_SUITE_P(Rfc8446, RefusedEarlyContents,
                         testing::Values(RefusalRow{"OffByDefault", {.octets_max = 0}},
                                         RefusalRow{"WhereClientsShowCertificates",
                                                    {.clients = {ClientDemand::optional, authority_text().chain}}},
                                         RefusalRow{"WhereClientsShowCertificatesAgain",
                                                    {.clients = {ClientDemand::optional, authority_text().chain}},
                                                    {"http/1.1"},
                                                    From::the_same_server},
                                         RefusalRow{"ForAnotherProtocol", {}, {"h2", "http/1.1"}}),
                         [](const auto& row) { return std::string(row.param.name); });

class LimitedEarlyContents : public EarlyContents, public testing::WithParamInterface<std::uint32_t> {};

// Whatever the limit was when the ticket was made.
TEST_P(LimitedEarlyContents, EndTheConnectionOverTheirLimit) {
    const auto before = this->server({.octets_max = GetParam()});
    const auto server = this->server({.octets_max = 3000})->with(before->ticket_keys());
    const Ticket ticket = this->ticket(*before);
    EXPECT_EQ(SSL_SESSION_get_max_early_data(ticket.get()), GetParam()) << "the client is told";
    ASSERT_EQ(SSL_SESSION_set_max_early_data(ticket.get(), 5000), 1);
    Pair pair(*server, *client(), "localhost");
    send_early(pair, ticket.get(), std::string(2700, 'x'));
    EXPECT_EQ(take(pair).size(), 2700U);
    std::size_t written = 0;
    const std::string more(900, 'y');
    ASSERT_EQ(SSL_write_early_data(pair.client().secrets().ssl.get(), more.data(), more.size(), &written), 1);
    EXPECT_EQ(take(pair), "");
    EXPECT_EQ(pair.last(), Progress::failed);
}

INSTANTIATE_TEST_SUITE_P(Rfc8446, LimitedEarlyContents, testing::Values(3000, 5000));

// A handshake whose last message never comes is never complete.
TEST_F(EarlyContents, AreNoHandshakeWithoutItsEnd) {
    const auto server = this->server();
    const Ticket ticket = this->ticket(*server);
    Pair pair(*server, *client(), "localhost");
    send_early(pair, ticket.get(), "early");
    EXPECT_EQ(take(pair), "early");
    pair.server().close();
    pair.server().receive_end();
    EXPECT_EQ(pair.all_of(pair.server()), "");
    EXPECT_EQ(pair.last(), Progress::failed);
    EXPECT_EQ(pair.server().failure(), "the peer left during the handshake");
}

// What has nothing to do with early data works as without it.
TEST_F(EarlyContents, AreNotMissed) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto server = this->server();
        Pair pair(*server, *client(), "localhost");
        ASSERT_EQ(SSL_set_max_proto_version(pair.client().secrets().ssl.get(), version), 1);
        ASSERT_TRUE(pair.shake_hands(version == TLS1_2_VERSION ? 1 : SIZE_MAX)) << pair.server().failure();
        EXPECT_EQ(pair.send(pair.client(), pair.server(), "content"), "content");
        EXPECT_EQ(pair.send(pair.server(), pair.client(), "content"), "content");
    }
}

}  // namespace
}  // namespace portico::tls
