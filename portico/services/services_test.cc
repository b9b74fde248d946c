// Hello and echo, with their clients on the same core.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <thread>

#include "portico/io/descriptors.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/forbid_calls_for_test.h"
#include "portico/io/run_task.h"
#include "portico/services/echo.h"
#include "portico/services/hello.h"
#include "portico/services/serve.h"

namespace portico::services {
namespace {

using io::Core;
using io::Result;
using io::SocketAddress;
using io::Stream;

class Quiet final : public ServiceWatcher {
public:
    void came(const SocketAddress& peer) override { peers.push_back(peer.text()); }
    void could_not_accept(const io::Error& error) override { errors.push_back(error.number); }
    std::vector<std::string> peers;
    std::vector<int> errors;
};

// Runs a service on some endpoints until a client's task has ended.
class Serving : public testing::Test {
protected:
    SocketAddress open(std::string_view endpoint) {
        const std::size_t before = endpoints_.size();
        const auto opened = open_endpoint(core_, *io::parse_endpoint(endpoint), endpoints_);
        EXPECT_TRUE(opened) << opened.error().message;
        const OpenEndpoint& first = endpoints_[before];
        const auto* const listener = std::get_if<io::Listener>(&first);
        return listener != nullptr ? listener->local() : std::get<io::Datagram>(first).local();
    }
    template <class T>
    T serve(Service& service, Task<T> client, ServeLimits limits = {}) {
        io::Scope scope;
        scope.start(serve_endpoints(core_, service, std::move(endpoints_), limits, watcher_));
        T result = io::run_task(core_, std::move(client));
        scope.request_stop();
        while (scope.size() > 0) core_.run_once(core_.now());
        EXPECT_EQ(core_.ledger().used(), 0U);
        return result;
    }

