// The access log: rings that two threads share, and a writer that no core waits for.
#include "portico/server/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/descriptors.h"
#include "portico/server/access_ring.h"

namespace portico::server {
namespace {

namespace fs = std::filesystem;

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

std::ptrdiff_t lines_in(const std::string& path) {
    const std::string content = content_of(path);
    return std::count(content.begin(), content.end(), '\n');
}

// Returns whether the condition becomes true within five seconds. There is no other way to observe the writer's thread.
template <class Condition>
bool comes_true(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::yield();
    }
    return true;
}

AccessEntry entry_of(std::string_view target) {
    AccessEntry entry;
    entry.at = std::chrono::system_clock::time_point{std::chrono::seconds{1'795'228'043}};
    entry.method = "GET";
    entry.target = target;
    return entry;
}

std::unique_ptr<AccessLog> open_log(const std::string& path, LogFormat format = LogFormat::text, unsigned cores = 1) {
    auto log = AccessLog::open({.format = format, .path = path, .colour = Colour::never}, cores);
    EXPECT_TRUE(log) << log.error();
    return std::move(*log);
}

TEST(AccessRing, GivesBackWhatWasPushedInOrder) {
    const io::SocketAddress peer = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv6), 7);
    AccessRing ring({}, 1024);
    EXPECT_EQ(ring.front(), nullptr);
    // Lengths that make entries end at every offset in the ring, including its last octets.
    for (std::size_t i = 0; i < 2000; ++i) {
        const std::string target(i % 97, static_cast<char>('a' + i % 26));
        AccessEntry entry = entry_of(target);
        entry.peer = i % 3 == 0 ? nullptr : &peer;
        entry.user_agent = "agent";
        entry.reason = "";
        entry.content_octets = i;
        ASSERT_EQ(ring.push(entry), AccessRing::Pushed::quietly);
        EXPECT_FALSE(ring.is_empty());
        const AccessEntry* const front = ring.front();
        ASSERT_NE(front, nullptr);
        EXPECT_EQ(front->target, target);
        EXPECT_EQ(front->content_octets, i);
        EXPECT_EQ(front->user_agent, "agent");
        EXPECT_EQ(front->referer.data(), nullptr) << "there was none";
        EXPECT_NE(front->reason.data(), nullptr) << "it was empty";
        EXPECT_EQ(front->peer == nullptr, i % 3 == 0);
        if (front->peer != nullptr) {
            EXPECT_EQ(*front->peer, peer);
        }
        ring.pop();
        EXPECT_TRUE(ring.is_empty());
    }
    EXPECT_EQ(ring.dropped(), 0U);
}

TEST(AccessRing, DropsWhatHasNoRoomAndTakesMoreLater) {
    AccessRing ring({}, 1024);
    std::size_t held = 0;
    std::size_t asked = 0;
    for (;;) {
        const AccessRing::Pushed pushed = ring.push(entry_of("/0123456789"));
        if (pushed == AccessRing::Pushed::not_at_all) break;
        if (pushed == AccessRing::Pushed::past_half) ++asked;
        ++held;
    }
    EXPECT_GT(held, 5U);
    EXPECT_EQ(asked, 1U) << "the writer is asked for once";
    EXPECT_EQ(ring.dropped(), 1U);
    const std::string too_long(2000, 'x');
    EXPECT_EQ(ring.push(entry_of(too_long)), AccessRing::Pushed::not_at_all);
    EXPECT_EQ(ring.dropped(), 2U);

    for (std::size_t i = 0; i < held; ++i) {
        ASSERT_NE(ring.front(), nullptr);
        ring.pop();
    }
    EXPECT_EQ(ring.front(), nullptr);
    EXPECT_NE(ring.push(entry_of("/")), AccessRing::Pushed::not_at_all);
}

TEST(AccessRing, CutsStringsThatNoRingShouldHold) {
    AccessRing ring({.user_agent = false});
    const std::string long_target(AccessRing::string_octets_max + 1, 'x');
    AccessEntry entry = entry_of(long_target);
    entry.user_agent = "agent";
    EXPECT_EQ(ring.push(entry), AccessRing::Pushed::quietly);
    EXPECT_EQ(ring.front()->target.size(), AccessRing::string_octets_max);
    EXPECT_EQ(ring.front()->user_agent.data(), nullptr) << "a string that no line needs is not copied";
}

TEST(AccessRing, IsSharedByTwoThreads) {
    AccessRing ring({}, 4096);
    constexpr std::uint64_t count = 50'000;
    std::uint64_t pushed = 0;
    std::thread core([&] {
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::string target(i % 61, 'x');
            AccessEntry entry = entry_of(target);
            entry.content_octets = i;
            if (ring.push(entry) != AccessRing::Pushed::not_at_all) ++pushed;
        }
    });
    std::uint64_t taken = 0;
    std::uint64_t next_at_least = 0;
    const auto take_all = [&] {
        ring.arrive();
        while (const AccessEntry* const entry = ring.front()) {
            EXPECT_GE(entry->content_octets, next_at_least);
            EXPECT_EQ(entry->target.size(), entry->content_octets % 61);
            next_at_least = entry->content_octets + 1;
            ++taken;
            ring.pop();
        }
    };
    while (taken + ring.dropped() < count) take_all();
    core.join();
    take_all();
    EXPECT_EQ(taken, pushed);
    EXPECT_EQ(taken + ring.dropped(), count);
}

