// Tasks that wait in line.
#include "portico/route/waiting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/scope.h"

namespace portico::route {
namespace {

class InLine : public testing::Test {
protected:
    Task<void> wait(int number) {
        const bool woken = co_await line.wait(core);
        (woken ? awoken : stopped).push_back(number);
    }

    std::unique_ptr<io::Kernel> kernel = std::move(*io::make_epoll_kernel());
    io::Core core{*kernel};
    Waiting line;
    std::vector<int> awoken;
    std::vector<int> stopped;
};

TEST_F(InLine, TheFirstIsWokenFirst) {
    EXPECT_FALSE(line.wake_one());
    io::Scope scope;
    for (int i = 1; i <= 3; ++i) scope.start(wait(i));
    EXPECT_EQ(line.size(), 3U);
    EXPECT_TRUE(line.wake_one());
    EXPECT_THAT(awoken, testing::ElementsAre(1));
    line.wake_all();
    EXPECT_THAT(awoken, testing::ElementsAre(1, 2, 3));
    EXPECT_EQ(line.size(), 0U);
}

TEST_F(InLine, WhoIsAskedToStopLeavesFromAnyPlace) {
    for (const int leaving : {0, 1, 2}) {
        awoken.clear();
        stopped.clear();
        io::Scope scopes[3];
        for (int i = 0; i < 3; ++i) scopes[i].start(wait(i));
        scopes[leaving].request_stop();
        EXPECT_THAT(stopped, testing::ElementsAre(leaving));
        line.wake_all();
        EXPECT_EQ(awoken.size(), 2U);
    }
}

}  // namespace
}  // namespace portico::route