    Result<std::unique_ptr<io::Kernel>> kernel_ = io::make_epoll_kernel();
    Core core_{**kernel_};
    Echo echo_{core_};
    Quiet watcher_;
    std::vector<OpenEndpoint> endpoints_;
};

Task<std::string> read_to_end(Stream& stream) {
    std::string all;
    for (;;) {
        const Result<Buffer> octets = co_await stream.read(io::never);
        if (!octets) co_return all + "!" + std::to_string(octets.error().number);
        if (octets->empty()) co_return all;
        all += octets->octets();
    }
}

Task<void> send_and_finish(Stream& stream, const std::string& octets) {
    const Result<void> sent = co_await stream.write_all(octets, io::never);
    EXPECT_TRUE(sent);
    EXPECT_TRUE(stream.finish_sending());
}

Task<std::string> exchange(Core& core, SocketAddress server, std::string octets) {
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    if (!stream) co_return io::describe(stream.error());
    io::Scope scope;
    scope.start(send_and_finish(*stream, octets));
    std::string answer = co_await read_to_end(*stream);
    co_await scope.join();
    co_return answer;
}

std::string much(std::size_t octets) {
    std::string text(octets, '\0');
    for (std::size_t i = 0; i < octets; ++i) text[i] = static_cast<char>(i * 2654435761U >> 13);
    return text;
}

TEST_F(Serving, EchoGivesBackEveryOctetAndEnds) {
    const std::string octets = much(3'000'000);
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_TRUE(serve(echo_, exchange(core_, server, octets)) == octets);
    EXPECT_EQ(watcher_.peers.size(), 1U);
}

TEST_F(Serving, EchoGivesBackNothingForNothing) {
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_EQ(serve(echo_, exchange(core_, server, "")), "");
}

TEST_F(Serving, EchoIsOnSeveralEndpointsAtOnce) {
    const SocketAddress first = open("127.0.0.1:0");
    const SocketAddress second = open("unix:@portico-test-" + std::to_string(first.port));
    open("udp://127.0.0.1:0");
    EXPECT_EQ(serve(echo_, exchange(core_, second, "octets")), "octets");
    EXPECT_EQ(watcher_.peers, std::vector<std::string>{"unix:"});
}

Task<std::size_t> write_without_reading(Core& core, SocketAddress server) {
    Result<Stream> stream = co_await io::connect(core, server, io::never);
    const std::string octets(1'000'000, 'x');
    std::size_t held = 0;
    for (;;) {
        const Result<void> sent = co_await stream->write_all(octets, core.now() + std::chrono::milliseconds(50));
        held = std::max(held, core.ledger().used());
        if (!sent) co_return held;
    }
}

TEST_F(Serving, EchoHoldsOneBufferForAClientThatNeverReads) {
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_LE(serve(echo_, write_without_reading(core_, server)), 64U * 1024U);
}

Task<std::string> come_one_after_the_other(Core& core, SocketAddress server) {
    std::string answers;
    Result<Stream> idle = co_await io::connect(core, server, io::never);
    Result<Stream> next = co_await io::connect(core, server, io::never);
    const Result<void> sent = co_await next->write_all("b", io::never);
    EXPECT_TRUE(sent && idle->finish_sending());
    answers += co_await read_to_end(*idle);
    EXPECT_TRUE(next->finish_sending());
    answers += co_await read_to_end(*next);
    co_return answers;
}

TEST_F(Serving, TheNextClientWaitsWhereThereAreEnough) {
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_EQ(serve(echo_, come_one_after_the_other(core_, server), ServeLimits{.connections_max = 1}), "b");
    EXPECT_EQ(watcher_.peers.size(), 2U);
}

TEST_F(Serving, HelloSaysItsLineAlsoToWhoSendsMuch) {
    Hello hello(core_, "Hello\n");
    const SocketAddress server = open("127.0.0.1:0");
    EXPECT_EQ(serve(hello, exchange(core_, server, much(2'000'000))), "Hello\n");
}

// Returns the sizes of the answers to datagrams of these sizes, or -1 for an answer whose octets differ.
Task<std::vector<long>> exchange_datagrams(Core& core, SocketAddress server, std::vector<std::size_t> sizes) {
    Result<io::Datagram> client =
        io::Datagram::open(core, SocketAddress::of(io::IpAddress::loopback(server.family), 0));
    EXPECT_TRUE(client && client->connect(server));
    std::vector<long> answers;
    std::string room(70'000, '\0');
    for (const std::size_t size : sizes) {
        std::string octets = much(size);
        std::array<io::DatagramSlot, 1> slots;
        slots[0].octets = octets;
        slots[0].peer = server;
        const Result<std::size_t> sent = co_await client->send(slots, io::never);
        EXPECT_EQ(sent.value_or(0), 1U);
        slots[0].octets = room;
        const Result<std::size_t> received = co_await client->receive(slots, core.now() + std::chrono::seconds(5));
        EXPECT_EQ(received.value_or(0), 1U);
        const bool is_same = std::string_view(slots[0].octets.data(), slots[0].octets.size()) == octets;
        answers.push_back(is_same ? static_cast<long>(size) : -1);
    }
    co_return answers;
}

TEST_F(Serving, EchoGivesBackDatagramsOfAnySize) {
    const SocketAddress server = open("udp://127.0.0.1:0");
    const std::vector<long> answers{0, 1, 1472, 65'507, 0, 9};
    EXPECT_EQ(serve(echo_, exchange_datagrams(core_, server, {0, 1, 1472, 65'507, 0, 9})), answers);
}

Task<std::string> greet(Core& core, SocketAddress server) {
    Result<io::Datagram> client =
        io::Datagram::open(core, SocketAddress::of(io::IpAddress::loopback(server.family), 0));
    std::string room(100, 'x');
    std::array<io::DatagramSlot, 1> slots;
    slots[0].octets = room;
    slots[0].peer = server;
    const Result<std::size_t> sent = co_await client->send(slots, io::never);
    EXPECT_TRUE(sent);
    const Result<std::size_t> received = co_await client->receive(slots, core.now() + std::chrono::seconds(5));
    EXPECT_EQ(received.value_or(0), 1U);
    co_return std::string(slots[0].octets.data(), slots[0].octets.size());
}

TEST_F(Serving, HelloAnswersADatagram) {
    Hello hello(core_, "Hello\n");
    const SocketAddress server = open("udp://127.0.0.1:0");
    EXPECT_EQ(serve(hello, greet(core_, server)), "Hello\n");
}

TEST_F(Serving, OpeningFailsWithTheAddress) {
    const SocketAddress taken = open("127.0.0.1:0");
    std::vector<OpenEndpoint> more;
    const auto opened = open_endpoint(core_, io::endpoint_at(taken), more);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().number, EADDRINUSE);
    EXPECT_EQ(opened.error().address, taken);
    EXPECT_FALSE(open_endpoint(core_, *io::parse_endpoint("host.invalid:80"), more));
    EXPECT_TRUE(more.empty());
}

TEST_F(Serving, LocalhostIsOnePortOfBothFamilies) {
    const SocketAddress first = open("localhost:0");
    EXPECT_EQ(text_of(endpoints_.front()), "tcp://127.0.0.1:" + std::to_string(first.port));
    for (const OpenEndpoint& endpoint : endpoints_) {
        EXPECT_EQ(std::get<io::Listener>(endpoint).local().port, first.port);
    }
}

// Makes IPv6 sockets fail with EAFNOSUPPORT on the calling thread while that thread lives, as on a machine without
// IPv6.
bool forbid_ipv6() {
    std::array filter{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    if (!io::forbid_calls(filter)) return false;
    return !io::owned(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

TEST_F(Serving, LocalhostNeedsNoIpv6) {
    bool could_forbid = false;
    SocketAddress first;
    const auto open_without_ipv6 = [&] {
        could_forbid = forbid_ipv6();
        if (could_forbid) first = open("localhost:0");
    };
    std::thread(open_without_ipv6).join();
    if (!could_forbid) GTEST_SKIP() << "system calls can't be filtered here";
    ASSERT_EQ(endpoints_.size(), 1U);
    EXPECT_EQ(text_of(endpoints_.front()), "tcp://127.0.0.1:" + std::to_string(first.port));
}

TEST_F(Serving, AClientLearnsThatADatagramIsRefused) {
    const SocketAddress gone = open("udp://127.0.0.1:0");
    endpoints_.clear();
    auto client = io::Datagram::open(core_, SocketAddress::of(io::IpAddress::loopback(gone.family), 0));
    ASSERT_TRUE(client && client->connect(gone));
    std::array<io::DatagramSlot, 1> slots;
    slots[0].peer = gone;
    auto refusal = [](Core& core, io::Datagram& socket, std::span<io::DatagramSlot> slot) -> Task<int> {
        const Result<std::size_t> sent = co_await socket.send(slot, io::never);
        EXPECT_TRUE(sent);
        const Result<std::size_t> received = co_await socket.receive(slot, core.now() + std::chrono::seconds(5));
        co_return received ? 0 : received.error().number;
    };
    EXPECT_EQ(io::run_task(core_, refusal(core_, *client, slots)), ECONNREFUSED);
}

}  // namespace
}  // namespace portico::services
