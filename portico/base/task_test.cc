// Tasks: values, stacks that do not grow, stopping; and the compiler bugs that our coroutine rules avoid.
#include "portico/base/task.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <coroutine>
#include <memory>
#include <string>

namespace portico {
namespace {

// Runs a task as a scope does, but without a loop: the test resumes suspended tasks by hand.
struct Root {
    struct promise_type {
        Root get_return_object() { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const {}
        void unhandled_exception() const { std::terminate(); }
        [[nodiscard]] StopState* stop_state() const { return nullptr; }
    };
};

// Suspends until open() is called.
class Gate {
public:
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
    void await_resume() const {}
    void open() { std::exchange(waiter_, nullptr).resume(); }

private:
    std::coroutine_handle<> waiter_;
};

Task<int> ready_value(int value) { co_return value; }

Task<int> sum_of_ready_values(int count) {
    int sum = 0;
    for (int i = 0; i < count; ++i) {
        const int one = co_await ready_value(1);
        sum += one;
    }
    co_return sum;
}

Root keep(Task<int> task, int& result) { result = co_await task; }

TEST(Task, LoopOfReadyAwaitsDoesNotGrowTheStack) {
    int result = 0;
    keep(sum_of_ready_values(1'000'000), result);
    EXPECT_EQ(result, 1'000'000);
}

Task<int> behind(Gate& gate, int value) {
    co_await gate;
    co_return value;
}

Task<int> twice_behind(Gate& gate) {
    const int first = co_await behind(gate, 20);
    const int second = co_await behind(gate, 22);
    co_return first + second;
}

TEST(Task, ResumesThroughAChain) {
    Gate gate;
    int result = 0;
    keep(twice_behind(gate), result);
    EXPECT_EQ(result, 0);
    gate.open();
    EXPECT_EQ(result, 0);
    gate.open();
    EXPECT_EQ(result, 42);
}

Task<std::unique_ptr<std::string>> move_only() { co_return std::make_unique<std::string>("moved"); }

Task<int> length_of_moved() {
    const std::unique_ptr<std::string> text = co_await move_only();
    co_return static_cast<int>(text->size());
}

TEST(Task, HandsOnMoveOnlyValues) {
    int result = 0;
    keep(length_of_moved(), result);
    EXPECT_EQ(result, 5);
}

TEST(Task, NeverAwaitedNeverRuns) {
    {
        const Task<int> unused = sum_of_ready_values(3);
    }
    SUCCEED();
}

// --- Compiler bugs. Each test expects the bug on g++ 12 and correct behaviour elsewhere. When one fails, the rule that
// it names can go (docs/decisions, "Coroutine rules").
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ == 12
constexpr bool has_the_bugs = true;
#else
constexpr bool has_the_bugs = false;
#endif

// The bug destroys the copy twice. The count shows it before the heap is corrupted.
struct Tally {
    static inline int made = 0;
    static inline int destroyed = 0;
    Tally() { ++made; }
    Tally(const Tally&) { ++made; }
    Tally& operator=(const Tally&) = delete;
    ~Tally() { ++destroyed; }
};
struct TallyOptions {
    Tally tally;
};
Task<int> takes_tally(TallyOptions) { co_return 1; }
Task<int> tally_in_await(const Tally& tally) {
    const int result = co_await takes_tally(TallyOptions{.tally = tally});  // rule 2 broken on purpose
    co_return result;
}

TEST(CompilerRule2, AggregateInAnAwaitIsDestroyedTwice) {
    Tally::made = Tally::destroyed = 0;
    {
        const Tally tally;
        int result = 0;
        keep(tally_in_await(tally), result);
        EXPECT_EQ(result, 1);
    }
    EXPECT_EQ(Tally::destroyed > Tally::made, has_the_bugs)
        << "made " << Tally::made << ", destroyed " << Tally::destroyed;
}

#if !defined(PORTICO_SANITIZED)  // AddressSanitizer stops the program at the misplaced frame
Task<int> await_ready_bool_in_condition() {
    if (co_await ready_value(1)) co_return 1;  // rule 1 broken on purpose
    co_return 0;
}

// Runs in a separate process: with its frame misplaced, the coroutine may do anything, and has crashed here.
TEST(CompilerRule1, AwaitInAConditionRunsNothing) {
    const auto as_expected = [](int status) {
        return (WIFEXITED(status) && WEXITSTATUS(status) == 1) == !has_the_bugs;
    };
    const auto run = [] {
        ::alarm(10);
        int result = -1;
        keep(await_ready_bool_in_condition(), result);
        ::_exit(result == 1 ? 1 : 0);
    };
    EXPECT_EXIT(run(), as_expected, "");
}

#endif

}  // namespace
}  // namespace portico
