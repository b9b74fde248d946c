// What a server does besides answering requests: hooks, turns, tasks of its own, and reports about blocked threads.
#include "portico/embed/background.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "portico/io/sim/sim_kernel.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Notes from any thread, in their order.
class Notes {
public:
    void add(std::string note) {
        const std::lock_guard guard(lock_);
        notes_.push_back(std::move(note));
    }
    [[nodiscard]] std::string text() const {
        const std::lock_guard guard(lock_);
        std::string all;
        for (const std::string& note : notes_) all += (all.empty() ? "" : ", ") + note;
        return all;
    }

private:
    mutable std::mutex lock_;
    std::vector<std::string> notes_;
};

// What is written to standard error meanwhile.
template <class Function>
std::string told_by(Function function) {
    testing::internal::CaptureStderr();
    function();
    return testing::internal::GetCapturedStderr();
}

TEST(Turns, ThatWouldHaveBegunWhileOneGoesOnAreLeftOut) {
    struct Row {
        int due;
        int period;
        int now;
        int next;
    };
    const std::array rows{Row{10, 10, 10, 20}, Row{10, 10, 19, 20}, Row{10, 10, 20, 30}, Row{10, 10, 55, 60},
                          Row{10, 10, 60, 70}};
    for (const Row& row : rows) {
        const io::TimePoint start{};
        EXPECT_EQ(next_turn(start + seconds(row.due), seconds(row.period), start + seconds(row.now)),
                  start + seconds(row.next))
            << row.now;
    }
}

TEST(ABlockedWarning, NamesWhatRan) {
    const std::vector<std::string> labels{"/a", "/b/{id}", "/c"};
    const std::string rest = ", and the thread's other clients waited: use offload() for what takes long";
    EXPECT_EQ(blocked_warning(milliseconds(150), std::span(labels).first(1), 0),
              "/a blocked its thread for 150 ms" + rest);
    EXPECT_EQ(blocked_warning(seconds(2), labels, 3), "one of /a, /b/{id} and /c blocked its thread for 2000 ms" +
                                                          rest + " (and 3 more times since the last warning)");
}

// --- on the simulated kernel

Task<void> take_a_turn(io::Core& core, int& turns, int& at_once) {
    EXPECT_EQ(++at_once, 1);  // never two
    ++turns;
    const bool slept = co_await io::sleep_for(core, seconds(turns == 2 ? 25 : 1));  // the second takes long
    static_cast<void>(slept);
    --at_once;
}

TEST(AServersTurns, ComeAtMultiplesOfTheirPeriodAndNeverOverlap) {
    Server server;
    int turns = 0;
    int at_once = 0;
    int throws = 0;
    int failures = 0;
    server.every(seconds(10), [&](io::Core& core) { return take_a_turn(core, turns, at_once); });
    server.every(seconds(15), [&throws] {
        if (++throws < 3) throw std::runtime_error("no luck");
    });
    server.every(seconds(30), [&failures]() -> Outcome {
        ++failures;
        return std::unexpected("nothing there");
    });
    const std::string told = told_by([&] {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            TestClient client(server, seed);
            turns = at_once = throws = failures = 0;
            struct Row {
                seconds pass;
                int turns;
            };
            for (const Row row : {Row{seconds(9), 0}, Row{seconds(2), 1}, Row{seconds(10), 2}, Row{seconds(22), 2},
                                  Row{seconds(10), 3}, Row{seconds(10), 4}}) {  // at 9, 11, 21, 43, 53, 63
                client.pass(row.pass);
                EXPECT_EQ(turns, row.turns) << seed;
            }
            EXPECT_EQ(throws, 4);  // goes on after what it has thrown
            EXPECT_EQ(failures, 2);
        }
    });
    EXPECT_NE(told.find("error: every() at "), std::string::npos);
    EXPECT_NE(told.find(": threw an exception: no luck\n"), std::string::npos) << told;
    EXPECT_NE(told.find(": nothing there\n"), std::string::npos) << told;
}

