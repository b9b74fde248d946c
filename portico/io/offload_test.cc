// Work on helper threads: behaviour that every kernel must share. Each test runs on epoll, and on simulations with
// several seeds.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <set>

#include "portico/io/core.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

// The kernel under test: 0 is epoll, else a simulation of that seed.
class Offloading : public testing::TestWithParam<std::uint64_t> {
protected:
    Offloading() {
        if (GetParam() != 0) {
            kernel_ = std::make_unique<SimKernel>(GetParam());
        } else {
            auto epoll = make_epoll_kernel();
            EXPECT_TRUE(epoll.has_value());
            kernel_ = std::move(*epoll);
        }
        core_ = std::make_unique<Core>(*kernel_);
    }
    Core& core() { return *core_; }
    void run(const Scope& scope) {
        while (scope.size() > 0) core_->run_once(never);
    }

private:
    std::unique_ptr<Kernel> kernel_;
    std::unique_ptr<Core> core_;
};
INSTANTIATE_TEST_SUITE_P(Epoll, Offloading, testing::Values(0));
INSTANTIATE_TEST_SUITE_P(Simulated, Offloading, testing::Range<std::uint64_t>(1, 21));

Task<void> offload_one(Core& core, int number, std::set<int>& done) {
    auto work = [number] { return number * 2; };
    const std::optional<int> result = co_await offload(core, work);
    EXPECT_EQ(result, number * 2);
    done.insert(number);
}

TEST_P(Offloading, OffloadedWorkComesBackWithItsValue) {
    Scope scope;
    std::set<int> done;
    for (int i = 0; i < 100; ++i) scope.start(offload_one(core(), i, done));
    run(scope);
    EXPECT_EQ(done.size(), 100U);
}

// The results of 100 offloads.
struct Offloads {
    std::latch may_return{1};
    std::atomic<int> begun = 0;
    int done = 0;
    int cancelled = 0;
};

Task<void> offload_until_released(Core& core, Offloads& all) {
    auto work = [&all] {
        ++all.begun;
        all.may_return.wait();
        return true;
    };
    const std::optional<bool> result = co_await offload(core, work);
    ++(result ? all.done : all.cancelled);
}

TEST_P(Offloading, WorkThatIsQueuedIsCancelledAndWorkThatHasBegunIsWaitedFor) {
    Scope scope;
    Offloads all;
    for (int i = 0; i < 100; ++i) scope.start(offload_until_released(core(), all));
    scope.request_stop();
    EXPECT_GT(all.cancelled, 0);
    EXPECT_EQ(scope.size(), 100U - static_cast<unsigned>(all.cancelled));
    all.may_return.count_down();
    run(scope);
    EXPECT_EQ(all.done, all.begun);
    EXPECT_EQ(all.done + all.cancelled, 100);
}

// A lambda that captures references and numbers may be created in the call.
Task<void> offload_a_temporary(Core& core, const std::string& text, std::size_t more, std::size_t& sum) {
    const std::optional<std::size_t> result = co_await offload(core, [&text, more] { return text.size() + more; });
    sum = result.value_or(0);
}

TEST_P(Offloading, TakesASimpleLambdaThatHasNoName) {
    Scope scope;
    const std::string text(100, 'x');
    std::size_t sum = 0;
    scope.start(offload_a_temporary(core(), text, 3, sum));
    run(scope);
    EXPECT_EQ(sum, 103U);
}

Task<void> offload_an_owner(Core& core, std::shared_ptr<int> shared, long& owners) {
    auto work = [shared] { return *shared; };
    const std::optional<int> result = co_await offload(core, work);
    EXPECT_EQ(result, 7);
    owners = shared.use_count();
}

TEST_P(Offloading, LeavesANamedFunctionObjectWhereItIs) {
    Scope scope;
    auto shared = std::make_shared<int>(7);
    long owners = 0;
    scope.start(offload_an_owner(core(), shared, owners));
    run(scope);
    EXPECT_EQ(owners, 3);
    EXPECT_EQ(shared.use_count(), 1);
}

}  // namespace
}  // namespace portico::io
