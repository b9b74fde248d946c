// portico/embed/tls_test.cc — a program's server with HTTPS, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "portico/acme/store.h"
#include "portico/base/scratch_folder_for_test.h"
#include "portico/embed/test_client.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/portico.h"
#include "portico/testing.h"
#include "portico/tls/pair_for_test.h"

namespace portico {
namespace {

using testing::HasSubstr;

void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file) << text; }

// Returns a socket that is connected to this port; the caller closes it.
int connected_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
}

// A client that waits in the system's calls.
class BlockingClient {
public:
    explicit BlockingClient(std::uint16_t port, std::optional<tls::Credentials> own = std::nullopt)
        : BlockingClient(port, trusting(std::move(own)), "localhost") {}
    BlockingClient(std::uint16_t port, const tls::ClientTlsOptions& options, const std::string& host)
        : socket_(connected_to(port)), session_(*(*tls::ClientContext::open(options))->make_session(host, pool_)) {}
    BlockingClient(const BlockingClient&) = delete;
    BlockingClient& operator=(const BlockingClient&) = delete;
    ~BlockingClient() { ::close(socket_); }

    bool shakes_hands() {
        while (session_->handshake() == tls::Progress::needs_input) {
            send_output();
            receive();
        }
        send_output();
        return session_->is_established();
    }
    // The whole answer to a request that asks for the connection's end.
    std::string answer_to(std::string request) {
        const iovec span{request.data(), request.size()};
        EXPECT_EQ(session_->encrypt({&span, 1}, tls::record_octets_max), request.size());
        send_output();
        std::string answer;
        std::array<char, 1000> room;
        for (;;) {
            const tls::Decrypted found = session_->decrypt(room);
            if (found.progress == tls::Progress::done) answer.append(room.data(), found.octets);
            if (found.progress == tls::Progress::needs_input) receive();
            if (found.progress == tls::Progress::ended || found.progress == tls::Progress::failed) return answer;
        }
    }

    [[nodiscard]] std::string subject() const { return session_->peer_chain().at(0).subject; }

private:
    static tls::ClientTlsOptions trusting(std::optional<tls::Credentials> own) {
        tls::ClientTlsOptions options;
        options.authorities = tls::authority_text().chain;
        options.own = std::move(own);
        return options;
    }
    void send_output() {
        const Buffer output = session_->take_output();
        EXPECT_EQ(::send(socket_, output.octets().data(), output.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(output.size()));
    }
    void receive() {
        Buffer received = pool_.borrow();
        const ssize_t octets = ::recv(socket_, received.room().data(), received.room().size(), 0);
        if (octets <= 0) return session_->receive_end();
        received.grow(static_cast<std::size_t>(octets));
        session_->receive(std::move(received));
    }

    Ledger ledger_{1 << 20};
    BufferPool pool_{ledger_};
    int socket_;
    std::unique_ptr<tls::Session> session_;
};

class AServerWithTls : public testing::Test {
protected:
    AServerWithTls() { renew({"localhost"}); }
    void renew(const std::vector<std::string>& names) {
        const auto issued = *tls::issue(tls::authority(), names, tls::today());
        write(files_.chain, issued.chain);
        write(files_.key, issued.key);
    }
    [[nodiscard]] Options options() const {
        Options options;
        options.certificates.push_back(files_);
        return options;
    }

    ScratchFolder folder_;
    const CertificateFiles files_{folder_.file("chain.pem"), folder_.file("key.pem")};
};

TEST_F(AServerWithTls, AnswersAsWithout) {
    Server server(options());
    server.get("/hello/{name}", [](std::string_view name) { return "Hello, " + std::string(name) + "\n"; });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    BlockingClient client(server.port());
    ASSERT_TRUE(client.shakes_hands());
    const std::string answer =
        client.answer_to("GET /hello/you HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nHello, you\n"));
    server.stop();
    EXPECT_TRUE(server.wait().has_value());
}

