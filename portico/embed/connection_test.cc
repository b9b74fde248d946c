// portico/embed/connection_test.cc — connections to servers with TLS, on the simulated kernel and over real sockets.
#include "portico/embed/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/base/scratch_folder_for_test.h"
#include "portico/embed/relay.h"
#include "portico/embed/tcp_server.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/link/transport.h"
#include "portico/tls/pair_for_test.h"

namespace portico {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = ConnectError::Kind;
using Connecting = std::expected<Connection, ConnectError>;

// What the server does with a client.
enum class Manner : std::uint8_t {
    echoes,   // sends back what it gets, and says the end
    cuts,     // sends a line, and leaves without saying so
    is_dumb,  // does not even answer the handshake
    drops,    // leaves during the handshake
};

class Peer {
public:
    // `clients`: whether they have to show certificates.
    explicit Peer(tls::ClientRules clients = {}) : kernel_(1), core_(kernel_) {
        tls::ServerTlsOptions options;
        options.credentials.emplace_back(tls::credentials_for({"localhost"}), std::move(clients));
        options.applications = {"imap", "pop3"};
        context_ = *tls::ServerContext::open(options);
        listener_.emplace(*io::Listener::open(core_, io::SocketAddress::of(*io::IpAddress::parse("127.0.0.1"), 7443)));
    }
    ~Peer() {
        serving_.request_stop();
        while (serving_.size() > 0) core_.run_once(io::never);
        EXPECT_EQ(core_.ledger().used(), 0U);
    }
    void serve(Manner manner) { serving_.start(serve_one(manner)); }
    [[nodiscard]] io::Core& core() { return core_; }
    // Clients that have left without saying so.
    [[nodiscard]] int cuts() const { return cuts_; }

private:
    Task<void> serve_one(Manner manner) {
        io::Result<io::Accepted> accepted = co_await listener_->accept();
        if (!accepted) co_return;
        link::Transport transport(std::move(accepted->stream));
        if (manner == Manner::drops) co_return;
        if (manner == Manner::is_dumb) {
            const bool slept = co_await io::sleep_for(core_, std::chrono::hours(1));
            static_cast<void>(slept);
            co_return;
        }
        transport.protect(context_->make_session(core_.buffers()));
        const io::Result<void> secured = co_await transport.handshake(std::nullopt, io::never);
        if (!secured) co_return;
        if (manner == Manner::cuts) {
            std::string line = "half of it";
            const iovec span{line.data(), line.size()};
            const io::Result<std::size_t> written = co_await transport.write({&span, 1}, io::never, false);
            static_cast<void>(written);
            static_cast<void>(transport.finish_sending());
            const io::Result<Buffer> end = co_await transport.read_ahead(io::never);
            static_cast<void>(end);
            co_return;
        }
        for (;;) {
            const io::Result<Buffer> got = co_await transport.read_ahead(io::never);
            if (!got || got->empty()) break;
            const iovec span{const_cast<char*>(got->octets().data()), got->size()};
            const io::Result<std::size_t> written = co_await transport.write({&span, 1}, io::never, false);
            if (!written) co_return;
        }
        if (transport.was_cut()) ++cuts_;
        co_await transport.drain(seconds(5), 1000);
    }

