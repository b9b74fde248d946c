// Scopes: their promises, and then tasks that stop each other at random, on a kernel that ends waits at random times.
#include "portico/io/scope.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "portico/io/core.h"
#include "portico/io/datagram.h"
#include "portico/io/gate.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Scopes : public testing::Test {
protected:
    void run(Scope& scope) {
        while (scope.size() > 0) core.run_once(never);
    }
    SimKernel kernel{1};
    Core core{kernel};
};

Task<void> count(int& counter) {
    ++counter;
    co_return;
}

Task<void> sleep_and_count(Core& core, Duration time, int& slept, int& cut) {
    const bool whole = co_await sleep_for(core, time);
    ++(whole ? slept : cut);
}

// What a task makes for others is not tied to it: here a scope that lives longer, on another thread perhaps.
Task<void> make_scope(std::optional<Scope>& made) {
    const StopState* const own = StopState::running();
    {
        const StopState::OutsideChains here;
        EXPECT_EQ(StopState::running(), nullptr);
        made.emplace();
    }
    EXPECT_EQ(StopState::running(), own);
    EXPECT_NE(own, nullptr);
    co_return;
}

TEST_F(Scopes, OfOthersAreMadeOutsideChains) {
    std::optional<Scope> made;
    {
        Scope scope;
        scope.start(make_scope(made));
        EXPECT_EQ(scope.size(), 0U);
    }
    int counter = 0;
    made->start(count(counter));
    EXPECT_EQ(counter, 1);
}

TEST_F(Scopes, ATaskRunsAtOnceUpToItsFirstWait) {
    Scope scope;
    int counter = 0;
    scope.start(count(counter));
    EXPECT_EQ(counter, 1);
    EXPECT_EQ(scope.size(), 0U);
    int slept = 0;
    int cut = 0;
    scope.start(sleep_and_count(core, seconds(1), slept, cut));
    EXPECT_EQ(scope.size(), 1U);
    run(scope);
    EXPECT_EQ(slept, 1);
}

TEST_F(Scopes, WhoStartsAfterTheRequestIsNotAsked) {
    Scope scope;
    int slept = 0;
    int cut = 0;
    scope.start(sleep_and_count(core, seconds(1), slept, cut));
    scope.request_stop();
    scope.start(sleep_and_count(core, seconds(1), slept, cut));
    run(scope);
    EXPECT_EQ(cut, 1);
    EXPECT_EQ(slept, 1);
}

Task<void> join_and_count(Core& core, int tasks, int& ended) {
    {
        Scope scope;
        int slept = 0;
        int cut = 0;
        for (int i = 0; i < tasks; ++i) scope.start(sleep_and_count(core, hours(1 + i), slept, cut));
        co_await scope.join();
        EXPECT_EQ(slept + cut, tasks);
    }
    ++ended;
}

TEST_F(Scopes, AJoinOfNothingIsReady) {
    Scope scope;
    int ended = 0;
    scope.start(join_and_count(core, 0, ended));
    EXPECT_EQ(ended, 1);
}

TEST_F(Scopes, WhoJoinsMayEndTheScopeUnderTheRequestThatEmptiesIt) {
    for (int tasks = 1; tasks <= 3; ++tasks) {
        Scope scope;
        int ended = 0;
        scope.start(join_and_count(core, tasks, ended));
        scope.start(join_and_count(core, tasks, ended));
        scope.request_stop();
        run(scope);
        EXPECT_EQ(ended, 2);
    }
}

TEST_F(Scopes, AJoinEndsWithTheLastTask) {
    Scope scope;
    int ended = 0;
    scope.start(join_and_count(core, 3, ended));
    const TimePoint start = core.now();
    run(scope);
    EXPECT_EQ(ended, 1);
    EXPECT_GE(core.now(), start + hours(3));
    EXPECT_LT(core.now(), start + hours(3) + seconds(1));
}

Task<void> stop_own_scope(Core& core, Scope& scope, int& cut) {
    scope.request_stop();
    const bool slept = co_await sleep_for(core, hours(1));
    if (!slept) ++cut;
}

TEST_F(Scopes, ATaskMayStopItsOwnScope) {
    Scope scope;
    int slept = 0;
    int cut = 0;
    scope.start(sleep_and_count(core, hours(1), slept, cut));
    scope.start(stop_own_scope(core, scope, cut));
    run(scope);
    EXPECT_EQ(slept, 0);
    EXPECT_EQ(cut, 2);
}

// --- at random

class Jungle {
public:
    explicit Jungle(std::uint64_t seed) : kernel(seed, faults_of(seed)), core(kernel) {}

    Task<void> live();

