// portico/io/folder_watcher_test.cc — what is reported of a folder that changes, and when.
#include "portico/io/folder_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/file_system.h"

namespace portico::io {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Change = ChangeGathering::Change;

constexpr TimePoint first_moment = TimePoint{} + 1h;

ChangeGathering gathering(std::size_t names_max = 100) { return {names_max, 60ms, 1000ms}; }

TEST(ChangeGathering, WaitsUntilNothingChangesButNotForEver) {
    ChangeGathering changes = gathering();
    EXPECT_FALSE(changes.due());
    changes.add("a", Change::written, first_moment);
    EXPECT_EQ(changes.due(), first_moment + 60ms);
    changes.add("a", Change::written, first_moment + 50ms);
    EXPECT_EQ(changes.due(), first_moment + 110ms);
    changes.add("b", Change::written, first_moment + 990ms);
    EXPECT_EQ(changes.due(), first_moment + 1000ms);
    EXPECT_THAT(changes.take()->names, ElementsAre("a", "b"));
    EXPECT_FALSE(changes.due());
    changes.add("a", Change::written, first_moment + 2s);
    EXPECT_EQ(changes.due(), first_moment + 2s + 60ms);
}

struct FateRow {
    const char* name;
    std::vector<Change> fate;
    bool is_reported;
};
class Fates : public testing::TestWithParam<FateRow> {};
TEST_P(Fates, AreReportedIfTheyLeaveADifference) {
    ChangeGathering changes = gathering();
    for (const Change change : GetParam().fate) changes.add("x", change, first_moment);
    EXPECT_EQ(changes.take().has_value(), GetParam().is_reported);
    EXPECT_FALSE(changes.take());
}
INSTANTIATE_TEST_SUITE_P(
    Io, Fates,
    testing::Values(FateRow{"New", {Change::appeared, Change::written}, true},
                    FateRow{"Temporary", {Change::appeared, Change::written, Change::vanished}, false},
                    FateRow{"Removed", {Change::vanished}, true},
                    FateRow{"Replaced", {Change::vanished, Change::appeared, Change::written}, true},
                    FateRow{"WrittenAndRemoved", {Change::written, Change::vanished}, true},
                    FateRow{"Nothing", {}, false}),
    row_name);

TEST(ChangeGathering, NamesOnlySoMany) {
    ChangeGathering changes = gathering(2);
    for (const char* const name : {"a", "b", "a"}) changes.add(name, Change::written, first_moment);
    EXPECT_EQ(changes.take()->listed, FolderChanges::Listed::all);
    for (const char* const name : {"a", "b", "c", "d"}) changes.add(name, Change::written, first_moment);
    const auto taken = changes.take();
    EXPECT_EQ(taken->listed, FolderChanges::Listed::too_many);
    EXPECT_THAT(taken->names, IsEmpty());
    EXPECT_FALSE(changes.take());
}

class Watched : public testing::Test {
protected:
    void watch() {
        const auto root = real_file_system().open_directory(folder.path());
        options.quiet = 5ms;
        options.wait_max = 20ms;
        auto started = FolderWatcher::start(*root, options, [this](const FolderChanges& changes) {
            is_reporting = true;
            is_reporting.notify_all();
            const std::lock_guard guard(lock);
            for (const std::string& name : changes.names) names.push_back(name);
            reach = changes.reach;
            if (changes.listed == FolderChanges::Listed::too_many) listed = changes.listed;
            came.notify_all();
        });
        ASSERT_TRUE(started) << describe(started.error());
        watcher = *std::move(started);
    }
    void write(const std::string& name, const std::string& content = "x") {
        std::ofstream(folder.file(name)) << content;
    }
    // Waits until this name is reported. Returns everything that was reported since the last time.
    std::vector<std::string> until(const std::string& name) {
        std::unique_lock guard(lock);
        EXPECT_TRUE(came.wait_for(guard, 10s, [&] { return std::ranges::find(names, name) != names.end(); })) << name;
        return std::exchange(names, {});
    }

