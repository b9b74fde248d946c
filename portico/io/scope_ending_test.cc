// Ending tasks. Whatever ends a task, first the tasks in its scopes end, then its frames are destroyed, and then its
// own scope is notified. Each case runs on epoll and on simulations with several seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "portico/io/core.h"
#include "portico/io/datagram.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/gate.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"

namespace portico::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// What the parent's child is doing when the parent ends.
enum class Child : std::uint8_t { queued, working, with_a_child, reading };
// What ends the parent. The first three can wait for the child, the others can't.
enum class How : std::uint8_t { stopped, stopped_while_it_joins, stopped_with_its_parent, returned, thrown };

std::string name_of(Child child) {
    constexpr std::array names{"Queued", "Working", "WithAChild", "Reading"};
    return names[static_cast<std::size_t>(child)];
}
std::string name_of(How how) {
    constexpr std::array names{"Stopped", "StoppedWhileItJoins", "StoppedWithItsParent", "Returned", "Thrown"};
    return names[static_cast<std::size_t>(how)];
}

class Ending : public testing::TestWithParam<std::tuple<std::uint64_t, Child, How>> {
protected:
    // Makes a note when it is destroyed.
    class Noted {
    public:
        Noted(Ending& ending, const char* name) : ending_(&ending), name_(name) {}
        Noted(const Noted&) = delete;
        Noted& operator=(const Noted&) = delete;
        ~Noted() {
            EXPECT_GT(ending_->scope_->size(), 0U) << "the scope was told before " << name_ << " had gone";
            ending_->gone_.emplace_back(name_);
        }

    private:
        Ending* ending_;
        const char* name_;
    };

    Ending() {
        const std::uint64_t seed = std::get<0>(GetParam());
        if (seed == 0) {
            auto epoll = make_epoll_kernel();
            EXPECT_TRUE(epoll.has_value());
            kernel_ = std::move(*epoll);
        } else {
            kernel_ = std::make_unique<SimKernel>(seed);
        }
        core_ = std::make_unique<Core>(*kernel_);
    }
    ~Ending() override {
        EXPECT_EQ(core_->timers().count(), 0U);
        core_.reset();
    }
    [[nodiscard]] bool is_simulated() const { return std::get<0>(GetParam()) != 0; }

    void release() {
        may_return_ = true;
        may_return_.notify_all();
    }
    // On a simulated kernel, the work runs on this same thread, so it must not wait there.
    int wait_and_read(const std::string& text) {
        ++begun_;
        begun_.notify_all();
        if (!is_simulated()) may_return_.wait(false);
        return static_cast<int>(text.size());
    }
    Task<void> occupy_a_helper() {
        auto work = [this] { return wait_and_read(""); };
        const std::optional<int> done = co_await offload(*core_, work);
        static_cast<void>(done);
    }
    Task<void> offload_some(const std::string& text) {
        const Noted noted(*this, "work");
        auto work = [this, &text] { return wait_and_read(text); };
        const std::optional<int> done = co_await offload(*core_, work);
        EXPECT_TRUE(!done || *done == 100);
    }
    Task<void> have_a_child(const std::string& text) {
        const std::string own = text;
        const Noted noted(*this, "child");
        Scope scope;
        scope.start(offload_some(own));
        const bool slept = co_await sleep_for(*core_, hours(1));
        EXPECT_FALSE(slept) << "it is not resumed after the parent has ended";
    }
    Task<void> read() {
        const Noted noted(*this, "reader");
        auto socket = Datagram::open(*core_, SocketAddress::of(IpAddress::loopback(Family::ipv4), 0));
        std::array<char, 8> room;
        std::array<DatagramSlot, 1> slots;
        slots[0].octets = room;
        const Result<std::size_t> got = co_await socket->receive(slots, never);
        EXPECT_FALSE(got.has_value());
    }
    // The scope is not in the frame that is waiting.
    Task<bool> sleep_within(Duration time) {
        const bool slept = co_await sleep_for(*core_, time);
        co_return slept;
    }
    Task<void> parent(Child child, How how) {
        const Noted first(*this, "parent");
        const std::string text(100, 'x');
        Scope scope;
        if (child == Child::queued || child == Child::working) scope.start(offload_some(text));
        if (child == Child::with_a_child) scope.start(have_a_child(text));
        if (child == Child::reading) scope.start(read());
        const std::shared_ptr<Ending> leaving(this, [](Ending* ending) { ending->release(); });
        if (how == How::stopped_while_it_joins) co_await scope.join();
        const bool can_wait = how != How::returned && how != How::thrown;
        const bool slept = co_await sleep_within(can_wait ? Duration(hours(1)) : Duration(milliseconds(1)));
        EXPECT_EQ(slept, !can_wait);
        if (how == How::thrown) throw std::runtime_error("parent");
    }
    Task<void> catch_what_it_throws(Child child, How how) {
        bool has_thrown = false;
        try {
            co_await parent(child, how);
        } catch (const std::runtime_error&) {
            has_thrown = true;
        }
        EXPECT_EQ(has_thrown, how == How::thrown);
    }
    Task<void> grandparent(Child child) {
        const Noted first(*this, "grandparent");
        Scope scope;
        scope.start(parent(child, How::stopped));
        const bool slept = co_await sleep_for(*core_, hours(1));
        EXPECT_FALSE(slept);
    }
    void run() {
        while (scope_->size() > 0) core_->run_once(never);
    }

