// Connecting to the address that answers first.
#include "portico/io/net/happy_eyeballs.h"

#include <gtest/gtest.h>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

SocketAddress at(std::string_view ip, std::uint16_t port = 1) { return SocketAddress::of(*IpAddress::parse(ip), port); }

TEST(Interleave, TakesFamiliesInTurn) {
    const std::vector<SocketAddress> mixed =
        interleave({at("::1"), at("::2"), at("::3"), at("127.0.0.1"), at("127.0.0.2")});
    EXPECT_EQ(mixed, (std::vector<SocketAddress>{at("::1"), at("127.0.0.1"), at("::2"), at("127.0.0.2"), at("::3")}));
    EXPECT_EQ(interleave({at("127.0.0.1"), at("127.0.0.2"), at("::1")}),
              (std::vector<SocketAddress>{at("127.0.0.1"), at("::1"), at("127.0.0.2")}));
    EXPECT_TRUE(interleave({}).empty());
}

class Notes final : public ConnectWatcher {
public:
    void trying(const SocketAddress& peer) override { texts.push_back("trying " + peer.text()); }
    void failed(const SocketAddress& peer, const Error& error) override {
        texts.push_back("failed " + peer.text() + " " + describe(error));
    }
    std::vector<std::string> texts;
};

class HappyEyeballs : public testing::Test {
protected:
    Result<Listener> listen(std::string_view ip, int backlog = 16) {
        ListenOptions options;
        options.backlog = backlog;
        return Listener::open(core_, at(ip, 0), options);
    }
    ConnectResult connect(std::vector<SocketAddress> peers, ConnectOptions options = {}) {
        options.watcher = &notes_;
        return run_task(core_, connect_to_any(core_, std::move(peers), options));
    }

    Result<std::unique_ptr<Kernel>> kernel_ = make_epoll_kernel();
    Core core_{**kernel_};
    Notes notes_;
};

TEST_F(HappyEyeballs, GoesOnAtOnceWhereAnAddressRefuses) {
    auto gone = listen("127.0.0.1");
    const SocketAddress refusing = gone->local();
    {
        const auto closed = std::move(gone);
    }
    const auto listener = listen("127.0.0.2");
    ConnectOptions patient;
    patient.attempt_delay = std::chrono::hours(1);
    const auto connected = connect({refusing, listener->local()}, patient);
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_EQ(connected->peer, listener->local());
    EXPECT_EQ(notes_.texts, (std::vector<std::string>{"trying " + refusing.text(),
                                                      "failed " + refusing.text() + " connect: Connection refused",
                                                      "trying " + listener->local().text()}));
}

TEST_F(HappyEyeballs, SaysWhyWhereAllRefuse) {
    auto gone = listen("127.0.0.1");
    const SocketAddress refusing = gone->local();
    {
        const auto closed = std::move(gone);
    }
    const auto connected = connect({refusing, SocketAddress::unix_path_of("/nonexistent/socket")});
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().stage, ConnectFailure::Stage::connecting);
    EXPECT_EQ(connected.error().number, ECONNREFUSED);
    EXPECT_EQ(connected.error().message, "connect: Connection refused");
}

// A listener whose queue is full drops new connections: its peers wait.
class SilentHost : public HappyEyeballs {
protected:
    void SetUp() override {
        silent_ = listen("127.0.0.1", 0);
        // Linux queues backlog + 1.
        for (int i = 0; i < 8; ++i) {
            ConnectOptions options;
            options.deadline = core_.now() + std::chrono::milliseconds(20);
            auto filler = connect({silent_->local()}, options);
            if (!filler) return;
            fillers_.push_back(std::move(filler->stream));
        }
        GTEST_SKIP() << "this kernel's queue does not fill";
    }
    Result<Listener> silent_ = fail(0, "");
    std::vector<Stream> fillers_;
};

TEST_F(SilentHost, IsOvertakenAfterTheAttemptDelay) {
    const auto listener = listen("127.0.0.2");
    ConnectOptions options;
    options.attempt_delay = std::chrono::milliseconds(5);
    const auto connected = connect({silent_->local(), listener->local()}, options);
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_EQ(connected->peer, listener->local());
}

TEST_F(SilentHost, IsGivenUpAtTheDeadline) {
    ConnectOptions options;
    options.attempt_delay = std::chrono::milliseconds(1);
    options.deadline = core_.now() + std::chrono::milliseconds(20);
    const auto connected = connect({silent_->local(), silent_->local()}, options);
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().number, ETIMEDOUT);
}

Task<void> keep_failure(Core& core, SocketAddress peer, int& number) {
    ConnectOptions options;
    std::vector<SocketAddress> peers{peer, peer, peer};
    auto connected = co_await connect_to_any(core, std::move(peers), options);
    number = connected ? 0 : connected.error().number;
}