    SimKernel kernel;
    Core core;
    std::size_t born = 0;
    std::size_t gone = 0;

private:
    static SimFaults faults_of(std::uint64_t seed) {
        SimFaults faults;
        faults.cancel_late = static_cast<double>(seed % 5) / 4;
        faults.late = static_cast<double>(seed % 3) / 2;
        faults.delay_max = milliseconds(50);
        return faults;
    }
    Task<void> creature(int depth);
    Task<void> family(int depth);
    Task<void> doze();
    Task<void> listen_for_nobody();
    Task<void> wait_at_gate();
    Task<void> work_elsewhere();

    std::vector<Scope*> scopes_;
    std::vector<Gate*> gates_;
};

Task<void> Jungle::doze() {
    const Duration time = kernel.chance().happens(0.2) ? Duration(hours(1)) : kernel.chance().some_time(seconds(2));
    const bool slept = co_await sleep_for(core, time);
    static_cast<void>(slept);
}

Task<void> Jungle::listen_for_nobody() {
    auto socket = Datagram::open(core, SocketAddress::of(IpAddress::loopback(Family::ipv4), 0));
    std::array<char, 8> room;
    std::array<DatagramSlot, 1> slots;
    slots[0].octets = room;
    const TimePoint deadline =
        kernel.chance().happens(0.5) ? never : core.now() + kernel.chance().some_time(seconds(3));
    const Result<std::size_t> got = co_await socket->receive(slots, deadline);
    EXPECT_FALSE(got.has_value());
    if (!got) {
        EXPECT_TRUE(got.error().number == ECANCELED || got.error().number == ETIMEDOUT);
    }
}

Task<void> Jungle::wait_at_gate() {
    Gate gate;
    gates_.push_back(&gate);
    const TimePoint deadline =
        kernel.chance().happens(0.5) ? never : core.now() + kernel.chance().some_time(seconds(3));
    const Result<void> opened = co_await gate.wait(core, deadline);
    static_cast<void>(opened);
    std::erase(gates_, &gate);
}

Task<void> Jungle::work_elsewhere() {
    auto work = [] { return 7; };
    const std::optional<int> done = co_await offload(core, work);
    if (done) {
        EXPECT_EQ(*done, 7);
    }
}

Task<void> Jungle::family(int depth) {
    Scope scope;
    scopes_.push_back(&scope);
    for (auto left = kernel.chance().below(5); left > 0; --left) scope.start(creature(depth + 1));
    if (kernel.chance().happens(0.3)) co_await doze();
    if (kernel.chance().happens(0.3)) scope.request_stop();
    co_await scope.join();
    EXPECT_EQ(scope.size(), 0U);
    std::erase(scopes_, &scope);
}

Task<void> Jungle::creature(int depth) {
    ++born;
    for (auto left = kernel.chance().between(1, 5); left > 0; --left) {
        switch (kernel.chance().below(8)) {
            case 0:
            case 1: co_await doze(); break;
            case 2: co_await listen_for_nobody(); break;
            case 3: co_await wait_at_gate(); break;
            case 4: co_await work_elsewhere(); break;
            case 5:
                if (depth < 4) co_await family(depth);
                break;
            case 6:
                // This may be a scope that holds this very task.
                if (!scopes_.empty()) scopes_[kernel.chance().below(scopes_.size())]->request_stop();
                break;
            default:
                if (!gates_.empty()) gates_[kernel.chance().below(gates_.size())]->open();
                break;
        }
    }
    ++gone;
}

Task<void> Jungle::live() {
    Scope scope;
    scopes_.push_back(&scope);
    for (int i = 0; i < 20; ++i) scope.start(creature(0));
    const bool slept = co_await sleep_for(core, seconds(5));
    EXPECT_TRUE(slept);
    scope.request_stop();
    co_await scope.join();
    std::erase(scopes_, &scope);
}

TEST(Jungle, EveryoneGoesWhoeverStopsWhom) {
    std::size_t born = 0;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        SCOPED_TRACE(seed);
        Jungle jungle(seed);
        const TimePoint start = jungle.core.now();
        Scope scope;
        scope.start(jungle.live());
        while (scope.size() > 0) jungle.core.run_once(never);
        ASSERT_EQ(jungle.gone, jungle.born);
        ASSERT_EQ(jungle.kernel.operations_pending(), 0U);
        ASSERT_EQ(jungle.core.timers().count(), 0U);
        ASSERT_LT(jungle.core.now() - start, seconds(10));  // a request to stop ends every wait soon
        born += jungle.born;
    }
    EXPECT_GT(born, 10'000U);
}

}  // namespace
}  // namespace portico::io