    io::SimKernel kernel_;
    io::Core core_;
    std::shared_ptr<const tls::ServerContext> context_;
    std::optional<io::Listener> listener_;
    int cuts_ = 0;
    io::Scope serving_;
};

ConnectOptions trusting() {
    ConnectOptions options;
    options.authorities = tls::authority_text().chain;
    options.server_name = "localhost";
    return options;
}

Task<std::optional<ConnectError>> try_to_connect(io::Core& core, std::string endpoint, ConnectOptions options) {
    const Connecting connected = co_await connect(core, std::move(endpoint), std::move(options));
    if (connected) co_return std::nullopt;
    co_return connected.error();
}

// What arrives until the end, and how that comes.
struct Received {
    std::string octets;
    int number = 0;  // of the error; 0: none
};

Task<Received> read_all(Connection& connection) {
    Received all;
    std::array<char, 7> room;
    for (;;) {
        const io::Result<std::size_t> got = co_await connection.read(room, connection.core().now() + seconds(60));
        if (!got) all.number = got.error().number;
        if (!got || *got == 0) co_return all;
        all.octets.append(room.data(), *got);
    }
}

Task<bool> talk(io::Core& core, ConnectOptions options) {
    Connecting connected = co_await connect(core, "tls://127.0.0.1:7443", std::move(options));
    EXPECT_TRUE(connected) << connected.error().message;
    if (!connected) co_return false;
    Connection& connection = *connected;
    EXPECT_TRUE(connection.is_secure());
    EXPECT_EQ(connection.tls_version(), "TLSv1.3");
    EXPECT_THAT(connection.cipher(), HasSubstr("GCM"));
    EXPECT_EQ(connection.application(), "pop3");
    io::Result<void> sent = co_await connection.write_all("hello", io::never);
    EXPECT_TRUE(sent);
    sent = co_await connection.finish_sending(io::never);
    EXPECT_TRUE(sent);
    sent = co_await connection.write_all("more", io::never);
    EXPECT_EQ(sent.error().number, EPIPE);
    const Received all = co_await read_all(connection);
    EXPECT_EQ(all.octets, "hello");
    EXPECT_EQ(all.number, 0) << "the peer has said the end";
    co_return true;
}

TEST(ASecureConnection, CarriesOctetsBothWaysAndItsEnds) {
    Peer peer;
    peer.serve(Manner::echoes);
    ConnectOptions options = trusting();
    options.applications = {"nntp", "pop3"};
    EXPECT_TRUE(io::run_task(peer.core(), talk(peer.core(), std::move(options))));
    EXPECT_EQ(peer.cuts(), 0);
}

Task<Received> listen_to(io::Core& core) {
    Connecting connected = co_await connect(core, "tls://127.0.0.1:7443", trusting());
    EXPECT_TRUE(connected);
    Received all = co_await read_all(*connected);
    co_return all;
}

TEST(ASecureConnection, ThatEndsWithoutAWordIsAnError) {
    Peer peer;
    peer.serve(Manner::cuts);
    const Received all = io::run_task(peer.core(), listen_to(peer.core()));
    EXPECT_EQ(all.octets, "half of it");
    EXPECT_EQ(all.number, ECONNRESET);
}

// Copies what the server sends to itself.
Task<int> copy_back(io::Core& core) {
    Connecting connected = co_await connect(core, "tls://127.0.0.1:7443", trusting());
    const io::Result<std::uint64_t> copied = co_await copy(*connected, *connected);
    co_return copied ? 0 : copied.error().number;
}

TEST(ASecureConnection, ThatWasCutIsNotCopiedAsAWhole) {
    Peer peer;
    peer.serve(Manner::cuts);
    EXPECT_EQ(io::run_task(peer.core(), copy_back(peer.core())), ECONNRESET);
}

Task<std::string> echo_of(io::Core& core, std::string octets, ConnectOptions options) {
    Connecting connected = co_await connect(core, "tls://127.0.0.1:7443", std::move(options));
    if (!connected) co_return connected.error().message;
    io::Result<void> sent = co_await connected->write_all(octets, io::never);
    if (sent) sent = co_await connected->finish_sending(io::never);
    const Received all = co_await read_all(*connected);
    co_return all.octets;
}

TEST(ASecureConnection, ShowsItsCertificateToAServerThatAsks) {
    Peer peer(tls::ClientRules{tls::ClientDemand::required, tls::authority_text().chain});
    const auto ann = *tls::issue(tls::authority(), {"ann.example"}, tls::today(), tls::Purpose::client);
    for (const bool has_own : {false, true, false}) {
        peer.serve(Manner::echoes);
        ConnectOptions options = trusting();
        if (has_own) options.certificate = ann.chain;
        if (has_own) options.key = ann.key;
        EXPECT_EQ(io::run_task(peer.core(), echo_of(peer.core(), "hello", std::move(options))), has_own ? "hello" : "");
    }
}

struct Attempt {
    const char* name;
    Manner manner;
    const char* endpoint;
    ConnectOptions (*options)();
    Kind kind;
    const char* said;
};
class Unconnected : public testing::TestWithParam<Attempt> {};

TEST_P(Unconnected, SaysWhy) {
    Peer peer;
    peer.serve(GetParam().manner);
    const auto began = peer.core().now();
    const auto error =
        io::run_task(peer.core(), try_to_connect(peer.core(), GetParam().endpoint, GetParam().options()));
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind, GetParam().kind) << error->message;
    EXPECT_THAT(error->message, HasSubstr(GetParam().said));
    EXPECT_LT(peer.core().now() - began, seconds(4));
}