TEST_F(SilentHost, IsGivenUpWhenAsked) {
    int number = -1;
    Scope scope;
    scope.start(keep_failure(core_, silent_->local(), number));
    EXPECT_EQ(number, -1);
    scope.request_stop();
    while (scope.size() > 0) core_.run_once(core_.now());
    EXPECT_EQ(number, ECANCELED);
}

// An address without a route gives no information about the host, whenever it is tried.
TEST_F(HappyEyeballs, SaysWhatTellsMostAboutTheHost) {
    auto gone = listen("127.0.0.1");
    const SocketAddress refusing = gone->local();
    {
        const auto closed = std::move(gone);
    }
    const SocketAddress unreachable = at("255.255.255.255");
    EXPECT_EQ(connect({unreachable}).error().number, ENETUNREACH);
    EXPECT_EQ(connect({unreachable, refusing}).error().number, ECONNREFUSED);
    EXPECT_EQ(connect({refusing, unreachable}).error().number, ECONNREFUSED);
}

// --- the order of attempts, in simulated time

// Records when each attempt began, relative to the first.
class Moments final : public ConnectWatcher {
public:
    explicit Moments(Core& core) : core_(&core) {}
    void trying(const SocketAddress& /*peer*/) override { moments_.push_back(core_->now()); }
    void failed(const SocketAddress& /*peer*/, const Error& /*error*/) override {}
    [[nodiscard]] std::vector<Duration> since_the_first() const {
        std::vector<Duration> times;
        for (const TimePoint moment : moments_) times.push_back(moment - moments_.front());
        return times;
    }

private:
    Core* core_;
    std::vector<TimePoint> moments_;
};

class AttemptDelay : public testing::TestWithParam<std::uint64_t> {
protected:
    AttemptDelay() {
        ListenOptions options;
        options.backlog = 0;  // drops new connections
        silent_ = Listener::open(core_, at("127.0.0.1", 0), options);
    }
    ConnectResult connect_thrice(Duration deadline) {
        ConnectOptions options;
        options.watcher = &moments_;
        options.deadline = core_.now() + deadline;
        const SocketAddress silent = silent_->local();
        return run_task(core_, connect_to_any(core_, {silent, silent, silent}, options));
    }

    static constexpr auto rfc_8305 = std::chrono::milliseconds(250);  // its section 5
    SimKernel kernel_{GetParam()};
    Core core_{kernel_};
    Moments moments_{core_};
    Result<Listener> silent_ = fail(0, "");
};
INSTANTIATE_TEST_SUITE_P(Simulated, AttemptDelay, testing::Range<std::uint64_t>(1, 6));

TEST_P(AttemptDelay, IsWaitedForBeforeEachFurtherAttempt) {
    EXPECT_FALSE(connect_thrice(std::chrono::seconds(10)));
    const std::vector<Duration> times = moments_.since_the_first();
    ASSERT_EQ(times.size(), 3U);
    for (std::size_t i = 1; i < times.size(); ++i) {
        EXPECT_GE(times[i] - times[i - 1], rfc_8305);
        EXPECT_LT(times[i] - times[i - 1], 2 * rfc_8305);
    }
}

TEST_P(AttemptDelay, NoAttemptBeginsAfterTheDeadline) {
    const TimePoint begun = core_.now();
    const ConnectResult connected = connect_thrice(rfc_8305 + rfc_8305 / 2);
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().number, ETIMEDOUT);
    EXPECT_EQ(moments_.since_the_first().size(), 2U);
    EXPECT_LT(core_.now() - begun, 2 * rfc_8305);
}

TEST_F(HappyEyeballs, ConnectsByEndpoint) {
    const auto listener = listen("127.0.0.1");
    Endpoint endpoint(EndpointScheme::tcp, "localhost", listener->local().port);
    const auto connected = run_task(core_, connect_to(core_, endpoint, ConnectOptions()));
    ASSERT_TRUE(connected) << connected.error().message;
    EXPECT_EQ(connected->peer, listener->local());

    endpoint.host = "host.invalid";
    const auto unknown = run_task(core_, connect_to(core_, endpoint, ConnectOptions()));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().stage, ConnectFailure::Stage::resolving);
    EXPECT_EQ(unknown.error().message, "host.invalid: no such host");
}

TEST_F(HappyEyeballs, ConnectsToAnAbstractUnixName) {
    const std::string name =
        std::string("\0portico-happy-", 15) + std::to_string(core_.now().time_since_epoch().count());
    const auto listener = Listener::open(core_, SocketAddress::unix_path_of(name));
    ASSERT_TRUE(listener);
    const Endpoint endpoint = Endpoint::unix_stream(name);
    const auto connected = run_task(core_, connect_to(core_, endpoint, ConnectOptions()));
    EXPECT_TRUE(connected);
}

}  // namespace
}  // namespace portico::io
