// portico/embed/copy_test.cc — portico::copy: what it returns, and that no stream stays open when a peer aborts.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream_pair_for_test.h"
#include "portico/portico.h"

namespace portico {
namespace {

using std::chrono::seconds;

// The kernel under test: 0 is epoll, else a simulation of that seed.
class Copies : public testing::TestWithParam<std::uint64_t> {
protected:
    Copies() {
        if (GetParam() != 0) {
            auto sim = std::make_unique<io::SimKernel>(GetParam());
            kernel_ = std::move(sim);
        } else {
            auto epoll = io::make_epoll_kernel();
            EXPECT_TRUE(epoll.has_value());
            kernel_ = std::move(*epoll);
        }
        core_ = std::make_unique<io::Core>(*kernel_);
    }

    std::unique_ptr<io::Kernel> kernel_;
    std::unique_ptr<io::Core> core_;
};
INSTANTIATE_TEST_SUITE_P(Epoll, Copies, testing::Values(0));
INSTANTIATE_TEST_SUITE_P(Simulated, Copies, testing::Range<std::uint64_t>(1, 21));

// A client on one side of a proxy, and a server on the other.
struct Proxied {
    io::StreamPair to_client;
    io::StreamPair to_server;
};

Task<Proxied> make_proxied(io::Core& core) {
    io::StreamPair to_client = co_await io::make_stream_pair(core);
    io::StreamPair to_server = co_await io::make_stream_pair(core);
    co_return Proxied{std::move(to_client), std::move(to_server)};
}

Task<void> copy_into(Stream& from, Stream& to, io::TimePoint deadline, int& error, std::uint64_t& copied) {
    const io::Result<std::uint64_t> result = co_await copy(from, to, deadline);
    error = result ? 0 : result.error().number;
    copied = result.value_or(0);
}

// The outcome in both directions.
struct Outcome {
    int there = -1;
    int back = -1;
    std::uint64_t octets_there = 0;
    std::uint64_t octets_back = 0;
};

Task<void> run_proxy(Stream client, Stream server, io::TimePoint deadline, Outcome& outcome) {
    io::Scope both;
    both.start(copy_into(client, server, deadline, outcome.there, outcome.octets_there));
    both.start(copy_into(server, client, deadline, outcome.back, outcome.octets_back));
    co_await both.join();
}

Task<std::string> read_to_end(Stream& stream, int& error) {
    std::string all;
    for (;;) {
        const io::Result<Buffer> octets = co_await stream.read(io::never);
        error = octets ? 0 : octets.error().number;
        if (!octets || octets->empty()) co_return all;
        all += octets->octets();
    }
}

Task<bool> both_directions_end(io::Core& core) {
    Proxied proxied = co_await make_proxied(core);
    Outcome outcome;
    io::Scope scope;
    scope.start(run_proxy(std::move(proxied.to_client.second), std::move(proxied.to_server.first), io::never, outcome));
    Stream client = std::move(proxied.to_client.first);
    Stream server = std::move(proxied.to_server.second);
    const io::Result<void> asked = co_await client.write_all("question", io::never);
    EXPECT_TRUE(asked.has_value());
    static_cast<void>(client.finish_sending());
    int error = -1;
    const std::string question = co_await read_to_end(server, error);
    EXPECT_EQ(question, "question");
    EXPECT_EQ(error, 0);
    const io::Result<void> answered = co_await server.write_all("the answer", io::never);
    EXPECT_TRUE(answered.has_value());
    static_cast<void>(server.finish_sending());
    const std::string answer = co_await read_to_end(client, error);
    EXPECT_EQ(answer, "the answer");
    EXPECT_EQ(error, 0);
    co_await scope.join();
    EXPECT_EQ(outcome.there, 0);
    EXPECT_EQ(outcome.back, 0);
    EXPECT_EQ(outcome.octets_there, 8U);
    EXPECT_EQ(outcome.octets_back, 10U);
    co_return true;
}

TEST_P(Copies, SayHowMuchTheyHaveCopied) { EXPECT_TRUE(io::run_task(*core_, both_directions_end(*core_))); }

// The client aborts. The proxy ends, and its server learns that it did not receive everything.
Task<bool> a_reset_ends_both(io::Core& core) {
    for (int i = 0; i < 20; ++i) {
        Proxied proxied = co_await make_proxied(core);
        Outcome outcome;
        io::Scope scope;
        scope.start(
            run_proxy(std::move(proxied.to_client.second), std::move(proxied.to_server.first), io::never, outcome));
        Stream server = std::move(proxied.to_server.second);
        {
            Stream client = std::move(proxied.to_client.first);
            const io::Result<void> sent = co_await client.write_all("half of a", io::never);
            EXPECT_TRUE(sent.has_value());
            client.abort_on_close();
        }
        int error = -1;
        const std::string received = co_await read_to_end(server, error);
        EXPECT_EQ(error, ECONNRESET) << received;
        co_await scope.join();
        EXPECT_EQ(outcome.there, ECONNRESET);
    }
    co_return true;
}

TEST_P(Copies, OfAProxyLeaveNoStreamBehindWhenAPeerBreaksOff) {
    EXPECT_TRUE(
        io::run_task(*core_, a_reset_ends_both(*core_)));  // a simulated kernel asserts that nothing is left open
}

Task<bool> nothing_comes(io::Core& core) {
    Proxied proxied = co_await make_proxied(core);
    Outcome outcome;
    const io::TimePoint deadline = core.now() + std::chrono::milliseconds(5);
    co_await run_proxy(std::move(proxied.to_client.second), std::move(proxied.to_server.first), deadline, outcome);
    // The direction that ends first aborts the stream from which the other one reads.
    EXPECT_EQ(std::max(outcome.there, outcome.back), ETIMEDOUT);
    co_return true;
}

TEST_P(Copies, EndAtTheirDeadline) { EXPECT_TRUE(io::run_task(*core_, nothing_comes(*core_))); }

Task<void> flood(io::Stream& stream) {
    const std::string octets(64'000'000, 'x');
    const io::Result<void> sent = co_await stream.write_all(octets, io::never);
    EXPECT_FALSE(sent.has_value());
}

Task<bool> nothing_is_taken(io::Core& core) {
    Proxied proxied = co_await make_proxied(core);
    io::Scope flooding;
    flooding.start(flood(proxied.to_client.first));
    {
        Stream from = std::move(proxied.to_client.second);
        int error = 0;
        std::uint64_t copied = 0;
        const io::TimePoint deadline = core.now() + std::chrono::milliseconds(50);
        co_await copy_into(from, proxied.to_server.first, deadline, error, copied);
        EXPECT_EQ(error, ETIMEDOUT);
        from.abort_on_close();
    }
    co_await flooding.join();
    co_return true;
}

TEST_P(Copies, EndAtTheirDeadlineIfNothingIsTaken) { EXPECT_TRUE(io::run_task(*core_, nothing_is_taken(*core_))); }

}  // namespace
}  // namespace portico
