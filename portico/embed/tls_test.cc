// portico/embed/tls_test.cc — a program's server with HTTPS, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/embed/test_client.h"
#include "portico/portico.h"
#include "portico/tls/pair_for_test.h"

namespace portico {
namespace {

using testing::HasSubstr;

void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file) << text; }

// A client that waits in the system's calls.
class BlockingClient {
public:
    explicit BlockingClient(std::uint16_t port, std::optional<tls::Credentials> own = std::nullopt)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        tls::ClientTlsOptions options;
        options.authorities = tls::authority_text().chain;
        options.own = std::move(own);
        session_ = *(*tls::ClientContext::open(options))->make_session("localhost", pool_);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
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

private:
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
    EXPECT_TRUE(server.start_at({"http://127.0.0.1:0", "127.0.0.1:0"}).has_value());
    Server plain;
    plain.get("/", [] { return "root"; });
    EXPECT_THAT(plain.start("https://127.0.0.1:0").error(), HasSubstr("needs a certificate"));
    EXPECT_TRUE(plain.start("http://127.0.0.1:0").has_value());
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

}  // namespace
}  // namespace portico
