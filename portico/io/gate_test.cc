// A gate lets one wait through for each opening.
#include "portico/io/gate.h"

#include <gtest/gtest.h>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"

namespace portico::io {
namespace {

Task<int> pass(Core& core, Gate& gate, TimePoint deadline) {
    const Result<void> opened = co_await gate.wait(core, deadline);
    co_return opened ? 0 : opened.error().number;
}

Task<void> open_later(Core& core, Gate& gate) {
    const bool slept = co_await sleep_for(core, std::chrono::milliseconds(1));
    EXPECT_TRUE(slept);
    gate.open();
}

Task<void> keep_number(Core& core, Gate& gate, int& number) { number = co_await pass(core, gate, never); }

class Gates : public testing::Test {
protected:
    Result<std::unique_ptr<Kernel>> kernel_ = make_epoll_kernel();
    Core core_{**kernel_};
    Gate gate_;
};

TEST_F(Gates, LetTheNextThroughOnce) {
    gate_.open();
    gate_.open();
    EXPECT_EQ(run_task(core_, pass(core_, gate_, never)), 0);
    EXPECT_EQ(run_task(core_, pass(core_, gate_, core_.now())), ETIMEDOUT);
}

TEST_F(Gates, LetAWaitThroughThatIsUnderWay) {
    Scope scope;
    scope.start(open_later(core_, gate_));
    EXPECT_EQ(run_task(core_, pass(core_, gate_, never)), 0);
}

TEST_F(Gates, AreLeftByWhoIsAskedToStop) {
    Scope scope;
    int number = -1;
    scope.start(keep_number(core_, gate_, number));
    EXPECT_EQ(number, -1);
    scope.request_stop();
    EXPECT_EQ(number, ECANCELED);
    EXPECT_EQ(scope.size(), 0U);
}

}  // namespace
}  // namespace portico::io
