// What comes from elsewhere: other threads (CoreHandle, Completion), other cores (PerCore), other libraries'
// descriptors.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "portico/io/completion.h"
#include "portico/io/core.h"
#include "portico/io/core_handle.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/per_core.h"
#include "portico/io/readiness.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Elsewhere : public testing::Test {
protected:
    Core& core() { return *core_; }
    void run(Scope& scope) {
        while (scope.size() > 0) core_->run_once(never);
    }
    void run(Task<void> task) {
        Scope scope;
        scope.start(std::move(task));
        run(scope);
    }

    std::unique_ptr<Kernel> kernel_ = *make_epoll_kernel();
    std::optional<Core> core_{std::in_place, *kernel_};
};

// --- handles

TEST_F(Elsewhere, AHandleCallsMessagesOnItsCoreUntilTheCoreHasEnded) {
    const CoreHandle handle(core());
    const CoreHandle copy = handle;  // NOLINT(performance-unnecessary-copy-initialization): copies are what is tested
    std::thread::id where;
    std::thread other([&] {
        EXPECT_TRUE(copy.post([&where](Core& own) {
            where = std::this_thread::get_id();
            own.stop();
        }));
    });
    core().run();
    other.join();
    EXPECT_EQ(where, std::this_thread::get_id());
    bool was_called = false;
    EXPECT_TRUE(handle.post([&was_called](Core&) { was_called = true; }));
    CoreHandle::close(core());
    EXPECT_TRUE(was_called);  // what was accepted is called
    EXPECT_FALSE(copy.post([](Core&) { ADD_FAILURE() << "the core has ended"; }));
    EXPECT_TRUE(copy.has_ended());
}

TEST_F(Elsewhere, AHandleOutlivesItsCore) {
    const CoreHandle handle(core());
    EXPECT_FALSE(handle.has_ended());
    core_.reset();
    EXPECT_TRUE(handle.has_ended());
    EXPECT_FALSE(handle.post([](Core&) { ADD_FAILURE() << "the core is gone"; }));
}

// --- completions

Task<void> await_value(Completion<std::string>& completion, TimePoint deadline, std::string& result) {
    const Result<std::string> value = co_await completion.wait(deadline);
    result = value ? *value : describe(value.error());
}

TEST_F(Elsewhere, AnotherThreadCompletesAWaitOnce) {
    Completion<std::string> completion(core());
    std::string result;
    Scope scope;
    scope.start(await_value(completion, never, result));
    std::thread other([end = completion.completer()] {
        EXPECT_TRUE(end.complete("done"));
        EXPECT_FALSE(end.complete("again"));
    });
    run(scope);
    other.join();
    EXPECT_EQ(result, "done");
}

TEST_F(Elsewhere, AValueMayComeBeforeTheWait) {
    Completion<std::string> completion(core());
    const std::function<void(std::string)> callback = completion.completer();
    std::thread(callback, "early").join();
    std::string result;
    run(await_value(completion, never, result));
    EXPECT_EQ(result, "early");
}

TEST_F(Elsewhere, AWaitFailsIfAllCompletersAreGoneOrTheDeadlineIsPast) {
    Completion<std::string> abandoned(core());
    std::string result;
    Scope scope;
    scope.start(await_value(abandoned, never, result));
    std::optional<Completer<std::string>> end = abandoned.completer();
    std::thread other([copy = *end] { static_cast<void>(copy); });
    other.join();
    core().run_once(core().now());
    EXPECT_EQ(result, "");  // one copy is left
    end.reset();
    run(scope);
    EXPECT_EQ(result, "wait for a value: Owner died");
    Completion<std::string> late(core());
    const Completer<std::string> never_used = late.completer();
    run(await_value(late, core().now() + milliseconds(2), result));
    EXPECT_EQ(result, "wait: timed out");
}

Task<void> await_and_leave(Core& core, std::optional<Completer<std::string>>& end) {
    Completion<std::string> completion(core);
    end.emplace(completion.completer());
    const Result<std::string> value = co_await completion.wait(never);
    ADD_FAILURE() << "the task was destroyed: " << value.has_value();
}

