// The last accepts at a listener: no connection that has begun is lost, and no new one begins. On both kernels.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"

namespace portico::io {
namespace {

using std::chrono::milliseconds;

// The parameter: 0 is epoll, else a simulation of that seed.
class LastAccepts : public testing::TestWithParam<std::uint64_t> {
protected:
    LastAccepts() {
        if (GetParam() == 0) {
            auto epoll = make_epoll_kernel();
            EXPECT_TRUE(epoll.has_value());
            kernel_ = std::move(*epoll);
            place_ = scratch_.emplace().path();
        } else {
            kernel_ = std::make_unique<SimKernel>(GetParam());
            place_ = "/place";
        }
        core_.emplace(*kernel_);
    }
    Core& core() { return *core_; }
    static SocketAddress tcp() { return SocketAddress::of(IpAddress::loopback(Family::ipv4), 0); }

    std::optional<ScratchFolder> scratch_;  // on the real kernel
    std::string place_;

private:
    std::unique_ptr<Kernel> kernel_;
    std::optional<Core> core_;
};
INSTANTIATE_TEST_SUITE_P(Epoll, LastAccepts, testing::Values(0));
INSTANTIATE_TEST_SUITE_P(Simulated, LastAccepts, testing::Range<std::uint64_t>(1, 11));

// The first octet from a client that had sent octets when the listener began to refuse, and the one from a client that
// was silent then; and why a client that came later could not connect.
struct Outcome {
    std::string from_silent;
    std::string from_early;
    int latecomer_failure = 0;
};

Task<std::string> accept_and_read(Core& core, Listener& listener) {
    Result<Accepted> accepted = co_await listener.accept();
    if (!accepted) co_return "not accepted";
    const Result<Buffer> received = co_await accepted->stream.read(core.buffers(), never);
    co_return received ? std::string(received->octets().substr(0, 1)) : "not read";  // a read may be short
}

Task<Outcome> live(Core& core, SocketAddress at) {
    ListenOptions options;
    options.defer_accept = std::chrono::seconds(1);
    Result<Listener> listener = Listener::open(core, at, options);
    Result<Stream> early = co_await connect(core, listener->local(), never);
    const Result<void> sent = co_await early->write_all("early", never);
    Result<Stream> silent = co_await connect(core, listener->local(), never);
    listener->refuse_new_connections();

    Outcome outcome;
    const Result<Stream> latecomer = co_await connect(core, listener->local(), core.now() + milliseconds(50));
    if (!latecomer) outcome.latecomer_failure = latecomer.error().number;
    outcome.from_early = co_await accept_and_read(core, *listener);
    const Result<void> spoken = co_await silent->write_all("no longer silent", never);
    outcome.from_silent = co_await accept_and_read(core, *listener);
    EXPECT_TRUE(sent && spoken);
    co_return outcome;
}

TEST_P(LastAccepts, TakeWhoHasConnectedOverTcpAndNobodyElse) {
    const Outcome outcome = run_task(core(), live(core(), tcp()));
    EXPECT_EQ(outcome.from_early, "e");
    EXPECT_EQ(outcome.from_silent, "n");
    EXPECT_EQ(outcome.latecomer_failure, ETIMEDOUT) << "it tries again later";
}

TEST_P(LastAccepts, TakeWhoHasConnectedToAUnixPathAndNobodyElse) {
    const Outcome outcome = run_task(core(), live(core(), SocketAddress::unix_path_of(place_ + "/socket")));
    EXPECT_EQ(outcome.from_early, "e");
    EXPECT_EQ(outcome.from_silent, "n");
    EXPECT_EQ(outcome.latecomer_failure, ECONNREFUSED);
}

}  // namespace
}  // namespace portico::io
