// Locks on files, and other programs: on the real kernel.
#include "portico/io/file_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/child_process.h"
#include "portico/io/temporary_file.h"

namespace portico::io {
namespace {

std::string read_whole(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(FileLocks, AreHeldByOne) {
    const ScratchFolder folder;
    auto first = FileLock::try_take(folder.file("lock"));
    ASSERT_TRUE(first && *first);
    auto second = FileLock::try_take(folder.file("lock"));
    ASSERT_TRUE(second);
    EXPECT_FALSE(*second);
    FileLock moved = **std::move(first);
    EXPECT_FALSE(*FileLock::try_take(folder.file("lock")));
    {
        const FileLock ended = std::move(moved);
    }
    EXPECT_TRUE(*FileLock::try_take(folder.file("lock")));
}

TEST(FileLocks, AreForTheirOwnerOnly) {
    const ScratchFolder folder;
    const auto lock = FileLock::try_take(folder.file("lock"));
    ASSERT_TRUE(lock && *lock);
    EXPECT_EQ(std::filesystem::status(folder.file("lock")).permissions(), std::filesystem::perms(0600));
}

TEST(FileLocks, NeedAFolder) {
    const ScratchFolder folder;
    const auto lock = FileLock::try_take(folder.file("missing/lock"));
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().number, ENOENT);
}

TEST(ReplacingFiles, LeaveNothingElse) {
    const ScratchFolder folder;
    for (const char* text : {"old", "new"}) {
        auto file = TemporaryFile::create(folder.path());
        ASSERT_TRUE(file && file->write(text) && file->finish() && file->replace(folder.file("it")));
    }
    EXPECT_EQ(read_whole(folder.file("it")), "new");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "nothing else is left";
}

std::optional<int> await_end(ChildProcess& process, std::chrono::seconds time_max = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + time_max;
    while (std::chrono::steady_clock::now() < end) {
        const auto code = process.ended();
        if (code) return code;
        std::this_thread::yield();
    }
    return std::nullopt;
}

TEST(ChildProcesses, GetTheirWordsAsTheyAre) {
    const ScratchFolder folder;
    const std::string out = folder.file("out");
    auto process = ChildProcess::start(
        {"sh", "-c", "printf '%s|' \"$@\" > \"$0\"; cat >> \"$0\"; exit 3", out, "a b", "$HOME", "*", "'"});
    ASSERT_TRUE(process);
    EXPECT_EQ(await_end(*process), 3);
    EXPECT_EQ(process->ended(), 3) << "the code stays";
    EXPECT_EQ(read_whole(out), "a b|$HOME|*|'|");
}

TEST(ChildProcesses, ThatDoNotExistAreErrors) {
    const auto process = ChildProcess::start({"/nonexistent/program"});
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().number, ENOENT);
}

TEST(ChildProcesses, EndBySignals) {
    auto process = ChildProcess::start({"sh", "-c", "kill -TERM $$"});
    ASSERT_TRUE(process);
    EXPECT_EQ(await_end(*process), 128 + SIGTERM);
}

TEST(ChildProcesses, AreKilledWithWhatTheyHaveStarted) {
    const ScratchFolder folder;
    const std::string fifo = folder.file("fifo");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    std::ifstream started;
    {
        // The grandchild holds the pipe open until it is killed.
        auto process = ChildProcess::start({"sh", "-c", "sleep 1000 > \"$0\" & echo > \"$0\"; wait", fifo});
        ASSERT_TRUE(process);
        started.open(fifo);
        EXPECT_EQ(started.get(), '\n');
        ChildProcess moved = *std::move(process);
        EXPECT_FALSE(moved.ended());
    }
    EXPECT_EQ(started.get(), std::ifstream::traits_type::eof()) << "nobody holds the other end";
}

}  // namespace
}  // namespace portico::io