TEST(AccessLog, WritesALoneLineSoon) {
    const ScratchFolder folder;
    const auto log = open_log(folder.file("log"));
    for (int i = 1; i <= 3; ++i) {
        const auto recorded = std::chrono::steady_clock::now();
        log->record(0, entry_of("/alone"));
        EXPECT_TRUE(comes_true([&] { return lines_in(folder.file("log")) == i; }));
        EXPECT_LT(std::chrono::steady_clock::now() - recorded, std::chrono::seconds{2});
    }
}

TEST(AccessLog, WritesEveryEntryOfEveryCore) {
    const ScratchFolder folder;
    constexpr unsigned cores = 3;
    constexpr int count = 4'000;
    std::uint64_t dropped = 0;
    {
        const auto log = open_log(folder.file("log"), LogFormat::json, cores);
        std::vector<std::thread> threads;
        for (unsigned core = 0; core < cores; ++core) {
            threads.emplace_back([&log, core] {
                const std::string target = "/" + std::to_string(core);
                for (int i = 0; i < count; ++i) log->record(core, entry_of(target));
            });
        }
        for (std::thread& thread : threads) thread.join();
        dropped = log->dropped();
    }
    std::map<std::string, int> lines_with;
    std::ifstream file(folder.file("log"));
    for (std::string line; std::getline(file, line);) {
        const std::size_t at = line.find("\"target\":\"/");
        ASSERT_NE(at, std::string::npos) << line;
        ++lines_with[line.substr(at + 10, 2)];
    }
    EXPECT_EQ(lines_with.size(), cores);
    int sum = 0;
    for (const auto& [target, lines] : lines_with) sum += lines;
    EXPECT_EQ(static_cast<std::uint64_t>(sum) + dropped, cores * static_cast<std::uint64_t>(count));
}

TEST(AccessLog, GoesOnInANewFileAfterReopen) {
    const ScratchFolder folder;
    const auto log = open_log(folder.file("log"));
    log->record(0, entry_of("/before"));
    ASSERT_TRUE(comes_true([&] { return lines_in(folder.file("log")) == 1; }));
    fs::rename(folder.file("log"), folder.file("log.1"));
    log->record(0, entry_of("/meanwhile"));
    log->reopen();
    ASSERT_TRUE(comes_true([&] { return fs::exists(folder.file("log")); }));
    log->record(0, entry_of("/after"));
    EXPECT_TRUE(comes_true([&] { return lines_in(folder.file("log")) == 1; }));
    EXPECT_EQ(lines_in(folder.file("log.1")), 2) << "what was recorded before is in the old file";
    EXPECT_NE(content_of(folder.file("log")).find("/after"), std::string::npos);
}