// What is early at this server itself, only a client can show that sends early data: test/e2e/test_early_data.py.
TEST(ARequest, IsEarlyIfAGatewaySaysSo) {
    Server server;
    server.get("/", [](const Request& request) { return std::string(request.came_early() ? "early" : "late"); });
    TestClient client(server);
    EXPECT_EQ(client.get("/").content, "late");
    EXPECT_EQ(client.request("GET", "/", {{"Early-Data", "1"}}).content, "early");
    EXPECT_EQ(client.request("GET", "/", {{"Early-Data", "0"}}).content, "late");
}

TEST_F(AServerWithTls, KnowsItsClientsByTheirCertificates) {
    write(folder_.file("clients.pem"), tls::authority_text().chain);
    Options options = AServerWithTls::options();
    options.certificates.front().client_authorities = folder_.file("clients.pem");
    options.certificates.front().clients = ClientCertificates::optional;
    Server server(options);
    server.get("/", [](const Request& request) {
        const std::optional<ClientCertificate> client = request.client_certificate();
        return client ? client->subject + " by " + client->issuer + ", " + client->names.at(0) : std::string("nobody");
    });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    const std::string request =
        "GET / HTTP/1.1\r\nHost: localhost\r\nSSL-Client-Subject: CN=eve\r\nConnection: close\r\n\r\n";
    BlockingClient stranger(server.port());
    ASSERT_TRUE(stranger.shakes_hands());
    EXPECT_THAT(stranger.answer_to(request), testing::EndsWith("\r\n\r\nnobody"));
    const auto issued = *tls::issue(tls::authority(), {"ann.example"}, tls::today(), tls::Purpose::client);
    BlockingClient ann(server.port(), *tls::Credentials::read(issued.chain, issued.key));
    ASSERT_TRUE(ann.shakes_hands());
    EXPECT_THAT(ann.answer_to(request),
                testing::EndsWith("\r\n\r\nCN=ann.example,O=Portico by CN=Test Authority,O=Portico, ann.example"));
}