// The task is gone, and then the core: with a message on the way, or without.
TEST_F(Elsewhere, AValueMayComeWhenNobodyWaits) {
    for (const bool is_gone : {false, true}) {
        core_.emplace(*kernel_);
        std::optional<Completer<std::string>> end;
        {
            Scope scope;
            scope.start(await_and_leave(core(), end), AfterStop::ends);
        }
        if (is_gone) core_.reset();
        std::thread([&end] { EXPECT_TRUE(end->complete("late")); }).join();
        if (!is_gone) core().run_once(core().now());
    }
}

// --- states of cores

struct Noted {
    Noted(std::vector<std::string>& the_notes, std::string the_name)
        : notes(&the_notes), name(std::move(the_name)), thread(std::this_thread::get_id()) {}
    Noted(const Noted&) = delete;
    Noted& operator=(const Noted&) = delete;
    ~Noted() {
        EXPECT_EQ(thread, std::this_thread::get_id());
        notes->push_back(name);
    }
    std::vector<std::string>* notes;
    std::string name;
    std::thread::id thread;
};

TEST_F(Elsewhere, EachCoreMakesItsOwnStateOnceAndDestroysTheLastFirst) {
    std::vector<std::string> destroyed;
    int made = 0;
    PerCore<Noted> first([&](Core&) {
        ++made;
        return Noted(destroyed, "first");
    });
    PerCore<Noted> second([&](Core& own) { return Noted(destroyed, "second after " + first.of(own).name); });
    Core other(*kernel_);
    EXPECT_EQ(second.of(core()).name, "second after first");
    EXPECT_EQ(&first.of(core()), &first.of(core()));
    EXPECT_NE(&first.of(core()), &first.of(other));
    EXPECT_EQ(made, 2);
    end_per_core(core());
    EXPECT_EQ(destroyed, (std::vector<std::string>{"second after first", "first"}));
    PerCore<int> number;
    EXPECT_EQ(number.of(core()), 0);
}

// --- foreign descriptors

// Two connected sockets, as a library would have them.
struct Sockets {
    Sockets() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0); }
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;
    ~Sockets() {
        ::close(ends[0]);
        if (ends[1] >= 0) ::close(ends[1]);
    }
    void send() const { EXPECT_EQ(::send(ends[1], "x", 1, MSG_NOSIGNAL), 1); }
    void fill() const {
        std::array<char, 4096> octets{};
        while (::send(ends[0], octets.data(), octets.size(), MSG_NOSIGNAL) > 0) continue;
    }
    void drain() const {
        std::array<char, 65536> room;
        while (::recv(ends[1], room.data(), room.size(), 0) > 0) continue;
    }
    void hang_up() { ::close(std::exchange(ends[1], -1)); }
    std::array<int, 2> ends{};
};

Task<void> await_ready(Core& core, int fd, Direction direction, TimePoint deadline, std::string& result) {
    Ready wait = direction == Direction::reading ? readable(core, fd, deadline) : writable(core, fd, deadline);
    const Result<void> ready = co_await wait;
    result += ready ? "ready " : describe(ready.error());
}

TEST_F(Elsewhere, ADescriptorIsReadyForOneDirectionOrBoth) {
    Sockets sockets;
    const int fd = sockets.ends[0];
    std::string read;
    std::string written;
    Scope scope;
    for (int i = 0; i < 3; ++i) {  // level-triggered: nothing has been read in between
        sockets.fill();
        if (i == 0) scope.start(await_ready(core(), fd, Direction::reading, never, read));
        scope.start(await_ready(core(), fd, Direction::writing, never, written));
        core().run_once(core().now());
        EXPECT_EQ(scope.size(), i == 0 ? 2U : 1U);
        sockets.drain();
        core().run_once(never);
        EXPECT_EQ(scope.size(), i == 0 ? 1U : 0U);
        if (i == 0) sockets.send();
        run(scope);
        run(await_ready(core(), fd, Direction::reading, never, read));
    }
    EXPECT_EQ(read, "ready ready ready ready ");
    EXPECT_EQ(written, "ready ready ready ");
    sockets.fill();
    scope.start(await_ready(core(), fd, Direction::reading, never, read));
    scope.start(await_ready(core(), fd, Direction::writing, never, written));
    sockets.hang_up();
    run(scope);  // both calls return the error
}