    std::unique_ptr<Kernel> kernel_;
    std::unique_ptr<Core> core_;
    std::optional<Scope> scope_{std::in_place};
    std::atomic<bool> may_return_ = false;
    std::atomic<int> begun_ = 0;
    std::vector<std::string> gone_;
};
INSTANTIATE_TEST_SUITE_P(Everywhere, Ending,
                         testing::Combine(testing::Range<std::uint64_t>(0, 21),
                                          testing::Values(Child::queued, Child::working, Child::with_a_child,
                                                          Child::reading),
                                          testing::Values(How::stopped, How::stopped_while_it_joins,
                                                          How::stopped_with_its_parent, How::returned, How::thrown)),
                         [](const auto& row) {
                             const std::uint64_t seed = std::get<0>(row.param);
                             return (seed == 0 ? "Epoll" : "Seed" + std::to_string(seed)) +
                                    name_of(std::get<1>(row.param)) + name_of(std::get<2>(row.param));
                         });

TEST_P(Ending, ChildrenEndBeforeTheirParentsAndThenTheScopeIsTold) {
    const auto [seed, child, how] = GetParam();
    Scope others;
    if (child == Child::queued && !is_simulated()) {
        for (int i = 0; i < 200; ++i) others.start(occupy_a_helper());
    }
    if (how == How::stopped_with_its_parent) {
        scope_->start(grandparent(child), AfterStop::ends);
    } else {
        scope_->start(catch_what_it_throws(child, how), AfterStop::ends);
    }
    const bool works = child == Child::working || child == Child::with_a_child;
    if (works && !is_simulated()) begun_.wait(0);
    if (how != How::returned && how != How::thrown) {
        scope_->request_stop();
        if (works && !is_simulated()) {
            // The task's work reads objects that the parent owns, so all of them must still exist.
            EXPECT_EQ(scope_->size(), 1U);
            EXPECT_EQ(gone_, std::vector<std::string>());
            release();
        }
    }
    run();
    release();
    while (others.size() > 0) core_->run_once(never);
    std::vector<std::string> expected;
    if (child == Child::reading) {
        expected.emplace_back("reader");
    } else {
        expected.emplace_back("work");
    }
    if (child == Child::with_a_child) expected.emplace_back("child");
    expected.emplace_back("parent");
    if (how == How::stopped_with_its_parent) expected.emplace_back("grandparent");
    EXPECT_EQ(gone_, expected);
}

// --- the corners

class Endings : public testing::Test {
protected:
    void run(const Scope& scope) {
        while (scope.size() > 0) core.run_once(never);
    }
    SimKernel kernel{1};
    Core core{kernel};
};

Task<void> sleep_long(Core& core, int& cut) {
    const bool slept = co_await sleep_for(core, hours(1));
    if (!slept) ++cut;
}

// A task that is ended runs no further statement, but its locals are destroyed.
class CountsItsEnd {
public:
    explicit CountsItsEnd(int& ended) : ended_(&ended) {}
    CountsItsEnd(const CountsItsEnd&) = delete;
    CountsItsEnd& operator=(const CountsItsEnd&) = delete;
    ~CountsItsEnd() { ++*ended_; }

private:
    int* ended_;
};

