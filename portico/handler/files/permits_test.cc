// Tasks that do the same thing, a few at the same time.
#include "portico/handler/files/permits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::files {
namespace {

using namespace std::chrono_literals;

class PermitsTest : public testing::Test {
protected:
    // `at_once_max` is never exceeded.
    Task<void> work(int number, unsigned at_once_max) {
        Permit permit(permits, at_once_max);
        while (!permit.is_taken()) {
            const bool woken = co_await permit.wait();
            if (!woken) co_return;
        }
        began.push_back(number);
        EXPECT_LE(permits.taken(), at_once_max);
        const bool slept = co_await io::sleep_for(core, 10ms);
        static_cast<void>(slept);
        ended.push_back(number);
    }
    void run(io::Scope& scope) {
        for (int i = 0; i < 1000 && scope.size() > 0; ++i) core.run_once(core.now() + 1ms);
        EXPECT_EQ(scope.size(), 0U);
        EXPECT_EQ(permits.taken(), 0U);
    }

    io::SimKernel kernel{1};
    io::Core core{kernel};
    Permits permits{core};
    std::vector<int> began;
    std::vector<int> ended;
};

TEST_F(PermitsTest, AreGivenInTheOrderOfArrival) {
    io::Scope scope;
    for (int i = 1; i <= 5; ++i) scope.start(work(i, 2));
    EXPECT_THAT(began, testing::ElementsAre(1, 2));
    EXPECT_EQ(permits.taken(), 2U);
    run(scope);
    EXPECT_THAT(began, testing::ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(PermitsTest, OfTasksThatEndEarlyAreGivenOn) {
    io::Scope holding;
    io::Scope waiting;
    io::Scope last;
    holding.start(work(1, 1), AfterStop::ends);
    waiting.start(work(2, 1), AfterStop::ends);
    last.start(work(3, 1));
    waiting.request_stop();
    EXPECT_EQ(permits.taken(), 1U);
    holding.request_stop();
    run(last);
    EXPECT_THAT(began, testing::ElementsAre(1, 3));
    EXPECT_THAT(ended, testing::ElementsAre(3));
}

TEST_F(PermitsTest, AreRefusedWhenTheLineIsFull) {
    const Permit taken(permits, 1, 0);
    EXPECT_TRUE(taken.is_taken());
    EXPECT_TRUE(Permit(permits, 1, 0).is_refused());
    const Permit waiting(permits, 1, 1);
    EXPECT_FALSE(waiting.is_taken() || waiting.is_refused());
    EXPECT_TRUE(Permit(permits, 1, 1).is_refused());
    EXPECT_EQ(permits.taken(), 1U);
    EXPECT_EQ(permits.waiting(), 1U);
}

TEST_F(PermitsTest, BelongToThoseWhoWaitBeforeThoseWhoCome) {
    io::Scope others;
    auto first = std::make_unique<Permit>(permits, 1);
    others.start(work(2, 1));
    first.reset();  // its permit is free, but the next task has not been told yet
    others.start(work(3, 1));
    run(others);
    EXPECT_THAT(began, testing::ElementsAre(2, 3));
}

}  // namespace
}  // namespace portico::files