    ScratchFolder folder;
    WatchOptions options;
    std::atomic<bool> is_reporting = false;
    std::mutex lock;
    std::condition_variable came;
    std::vector<std::string> names;  // guarded by lock
    FolderChanges::Reach reach = FolderChanges::Reach::all;
    FolderChanges::Listed listed = FolderChanges::Listed::all;
    std::unique_ptr<FolderWatcher> watcher;  // last: its thread uses the others
};

namespace fs = std::filesystem;

TEST_F(Watched, FilesAreReportedHoweverAnEditorWritesThem) {
    fs::create_directories(folder.file("a/b"));
    write("a/b/page");
    fs::create_directories(folder.file("old"));
    watch();
    const std::vector<std::pair<std::function<void()>, std::string>> changes{
        {[&] { write("a/b/page", "in place"); }, "a/b/page"},
        {[&] {
             write("a/b/page.tmp");
             fs::rename(folder.file("a/b/page.tmp"), folder.file("a/b/page"));
         },
         "a/b/page"},
        {[&] { fs::resize_file(folder.file("a/b/page"), 0); }, "a/b/page"},
        {[&] { fs::remove(folder.file("a/b/page")); }, "a/b/page"},
        {[&] { write("a/b/page"); }, "a/b/page"},
        {[&] { fs::rename(folder.file("a/b"), folder.file("a/c")); }, "a/c"},
        {[&] { write("a/c/page"); }, "a/c/page"},
        {[&] { fs::create_directories(folder.file("new/inner")); }, "new"},
        {[&] { write("new/file"); }, "new/file"},
        {[&] { fs::create_symlink("file", folder.file("new/link")); }, "new/link"},
        {[&] { fs::remove_all(folder.file("old")); }, "old"},
        {[&] {
             fs::create_directories(folder.file("old/again"));
             write("old/again/file");
         },
         "old"},
    };
    for (const auto& [change, name] : changes) {
        change();
        until(name);
    }
    // It is watched once its own appearance has been reported.
    write("old/again/file");
    until("old/again/file");
}

TEST_F(Watched, FoldersThatLeaveAreForgotten) {
    fs::create_directories(folder.file("root/in/inner"));
    fs::create_directories(folder.file("outside"));
    const ScratchFolder elsewhere;
    watch();
    fs::rename(folder.file("root/in"), folder.file("outside/in"));
    until("outside/in");
    fs::rename(folder.file("outside/in"), elsewhere.file("in"));
    until("outside/in");
    std::ofstream(elsewhere.file("in/inner/file")) << "x";
    write("last");
    EXPECT_THAT(until("last"), ElementsAre("last"));
}

TEST_F(Watched, NamesMayBeSkipped) {
    fs::create_directories(folder.file(".git/refs"));
    options.skips = [](std::string_view name) { return name.starts_with('.'); };
    watch();
    write(".git/refs/file");
    write(".swap");
    write("last");
    EXPECT_THAT(until("last"), ElementsAre("last"));
}

TEST_F(Watched, OnlyTheRootMayBe) {
    fs::create_directories(folder.file("below"));
    options.depth = WatchOptions::Depth::root_only;
    watch();
    fs::create_directories(folder.file("new"));
    until("new");
    write("below/file");
    write("new/file");
    write("last");
    EXPECT_THAT(until("last"), ElementsAre("last"));
}

TEST_F(Watched, FoldersHaveALimit) {
    for (const char* const name : {"a/deep", "b/deep"}) fs::create_directories(folder.file(name));
    options.folders_max = 3;  // the root, a and b
    watch();
    EXPECT_EQ(watcher->reach_at_start(), FolderChanges::Reach::too_many_folders);
    write("a/deep/file");
    write("a/file");
    EXPECT_THAT(until("a/file"), ElementsAre("a/file"));
    watcher.reset();
    options.folders_max = 5;
    watch();
    EXPECT_EQ(watcher->reach_at_start(), FolderChanges::Reach::all);
    fs::create_directories(folder.file("c"));
    until("c");
    const std::lock_guard guard(lock);
    EXPECT_EQ(reach, FolderChanges::Reach::too_many_folders);
}

TEST_F(Watched, EverythingIsWatchedAnewIfTheSystemDropsEvents) {
    std::size_t events_max = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> events_max;
    if (events_max == 0 || events_max > 50'000) GTEST_SKIP() << "the system keeps too many events";
    fs::create_directories(folder.file("before"));
    watch();
    std::unique_lock guard(lock);  // the watcher's thread waits for it in its report
    write("first");
    is_reporting.wait(false);
    const fs::path one = folder.file("before/1");
    const fs::path two = folder.file("before/2");
    std::ofstream(one) << "x";
    for (std::size_t i = 0; i < events_max; ++i) fs::rename(i % 2 == 0 ? one : two, i % 2 == 0 ? two : one);
    fs::create_directories(folder.file("dropped/inner"));
    came.wait_for(guard, 10s, [&] { return listed == FolderChanges::Listed::too_many; });
    EXPECT_EQ(listed, FolderChanges::Listed::too_many);
    guard.unlock();
    write("dropped/inner/file");
    until("dropped/inner/file");
}

TEST(FolderWatching, WithoutAnyWatchFails) {
    const auto root = real_file_system().open_directory("/");
    WatchOptions options;
    options.folders_max = 0;
    const auto watcher = FolderWatcher::start(*root, options, [](const FolderChanges&) {});
    ASSERT_FALSE(watcher);
    EXPECT_EQ(watcher.error().number, ENOSPC);
}

}  // namespace
}  // namespace portico::io