TEST(AccessLog, KeepsTheOldFileWhereTheNewOneCannotBeOpened) {
    const ScratchFolder folder;
    fs::create_directory(folder.file("logs"));
    testing::internal::CaptureStderr();
    {
        const auto log = open_log(folder.file("logs/log"));
        fs::rename(folder.file("logs"), folder.file("moved"));
        log->reopen();
        log->record(0, entry_of("/x"));
    }
    EXPECT_EQ(lines_in(folder.file("moved/log")), 1);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("can't be opened again"), std::string::npos);
}

TEST(AccessLog, CountsWhatADiskDidNotTake) {
    if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
    testing::internal::CaptureStderr();
    {
        const auto log = open_log("/dev/full");
        for (int i = 0; i < 10; ++i) log->record(0, entry_of("/x"));
        EXPECT_TRUE(comes_true([&] { return log->dropped() == 10; }));
        log->record(0, entry_of("/x"));
        EXPECT_TRUE(comes_true([&] { return log->dropped() == 11; }));
    }
    const std::string told = testing::internal::GetCapturedStderr();
    EXPECT_NE(told.find("/dev/full can't be written: No space left on device"), std::string::npos) << told;
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << "once, not for every line: " << told;
}

TEST(AccessLog, NeverWaitsForAReaderThatDoesNotRead) {
    const ScratchFolder folder;
    const std::string pipe = folder.file("pipe");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::optional<Fd> reader = io::owned(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_TRUE(reader);
    testing::internal::CaptureStderr();
    {
        const auto log = open_log(pipe);
        const std::string target(1000, 'x');
        for (int i = 0; i < 5'000; ++i) log->record(0, entry_of(target));  // 5 MB: the pipe and the ring hold less
        EXPECT_GT(log->dropped(), 0U);
    }
    EXPECT_NE(testing::internal::GetCapturedStderr().find("it has no reader"), std::string::npos);
}

TEST(AccessLog, SaysHowManyEntriesItDropped) {
    const ScratchFolder folder;
    const std::string pipe = folder.file("pipe");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::optional<Fd> reader = io::owned(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    ASSERT_TRUE(reader);
    testing::internal::CaptureStderr();
    std::thread read_all;
    {
        const auto log = open_log(pipe);
        const std::string target(1000, 'x');
        for (int i = 0; i < 5'000; ++i) log->record(0, entry_of(target));
        EXPECT_GT(log->dropped(), 0U);
        ::fcntl(reader->number(), F_SETFL, 0);
        read_all = std::thread([number = reader->number()] {
            std::vector<char> room(1 << 16);
            while (::read(number, room.data(), room.size()) > 0) {
            }
        });
    }
    read_all.join();
    EXPECT_NE(testing::internal::GetCapturedStderr().find("entries dropped"), std::string::npos);
}

TEST(AccessLog, SaysWhyItCannotBeOpened) {
    const ScratchFolder folder;
    const auto error = [](const std::string& path) {
        const auto log = AccessLog::open({.format = LogFormat::text, .path = path, .colour = Colour::never}, 1);
        return log ? "it was opened" : log.error();
    };
    const std::string place = folder.file("logs");
    fs::create_directory(place);
    EXPECT_EQ(error(place), "can't open the access log " + place +
                                ": Is a directory; it is a folder: choose a file in it, such as " + place +
                                "/access.log");
    EXPECT_NE(error(folder.file("no/log")).find("No such file or directory; its folder does not exist"),
              std::string::npos);
}

TEST(AccessLog, OffIsOff) {
    const auto log = open_log("", LogFormat::off);
    EXPECT_TRUE(log->is_off());
    log->record(0, entry_of("/"));
    log->reopen();
    EXPECT_EQ(log->dropped(), 0U);
}

}  // namespace
}  // namespace portico::server
