// Tests of all() and race(), on simulations with several seeds.
#include "portico/io/together.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>

#include "portico/io/core.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

using std::chrono::seconds;

// Counts the tasks that are alive.
class Alive {
public:
    explicit Alive(int& count) : count_(&count) { ++count; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() { --*count_; }

private:
    int* count_;
};

class Together : public testing::TestWithParam<std::uint64_t> {
protected:
    Core& core() { return core_; }
    void run(Task<void> task) {
        Scope scope;
        scope.start(std::move(task));
        while (scope.size() > 0) core_.run_once(never);
        EXPECT_EQ(alive, 0);
    }
    int alive = 0;

private:
    SimKernel kernel_{GetParam()};
    Core core_{kernel_};
};
INSTANTIATE_TEST_SUITE_P(Simulated, Together, testing::Range<std::uint64_t>(1, 11));

Task<std::string> text_after(Core& core, seconds time, std::string text, int& alive) {
    const Alive here(alive);
    if (time == seconds::zero()) co_return text;
    const bool slept = co_await sleep_for(core, time);
    co_return slept ? text : "stopped";
}

Task<int> number_after(Core& core, seconds time, int number, int& alive) {
    const Alive here(alive);
    const bool slept = co_await sleep_for(core, time);
    co_return slept ? number : -1;
}

Task<void> throw_after(Core& core, seconds time, int& alive) {
    const Alive here(alive);
    if (time == seconds::zero()) throw std::runtime_error("at once");
    const bool slept = co_await sleep_for(core, time);
    if (slept) throw std::runtime_error("later");
}

Task<void> await_values(Core& core, int& alive) {
    const TimePoint began = core.now();
    const auto values = co_await all(text_after(core, seconds(3), std::string(100, 'a'), alive),
                                     number_after(core, seconds(2), 7, alive));
    EXPECT_EQ(std::get<0>(values), std::string(100, 'a'));
    EXPECT_EQ(std::get<1>(values), 7);
    EXPECT_LT(core.now() - began, seconds(5));  // at the same time
    auto [first, second] =
        co_await all(text_after(core, seconds(0), "at once, ", alive), text_after(core, seconds(0), "too", alive));
    EXPECT_EQ(first + second, "at once, too");
    const std::tuple<> none = co_await all();
    static_cast<void>(none);
}

TEST_P(Together, AllReturnsEachValueInItsPlace) { run(await_values(core(), alive)); }

struct ThrowRow {
    seconds after;
    const char* what;
};

Task<void> await_throwing(Core& core, ThrowRow row, int& alive) {
    std::string what;
    const TimePoint began = core.now();
    try {
        co_await all(number_after(core, seconds(100), 1, alive), throw_after(core, row.after, alive),
                     number_after(core, seconds(200), 2, alive));
    } catch (const std::runtime_error& error) {
        what = error.what();
    }
    EXPECT_EQ(what, row.what);
    EXPECT_EQ(alive, 0);  // the others have been destroyed
    EXPECT_LT(core.now() - began, seconds(100));
}

TEST_P(Together, AllThrowsWhatOneHasThrownOnceTheOthersAreDestroyed) {
    for (const ThrowRow row : {ThrowRow{seconds(0), "at once"}, ThrowRow{seconds(1), "later"}}) {
        run(await_throwing(core(), row, alive));
    }
}

Task<void> await_first(Core& core, int& alive) {
    const auto first = co_await race(text_after(core, seconds(300), "slow", alive),
                                     number_after(core, seconds(1), 7, alive), throw_after(core, seconds(200), alive));
    EXPECT_EQ(first.index(), 1U);
    EXPECT_EQ(alive, 0);  // the losers have been destroyed
    EXPECT_EQ(std::get<1>(first), 7);
    const auto at_once =
        co_await race(text_after(core, seconds(0), "one", alive), text_after(core, seconds(0), "other", alive));
    EXPECT_EQ(at_once.index(), 0U);
    EXPECT_EQ(std::get<0>(at_once), "one");
    EXPECT_EQ(alive, 0);
    bool has_thrown = false;
    try {
        co_await race(throw_after(core, seconds(1), alive), text_after(core, seconds(2), "late", alive));
    } catch (const std::runtime_error&) {
        has_thrown = true;
    }
    EXPECT_TRUE(has_thrown);
}

TEST_P(Together, RaceReturnsTheFirstValueOnceTheLosersAreDestroyed) { run(await_first(core(), alive)); }

// A loser that does not heed a request to stop.
Task<int> goes_on(Core& core, int& alive) {
    const Alive here(alive);
    for (;;) {
        const bool slept = co_await sleep_for(core, seconds(1));
        EXPECT_TRUE(slept) << "it was destroyed where it waited";
        if (!slept) co_return 1;
    }
}

struct Offloaded {
    std::atomic<bool> has_ended = false;
};

// A loser whose function runs.
Task<int> ends_late(Core& core, Offloaded& offloaded) {
    auto work = [&offloaded] {
        offloaded.has_ended = true;
        return 1;
    };
    const std::optional<int> done = co_await offload(core, work);
    co_return done.value_or(0);
}

Task<void> race_the_stubborn(Core& core, int& alive) {
    const auto first = co_await race(goes_on(core, alive), number_after(core, seconds(2), 7, alive));
    EXPECT_EQ(first.index(), 1U);
    EXPECT_EQ(alive, 0);
    Offloaded offloaded;
    const auto next = co_await race(ends_late(core, offloaded), number_after(core, seconds(0), 7, alive));
    static_cast<void>(next);
}

TEST_P(Together, LosersNeedNotHeedARequestToStop) { run(race_the_stubborn(core(), alive)); }

// The task that waits is asked to stop.
Task<void> race_and_all(Core& core, int& alive, std::string& result) {
    const auto first =
        co_await race(text_after(core, seconds(300), "slow", alive), text_after(core, seconds(200), "other", alive));
    const auto both =
        co_await all(number_after(core, seconds(300), 1, alive), number_after(core, seconds(9), 2, alive));
    result = first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
    result += std::to_string(std::get<0>(both) + std::get<1>(both));
}

TEST_P(Together, GoOnWithErrorsWhenTheWaitingTaskIsAskedToStop) {
    std::string result;
    Scope scope;
    scope.start(race_and_all(core(), alive, result));
    core().run_once(core().now() + seconds(1));
    EXPECT_EQ(alive, 2);
    scope.request_stop();
    while (scope.size() > 0) core().run_once(never);
    EXPECT_EQ(result, "stopped-2");
    EXPECT_EQ(alive, 0);
}

// The waiting task is destroyed where it waits, in one of both.
TEST_P(Together, AreDestroyedWithTheWaitingTask) {
    for (const int time : {1, 205}) {
        std::string result = "none";
        {
            Scope scope;
            scope.start(race_and_all(core(), alive, result), AfterStop::ends);
            const TimePoint until = core().now() + seconds(time);
            while (core().now() < until) core().run_once(until);
            EXPECT_EQ(alive, 2);
            if (time == 1) scope.request_stop();  // the other time by the scope's destructor
            if (time == 1) {
                while (scope.size() > 0) core().run_once(never);
            }
        }
        EXPECT_EQ(alive, 0);
        EXPECT_EQ(result, "none");
    }
}

}  // namespace
}  // namespace portico::io