Task<void> sleep_noted(Core& core, int& ended) {
    const CountsItsEnd noted(ended);
    const bool slept = co_await sleep_for(core, hours(1));
    EXPECT_TRUE(slept) << "it is resumed though it is to be ended";
}

Task<void> open_and_look(Gate& gate, Core& core, int& steps) {
    const bool slept = co_await sleep_for(core, milliseconds(1));
    EXPECT_TRUE(slept);
    gate.open();
    ++steps;  // its owner still exists
}

Task<void> return_when_told(Core& core, int& steps, int& ended) {
    Gate gate;
    Scope scope;
    scope.start(open_and_look(gate, core, steps));
    const Result<void> opened = co_await gate.wait(core, never);
    EXPECT_TRUE(opened.has_value());
    ++ended;
}

TEST_F(Endings, ATaskMayWakeTheOneThatOwnsItsScope) {
    Scope scope;
    int steps = 0;
    int ended = 0;
    scope.start(return_when_told(core, steps, ended));
    run(scope);
    EXPECT_EQ(steps, 1);
    EXPECT_EQ(ended, 1);
}

Task<void> pass_on(Gate& gate, Core& core, Gate& next) {
    const Result<void> opened = co_await gate.wait(core, never);
    EXPECT_TRUE(opened.has_value());
    next.open();
}

Task<void> return_when_told_by_another(Core& core, Gate& mine, Gate& others, int& steps, int& ended) {
    Scope scope;
    scope.start(open_and_look(others, core, steps));
    const Result<void> opened = co_await mine.wait(core, never);
    EXPECT_TRUE(opened.has_value());
    ++ended;
}

TEST_F(Endings, ATaskMayWakeTheOneThatOwnsItsScopeThroughAnother) {
    Scope scope;
    Gate first;
    Gate second;
    int steps = 0;
    int ended = 0;
    scope.start(pass_on(first, core, second));
    scope.start(return_when_told_by_another(core, second, first, steps, ended));
    run(scope);
    EXPECT_EQ(steps, 1);
    EXPECT_EQ(ended, 1);
}

Task<void> stop_the_owner(Scope& of_owner, Core& core, int& steps) {
    const bool slept = co_await sleep_for(core, milliseconds(1));
    EXPECT_TRUE(slept);
    of_owner.request_stop();
    ++steps;
}

Task<void> own_one_that_stops_me(Scope& mine, Core& core, int& steps, int& ended) {
    const CountsItsEnd noted(ended);
    Scope scope;
    scope.start(stop_the_owner(mine, core, steps));
    const bool slept = co_await sleep_for(core, hours(1));
    EXPECT_FALSE(slept);
}

TEST_F(Endings, ATaskMayStopTheOneThatOwnsItsScope) {
    for (const AfterStop after_stop : {AfterStop::goes_on, AfterStop::ends}) {
        Scope scope;
        int steps = 0;
        int ended = 0;
        scope.start(own_one_that_stops_me(scope, core, steps, ended), after_stop);
        run(scope);
        EXPECT_EQ(steps, 1);
        EXPECT_EQ(ended, 1);
    }
}

Task<void> make_elsewhere(Core& core, std::unique_ptr<Scope>& scope, int& cut) {
    scope = std::make_unique<Scope>();
    scope->start(sleep_long(core, cut));
    const bool slept = co_await sleep_for(core, hours(2));
    EXPECT_TRUE(slept);
}

TEST_F(Endings, AScopeThatIsNotInAFrameOutlivesTheTaskThatMadeIt) {
    std::unique_ptr<Scope> elsewhere;
    int cut = 0;
    Scope scope;
    scope.start(make_elsewhere(core, elsewhere, cut), AfterStop::ends);
    scope.request_stop();
    run(scope);
    EXPECT_EQ(cut, 0);
    EXPECT_EQ(elsewhere->size(), 1U);
    elsewhere->request_stop();
    run(*elsewhere);
    EXPECT_EQ(cut, 1);
}

