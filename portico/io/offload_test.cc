// Work on helper threads: behaviour that every kernel must share. Each test runs on epoll, and on simulations with
// several seeds.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "portico/io/core.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/pool.h"
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

// --- arguments

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

// Counts its copies that are alive.
class Copied {
public:
    explicit Copied(int& alive) : alive_(&alive) { ++alive; }
    Copied(const Copied& other) : alive_(other.alive_) { ++*alive_; }
    Copied& operator=(const Copied&) = delete;
    ~Copied() { --*alive_; }

private:
    int* alive_;
};

Task<void> offload_with_arguments(Core& core, Pool& pool, int& alive) {
    const std::optional<std::string> text = co_await offload(core, repeated, std::string(40, 'x'), 3);
    EXPECT_EQ(text, std::string(120, 'x'));
    auto owner = std::make_unique<int>(5);
    auto take = [](std::unique_ptr<int> taken, const Copied&) { return *taken; };
    const std::optional<int> taken = co_await offload(core, take, std::move(owner), Copied(alive));
    EXPECT_EQ(taken, 5);
    EXPECT_EQ(alive, 0);  // g++ 12 destroys some temporaries of such a statement twice
    const Result<std::string> pooled = co_await offload(core, pool, repeated, std::string(40, 'y'), 2);
    EXPECT_EQ(pooled.value_or(""), std::string(80, 'y'));
    const Result<int> counted = co_await offload(core, pool, [](int a, int b) { return a + b; }, 1, 2);
    EXPECT_EQ(counted.value_or(0), 3);
}

TEST_P(Offloading, PassesArgumentsOn) {
    Pool pool("arguments", 2);
    Scope scope;
    int alive = 0;
    scope.start(offload_with_arguments(core(), pool, alive));
    run(scope);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(pool.in_use(), 0U);
}

// --- pools

struct PoolResults {
    int done = 0;
    int full = 0;
    int cancelled = 0;
};

Task<void> offload_to_pool(Core& core, Pool& pool, std::latch& may_return, PoolResults& results) {
    auto work = [&may_return] {
        may_return.wait();
        return true;
    };
    const Result<bool> done = co_await offload(core, pool, work);
    if (done) {
        ++results.done;
    } else {
        ++(done.error().number == EBUSY ? results.full : results.cancelled);
    }
}

TEST_P(Offloading, APoolRefusesWorkBeyondItsThreadsAndItsQueue) {
    Pool pool("small", 2, 3);
    std::latch may_return(1);
    PoolResults results;
    Scope scope;
    for (int i = 0; i < 9; ++i) scope.start(offload_to_pool(core(), pool, may_return, results));
    EXPECT_EQ(results.full, 4);
    EXPECT_EQ(pool.in_use(), 5U);
    scope.request_stop();  // what is queued is cancelled, and gives its place back
    EXPECT_GE(results.cancelled, 3);
    EXPECT_EQ(pool.in_use(), 5U - static_cast<unsigned>(results.cancelled));
    may_return.count_down();
    run(scope);
    EXPECT_EQ(results.done + results.cancelled, 5);
    EXPECT_EQ(pool.in_use(), 0U);
}

Task<void> count_alone(Core& core, Pool& pool, int& now, int& sum) {
    auto work = [&now, &sum] {  // without a lock: nothing else runs at the same time
        if (++now == 1) ++sum;
        --now;
        return true;
    };
    const Result<bool> done = co_await offload(core, pool, work);
    EXPECT_TRUE(done.has_value());
}

TEST_P(Offloading, OneThreadDoesOneThingAtATime) {
    Pool pool("a pool whose name is longer than a thread's", 1);
    EXPECT_EQ(pool.name(), "a pool whose name is longer than a thread's");
    int now = 0;
    int sum = 0;
    Scope scope;
    for (int i = 0; i < 100; ++i) scope.start(count_alone(core(), pool, now, sum));
    run(scope);
    EXPECT_EQ(sum, 100);
}

Task<void> offload_and_throw(Core& core, Pool& pool, std::string& what) {
    try {
        const Result<int> done = co_await offload(
            core, pool,
            [](int number) {
                if (number > 0) throw std::runtime_error("thrown there");
                return number;
            },
            1);
        what = done ? "a value" : "an error";
    } catch (const std::runtime_error& error) {
        what = error.what();
    }
}

TEST_P(Offloading, RethrowsWhatAPooledFunctionThrows) {
    Pool pool("throws", 1);
    std::string what;
    Scope scope;
    scope.start(offload_and_throw(core(), pool, what));
    run(scope);
    EXPECT_EQ(what, "thrown there");
}

// The frames are destroyed by code that can't wait, while the function runs.
TEST_P(Offloading, APooledFunctionIsWaitedForByAScopesDestructor) {
    Pool pool("blocks", 1);
    std::latch may_return(1);
    PoolResults results;
    std::thread releases([&may_return] { may_return.count_down(); });
    {
        Scope scope;
        for (int i = 0; i < 3; ++i) scope.start(offload_to_pool(core(), pool, may_return, results));
    }
    releases.join();
    EXPECT_EQ(pool.in_use(), 0U);
    EXPECT_EQ(results.done + results.full, 0);
}

// Two cores share a pool: each result goes to its own.
TEST(APool, ServesSeveralCores) {
    Pool pool("shared", 2);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&pool] {
            const auto kernel = *make_epoll_kernel();
            Core core(*kernel);
            std::latch open(0);
            PoolResults results;
            Scope scope;
            for (int k = 0; k < 50; ++k) scope.start(offload_to_pool(core, pool, open, results));
            while (scope.size() > 0) core.run_once(never);
            EXPECT_EQ(results.done, 50);
        });
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace portico::io