ConnectOptions in_three_seconds() {
    ConnectOptions options = trusting();
    options.time_max = seconds(3);
    return options;
}
ConnectOptions by_another_name() {
    ConnectOptions options = trusting();
    options.server_name = "example.org";
    return options;
}
ConnectOptions by_its_address() {
    ConnectOptions options = trusting();
    options.server_name.clear();
    return options;
}
ConnectOptions with_nonsense() {
    ConnectOptions options;
    options.authorities = "nobody";
    return options;
}
ConnectOptions without_a_file() {
    ConnectOptions options;
    options.authorities_file = "/nowhere/ca.pem";
    return options;
}
ConnectOptions without_its_key() {
    ConnectOptions options = trusting();
    options.certificate = tls::authority_text().chain;
    return options;
}
ConnectOptions with_another_key() {
    ConnectOptions options = without_its_key();
    options.key = tls::issue(tls::authority(), {"localhost"}, tls::today())->key;
    return options;
}
ConnectOptions nameless() { return {}; }
ConnectOptions for_mail() {
    ConnectOptions options = trusting();
    options.applications = {"smtp"};
    return options;
}

INSTANTIATE_TEST_SUITE_P(
    Servers, Unconnected,
    testing::Values(
        Attempt{"OtherName", Manner::echoes, "tls://127.0.0.1:7443", by_another_name, Kind::not_trusted,
                "example.org is not who it should be: hostname mismatch"},
        Attempt{"OtherAddress", Manner::echoes, "tls://127.0.0.1:7443", by_its_address, Kind::not_trusted,
                "IP address mismatch"},
        Attempt{"OtherProtocol", Manner::echoes, "tls://127.0.0.1:7443", for_mail, Kind::not_secured, "no TLS with"},
        Attempt{"Silent", Manner::is_dumb, "tls://127.0.0.1:7443", in_three_seconds, Kind::timed_out, "in time"},
        Attempt{"Gone", Manner::drops, "tls://127.0.0.1:7443", trusting, Kind::not_secured, "no TLS with localhost"},
        Attempt{"NoServer", Manner::echoes, "tls://127.0.0.1:1", trusting, Kind::not_connected, "Connection refused"},
        Attempt{"NoAuthority", Manner::echoes, "tls://127.0.0.1:7443", with_nonsense, Kind::misuse, "no certificate"},
        Attempt{"NoFile", Manner::echoes, "tls://127.0.0.1:7443", without_a_file, Kind::misuse, "/nowhere/ca.pem"},
        Attempt{"NoKey", Manner::echoes, "tls://127.0.0.1:7443", without_its_key, Kind::misuse, "belong together"},
        Attempt{"OtherKey", Manner::echoes, "tls://127.0.0.1:7443", with_another_key, Kind::misuse, "does not belong"},
        Attempt{"NoName", Manner::echoes, "tls://unix:/nowhere", nameless, Kind::misuse, "server_name"},
        Attempt{"NoPort", Manner::echoes, "tls://localhost:0", nameless, Kind::misuse, "nowhere to connect to"},
        Attempt{"Datagrams", Manner::echoes, "udp://localhost:7", nameless, Kind::misuse, "nowhere to connect to"},
        Attempt{"Nonsense", Manner::echoes, "tls://", nameless, Kind::misuse, "is not an endpoint"}),
    row_name);

Task<Kind> connect_by(io::Core& core, io::TimePoint deadline) {
    const Connecting connected = co_await connect(core, "127.0.0.1:7443", deadline);
    const Connecting late = co_await connect(core, "tls://127.0.0.1:7443", deadline);
    EXPECT_TRUE(connected);
    co_return late ? Kind::misuse : late.error().kind;
}

TEST(AConnection, IsMadeByADeadline) {
    Peer peer;
    peer.serve(Manner::is_dumb);
    const io::TimePoint deadline = peer.core().now() + seconds(3);
    EXPECT_EQ(io::run_task(peer.core(), connect_by(peer.core(), deadline)), Kind::timed_out);
    EXPECT_GE(peer.core().now(), deadline);
    EXPECT_LT(peer.core().now(), deadline + seconds(1));
}