TEST_F(AServerWithTls, TellsBrowsersToStay) {
    Options options = AServerWithTls::options();
    options.strict_transport_security = std::chrono::hours(1);
    Server server(options);
    server.get("/", [] { return "root"; });
    ASSERT_TRUE(server.start("https://127.0.0.1:0").has_value());
    BlockingClient client(server.port());
    ASSERT_TRUE(client.shakes_hands());
    EXPECT_THAT(client.answer_to("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                HasSubstr("\r\nStrict-Transport-Security: max-age=3600\r\n"));
}

TEST_F(AServerWithTls, NeedsAnEndpointWithTls) {
    Server server(options());
    server.get("/", [] { return "root"; });
    EXPECT_THAT(server.start("http://127.0.0.1:0").error(), HasSubstr("there is no endpoint for that"));
    EXPECT_TRUE(server.start({"http://127.0.0.1:0", "127.0.0.1:0"}).has_value());
    Server plain;
    plain.get("/", [] { return "root"; });
    EXPECT_TRUE(plain.start("http://127.0.0.1:0").has_value());
}

std::string redirected(const Server& server, const std::string& host) {
    const int socket = connected_to(server.local().back().port);
    const std::string request = "GET /a HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    std::string answer;
    std::array<char, 4096> room;
    for (ssize_t octets = 1; octets > 0;) {
        octets = ::recv(socket, room.data(), room.size(), 0);
        if (octets > 0) answer.append(room.data(), static_cast<std::size_t>(octets));
    }
    ::close(socket);
    return answer;
}

// The redirects are part of the snapshot: they are for the hosts that its routes have.
TEST_F(AServerWithTls, LeadsTheHostsOfItsRoutesToHttps) {
    Options options = AServerWithTls::options();
    options.hosts = {"shop.example"};
    Server server(options);
    server.get("/", [] { return "root"; });
    server.host("api.example").get("/", [] { return "api"; });
    ASSERT_TRUE(server.start({"127.0.0.1:0", "http://127.0.0.1:0"}).has_value());
    EXPECT_EQ(server.local().size(), 2U);
    const std::string port = ":" + std::to_string(server.port());
    for (const std::string host : {"shop.example", "api.example"}) {
        EXPECT_THAT(redirected(server, host), HasSubstr("\r\nLocation: https://" + host + port + "/a\r\n"));
    }
    EXPECT_THAT(redirected(server, "new.example"), testing::StartsWith("HTTP/1.1 421 "));
    RouteSet routes;
    routes.host("new.example").get("/", [] { return "new"; });
    ASSERT_TRUE(server.replace(routes).has_value());
    std::string answer;
    for (int tries = 0; tries < 1000 && !answer.starts_with("HTTP/1.1 301 "); ++tries) {
        answer = redirected(server, "new.example");  // the core's loop may not have turned yet
    }
    EXPECT_THAT(answer, HasSubstr("\r\nLocation: https://new.example" + port + "/a\r\n"));
    EXPECT_THAT(redirected(server, "api.example"), testing::StartsWith("HTTP/1.1 421 "));
}

TEST_F(AServerWithTls, UsesRenewedFiles) {
    renew({"elsewhere.example"});
    Server server(options());
    server.get("/", [] { return "root"; });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    EXPECT_FALSE(BlockingClient(server.port()).shakes_hands()) << "the certificate is for another name";
    renew({"localhost"});
    bool is_renewed = false;
    for (int tries = 0; tries < 200 && !is_renewed; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        is_renewed = BlockingClient(server.port()).shakes_hands();
    }
    EXPECT_TRUE(is_renewed);
}

TEST_F(AServerWithTls, SaysWhyItCannotStart) {
    write(files_.key, "nothing");
    Server server(options());
    server.get("/", [] { return "root"; });
    const auto started = server.start("127.0.0.1:0");
    ASSERT_FALSE(started.has_value());
    EXPECT_THAT(started.error(), testing::StartsWith("Options::certificates: cannot use '"));
    EXPECT_THAT(started.error(), HasSubstr("there is no private key in it"));
}

// A user's home, where certificates are kept.
class AServerWithItsOwnCertificates : public testing::Test {
protected:
    AServerWithItsOwnCertificates() { ::setenv("XDG_DATA_HOME", home_.path().c_str(), 1); }
    ~AServerWithItsOwnCertificates() override { ::unsetenv("XDG_DATA_HOME"); }

    [[nodiscard]] std::string local_authority() const {
        std::ifstream file(home_.file("portico/authority.pem"));
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    static std::string answer_of(BlockingClient& client, const std::string& host) {
        return client.answer_to("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }

    const ScratchFolder home_;
};

TEST_F(AServerWithItsOwnCertificates, NeedsNoOptions) {
    Options options;
    options.local_names = {"notes.test"};
    Server server(options);
    server.get("/", [] { return "root"; });
    ASSERT_TRUE(server.start({"https://127.0.0.1:0", "http://127.0.0.1:0"}).has_value());
    tls::ClientTlsOptions trusting;
    trusting.authorities = local_authority();
    for (const char* const name : {"localhost", "127.0.0.1", "notes.test"}) {
        BlockingClient client(server.port(), trusting, name);
        ASSERT_TRUE(client.shakes_hands()) << name;
        EXPECT_THAT(answer_of(client, name), testing::EndsWith("\r\n\r\nroot"));
    }
    Server second;  // of the same user
    second.get("/", [] { return "second"; });
    ASSERT_TRUE(second.start("https://127.0.0.1:0").has_value());
    BlockingClient client(second.port(), trusting, "localhost");
    EXPECT_TRUE(client.shakes_hands());
}

Task<std::string> content_of(io::Core& core, std::string uri, FetchOptions options) {
    Fetched<FetchResponse> response = co_await fetch(core, std::move(uri), std::move(options));
    if (!response) co_return response.error().kind == FetchError::Kind::misuse ? response.error().message : "";
    const Fetched<std::string> content = co_await response->content();
    co_return content.value_or("");
}

// The content of the answer; nothing if there is none; why, if an option is to blame.
std::string fetched(const std::string& uri, const FetchOptions& options) {
    const auto kernel = io::make_epoll_kernel();
    io::Core core(**kernel);
    return io::run_task(core, content_of(core, uri, options));
}

TEST_F(AServerWithItsOwnCertificates, MayAskClientsForTheirs) {
    write(home_.file("clients.pem"), tls::authority_text().chain);
    Options options;
    options.client_authorities = home_.file("clients.pem");
    Server server(options);
    server.get("/", [](const Request& request) { return request.client_certificate()->names.at(0); });
    ASSERT_TRUE(server.start("https://127.0.0.1:0").has_value());
    tls::ClientTlsOptions trusting;
    trusting.authorities = local_authority();
    BlockingClient stranger(server.port(), trusting, "localhost");
    static_cast<void>(stranger.shakes_hands());  // with TLS 1.3, the refusal comes afterwards
    EXPECT_EQ(answer_of(stranger, "localhost"), "");
    const auto issued = *tls::issue(tls::authority(), {"ann.example"}, tls::today(), tls::Purpose::client);
    trusting.own = *tls::Credentials::read(issued.chain, issued.key);
    BlockingClient ann(server.port(), trusting, "localhost");
    ASSERT_TRUE(ann.shakes_hands());
    EXPECT_THAT(answer_of(ann, "localhost"), testing::EndsWith("\r\n\r\nann.example"));

    FetchOptions fetching;
    fetching.authorities = trusting.authorities;
    EXPECT_EQ(fetched("https://localhost:" + std::to_string(server.port()), fetching), "");
    fetching.certificate = issued.chain;
    EXPECT_EQ(fetched("https://localhost:" + std::to_string(server.port()), fetching),
              "a certificate and its private key belong together");
    fetching.key = issued.key;
    EXPECT_EQ(fetched("https://localhost:" + std::to_string(server.port()), fetching), "ann.example");
}

// No authority can be reached at port 1.
Options ordering(const std::string& folder) {
    Options options;
    options.acme.names = {"Notes.example.", "other.example"};
    options.acme.directories = {"https://127.0.0.1:1/directory"};
    options.acme.folder = folder;
    options.hosts = {"mine.example"};
    return options;
}

TEST_F(AServerWithItsOwnCertificates, OrdersThem) {
    const auto issued = *tls::issue(tls::authority(), {"notes.example"}, tls::today());
    const std::string folder = home_.file("certificates");
    std::filesystem::create_directories(folder + "/names/notes.example");
    write(folder + "/names/notes.example/certificate.pem",
          acme::text_of({"https://127.0.0.1:1/directory", issued.chain, issued.key}));
    testing::internal::CaptureStderr();
    {
        Server server(ordering(folder));
        server.get("/", [] { return "root"; });
        ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
        tls::ClientTlsOptions trusting;
        trusting.authorities = tls::authority_text().chain;
        BlockingClient client(server.port(), trusting, "notes.example");
        ASSERT_TRUE(client.shakes_hands()) << "there is a certificate already";
        EXPECT_THAT(answer_of(client, "notes.example"), testing::EndsWith("\r\n\r\nroot"));
        tls::ClientTlsOptions careless;
        careless.verification = tls::Verification::none;
        BlockingClient other(server.port(), careless, "other.example");
        ASSERT_TRUE(other.shakes_hands());
        EXPECT_THAT(other.subject(), HasSubstr("CN=other.example"));
    }
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, HasSubstr("there is no certificate for other.example yet"));
    EXPECT_THAT(said, testing::Not(HasSubstr("for notes.example yet")));
}

struct BadOrder {
    const char* name;
    void (*spoil)(Options&);
    const char* said;
};
class AnImpossibleOrder : public testing::TestWithParam<BadOrder> {};

TEST_P(AnImpossibleOrder, IsRefused) {
    const ScratchFolder folder;
    Options options = ordering(folder.path());
    GetParam().spoil(options);
    Server server(options);
    server.get("/", [] { return "root"; });
    const auto started = server.start("127.0.0.1:0");
    ASSERT_FALSE(started.has_value());
    EXPECT_THAT(started.error(), HasSubstr(GetParam().said));
}
INSTANTIATE_TEST_SUITE_P(
    Options, AnImpossibleOrder,
    testing::Values(
        BadOrder{"ForAnAddress", [](Options& options) { options.acme.names = {"127.0.0.1"}; },
                 "Options::acme: no certificate can be ordered for '127.0.0.1'"},
        BadOrder{"ForAWildcard", [](Options& options) { options.acme.names = {"*.example"}; }, "a proof by DNS"},
        BadOrder{"AtNoAddress", [](Options& options) { options.acme.directories = {"http://ca.example/"}; },
                 "'http://ca.example/' is not an https:// address"},
        BadOrder{"FromNobody", [](Options& options) { options.acme.directories.clear(); }, "there is no directory"},
        BadOrder{"WithoutAProof", [](Options& options) { options.acme.challenges = {"dns-01"}; }, "challenges can be"},
        BadOrder{"BesideFiles", [](Options& options) { options.certificates.emplace_back("a", "b"); },
                 "Options::acme orders certificates"}),
    [](const auto& row) { return std::string(row.param.name); });

class ATestClient : public testing::TestWithParam<TestProtocol> {};
INSTANTIATE_TEST_SUITE_P(Https, ATestClient, testing::Values(TestProtocol::https, TestProtocol::http2));

TEST_P(ATestClient, SpeaksHttps) {
    Options options;
    options.strict_transport_security = std::chrono::hours(1);
    Server server(options);
    server.get("/hello/{name}", [](Request& request, std::string_view name) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), std::chrono::minutes(1));
        co_return std::string(slept ? "Hello, " : "") + std::string(name);
    });
    server.post("/length", [](Request& request) -> Task<Result<std::string>> {
        const Result<std::string> content = co_await request.content();
        if (!content) co_return std::unexpected(content.error());
        co_return std::to_string(content->size());
    });
    server.get("/host", [](const Request& request) {
        return std::string(request.message().authority) + " " + std::string(request.field("X-One").value_or("none"));
    });
    server.post("/echo", [](Request& request) { return request.content(); });
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        TestClient client(server, seed, TestFaults(), GetParam());
        const TestAnswer answer = client.get("/hello/you");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.content, "Hello, you");
        EXPECT_EQ(answer.field("Strict-Transport-Security"), "max-age=3600");
        EXPECT_EQ(client.post("/length", std::string(100'000, 'x')).content, "100000");
        EXPECT_EQ(client.get("/missing").status, 404);
        EXPECT_EQ(client.post("/echo", std::string(300'000, 'x')).content, std::string(300'000, 'x'));
        EXPECT_EQ(client.request("GET", "/host", {{"Host", "Localhost"}, {"X-One", "1"}}).content, "Localhost 1");
        EXPECT_EQ(client.request("HEAD", "/hello/you").field("content-length"), "10");
        EXPECT_THAT(client.exchange_and_finish("GET /hello/you HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                    testing::EndsWith("\r\n\r\nHello, you"));
        client.send_and_leave("GET /hello/you HTTP/1.1\r\nHost: localhost\r\n\r\n", std::chrono::seconds(1));
        client.pass(std::chrono::minutes(2));
        EXPECT_EQ(client.connections(), 0U);
        EXPECT_EQ(client.octets_in_use(), 0U);
    }
}

TEST_P(ATestClient, WithHttpsMeetsTheSameFaultsWithTheSameSeed) {
    const auto statuses = [](std::uint64_t seed) {
        Server server;
        server.get("/", [] { return std::string(20'000, 'x'); });
        TestFaults faults;
        faults.reset = 0.03;
        TestClient client(server, seed, faults, GetParam());
        std::string all;
        for (int i = 0; i < 10; ++i) all += std::to_string(client.get("/").status) + " ";
        return all;
    };
    int differences = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        const std::string first = statuses(seed);
        EXPECT_EQ(statuses(seed), first);
        differences += first.find("0 200") != std::string::npos && first.find(" 0 ") != std::string::npos ? 1 : 0;
    }
    EXPECT_GT(differences, 0) << "no request met a fault";
}

}  // namespace
}  // namespace portico