Task<void> make_and_destroy(Core& core, std::optional<Scope>& place) {
    place.emplace();
    place.reset();
    const bool slept = co_await sleep_for(core, hours(1));
    EXPECT_FALSE(slept);
}

Task<void> wait_for_a_task_elsewhere(Core& core, std::optional<Scope>& place, int& steps) {
    Gate gate;
    place.emplace();
    place->start(open_and_look(gate, core, steps));
    const Result<void> opened = co_await gate.wait(core, never);
    EXPECT_TRUE(opened.has_value());
    EXPECT_EQ(steps, 1) << "a task in its own scope was still running";
    co_await place->join();
}

// The second scope is at the same address, but it is another task's.
TEST_F(Endings, AScopeThatWasDestroyedIsForgottenByTheTaskThatMadeIt) {
    std::optional<Scope> place;
    Scope first;
    Scope second;
    int steps = 0;
    first.start(make_and_destroy(core, place));
    second.start(wait_for_a_task_elsewhere(core, place, steps));
    first.request_stop();
    EXPECT_EQ(first.size(), 0U);
    run(second);
    EXPECT_EQ(steps, 1);
}

Task<void> own_one_on_the_heap(Core& core, int& ended) {
    const auto scope = std::make_unique<Scope>();
    scope->start(sleep_noted(core, ended));
    const bool slept = co_await sleep_for(core, hours(2));
    EXPECT_TRUE(slept);
}

TEST_F(Endings, AScopeThatAFrameOwnsElsewhereEndsWithIt) {
    Scope scope;
    int ended = 0;
    scope.start(own_one_on_the_heap(core, ended), AfterStop::ends);
    scope.request_stop();
    run(scope);
    EXPECT_EQ(ended, 1);
}

Task<void> join_another(Scope& other, int& ended) {
    const CountsItsEnd noted(ended);
    co_await other.join();
    ADD_FAILURE() << "it was ended while it waited";
}

TEST_F(Endings, WhoeverIsEndedWhileItJoinsAnothersScopeLeavesThatAlone) {
    Scope other;
    int cut = 0;
    other.start(sleep_long(core, cut));
    int ended = 0;
    {
        Scope scope;
        scope.start(join_another(other, ended), AfterStop::ends);
        scope.request_stop();
        run(scope);
        EXPECT_EQ(ended, 1);
        scope.start(join_another(other, ended), AfterStop::ends);
    }
    EXPECT_EQ(ended, 2);
    EXPECT_EQ(other.size(), 1U);
    other.request_stop();
    run(other);
    EXPECT_EQ(cut, 1);
}

Task<void> ignore_the_stop(Core& core, int& rounds, int& ended) {
    const CountsItsEnd noted(ended);
    for (;;) {
        const bool slept = co_await sleep_for(core, hours(1));
        static_cast<void>(slept);
        ++rounds;
        if (rounds > 3) co_return;
    }
}

Task<void> join_one_that_ignores(Core& core, int& rounds, int& ended) {
    Scope scope;
    scope.start(ignore_the_stop(core, rounds, ended));
    co_await scope.join();
}

Task<void> stop_later(Core& core, Scope& others, bool& asked) {
    const bool slept = co_await sleep_for(core, milliseconds(1));
    EXPECT_TRUE(slept);
    others.request_stop();
    asked = true;
}

TEST_F(Endings, AreDoneWithinThePassThatAskedForThem) {
    Scope others;
    Scope scope;
    int ended = 0;
    bool asked = false;
    others.start(sleep_noted(core, ended), AfterStop::ends);
    scope.start(stop_later(core, others, asked));
    while (!asked) core.run_once(never);
    EXPECT_EQ(ended, 1);
}

// What a handler has started ends with it, although the handler is not notified if it ends while waiting.
TEST_F(Endings, TheTasksOfATaskThatIsEndedMakeNoFurtherStep) {
    Scope scope;
    int rounds = 0;
    int ended = 0;
    scope.start(join_one_that_ignores(core, rounds, ended), AfterStop::ends);
    scope.request_stop();
    run(scope);
    EXPECT_EQ(rounds, 0);
    EXPECT_EQ(ended, 1);
}

