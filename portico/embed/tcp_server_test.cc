// portico/embed/tcp_server_test.cc — TcpServer and UdpServer over real sockets, with clients that block.
#include "portico/embed/tcp_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "portico/embed/relay.h"
#include "portico/embed/server.h"
#include "portico/embed/test_client.h"
#include "portico/embed/udp_server.h"
#include "portico/io/core_handle.h"

namespace portico::tcp_server_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

sockaddr_in loopback(std::uint16_t port, std::uint8_t last_octet = 1) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last_octet);
    return address;
}

// A socket that blocks for at most some seconds.
class Client {
public:
    explicit Client(int type = SOCK_STREAM) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
        set_time_max(seconds(10));
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { ::close(fd_); }

    void set_time_max(milliseconds time) const {
        const timeval longest{.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    }
    bool connect(std::uint16_t port) const {
        const sockaddr_in address = loopback(port);
        return ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    bool bind(std::uint16_t port, std::uint8_t last_octet) const {
        const sockaddr_in address = loopback(port, last_octet);
        return ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    bool send(const std::string& octets) const {
        return ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
    }
    // Empty at the end, after a reset, and if nothing comes in time.
    std::string receive() const {
        std::string room(1000, '\0');
        room.resize(static_cast<std::size_t>(std::max<ssize_t>(::recv(fd_, room.data(), room.size(), 0), 0)));
        return room;
    }
    // The answer of an echo; empty if the server has ended the connection.
    std::string exchange(const std::string& octets) const { return send(octets) ? receive() : ""; }
    std::string name() const {
        sockaddr_in own{};
        socklen_t size = sizeof own;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size);
        return "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
    }

private:
    int fd_;
};

Task<void> echo(Connection client) {
    const io::Result<std::uint64_t> copied = co_await copy(client, client);
    static_cast<void>(copied);
}

constexpr const char* anywhere = "127.0.0.1:0";

// Options with which no test waits for the end of idle connections.
TcpOptions hasty() {
    TcpOptions options;
    options.shutdown_idle_max = milliseconds(20);
    return options;
}

TEST(ATcpServer, KnowsItsPeersAndUsesItsThreads) {
    TcpOptions options = hasty();
    options.threads = 2;
    std::mutex lock;
    std::set<std::thread::id> threads;
    TcpServer server(
        [&](Connection client) -> Task<void> {
            {
                const std::lock_guard guard(lock);
                threads.insert(std::this_thread::get_id());
            }
            const std::string name = client.peer().text();
            const io::Result<void> sent = co_await client.write_all(name, io::never);
            EXPECT_TRUE(sent);
            EXPECT_EQ(client.sent_octets(), name.size());
        },
        options);
    ASSERT_TRUE(server.start(anywhere));
    EXPECT_EQ(server.local().size(), 1U);
    for (int i = 0; i < 4; ++i) {
        const Client client;
        ASSERT_TRUE(client.connect(server.port()));
        EXPECT_EQ(client.receive(), client.name());
    }
    server.stop();
    EXPECT_TRUE(server.wait());
    EXPECT_EQ(threads.size(), 2U);
    EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST(ATcpServer, HasOnlySoManyConnectionsFromOneAddress) {
    TcpOptions options = hasty();
    options.connections_per_address_max = 2;
    TcpServer server(echo, options);
    ASSERT_TRUE(server.start(anywhere));
    std::optional<Client> first(std::in_place);
    const Client second;
    const Client third;
    ASSERT_TRUE(first->connect(server.port()) && second.connect(server.port()) && third.connect(server.port()));
    EXPECT_EQ(third.exchange("c"), "");
    EXPECT_EQ(first->exchange("a") + second.exchange("b"), "ab");
    first.reset();
    for (std::string answer; answer.empty();) {  // until the server has noticed
        const Client fourth;
        ASSERT_TRUE(fourth.connect(server.port()));
        answer = fourth.exchange("c");
    }
}

// Exchanges octets until the connection ends, or this time is over. Returns how long that was.
Clock::duration chat(const Client& client, Clock::duration time_max) {
    const auto began = Clock::now();
    while (Clock::now() - began < time_max && !client.exchange("x").empty()) {
    }
    return Clock::now() - began;
}

TEST(ATcpServer, EndsIdleConnections) {
    TcpOptions options = hasty();
    options.idle_max = milliseconds(100);
    TcpServer server(echo, options);
    ASSERT_TRUE(server.start(anywhere));
    const Client idle;
    const Client busy;
    ASSERT_TRUE(idle.connect(server.port()) && busy.connect(server.port()));
    EXPECT_GE(chat(busy, milliseconds(300)), milliseconds(300));
    const auto began = Clock::now();
    EXPECT_EQ(idle.receive(), "");
    EXPECT_EQ(busy.receive(), "");
    EXPECT_LE(Clock::now() - began, seconds(5));
}

TEST(ATcpServer, TakesTheLongestTimesForEndless) {
    TcpOptions options;
    options.handshake_time_max = options.idle_max = milliseconds::max();
    options.shutdown_idle_max = options.shutdown_time_max = milliseconds::max();
    TcpServer server(echo, options);
    ASSERT_TRUE(server.start(anywhere));
    std::optional<Client> client(std::in_place);
    ASSERT_TRUE(client->connect(server.port()));
    EXPECT_GE(chat(*client, milliseconds(100)), milliseconds(100));
    server.stop();
    EXPECT_GE(chat(*client, milliseconds(100)), milliseconds(100));
    client.reset();
    EXPECT_TRUE(server.wait());
}

TEST(ATcpServer, EndsTheHandlesToItsCores) {
    std::optional<io::CoreHandle> handle;
    std::atomic<int> calls = 0;
    TcpServer server(
        [&handle](Connection client) -> Task<void> {
            handle.emplace(client.core());
            const io::Result<void> sent = co_await client.write_all("ready", io::never);
            EXPECT_TRUE(sent);
        },
        hasty());
    ASSERT_TRUE(server.start(anywhere));
    const Client client;
    ASSERT_TRUE(client.connect(server.port()));
    EXPECT_EQ(client.receive(), "ready");
    EXPECT_TRUE(handle->post([&calls](io::Core&) { ++calls; }));
    server.stop();
    EXPECT_TRUE(server.wait());
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(handle->has_ended());
    EXPECT_FALSE(handle->post([](io::Core&) {}));
}

// A hook's chain ends while the threads of the service go on.
TEST(ATcpServer, MayBeStartedByAHook) {
    TcpServer service(echo, hasty());
    Server server;
    server.on_start([&service] {
        const std::expected<void, std::string> started = service.start(anywhere);
        EXPECT_NE(StopState::running(), nullptr);
        return started;
    });
    const TestClient tested(server);
    const Client client;
    ASSERT_TRUE(client.connect(service.port()));
    EXPECT_EQ(client.exchange("a"), "a");
}

TEST(ATcpServer, StopsWhenItsConnectionsAreIdle) {
    TcpOptions options;
    options.shutdown_idle_max = milliseconds(100);
    options.shutdown_time_max = hours(1);
    TcpServer server(echo, options);
    ASSERT_TRUE(server.start(anywhere));
    const std::uint16_t port = server.port();
    const Client idle;
    const Client busy;
    ASSERT_TRUE(idle.connect(port) && busy.connect(port));
    EXPECT_EQ(busy.exchange("a"), "a");
    server.stop();
    const auto began = Clock::now();
    EXPECT_GE(chat(busy, milliseconds(300)), milliseconds(300));
    EXPECT_EQ(idle.receive(), "");
    EXPECT_LT(Clock::now() - began, seconds(8));
    const Client late;
    EXPECT_FALSE(late.connect(port) && late.exchange("a") == "a");
    EXPECT_TRUE(server.wait());
    EXPECT_EQ(busy.receive(), "");
}

TEST(ATcpServer, BreaksOffWhatTakesTooLong) {
    TcpOptions options;
    options.shutdown_idle_max = hours(1);
    options.shutdown_time_max = milliseconds(200);
    TcpServer server(echo, options);
    ASSERT_TRUE(server.start(anywhere));
    const Client busy;
    ASSERT_TRUE(busy.connect(server.port()));
    EXPECT_EQ(busy.exchange("a"), "a");
    server.stop();
    const auto lasted = chat(busy, seconds(10));
    EXPECT_GE(lasted, milliseconds(190));
    EXPECT_LT(lasted, seconds(8));
    EXPECT_TRUE(server.wait());
}

TEST(ATcpServer, EndsAtOnceWhenItIsStoppedTwice) {
    TcpOptions options;
    options.shutdown_idle_max = hours(1);
    options.shutdown_time_max = hours(1);
    TcpServer server(echo, options);
    ASSERT_TRUE(server.start(anywhere));
    const Client idle;
    ASSERT_TRUE(idle.connect(server.port()));
    EXPECT_EQ(idle.exchange("a"), "a");
    server.stop();
    server.stop();
    EXPECT_TRUE(server.wait());
    EXPECT_EQ(idle.receive(), "");
}

TEST(ATcpServer, SaysWhatIsWrong) {
    TcpServer* own = nullptr;
    TcpServer server(
        [&own](Connection client) -> Task<void> {
            const auto waited = own->wait();
            const std::string said = waited ? "it waited" : waited.error();
            const io::Result<void> sent = co_await client.write_all(said, io::never);
            if (sent) throw std::runtime_error("only this client");
        },
        hasty());
    own = &server;
    ASSERT_TRUE(server.start(anywhere));
    EXPECT_EQ(server.start(anywhere).error(), "the server has been started already");
    TcpOptions nonsense;
    nonsense.idle_max = milliseconds(0);
    EXPECT_EQ(TcpServer(echo, nonsense).start(anywhere).error(), "TcpOptions::idle_max must be above zero");
    TcpServer other(echo);
    EXPECT_TRUE(other.start("127.0.0.1:" + std::to_string(server.port())).error().ends_with("Address already in use"));
    testing::internal::CaptureStderr();
    for (int i = 0; i < 2; ++i) {
        const Client client;
        ASSERT_TRUE(client.connect(server.port()));
        EXPECT_EQ(client.receive(), "wait() is called by a handler of the server: it would wait for itself");
        EXPECT_EQ(client.receive(), "");
    }
    EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with(
        "error: the function that serves a client threw an exception: only this client\n"));
}

// Sends datagrams, and returns the answers in their order. The last one must be answered.
std::vector<std::string> ask(const Client& client, const std::vector<std::string>& datagrams) {
    for (const std::string& datagram : datagrams) EXPECT_TRUE(client.send(datagram));
    std::vector<std::string> answers;
    do answers.push_back(client.receive());
    while (!answers.back().empty() && answers.back() != datagrams.back() + "!");
    return answers;
}

std::optional<std::string> shout(std::string_view datagram) {
    if (datagram == "throw") throw std::runtime_error("only this datagram");
    if (datagram == "hush") return std::nullopt;
    return std::string(datagram) + (datagram == "long" ? std::string(90, '!') : "!");
}

TEST(AUdpServer, AnswersDatagramsOrDoesNot) {
    UdpOptions options;
    options.datagram_octets_max = 10;
    UdpServer server(shout, options);
    ASSERT_TRUE(server.start(anywhere));
    const Client client(SOCK_DGRAM);
    ASSERT_TRUE(client.connect(server.port()));
    testing::internal::CaptureStderr();
    const std::string most(10, 'x');
    const auto answers = ask(client, {"a", "hush", "throw", most + "y", most, "long", "b"});
    EXPECT_EQ(answers, (std::vector<std::string>{"a!", most + "!", "long" + std::string(90, '!'), "b!"}));
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "error: the function that answers a datagram threw an exception: only this datagram\n");
    server.stop();
    EXPECT_TRUE(server.wait());
    EXPECT_EQ(client.exchange("c"), "");
}

// What the server's threads have told. It outlives the server.
class Told {
public:
    [[nodiscard]] std::function<void(std::string_view)> log() {
        return [this](std::string_view sentence) {
            const std::lock_guard guard(lock_);
            sentences_.emplace_back(sentence);
        };
    }
    [[nodiscard]] std::vector<std::string> sentences() {
        const std::lock_guard guard(lock_);
        return sentences_;
    }

private:
    std::mutex lock_;
    std::vector<std::string> sentences_;
};

TEST(ASocketServersLog, HearsWhatWouldGoToStandardError) {
    Told told;
    TcpOptions options = hasty();
    options.log = told.log();
    UdpOptions of_datagrams;
    of_datagrams.log = told.log();
    testing::internal::CaptureStderr();
    {
        TcpServer server([](Connection) -> Task<void> { throw std::runtime_error("only this client"); }, options);
        UdpServer datagrams(shout, of_datagrams);
        ASSERT_TRUE(server.start(anywhere) && datagrams.start(anywhere));
        const Client client;
        ASSERT_TRUE(client.connect(server.port()));
        EXPECT_EQ(client.receive(), "");
        const Client other(SOCK_DGRAM);
        ASSERT_TRUE(other.connect(datagrams.port()));
        EXPECT_EQ(ask(other, {"throw", "b"}), std::vector<std::string>{"b!"});
    }
    EXPECT_EQ(TcpServer(echo, options).run("nowhere"), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(told.sentences(),
              (std::vector<std::string>{"the function that serves a client threw an exception: only this client",
                                        "the function that answers a datagram threw an exception: only this datagram",
                                        "'nowhere' is not an endpoint: port missing: write nowhere:PORT"}));
}

TEST(AUdpServer, MayAnswerClientsAlone) {
    for (const AnswerTo answer_to : {AnswerTo::everybody, AnswerTo::clients}) {
        UdpOptions options;
        options.answer_to = answer_to;
        std::string peer;
        UdpServer server(
            [&peer](std::string_view datagram, const io::SocketAddress& from) {
                peer = from.text();
                return shout(datagram);
            },
            options);
        ASSERT_TRUE(server.start(anywhere));
        const Client service(SOCK_DGRAM);
        const Client client(SOCK_DGRAM);
        ASSERT_TRUE(service.bind(server.port(), 2) && service.connect(server.port()) && client.connect(server.port()));
        EXPECT_TRUE(service.send("forged"));
        EXPECT_EQ(client.exchange("a"), "a!");
        // 28 octets of headers and 4 of content may be answered with 96.
        const std::size_t answers = ask(client, {"long", "a"}).size();
        const bool is_open = answer_to == AnswerTo::everybody;
        EXPECT_EQ(answers, is_open ? 2U : 1U);
        if (!is_open) service.set_time_max(milliseconds(1));  // an answer would have come before that to "a"
        EXPECT_EQ(service.receive(), is_open ? "forged!" : "");
        server.stop();
        EXPECT_TRUE(server.wait());
        EXPECT_EQ(peer, client.name());
    }
}

}  // namespace
}  // namespace portico::tcp_server_test
