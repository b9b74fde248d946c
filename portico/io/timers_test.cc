// The timers: a table of edges, and a comparison with a model that is too simple to be wrong.
#include "portico/io/timers.h"
#include "portico/base/row_name_for_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace portico::io {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint start{hours(1)};

class TestTimer final : public Timer {
public:
    void expire() override {
        EXPECT_FALSE(is_set());
        ++expired;
        if (then) then();
    }
    int expired = 0;
    std::function<void()> then;
};

TEST(Later, IsNeverIfATimePointCannotSayIt) {
    EXPECT_EQ(later(start, milliseconds(5)), start + milliseconds(5));
    EXPECT_EQ(later(start, milliseconds(0)), start);
    EXPECT_EQ(later(start, milliseconds(-5)), start);
    EXPECT_EQ(later(start, milliseconds::min()), start);
    EXPECT_EQ(later(start, milliseconds::max()), never);
    EXPECT_EQ(later(start, hours::max()), never);
    EXPECT_EQ(later(start, Duration::max()), never);
    EXPECT_EQ(later(start, hours(24 * 365 * 100)), start + hours(24 * 365 * 100));
}

struct DueRow {
    const char* name;
    Duration due;
    Duration not_yet;  // the last moment before it expires
    Duration expired;
};
class OneTimer : public testing::TestWithParam<DueRow> {};

