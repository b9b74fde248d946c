// portico/io/hang_up_test.cc — distinguishing a broken connection from a half-closed one, on each kernel.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "portico/io/core.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"

namespace portico::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// 0 is epoll, else a simulation of that seed.
class HangUps : public testing::TestWithParam<std::uint64_t> {
protected:
    HangUps() {
        if (GetParam() == 0) {
            kernel_ = std::move(*make_epoll_kernel());
        } else {
            kernel_ = std::make_unique<SimKernel>(GetParam());
        }
        core_.emplace(*kernel_);
    }
    void run(Task<void> task) {
        Scope scope;
        scope.start(std::move(task));
        while (scope.size() > 0) core_->run_once(never);
    }
    Task<void> connect_both(SocketAddress address) {
        Result<Listener> listener = Listener::open(*core_, address);
        EXPECT_TRUE(listener.has_value());
        Result<Stream> client = co_await connect(*core_, listener->local(), never);
        EXPECT_TRUE(client.has_value());
        Result<Accepted> accepted = co_await listener->accept();
        EXPECT_TRUE(accepted.has_value());
        client_.emplace(std::move(*client));
        server_.emplace(std::move(accepted->stream));
    }
    void connect_tcp() { run(connect_both(SocketAddress::of(IpAddress::loopback(Family::ipv4), 0))); }
    void connect_unix() {
        SocketAddress address;
        address.family = Family::unix_path;
        address.path = std::string("\0portico-hang-up-test-", 22) + std::to_string(GetParam());
        run(connect_both(address));
    }
    // Returns whether the server's end is broken, now or within this time.
    bool is_broken(Duration within = milliseconds(20)) {
        bool broken = false;
        run(look(broken, core_->now() + within));
        return broken;
    }
    Task<void> look(bool& broken, TimePoint until) {
        const Result<void> hung_up = co_await server_->hang_up(until);
        broken = hung_up.has_value();
        if (!hung_up) {
            EXPECT_EQ(hung_up.error().number, ETIMEDOUT);
        }
    }
    // The server reads the end of the stream.
    Task<void> read_end() {
        std::array<char, 10> room;
        const Result<std::size_t> octets = co_await server_->read(room, never);
        EXPECT_EQ(octets.value_or(1), 0U);
    }

    std::unique_ptr<Kernel> kernel_;
    std::optional<Core> core_;
    std::optional<Stream> client_;
    std::optional<Stream> server_;
};
INSTANTIATE_TEST_SUITE_P(Epoll, HangUps, testing::Values(0));
INSTANTIATE_TEST_SUITE_P(Simulated, HangUps, testing::Range<std::uint64_t>(1, 11));

TEST_P(HangUps, AConnectionThatIsOpenIsNotBroken) {
    connect_tcp();
    EXPECT_FALSE(is_broken());
}

TEST_P(HangUps, AHalfCloseBreaksNothing) {
    connect_tcp();
    EXPECT_TRUE(client_->finish_sending().has_value());
    EXPECT_FALSE(is_broken());
    run(read_end());
    EXPECT_FALSE(is_broken());
}

// It looks like a half-close until the server sends something.
TEST_P(HangUps, ACloseOverTcpIsNotSeen) {
    connect_tcp();
    client_.reset();
    EXPECT_FALSE(is_broken());
}

TEST_P(HangUps, AResetIsSeen) {
    connect_tcp();
    client_->abort_on_close();
    client_.reset();
    EXPECT_TRUE(is_broken(seconds(20)));
    EXPECT_TRUE(is_broken(seconds(20))) << "and stays so";
}

TEST_P(HangUps, AResetIsSeenAfterAHalfClose) {
    connect_tcp();
    EXPECT_TRUE(client_->finish_sending().has_value());
    run(read_end());
    EXPECT_FALSE(is_broken());
    client_->abort_on_close();
    client_.reset();
    EXPECT_TRUE(is_broken(seconds(20)));
}

TEST_P(HangUps, AHalfCloseOverAUnixSocketBreaksNothing) {
    connect_unix();
    EXPECT_TRUE(client_->finish_sending().has_value());
    EXPECT_FALSE(is_broken());
}

TEST_P(HangUps, ACloseOfAUnixSocketIsSeen) {
    connect_unix();
    client_.reset();
    EXPECT_TRUE(is_broken(seconds(20)));
}

}  // namespace
}  // namespace portico::io