TEST(ASecureConnection, IsMadeToAnybodyOnRequest) {
    Peer peer;
    peer.serve(Manner::echoes);
    ConnectOptions options;
    options.trust = ServerTrust::any;
    EXPECT_EQ(io::run_task(peer.core(), try_to_connect(peer.core(), "tls://127.0.0.1:7443", options)), std::nullopt);
}

TEST(ASecureConnection, TrustsTheAuthoritiesOfAFile) {
    const ScratchFolder folder;
    std::ofstream(folder.file("ca.pem")) << tls::authority_text().chain;
    Peer peer;
    peer.serve(Manner::echoes);
    ConnectOptions options;
    options.authorities_file = folder.file("ca.pem");
    options.server_name = "localhost";
    EXPECT_EQ(io::run_task(peer.core(), try_to_connect(peer.core(), "tls://127.0.0.1:7443", options)), std::nullopt);
}

Task<void> serve_line(Connection connection) {
    const io::Result<Buffer> line = co_await connection.read(connection.core().now() + seconds(10));
    if (!line) co_return;
    const std::string answer = std::string(connection.tls_version()) + " " + std::string(line->octets());
    const io::Result<void> sent = co_await connection.write_all(answer, connection.core().now() + seconds(10));
    if (sent && line->octets() != "leave\n") co_await connection.close();
}

// Says this, and returns what comes back. Nothing if nobody listens.
Task<std::optional<Received>> say(io::Core& core, std::string endpoint, std::string octets, ConnectOptions options) {
    Connecting connected = co_await connect(core, std::move(endpoint), std::move(options));
    if (!connected) co_return std::nullopt;
    const io::Result<void> sent = co_await connected->write_all(octets, io::never);
    EXPECT_TRUE(sent);
    Received all = co_await read_all(*connected);
    co_return all;
}

// A service of this process, until the end of the test.
class ARunningService {
public:
    ARunningService(const std::string& endpoint, TcpOptions options) : server_(serve_line, std::move(options)) {
        const auto started = server_.start(endpoint);
        EXPECT_TRUE(started) << started.error();
    }

private:
    TcpServer server_;
};

class ATcpService : public testing::Test {
protected:
    ATcpService() { ::setenv("XDG_DATA_HOME", folder_.path().c_str(), 1); }
    ~ATcpService() override { ::unsetenv("XDG_DATA_HOME"); }
    Received answer_to(const std::string& octets, const ConnectOptions& options, const std::string& scheme = "tls://") {
        const auto kernel = *io::make_epoll_kernel();
        io::Core core(*kernel);
        const auto all = io::run_task(core, say(core, scheme + path_, octets, options));
        return all.value_or(Received{"nobody listens", -1});
    }

    const ScratchFolder folder_;
    const std::string path_ = "unix:" + folder_.file("service.sock");
};

TEST_F(ATcpService, HasTlsWithTheFilesOfACertificate) {
    const auto issued = *tls::issue(tls::authority(), {"localhost"}, tls::today());
    std::ofstream(folder_.file("chain.pem")) << issued.chain;
    std::ofstream(folder_.file("key.pem")) << issued.key;
    TcpOptions options;
    options.certificates.emplace_back(folder_.file("chain.pem"), folder_.file("key.pem"));
    const ARunningService service("tls://" + path_, options);
    const Received whole = answer_to("hello\n", trusting());
    EXPECT_EQ(whole.octets, "TLSv1.3 hello\n");
    EXPECT_EQ(whole.number, 0);
    const Received cut = answer_to("leave\n", trusting());
    EXPECT_EQ(cut.octets, "TLSv1.3 leave\n");
    EXPECT_EQ(cut.number, ECONNRESET) << "the service has not said the end";
}