Task<void> stop_and_look(Core& core, Scope& others, const int& ended, int& ended_meanwhile) {
    others.request_stop();
    ended_meanwhile = ended;
    const bool slept = co_await sleep_for(core, milliseconds(1));
    EXPECT_TRUE(slept);
    EXPECT_EQ(ended, 1);
}

// It may use what the other task owns until it waits itself.
TEST_F(Endings, ATaskThatAnotherTaskStopsIsNotDestroyedUnderItsHands) {
    Scope others;
    Scope scope;
    int ended = 0;
    int ended_meanwhile = -1;
    others.start(sleep_noted(core, ended), AfterStop::ends);
    scope.start(stop_and_look(core, others, ended, ended_meanwhile));
    EXPECT_EQ(ended_meanwhile, 0);
    run(scope);
    EXPECT_EQ(ended, 1);
}

Task<void> stop_then_destroy(Core& core, int& ended) {
    Scope scope;
    scope.start(sleep_noted(core, ended), AfterStop::ends);
    scope.request_stop();  // it ends once the stack is empty: the scope is destroyed before that
    co_return;
}

TEST_F(Endings, AScopeThatIsDestroyedBeforeTheLoopTurnsEndsThoseThatWereAsked) {
    Scope scope;
    int ended = 0;
    scope.start(stop_then_destroy(core, ended));
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(scope.size(), 0U);
    core.run_once(core.now());
}

Task<void> accept_nobody(Listener& listener, int& steps, int& ended) {
    const CountsItsEnd noted(ended);
    const Result<Accepted> nobody = co_await listener.accept();
    EXPECT_FALSE(nobody.has_value());
    ++steps;
}

Task<void> stop_another_and_sleep(Core& core, Listener& listener, int& steps, int& ended) {
    Scope scope;
    scope.start(accept_nobody(listener, steps, ended));
    scope.request_stop();
    const bool slept = co_await sleep_for(core, hours(1));
    EXPECT_FALSE(slept);
}

// The request does not end the wait at once, so the task is still waiting when it is ended.
TEST_F(Endings, ATaskThatWasAskedToStopBeforeIsEndedToo) {
    kernel.faults().cancel_late = 1;
    auto listener = Listener::open(core, SocketAddress::of(IpAddress::loopback(Family::ipv4), 0));
    ASSERT_TRUE(listener.has_value());
    Scope scope;
    int steps = 0;
    int ended = 0;
    scope.start(stop_another_and_sleep(core, *listener, steps, ended), AfterStop::ends);
    scope.request_stop();
    run(scope);
    EXPECT_EQ(steps, 0);
    EXPECT_EQ(ended, 1);
}

Task<void> start_another_on_the_way(Scope& scope, Core& core, Listener& listener, int& rounds, int& ended) {
    // Its destructor starts a task in the scope that is ending.
    struct Starter {
        Scope* scope;
        Core* core;
        int* rounds;
        int* ended;
        ~Starter() { scope->start(ignore_the_stop(*core, *rounds, *ended)); }
    };
    const Starter starter{&scope, &core, &rounds, &ended};
    const Result<Accepted> nobody = co_await listener.accept();
    EXPECT_FALSE(nobody.has_value());
}

Task<void> own_a_starter(Core& core, Listener& listener, int& rounds, int& ended, bool waits) {
    Scope scope;
    scope.start(start_another_on_the_way(scope, core, listener, rounds, ended));
    if (!waits) co_return;
    const bool slept = co_await sleep_for(core, hours(1));
    EXPECT_FALSE(slept);
}

// It starts while the others are being asked to end, or after that.
TEST_F(Endings, ATaskThatIsStartedInAScopeThatEndsIsEndedToo) {
    auto listener = Listener::open(core, SocketAddress::of(IpAddress::loopback(Family::ipv4), 0));
    ASSERT_TRUE(listener.has_value());
    for (const double cancel_late : {0.0, 1.0}) {
        kernel.faults().cancel_late = cancel_late;
        for (const bool waits : {true, false}) {
            Scope scope;
            int rounds = 0;
            int ended = 0;
            scope.start(own_a_starter(core, *listener, rounds, ended, waits), AfterStop::ends);
            scope.request_stop();
            run(scope);
            EXPECT_EQ(rounds, 0);
            EXPECT_EQ(ended, 1);
        }
    }
}

}  // namespace
}  // namespace portico::io