TEST(AServersTurns, CanNotComeAllTheTime) {
    Server server;
    server.every(milliseconds(0), [] {});
    ASSERT_EQ(server.errors().size(), 1U);
    EXPECT_NE(server.errors().front().find("must be at least a millisecond"), std::string::npos);
    EXPECT_FALSE(server.start("127.0.0.1:0").has_value());
}

Task<Outcome> note_later(io::Core& core, Notes& notes, std::string note) {
    const bool slept = co_await io::sleep_for(core, seconds(1));
    notes.add(note + (slept ? "" : " (ended)"));
    co_return Outcome();
}

Task<void> note_when_destroyed(io::Core& core, Notes& notes) {
    struct Guard {
        Notes& notes;
        ~Guard() { notes.add("task ended"); }
    } guard{notes};
    const bool slept = co_await io::sleep_for(core, hours(1000));
    notes.add(slept ? "slept" : "went on");
}

TEST(AServersHooks, RunInTheirOrderAndTasksEndBetweenThem) {
    Server server;
    Notes notes;
    std::optional<TestClient> client;
    server.on_start([&](io::Core& core) { return note_later(core, notes, "start 1"); });
    server.on_core_start([&] { notes.add("core start"); });
    server.on_start([&] { notes.add("start 2"); });
    server.on_stop([&](io::Core& core) { return note_later(core, notes, "stop 1"); });
    server.on_stop([&] {
        notes.add("stop 2");
        EXPECT_FALSE(server.spawn([] {}).has_value());
    });
    server.get("/", [&] {
        notes.add("request");
        EXPECT_TRUE(server.spawn([&](io::Core& core) { return note_when_destroyed(core, notes); }).has_value());
        notes.add("spawned");
    });
    EXPECT_TRUE(server.spawn([&notes] { notes.add("early task"); }).has_value());
    client.emplace(server);
    EXPECT_EQ(client->get("/").status, 204);
    client.reset();
    EXPECT_EQ(notes.text(), "start 1, start 2, core start, early task, request, spawned, task ended, stop 2, stop 1");
    const Outcome refused = server.spawn([] {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(), "the server has ended: it takes no further tasks");
}

TEST(AServersHooks, OfSeveralClientsRunForTheFirst) {
    Server server;
    Notes notes;
    std::optional<TestClient> first;
    int turns = 0;
    server.on_start([&] { notes.add("start"); });
    server.on_core_start([&] { notes.add("core start"); });
    server.on_stop([&] { notes.add("stop"); });
    server.every(seconds(1), [&turns] { ++turns; });
    server.get("/", [] { return "found"; });
    first.emplace(server);
    TestClient second(server);
    {
        TestClient third(server);
        EXPECT_EQ(third.get("/").content, "found");
    }
    second.pass(seconds(3));
    EXPECT_EQ(turns, 0);
    first->pass(seconds(3));
    EXPECT_GE(turns, 2);
    first.reset();
    EXPECT_EQ(second.get("/").content, "found");
    EXPECT_EQ(notes.text(), "start, core start, core start, core start, stop");
}

TEST(AServersHooks, AtTheStopHaveATimeLimit) {
    Options options;
    options.stop_hooks_time_max = seconds(5);
    Server server(options);
    bool slept = false;
    server.on_stop([&slept](io::Core& core) -> Task<void> { slept = co_await io::sleep_for(core, seconds(6)); });
    const std::string told = told_by([&] { const TestClient client(server); });
    EXPECT_FALSE(slept);
    EXPECT_EQ(told, "error: the stop hooks took longer than Options::stop_hooks_time_max: they were ended\n");
}

TEST(AServersHooks, AtTheStopMayTakeAnyTime) {
    Options options;
    options.stop_hooks_time_max = milliseconds::max();
    Server server(options);
    bool slept = false;
    server.on_stop([&slept](io::Core& core) -> Task<void> { slept = co_await io::sleep_for(core, hours(6)); });
    const std::string told = told_by([&] { const TestClient client(server); });
    EXPECT_TRUE(slept);
    EXPECT_EQ(told, "");
}

TEST(AServersTasks, AreReportedIfTheyFailToTheLog) {
    Options options;
    std::vector<std::string> sentences;
    options.log = [&sentences](std::string_view sentence) { sentences.emplace_back(sentence); };
    Server server(options);
    const std::string told = told_by([&] {
        TestClient client(server);
        EXPECT_TRUE(server.spawn([] { throw std::runtime_error("too hard"); }).has_value());
        client.pass(milliseconds(1));
    });
    EXPECT_EQ(told, "");
    EXPECT_EQ(sentences, std::vector<std::string>{"a task of spawn(): threw an exception: too hard"});
}

TEST(AServersTasks, AreReportedIfTheyFail) {
    Server server;
    const std::string told = told_by([&] {
        TestClient client(server);
        EXPECT_TRUE(server.spawn([] { throw std::runtime_error("too hard"); }).has_value());
        EXPECT_TRUE(server.spawn([]() -> Outcome { return std::unexpected("no way"); }).has_value());
        client.pass(milliseconds(1));
    });
    EXPECT_EQ(told, "error: a task of spawn(): threw an exception: too hard\nerror: a task of spawn(): no way\n");
}

TEST(AServersTasks, AreAtMostAsManyAsItsOptionsSay) {
    Options options;
    options.spawned_max = 3;
    Server server(options);
    const auto sleep = [](io::Core& core) -> Task<void> {
        const bool slept = co_await io::sleep_for(core, seconds(10));
        static_cast<void>(slept);
    };
    // Spawns as many as it can. Returns how many those were.
    const auto fill = [&] {
        unsigned taken = 0;
        Outcome spawned = server.spawn(sleep);
        for (; spawned && taken < 10; spawned = server.spawn(sleep)) ++taken;
        EXPECT_EQ(spawned ? "" : spawned.error(),
                  "there are 3 tasks of spawn() already, as many as Options::spawned_max allows");
        return taken;
    };
    EXPECT_EQ(fill(), 3U) << "before the start";
    server.get("/fill", [&fill] { return std::to_string(fill()); });
    server.get("/fail", [&server] {
        EXPECT_TRUE(server.spawn([]() -> Outcome { return std::unexpected("no way"); }).has_value());
    });
    const std::string told = told_by([&] {
        TestClient client(server);
        EXPECT_EQ(client.get("/fill").content, "0");
        client.pass(seconds(11));
        EXPECT_EQ(client.get("/fill").content, "3") << "the places of those that have ended";
        EXPECT_EQ(client.get("/fill").content, "0");
        client.pass(seconds(11));
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(client.get("/fail").status, 204);
            client.pass(milliseconds(1));
        }
        EXPECT_EQ(client.get("/fill").content, "3") << "and of those that have failed";
    });
    EXPECT_NE(told.find("error: a task of spawn(): no way\n"), std::string::npos) << told;
}

