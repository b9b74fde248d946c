// portico/link/waiting_test.cc — the order in which waiting connections are ended.
#include "portico/link/waiting.h"

#include <gmock/gmock.h>

#include "portico/link/link_for_test.h"

namespace portico::link {
namespace {

using testing::ElementsAre;

class Ring : public LinkTest {
protected:
    Ring() : LinkTest(late()) {}
    ~Ring() override {
        waiting_.request_stop();
        run(waiting_);
    }
    // A wait that is ended takes some time to end.
    static io::SimFaults late() {
        io::SimFaults faults = punctual();
        faults.cancel_late = 1;
        faults.delay_max = milliseconds(10);
        return faults;
    }
    template <class From>
    Task<void> wait(From& from, int name) {
        io::HangUp wait = from.hang_up(io::never);
        const WaitingPlace place(ring_, wait);
        const io::Result<void> hung_up = co_await wait;
        EXPECT_FALSE(hung_up.has_value());
        ended_.push_back(name);
    }

    WaitingPlace ring_;
    io::Scope waiting_;
    std::vector<int> ended_;
};

TEST_F(Ring, EndsTheLongestWaitFirst) {
    EXPECT_TRUE(ring_.empty());
    EXPECT_FALSE(ring_.end_longest());
    waiting_.start(wait(server(), 1));
    waiting_.start(wait(client(), 2));
    EXPECT_FALSE(ring_.empty());
    EXPECT_TRUE(ring_.end_longest());
    pass(seconds(1));
    EXPECT_THAT(ended_, ElementsAre(1));
    EXPECT_TRUE(ring_.end_longest());
    pass(seconds(1));
    EXPECT_THAT(ended_, ElementsAre(1, 2));
    EXPECT_TRUE(ring_.empty());
}

TEST_F(Ring, EndsEachWaitOnce) {
    waiting_.start(wait(server(), 1));
    waiting_.start(wait(client(), 2));
    EXPECT_TRUE(ring_.end_longest());
    EXPECT_TRUE(ring_.end_longest());
    EXPECT_FALSE(ring_.end_longest());
    run(waiting_);
    EXPECT_EQ(ended_.size(), 2U);
}

}  // namespace
}  // namespace portico::link