TEST_F(Elsewhere, AWaitForADescriptorEndsInTime) {
    const Sockets sockets;
    const int fd = sockets.ends[0];
    std::string result;
    run(await_ready(core(), fd, Direction::reading, core().now() + milliseconds(2), result));
    EXPECT_EQ(result, "wait for a descriptor: timed out");
    result.clear();
    {
        Scope scope;
        scope.start(await_ready(core(), fd, Direction::reading, never, result), AfterStop::ends);
    }
    EXPECT_EQ(result, "");  // destroyed
    // Nothing watches it any more: readiness does not wake the loop.
    sockets.send();
    const TimePoint until = core().now() + milliseconds(20);
    core().run_once(until);
    EXPECT_GE(core().now(), until);
    run(await_ready(core(), fd, Direction::reading, never, result));
    run(await_ready(core(), 1'000'000, Direction::reading, never, result));
    EXPECT_EQ(result, "ready wait for a descriptor: Bad file descriptor");
    // A file is always ready.
    const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    result.clear();
    run(await_ready(core(), file, Direction::reading, never, result));
    EXPECT_EQ(result, "ready ");
    ::close(file);
}

TEST(ASimulatedKernel, RefusesTheMachinesDescriptors) {
    SimKernel kernel(1);
    Core core(kernel);
    std::string result;
    Scope scope;
    scope.start(await_ready(core, 0, Direction::reading, never, result));
    EXPECT_EQ(result, "wait for a descriptor of the machine on a simulated kernel: Operation not supported");
}

// --- passes that take long

Task<void> spend(Core& core, SimKernel& kernel, std::string_view label, Duration time) {
    if (!label.empty()) StopState::running()->set_label(core.keep_label(label));
    const bool slept = co_await sleep_for(core, seconds(1));
    if (slept) kernel.spend(time);
}

TEST(ACore, ReportsLongPassesWithTheLabelsOfTheirTasks) {
    struct Row {
        Duration limit;
        Duration time;
        std::vector<std::string_view> labels;
        std::string reported;
    };
    const std::array rows{
        Row{milliseconds(100), milliseconds(100), {"/a"}, "100 /a "},
        Row{milliseconds(100), milliseconds(99), {"/a"}, ""},
        Row{milliseconds(100), milliseconds(100), {""}, ""},  // nobody to name
        Row{milliseconds(0), seconds(9), {"/a"}, ""},
        Row{milliseconds(100), milliseconds(60), {"/b", "/b", "/a"}, "180 /a /b "},
        Row{milliseconds(1), milliseconds(1), {"/1", "/2", "/3", "/4", "/5"}, "5 4 labels, others"},
    };
    for (const Row& row : rows) {
        SimFaults faults;
        SimKernel kernel(1, faults);
        Core core(kernel);
        std::string reported;
        core.watch_passes(row.limit, [&reported](const LongPass& pass) {
            reported += std::to_string(std::chrono::duration_cast<milliseconds>(pass.time).count()) + " ";
            std::vector<std::string> labels(pass.labels.begin(), pass.labels.end());
            std::ranges::sort(labels);
            if (labels.size() > 3) reported += std::to_string(labels.size()) + " labels, " + labels.back();
            if (labels.size() > 3) return;
            for (const std::string& label : labels) reported += label + " ";
        });
        Scope scope;
        for (const std::string_view& label : row.labels) scope.start(spend(core, kernel, label, row.time));
        while (scope.size() > 0) core.run_once(never);
        core.run_once(core.now());
        EXPECT_EQ(reported, row.reported);
    }
}

}  // namespace
}  // namespace portico::io