// Tasks that are ended where they wait, and those that have not begun, give their places back too.
TEST(AServersTasks, AreNotCountedOnceTheyAreDropped) {
    Options options;
    options.spawned_max = 1;
    Server server(options);
    for (int i = 0; i < 4; ++i) {
        TestClient client(server);
        const Outcome spawned = server.spawn([](io::Core& core) -> Task<void> {
            const bool slept = co_await io::sleep_for(core, hours(1));
            EXPECT_FALSE(slept);
        });
        EXPECT_TRUE(spawned.has_value()) << i;
        if (i % 2 == 0) client.pass(milliseconds(1));  // it begins
    }
}

// --- handlers that block

Task<std::string> block_later(Request& request, int time) {
    const bool slept = co_await io::sleep_for(request.core(), milliseconds(10));
    if (slept) static_cast<io::SimKernel&>(request.core().kernel()).spend(milliseconds(time));
    co_return "done";
}

TEST(AHandlerThatBlocks, IsReportedOnceASecondWithItsRoute) {
    struct Row {
        std::string target;
        seconds pass;
        std::string told;
    };
    const std::string rest = " ms, and the thread's other clients waited: use offload() for what takes long";
    const std::array rows{
        Row{"/now/99", seconds(2), ""},
        Row{"/now/100", seconds(0), "warning: /now/{time} blocked its thread for 100" + rest + "\n"},
        Row{"/now/150", seconds(0), ""},
        Row{"/later/150", seconds(0), ""},
        Row{"/stream/150", seconds(2), ""},
        Row{"/later/250", seconds(2),
            "warning: /later/{time} blocked its thread for 250" + rest +
                " (and 3 more times since the last warning)\n"},
        Row{"/stream/300", seconds(2), "warning: /stream/{time} blocked its thread for 300" + rest + "\n"},
    };
    for (const bool is_on : {true, false}) {
        Options options;
        if (!is_on) options.blocked_warning_after = milliseconds(0);
        Server server(options);
        server.get("/now/{time}", [](Request& request, int time) {
            static_cast<io::SimKernel&>(request.core().kernel()).spend(milliseconds(time));
            return "done";
        });
        server.get("/later/{time}", block_later);
        server.get("/stream/{time}", [](Request& request, int time) {
            io::Core* const core = &request.core();
            return Response::stream("text/plain", [core, time](ContentWriter& writer) -> Task<bool> {
                const bool goes_on = co_await writer.write("do");
                static_cast<io::SimKernel&>(core->kernel()).spend(milliseconds(time));
                const bool written = co_await writer.write("ne");
                co_return goes_on&& written;
            });
        });
        TestClient client(server);
        for (const Row& row : rows) {
            const std::string told = told_by([&] {
                EXPECT_EQ(client.get(row.target).content, "done");
                client.pass(row.pass);
            });
            EXPECT_EQ(told, is_on ? row.told : "") << row.target;
        }
    }
}