TEST_P(OneTimer, ExpiresInItsTickAndNotBefore) {
    Timers timers(start);
    TestTimer timer;
    timers.set(timer, start + GetParam().due);
    ASSERT_TRUE(timers.next().has_value());
    timers.advance(start + GetParam().not_yet);
    EXPECT_EQ(timer.expired, 0);
    EXPECT_TRUE(timer.is_set());
    timers.advance(start + GetParam().expired);
    EXPECT_EQ(timer.expired, 1);
    EXPECT_EQ(timers.count(), 0U);
    EXPECT_FALSE(timers.next().has_value());
}
INSTANTIATE_TEST_SUITE_P(
    Edges, OneTimer,
    testing::Values(DueRow{"OneTick", milliseconds(1), microseconds(999), milliseconds(1)},
                    DueRow{"WithinATick", microseconds(1), microseconds(999), milliseconds(1)},
                    DueRow{"EndOfFirstWheel", milliseconds(63), milliseconds(62), milliseconds(63)},
                    DueRow{"StartOfSecondWheel", milliseconds(64), milliseconds(63), milliseconds(64)},
                    DueRow{"BetweenTicks", microseconds(64'500), milliseconds(64), milliseconds(65)},
                    DueRow{"ThirdWheel", milliseconds(4096), milliseconds(4095), milliseconds(4096)},
                    DueRow{"LeapOfDays", hours(24 * 3) + milliseconds(7), hours(24 * 3), hours(24 * 30)},
                    DueRow{"LastWheel", hours(24 * 700), hours(24 * 700) - milliseconds(1), hours(24 * 700)},
                    DueRow{"BeyondTheWheels", hours(24 * 3000), hours(24 * 3000) - milliseconds(1), hours(24 * 3000)}),
    row_name);

TEST(Timers, APastTimeExpiresWithTheNextAdvanceEvenInTheSameTick) {
    Timers timers(start);
    timers.advance(start + seconds(5));
    TestTimer timer;
    timers.set(timer, start + seconds(1));
    EXPECT_LE(*timers.next(), start + seconds(5));
    timers.advance(start + seconds(5));
    EXPECT_EQ(timer.expired, 1);
}

TEST(Timers, NeverIsALongTime) {
    Timers timers(start);
    TestTimer timer;
    timers.set(timer, never);
    for (int year = 1; year <= 20; ++year) timers.advance(start + hours(24 * 366 * year));
    EXPECT_EQ(timer.expired, 0);
    EXPECT_TRUE(timers.next().has_value());
    timers.unset(timer);
    EXPECT_FALSE(timers.next().has_value());
}

TEST(Timers, TheClockDoesNotGoBack) {
    Timers timers(start);
    timers.advance(start + seconds(10));
    TestTimer timer;
    timers.set(timer, start + seconds(11));
    timers.advance(start + seconds(1));
    EXPECT_EQ(timer.expired, 0);
    timers.advance(start + seconds(11));
    EXPECT_EQ(timer.expired, 1);
}

TEST(Timers, ATimerSetWhileExpiringWaitsForTheNextCall) {
    Timers timers(start);
    TestTimer timer;
    timer.then = [&] { timers.set(timer, start + milliseconds(1)); };
    timers.set(timer, start + milliseconds(1));
    for (int calls = 1; calls <= 3; ++calls) {
        timers.advance(start + milliseconds(2));
        EXPECT_EQ(timer.expired, calls);
        EXPECT_EQ(timers.count(), 1U);
    }
    timers.unset(timer);
}

TEST(Timers, ATimerMayUnsetOneThatIsAboutToExpire) {
    Timers timers(start);
    TestTimer first;
    TestTimer same_slot;
    TestTimer later;
    first.then = [&] {
        timers.unset(same_slot);
        timers.unset(later);
        timers.set(later, start + milliseconds(67));  // its previous slot is free again, and used again
    };
    timers.set(first, start + milliseconds(3));
    timers.set(same_slot, start + milliseconds(3));
    timers.set(later, start + milliseconds(9));
    timers.advance(start + milliseconds(10));
    EXPECT_EQ(first.expired, 1);
    EXPECT_EQ(same_slot.expired, 0);
    EXPECT_EQ(later.expired, 0);
    EXPECT_EQ(timers.count(), 1U);
    timers.advance(start + milliseconds(67));
    EXPECT_EQ(later.expired, 1);
}

TEST(Timers, ExpireInOrder) {
    Timers timers(start);
    std::vector<TestTimer> all(500);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t shuffled = i * 7919 % all.size();
        all[shuffled].then = [&order, shuffled] { order.push_back(shuffled); };
        timers.set(all[shuffled], start + milliseconds(1 + shuffled * 37));
    }
    timers.advance(start + hours(1));
    ASSERT_EQ(order.size(), all.size());
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

// The model: a multimap by deadline. After each step, both must agree on which timers have expired.
class Model {
public:
    explicit Model(unsigned seed) : chance_(seed), timers_(start) {
        for (std::size_t i = 0; i < 300; ++i) all_.push_back(std::make_unique<TestTimer>());
    }
    void step() {
        TestTimer& timer = *all_[chance_() % all_.size()];
        if (chance_() % 3 != 0) {
            if (timer.is_set()) {
                timers_.unset(timer);
                std::erase_if(due_, [&](const auto& entry) { return entry.second == &timer; });
            }
            const TimePoint due = now_ + some_time() - milliseconds(chance_() % 50);
            timers_.set(timer, due);
            due_.emplace(due, &timer);
        } else {
            now_ += some_time() / (1 + static_cast<int>(chance_() % 8));
            advance();
        }
        ASSERT_EQ(timers_.count(), due_.size());
        const auto next = timers_.next();
        ASSERT_EQ(next.has_value(), !due_.empty());
        if (next && due_.begin()->first > now_) {
            ASSERT_LT(*next, due_.begin()->first + Timers::tick);
        }
    }
    void finish() {
        for (auto& timer : all_) timers_.unset(*timer);
    }

private:
    Duration some_time() {
        static constexpr std::uint64_t spans[] = {1'000,       70'000,         5'000'000,
                                                  300'000'000, 20'000'000'000, 100'000'000'000'000};
        return microseconds(chance_() % spans[chance_() % std::size(spans)]);
    }
    void advance() {
        std::map<TestTimer*, int> before;
        for (auto& [due, timer] : due_) before[timer] = timer->expired;
        timers_.advance(now_);
        const TimePoint in_whole_ticks = start + (now_ - start) / Timers::tick * Timers::tick;
        for (auto entry = due_.begin(); entry != due_.end();) {
            const bool expired = entry->second->expired > before[entry->second];
            ASSERT_EQ(expired, entry->first <= in_whole_ticks);
            entry = expired ? due_.erase(entry) : std::next(entry);
        }
    }

    std::mt19937_64 chance_;
    Timers timers_;
    TimePoint now_ = start;
    std::vector<std::unique_ptr<TestTimer>> all_;
    std::multimap<TimePoint, TestTimer*> due_;
};

TEST(Timers, AgreeWithAMultimap) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        Model model(seed);
        for (int i = 0; i < 3000 && !testing::Test::HasFatalFailure(); ++i) model.step();
        model.finish();
    }
}

TEST(Timers, AHundredThousandCostNothingPerTick) {
    Timers timers(start);
    std::vector<TestTimer> all(100'000);
    for (std::size_t i = 0; i < all.size(); ++i) timers.set(all[i], start + hours(1) + milliseconds(i));
    // An hour, tick by tick: 3,600,000 calls. If each call visited every timer, this would take hours.
    for (int i = 1; i < 3'600'000; ++i) timers.advance(start + milliseconds(i));
    EXPECT_EQ(timers.count(), all.size());
    timers.advance(start + hours(2));
    EXPECT_EQ(timers.count(), 0U);
    for (const TestTimer& timer : all) ASSERT_EQ(timer.expired, 1);
}

}  // namespace
}  // namespace portico::io