TEST_F(ATcpService, HasTlsWithALocalCertificate) {
    TcpOptions options;
    options.local_names = {"service.test"};
    const ARunningService service("tls://" + path_, options);
    ConnectOptions trusting_us;
    trusting_us.server_name = "service.test";
    trusting_us.trust = ServerTrust::any;
    EXPECT_EQ(answer_to("hello\n", trusting_us).octets, "TLSv1.3 hello\n");
    trusting_us.trust = ServerTrust::verified;
    trusting_us.authorities_file = folder_.file("portico/authority.pem");
    EXPECT_EQ(answer_to("hello\n", trusting_us).octets, "TLSv1.3 hello\n");
}

TEST_F(ATcpService, MayHaveNoTls) {
    const ARunningService service(path_, TcpOptions());
    const Received all = answer_to("hello\n", ConnectOptions(), "");
    EXPECT_EQ(all.octets, " hello\n");
    EXPECT_EQ(all.number, 0);
}

// How long the service keeps a client that says nothing.
Task<io::Duration> stay_silent(io::Core& core, std::string endpoint) {
    Connecting connected = co_await connect(core, std::move(endpoint));
    EXPECT_TRUE(connected);
    const io::TimePoint began = core.now();
    const Received all = co_await read_all(*connected);
    EXPECT_EQ(all.octets, "");
    co_return core.now() - began;
}

TEST_F(ATcpService, EndsHandshakesThatTakeTooLong) {
    TcpOptions options;
    options.handshake_time_max = milliseconds(300);
    const ARunningService service("tls://" + path_, options);
    ConnectOptions careless;
    careless.server_name = "localhost";
    careless.trust = ServerTrust::any;
    EXPECT_EQ(answer_to("hello\n", careless).octets, "TLSv1.3 hello\n");
    const auto kernel = *io::make_epoll_kernel();
    io::Core core(*kernel);
    EXPECT_LT(io::run_task(core, stay_silent(core, path_)), seconds(5));
}

Task<bool> stay_silent_while_it_ends(io::Core& core, std::string endpoint, TcpServer& service) {
    Connecting connected = co_await connect(core, std::move(endpoint));
    EXPECT_TRUE(connected);
    service.stop();
    const Received all = co_await read_all(*connected);
    co_return all.octets.empty();
}

TEST_F(ATcpService, DoesNotWaitForHandshakesWhenItEnds) {
    TcpOptions options;
    options.handshake_time_max = std::chrono::hours(1);
    options.shutdown_idle_max = milliseconds(20);
    TcpServer service(serve_line, options);
    ASSERT_TRUE(service.start("tls://" + path_));
    const auto kernel = *io::make_epoll_kernel();
    io::Core core(*kernel);
    EXPECT_EQ(io::run_task(core, stay_silent_while_it_ends(core, path_, service)), true);
    EXPECT_TRUE(service.wait());
}

// The second of two clients is served only when the first has left.
Task<bool> come_as_second(io::Core& core, std::string endpoint) {
    ConnectOptions careless;
    careless.server_name = "localhost";
    careless.trust = ServerTrust::any;
    careless.time_max = milliseconds(500);
    {
        Connecting first = co_await connect(core, endpoint, careless);
        EXPECT_TRUE(first);
        const Connecting second = co_await connect(core, endpoint, careless);
        EXPECT_FALSE(second);
    }
    careless.time_max = seconds(10);
    const Connecting third = co_await connect(core, endpoint, careless);
    co_return third.has_value();
}

TEST_F(ATcpService, ServesSoManyClientsAtOnce) {
    TcpOptions options;
    options.connections_max = 1;
    const ARunningService service("tls://" + path_, options);
    ConnectOptions careless;
    careless.server_name = "localhost";
    careless.trust = ServerTrust::any;
    EXPECT_EQ(answer_to("hello\n", careless).octets, "TLSv1.3 hello\n");
    const auto kernel = *io::make_epoll_kernel();
    io::Core core(*kernel);
    EXPECT_TRUE(io::run_task(core, come_as_second(core, "tls://" + path_)));
}

TEST_F(ATcpService, ThatCannotStartSaysWhy) {
    TcpOptions options;
    options.certificates.emplace_back(folder_.file("none.pem"), folder_.file("none.key"));
    testing::internal::CaptureStderr();
    EXPECT_EQ(TcpServer(serve_line, options).run("tls://" + path_), 1);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, HasSubstr("no TLS at tls://unix:"));
    EXPECT_THAT(said, HasSubstr("none.pem"));
}

}  // namespace
}  // namespace portico