// What a handler leaves at its core, such as a client's connection: a task that is there for longer than the request.
struct Left {
    io::Scope tasks;
};

TEST(AHandlerThatBlocks, LeavesItsLabelToTasksThatOutliveItsRequest) {
    static const char key = 0;
    Server server;
    server.get("/leaves", [](Request& request) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), milliseconds(1));
        const auto left = std::make_shared<Left>();
        request.core().local(&key) = left;
        left->tasks.start([](io::Core& core) -> Task<void> {
            for (bool goes_on = true; goes_on;) {
                goes_on = co_await io::sleep_for(core, seconds(10));
                if (goes_on) static_cast<io::SimKernel&>(core.kernel()).spend(milliseconds(200));
            }
        }(request.core()));
        co_return slept ? "done" : "";
    });
    const std::string told = told_by([&] {
        TestClient client(server);
        EXPECT_EQ(client.get("/leaves").content, "done");
        server.replace(RouteSet());
        EXPECT_EQ(client.get("/leaves").status, 404);
        client.pass(seconds(15));
    });  // the task ends after everything that requests use
    EXPECT_NE(told.find("/leaves blocked its thread for 200 ms"), std::string::npos) << told;
}

// --- on threads

// Owned by one core, and destroyed on its thread.
struct OwnByCore {
    explicit OwnByCore(std::atomic<int>& the_alive) : alive(&the_alive), thread(std::this_thread::get_id()) {
        ++*alive;
    }
    OwnByCore(const OwnByCore&) = delete;
    OwnByCore& operator=(const OwnByCore&) = delete;
    ~OwnByCore() {
        EXPECT_EQ(thread, std::this_thread::get_id());
        --*alive;
    }
    std::atomic<int>* alive;
    std::thread::id thread;
};

Task<void> wait_for_thread(io::Core& core, std::thread& other, std::latch& done) {
    io::Completion<std::string> answer(core);
    other = std::thread([end = answer.completer()] { end.complete("from another thread"); });
    const io::Result<std::string> text = co_await answer.wait(io::never);
    EXPECT_EQ(text.value_or(""), "from another thread");
    done.count_down();
}

