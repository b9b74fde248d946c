// Services on the simulated kernel: slow, misbehaving and forged clients, and a machine that runs short of resources.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/services/echo.h"
#include "portico/services/hello.h"
#include "portico/services/serve.h"

namespace portico::services {
namespace {

using io::Core;
using io::IpAddress;
using io::Result;
using io::SocketAddress;
using io::Stream;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Noting final : public ServiceWatcher {
public:
    void came(const SocketAddress&) override { ++clients; }
    void could_not_accept(const io::Error& error) override { errors.push_back(error.number); }
    int clients = 0;
    std::vector<int> errors;
};

// Returns the answer to a datagram sent from `from`, if one arrives within a second.
Task<std::optional<std::string>> ask(Core& core, SocketAddress from, SocketAddress server, std::string octets) {
    Result<io::Datagram> client = io::Datagram::open(core, from);
    EXPECT_TRUE(client);
    std::string room(70'000, '\0');
    std::array<io::DatagramSlot, 1> slots;
    slots[0].octets = octets;
    slots[0].peer = server;
    const Result<std::size_t> sent = co_await client->send(slots, io::never);
    EXPECT_TRUE(sent);
    slots[0].octets = room;
    const Result<std::size_t> received = co_await client->receive(slots, core.now() + seconds(1));
    if (!received) co_return std::nullopt;
    co_return std::string(slots[0].octets.data(), slots[0].octets.size());
}

// Sends everything before it reads, and returns the answer.
Task<std::string> send_and_read(Core& core, SocketAddress server, std::string octets) {
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    const Result<void> sent = co_await stream->write_all(octets, io::never);
    EXPECT_TRUE(sent && stream->finish_sending());
    std::string all;
    for (;;) {
        const Result<Buffer> answer = co_await stream->read(core.buffers(), io::never);
        if (!answer || answer->empty()) co_return all;
        all += answer->octets();
    }
}

SocketAddress at(std::string_view ip, int port) {
    return SocketAddress::of(*IpAddress::parse(ip), static_cast<std::uint16_t>(port));
}

class Simulated : public testing::TestWithParam<std::uint64_t> {
protected:
    SocketAddress open(std::string_view endpoint) {
        const auto opened = open_endpoint(core_, *io::parse_endpoint(endpoint), endpoints_);
        EXPECT_TRUE(opened) << opened.error().message;
        const auto* const listener = std::get_if<io::Listener>(&endpoints_.back());
        return listener != nullptr ? listener->local() : std::get<io::Datagram>(endpoints_.back()).local();
    }
    // Serves until the client's task has ended.
    template <class T>
    T serve(Service& service, Task<T> client, ServeLimits limits = {}) {
        io::Scope scope;
        scope.start(serve_endpoints(core_, service, std::move(endpoints_), limits, watcher_));
        T result = io::run_task(core_, std::move(client));
        scope.request_stop();
        while (scope.size() > 0) core_.run_once(io::never);
        EXPECT_EQ(core_.ledger().used(), 0U);
        return result;
    }

    // Returns the answer to one octet from this port of another host, to a service with two sockets.
    std::optional<std::string> ask_from(Service& service, int port) {
        const SocketAddress server = open("udp://127.0.0.1:" + std::to_string(next_port_));
        open("udp://127.0.0.1:" + std::to_string(next_port_ + 1));
        next_port_ += 2;
        return serve(service, ask(core_, at("127.0.0.2", port), server, "x"));
    }
    std::optional<std::string> ask_echo_from(int port) {
        Echo echo(core_);
        return ask_from(echo, port);
    }
    std::optional<std::string> ask_hello_from(int port) {
        Hello hello(core_, "Hello\n");
        return ask_from(hello, port);
    }

    int next_port_ = 20'000;
    io::SimKernel kernel_{GetParam()};
    Core core_{kernel_};
    Echo echo_{core_};
    Noting watcher_;
    std::vector<OpenEndpoint> endpoints_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, Simulated, testing::Range<std::uint64_t>(1, 21));

// --- hello on streams

// Returns everything that arrives after `wait`, until the end. `failure`: 0 after a normal end, otherwise errno.
Task<std::string> read_late(Core& core, SocketAddress server, io::Duration wait, int& failure) {
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    const bool slept = co_await io::sleep_for(core, wait);
    std::string all;
    while (slept) {
        const Result<Buffer> octets = co_await stream->read(core.buffers(), io::never);
        failure = octets ? 0 : octets.error().number;
        if (!octets || octets->empty()) break;
        all += octets->octets();
    }
    co_return all;
}

TEST_P(Simulated, HelloGivesAClientThirtySecondsToReadTheLine) {
    Hello hello(core_, std::string(300'000, 'x'));
    const SocketAddress server = open("127.0.0.1:0");
    int failure = -1;
    EXPECT_EQ(serve(hello, read_late(core_, server, seconds(28), failure)).size(), 300'000U);
    EXPECT_EQ(failure, 0);
}

TEST_P(Simulated, HelloGivesUpOnAClientThatDoesNotRead) {
    Hello hello(core_, std::string(300'000, 'x'));
    const SocketAddress server = open("127.0.0.1:0");
    int failure = -1;
    EXPECT_LT(serve(hello, read_late(core_, server, seconds(32), failure)).size(), 300'000U);
    EXPECT_EQ(failure, ECONNRESET) << "a normal end would leave what was not read to the kernel";
}

// Returns whether the server still has its connection after each of these times.
Task<std::vector<bool>> stay(Core& core, io::SimKernel& kernel, SocketAddress server, std::vector<seconds> times) {
    const std::size_t before = kernel.descriptors_open();
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    const io::TimePoint began = core.now();
    const Result<Buffer> line = co_await stream->read(core.buffers(), io::never);
    EXPECT_TRUE(line);
    std::vector<bool> has_connection;
    for (const seconds time : times) {
        const bool slept = co_await io::sleep_until(core, began + time);
        has_connection.push_back(slept && kernel.descriptors_open() == before + 2);
    }
    co_return has_connection;
}

TEST_P(Simulated, HelloLeavesAClientThatStays) {
    Hello hello(core_, "Hello\n");
    const SocketAddress server = open("127.0.0.1:0");
    const std::vector<bool> has_connection = serve(hello, stay(core_, kernel_, server, {seconds(4), seconds(6)}));
    EXPECT_EQ(has_connection, (std::vector<bool>{true, false}));
}

TEST_P(Simulated, HelloTakesMuchFromAClientThatSendsFirst) {
    Hello hello(core_, "Hello\n");
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_EQ(serve(hello, send_and_read(core_, server, std::string(300'000, 'x'))), "Hello\n");
}

// --- the limit on clients

// Holds each client for a second.
class Holding final : public Service {
public:
    explicit Holding(Core& core) : core_(&core) {}
    Task<void> serve(Stream stream) override {
        Stream here = std::move(stream);
        most_ = std::max(most_, ++now_);
        const bool slept = co_await io::sleep_for(*core_, seconds(1));
        --now_;
        served_ += slept ? 1 : 0;
    }
    Task<void> serve_secure(link::Transport) override { co_return; }
    Task<void> answer(io::Datagram) override { co_return; }
    Task<io::Result<void>> serve_stdio(io::Stdio) override { co_return io::Result<void>(); }
    [[nodiscard]] int most() const { return most_; }
    [[nodiscard]] int served() const { return served_; }

private:
    Core* core_;
    int now_ = 0;
    int most_ = 0;
    int served_ = 0;
};

Task<void> wait_for_end(Core& core, SocketAddress server, int& ended) {
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    if (!stream) co_return;
    const Result<Buffer> end = co_await stream->read(core.buffers(), io::never);
    ended += end && end->empty() ? 1 : 0;
}

Task<int> come_together(Core& core, std::vector<SocketAddress> servers, int clients) {
    int ended = 0;
    io::Scope scope;
    for (int i = 0; i < clients; ++i) {
        scope.start(wait_for_end(core, servers[static_cast<std::size_t>(i) % servers.size()], ended));
    }
    co_await scope.join();
    co_return ended;
}

TEST_P(Simulated, NoMoreClientsThanAllowedAreServedAtOnce) {
    Holding holding(core_);
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_EQ(serve(holding, come_together(core_, {server}, 7), ServeLimits{.connections_max = 2}), 7);
    EXPECT_EQ(holding.most(), 2);
    EXPECT_EQ(holding.served(), 7);
    EXPECT_EQ(watcher_.clients, 7);
}

TEST_P(Simulated, TheLimitHoldsForAllEndpointsTogether) {
    Holding holding(core_);
    const SocketAddress one = open("127.0.0.1:0");
    const SocketAddress two = open("127.0.0.1:0");
    EXPECT_EQ(serve(holding, come_together(core_, {one, two}, 8), ServeLimits{.connections_max = 2}), 8);
    EXPECT_GE(holding.most(), 2);
    EXPECT_LE(holding.most(), 3) << "one more for each further endpoint";
}

Task<void> send_and_reset(Core& core, SocketAddress server, std::string octets) {
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    if (!stream) co_return;
    const Result<void> sent = co_await stream->write_all(octets, core.now() + seconds(1));
    static_cast<void>(sent);
    stream->abort_on_close();
}

Task<std::string> reset_and_come_again(Core& core, SocketAddress server) {
    for (int i = 0; i < 3; ++i) co_await send_and_reset(core, server, std::string(100'000, 'x'));
    std::string answer = co_await send_and_read(core, server, "still there");
    co_return answer;
}

// A peer that resets its connection leaves nothing occupied: its place is free again, and so is its buffer.
TEST_P(Simulated, EchoGoesOnAfterAReset) {
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_EQ(serve(echo_, reset_and_come_again(core_, server), ServeLimits{.connections_max = 1}), "still there");
}

Task<Stream> come_and_stay(Core& core, SocketAddress server) {
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    const Result<void> sent = co_await stream->write_all("x", io::never);
    const Result<Buffer> echoed = co_await stream->read(core.buffers(), io::never);
    EXPECT_TRUE(sent && echoed);
    co_return *std::move(stream);
}

TEST_P(Simulated, AClientThatStaysDoesNotKeepTheServiceFromEnding) {
    const SocketAddress server = open("127.0.0.1:0");
    const Stream staying = serve(echo_, come_and_stay(core_, server));
    EXPECT_EQ(kernel_.descriptors_open(), 1U) << "only the client's own end is left";
}

// --- a machine that runs short of resources

Task<bool> come_during_trouble(Core& core, io::SimKernel& kernel, SocketAddress server) {
    kernel.faults().accept_failure = 1;
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    const bool slept = co_await io::sleep_for(core, seconds(10));
    kernel.faults().accept_failure = 0;
    const Result<void> sent = co_await stream->write_all("x", core.now() + seconds(60));
    const Result<Buffer> echoed = co_await stream->read(core.buffers(), core.now() + seconds(60));
    co_return slept&& sent&& echoed && echoed->octets() == "x";
}

TEST_P(Simulated, AcceptingIsTriedAgainAfterAPause) {
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_TRUE(serve(echo_, come_during_trouble(core_, kernel_, server)));
    EXPECT_GE(watcher_.errors.size(), 5U);
    EXPECT_LE(watcher_.errors.size(), 1000U) << "10 ms between two tries";
}

// --- datagrams

TEST_P(Simulated, DatagramsFromPortsOfServicesAreNotAnswered) {
    for (const int port : {1, 7, 13, 19, 37, 53, 123, 1023, 1434, 1900, 3702, 5353, 5683, 11211}) {
        EXPECT_EQ(ask_echo_from(port), std::nullopt) << port;
        EXPECT_EQ(ask_hello_from(port), std::nullopt) << port;
    }
}

// Datagrams from the ports on which the service itself listens are not answered either, whatever their host.
TEST_P(Simulated, DatagramsFromItsOwnPortsAreNotAnswered) {
    for (const int own : {0, 1}) {
        EXPECT_EQ(ask_echo_from(next_port_ + own), std::nullopt);
        EXPECT_EQ(ask_hello_from(next_port_ + own), std::nullopt);
    }
}

TEST_P(Simulated, DatagramsFromPortsOfClientsAreAnswered) {
    for (const int port : {1024, 1433, 9002, 40'000, 65'535}) {
        EXPECT_EQ(ask_echo_from(port), "x") << port;
        EXPECT_EQ(ask_hello_from(port), "Hello\n") << port;
    }
}

// Among datagrams that are answered, the one that must not be answered is skipped.
Task<std::vector<std::string>> send_mixed(Core& core, SocketAddress server) {
    Result<io::Datagram> client = io::Datagram::open(core, at("127.0.0.2", 5000));
    Result<io::Datagram> service = io::Datagram::open(core, at("127.0.0.2", 7));
    std::string texts[] = {"a", "bc", "d", "ef", "g"};
    for (std::string& text : texts) {
        std::array<io::DatagramSlot, 1> slots;
        slots[0].octets = text;
        slots[0].peer = server;
        io::Datagram& from = text.size() == 2 ? *service : *client;
        const Result<std::size_t> sent = co_await from.send(slots, io::never);
        EXPECT_TRUE(sent);
    }
    std::vector<std::string> answers;
    for (;;) {
        std::string room(100, '\0');
        std::array<io::DatagramSlot, 1> slots;
        slots[0].octets = room;
        const Result<std::size_t> received = co_await client->receive(slots, core.now() + seconds(1));
        if (!received) break;
        answers.emplace_back(slots[0].octets.data(), slots[0].octets.size());
    }
    std::ranges::sort(answers);
    co_return answers;
}

TEST_P(Simulated, AForgedDatagramAmongOthersIsLeftOut) {
    const SocketAddress server = open("udp://127.0.0.1:9000");
    EXPECT_EQ(serve(echo_, send_mixed(core_, server)), (std::vector<std::string>{"a", "d", "g"}));
}

TEST_P(Simulated, HelloDoesNotAmplify) {
    const std::string message = std::string(1000, 'x') + "\n";
    const auto answer_to = [&](std::size_t octets) {
        Hello hello(core_, message);
        const SocketAddress server = open("udp://127.0.0.1:" + std::to_string(next_port_++));
        return serve(hello, ask(core_, at("127.0.0.1", next_port_ + 5000), server, std::string(octets, 'q')))
            .value_or("none")
            .size();
    };
    EXPECT_EQ(answer_to(0), 56U);
    EXPECT_EQ(answer_to(1), 59U);
    EXPECT_EQ(answer_to(100), 356U);
    EXPECT_EQ(answer_to(314), 998U);
    EXPECT_EQ(answer_to(315), 1001U);
    EXPECT_EQ(answer_to(5000), 1001U);
    for (std::size_t octets = 0; octets < 400; ++octets) {
        EXPECT_LE(28 + answer_octets_max(octets), 3 * (28 + octets));
    }
}

// An echo service would send our own line back.
TEST_P(Simulated, HelloDoesNotAnswerItself) {
    Hello hello(core_, "Hello\n");
    const SocketAddress server = open("udp://127.0.0.1:9000");
    EXPECT_EQ(serve(hello, ask(core_, at("127.0.0.1", 5000), server, "Hello\n")), std::nullopt);
    const SocketAddress other = open("udp://127.0.0.1:9001");
    EXPECT_EQ(serve(hello, ask(core_, at("127.0.0.1", 5001), other, "Hello\n\n")), "Hello\n");
}

Task<std::optional<std::string>> ask_long_and_short(Core& core, SocketAddress server) {
    const auto unsendable = co_await ask(core, at("127.0.0.1", 5000), server, std::string(30'000, 'q'));
    EXPECT_EQ(unsendable, std::nullopt);
    auto answer = co_await ask(core, at("127.0.0.1", 5001), server, "q");
    co_return answer;
}

// The whole message is too long for a datagram. The short question gets only its beginning.
TEST_P(Simulated, DatagramsThatCannotBeSentAreLeftOut) {
    Hello hello(core_, std::string(70'000, 'x'));
    const SocketAddress server = open("udp://127.0.0.1:9000");
    EXPECT_EQ(serve(hello, ask_long_and_short(core_, server)), std::string(59, 'x'));
}

Task<int> ask_often(Core& core, io::SimKernel& kernel, SocketAddress server) {
    int answered = 0;
    for (int i = 0; i < 20; ++i) {
        kernel.faults().datagram_refused = 0.7;
        auto answer = co_await ask(core, at("127.0.0.1", 0), server, "x");
        answered += answer == "x" ? 1 : 0;
    }
    kernel.faults().datagram_refused = 0;
    auto last = co_await ask(core, at("127.0.0.1", 0), server, "y");
    co_return answered + (last == "y" ? 100 : 0);
}

// An error reports that an earlier answer was not delivered, and ends nothing.
TEST_P(Simulated, DatagramErrorsArePassedOver) {
    const SocketAddress server = open("udp://127.0.0.1:9000");
    EXPECT_GE(serve(echo_, ask_often(core_, kernel_, server)), 100);
}

}  // namespace
}  // namespace portico::services