TEST(AServerWithThreads, BeginsAndEndsEachOfItsCores) {
    std::atomic<int> alive = 0;
    io::PerCore<OwnByCore> own([&alive](io::Core&) { return OwnByCore(alive); });
    Options options;
    options.threads = 3;
    Server server(options);
    Notes notes;
    std::thread other;
    std::latch done(2);
    std::optional<io::CoreHandle> handle;
    server.on_start([&](io::Core& core) {
        notes.add("start");
        handle.emplace(core);
    });
    server.on_core_start([&](io::Core& core) { EXPECT_EQ(own.of(core).thread, std::this_thread::get_id()); });
    server.on_stop([&] { notes.add(alive > 0 ? "stop" : "stop without its core's state"); });
    std::atomic<int> turns = 0;
    for (int i = 0; i < 4; ++i) {
        server.every(milliseconds(1), [&turns, &done] {
            if (++turns == 8) done.count_down();
        });
    }
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    EXPECT_EQ(alive, 3);
    EXPECT_TRUE(server.spawn([&](io::Core& core) { return wait_for_thread(core, other, done); }).has_value());
    done.wait();
    server.stop();
    server.wait();
    other.join();
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(notes.text(), "start, stop");
    EXPECT_FALSE(handle->post([](io::Core&) {}));
    EXPECT_FALSE(server.spawn([] {}).has_value());
}

TEST(AServerWhoseStartHookFails, DoesNotServe) {
    struct Row {
        bool fails_on_core;
        bool throws;
        std::string sentence;
    };
    for (const Row& row : {Row{false, false, ": no database"}, Row{true, false, ": no database"},
                           Row{false, true, ": threw an exception: no database"}}) {
        Options options;
        options.threads = 2;
        Server server(options);
        std::atomic<int> cores = 0;
        bool may_fail = true;
        const auto fail = [&]() -> Outcome {
            if (may_fail && row.throws) throw std::runtime_error("no database");
            if (may_fail) return std::unexpected("no database");
            return {};
        };
        server.on_core_start([&]() -> Outcome { return ++cores == 2 && row.fails_on_core ? fail() : Outcome(); });
        if (!row.fails_on_core) server.on_start(fail);
        bool has_stopped = false;
        server.on_stop([&has_stopped] { has_stopped = true; });
        const Outcome started = server.start("127.0.0.1:0");
        ASSERT_FALSE(started.has_value());
        EXPECT_NE(started.error().find(row.sentence), std::string::npos) << started.error();
        EXPECT_EQ(server.port(), 0);
        EXPECT_FALSE(has_stopped);
        may_fail = false;  // a second try
        EXPECT_TRUE(server.start("127.0.0.1:0").has_value());
        server.stop();
        server.wait();
        EXPECT_TRUE(has_stopped);
    }
}

TEST(AServerThatIsStoppedWhileItStarts, EndsItsHook) {
    Server server;
    std::latch waiting(1);
    server.on_start([&waiting](io::Core& core) -> Task<void> {
        waiting.count_down();
        const bool slept = co_await io::sleep_for(core, hours(1));
        EXPECT_FALSE(slept);
    });
    std::thread stopping([&] {
        waiting.wait();
        server.stop();
    });
    const Outcome started = server.start("127.0.0.1:0");
    stopping.join();
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error(), "the server was stopped while it started");
}

// A stop that came earlier ends neither hooks that do not wait nor those of the stop.
TEST(AServerThatIsStoppedBeforeItStarts, RunsItsStopHooksToTheirEnd) {
    Server server;
    Notes notes;
    server.on_start([&notes] { notes.add("start"); });
    server.on_stop([&notes](io::Core& core) -> Task<void> {
        const bool slept = co_await io::sleep_for(core, milliseconds(1));
        notes.add(slept ? "stop" : "ended");
    });
    server.stop();
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    server.wait();
    EXPECT_EQ(notes.text(), "start, stop");
}

TEST(AServerThatIsStoppedTwice, EndsItsStopHook) {
    Server server;
    std::latch waiting(1);
    server.on_stop([&waiting](io::Core& core) -> Task<void> {
        waiting.count_down();
        const bool slept = co_await io::sleep_for(core, hours(1));
        EXPECT_FALSE(slept);
    });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    server.stop();
    waiting.wait();
    server.stop();
    server.wait();
}

}  // namespace
}  // namespace portico
