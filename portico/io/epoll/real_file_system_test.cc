// The machine's files, in a directory created for each test. The invariant: nothing outside it is ever reached.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>

#include "portico/base/row_name_for_test.h"
#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/file_system.h"

namespace portico::io {
namespace {

namespace fs = std::filesystem;

class RealFiles : public testing::Test {
protected:
    RealFiles() {
        fs::create_directories(place / "root/sub/deep");
        write("outside.txt", "secret");
        write("root/a.txt", "hello");
        write("root/sub/b.txt", "beneath");
        fs::create_symlink("sub/b.txt", place / "root/inside");
        fs::create_symlink("../outside.txt", place / "root/escape");
        fs::create_symlink(place / "root/a.txt", place / "root/absolute");
        fs::create_symlink("../a.txt", place / "root/sub/up");
        fs::create_symlink("loop", place / "root/loop");
        fs::create_symlink("nowhere", place / "root/dangling");
        fs::create_symlink("..", place / "root/sub/parent");
    }
    void write(const std::string& name, std::string_view content) {
        std::ofstream(place / name, std::ios::binary) << content;
    }
    Fd root() {
        auto opened = files.open_directory((place / "root").string());
        EXPECT_TRUE(opened.has_value());
        return std::move(*opened);
    }
    std::string content(const Fd& file) {
        std::string room(100, '\0');
        const auto octets = files.read_at(file, 0, room);
        EXPECT_TRUE(octets.has_value());
        room.resize(octets.value_or(0));
        return room;
    }

    const ScratchFolder scratch;
    const fs::path place = scratch.path();
    FileSystem& files = real_file_system();
};

struct PathRow {
    const char* name;
    std::string_view path;
    int error;  // 0: it opens
    std::string_view content;
};
class Paths : public RealFiles, public testing::WithParamInterface<PathRow> {};

TEST_P(Paths, OpenBeneathOrNotAtAll) {
    const Fd directory = root();
    const auto file = files.open_beneath(directory, GetParam().path);
    const auto status = files.status_beneath(directory, GetParam().path);
    EXPECT_EQ(file ? 0 : file.error().number, GetParam().error);
    EXPECT_EQ(status ? 0 : status.error().number, GetParam().error);
    if (!file || !status) return;
    const auto status_of_open = files.status(*file);
    ASSERT_TRUE(status_of_open.has_value());
    EXPECT_EQ(*status_of_open, *status);
    if (status->kind != FileKind::regular) return;
    EXPECT_EQ(content(*file), GetParam().content);
    EXPECT_EQ(status->size, GetParam().content.size());
}
using namespace std::string_view_literals;
const std::string long_path(5000, 'a');
const std::string long_name(300, 'a');
INSTANTIATE_TEST_SUITE_P(
    Table, Paths,
    testing::Values(PathRow{"File", "a.txt", 0, "hello"}, PathRow{"InSubdirectory", "sub/b.txt", 0, "beneath"},
                    PathRow{"LinkInside", "inside", 0, "beneath"}, PathRow{"LinkUpWithin", "sub/up", 0, "hello"},
                    PathRow{"DotDotWithin", "sub/../a.txt", 0, "hello"}, PathRow{"Itself", "", 0, ""},
                    PathRow{"Dot", ".", 0, ""}, PathRow{"Directory", "sub", 0, ""},
                    PathRow{"DirectoryWithSlash", "sub/", 0, ""}, PathRow{"FileWithSlash", "a.txt/", ENOTDIR, ""},
                    PathRow{"Missing", "c.txt", ENOENT, ""}, PathRow{"BeneathAFile", "a.txt/b", ENOTDIR, ""},
                    PathRow{"DotDot", "..", EXDEV, ""}, PathRow{"Escape", "../outside.txt", EXDEV, ""},
                    PathRow{"EscapeFromBelow", "sub/../../outside.txt", EXDEV, ""},
                    PathRow{"LinkOut", "escape", EXDEV, ""}, PathRow{"AbsoluteLink", "absolute", EXDEV, ""},
                    PathRow{"LinkThenOut", "sub/parent/../outside.txt", EXDEV, ""},
                    PathRow{"AbsolutePath", "/etc/passwd", EXDEV, ""}, PathRow{"Loop", "loop", ELOOP, ""},
                    PathRow{"Dangling", "dangling", ENOENT, ""}, PathRow{"Nul", "a.txt\0b"sv, EINVAL, ""},
                    PathRow{"LongPath", long_path, ENAMETOOLONG, ""}, PathRow{"LongName", long_name, ENAMETOOLONG, ""}),
    row_name);

TEST_F(RealFiles, MagicLinksAreNotFollowed) {
    const auto self = files.open_directory("/proc/self");
    ASSERT_TRUE(self.has_value());
    for (const std::string_view path : {"cwd", "root/etc/passwd", "exe", "fd/0"}) {
        const auto opened = files.open_beneath(*self, path);
        ASSERT_FALSE(opened.has_value()) << path;
        EXPECT_TRUE(opened.error().number == ELOOP || opened.error().number == EXDEV) << path;
    }
}

TEST_F(RealFiles, AFifoDoesNotHangAndIsNoFile) {
    ASSERT_EQ(::mkfifo((place / "root/fifo").c_str(), 0600), 0);
    const Fd directory = root();
    const auto fifo = files.open_beneath(directory, "fifo");
    ASSERT_TRUE(fifo.has_value());
    const auto status = files.status(*fifo);
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->kind, FileKind::other);
}

TEST_F(RealFiles, ReadsPartsAndStopsAtTheEnd) {
    std::string large(1'000'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 3);
    write("root/large", large);
    const Fd directory = root();
    const auto file = files.open_beneath(directory, "large");
    ASSERT_TRUE(file.has_value());
    std::string room(700'000, '\0');
    EXPECT_EQ(files.read_at(*file, 100, room).value_or(0), room.size());
    EXPECT_EQ(room, large.substr(100, room.size()));
    EXPECT_EQ(files.read_at(*file, 900'000, room).value_or(0), 100'000U);
    EXPECT_EQ(files.read_at(*file, 1'000'000, room).value_or(1), 0U);
    EXPECT_EQ(files.read_at(*file, 5'000'000, room).value_or(1), 0U);
    EXPECT_EQ(files.read_at(directory, 0, room).error().number, EBADF);  // opened only to resolve names beneath it
}

TEST_F(RealFiles, TimeAndIdentityTellVersionsApart) {
    const timespec times[2] = {{0, 0}, {1'700'000'000, 123'456'789}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (place / "root/a.txt").c_str(), times, 0), 0);
    const Fd directory = root();
    const auto first = files.status_beneath(directory, "a.txt");
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->modified.time_since_epoch(), std::chrono::nanoseconds(1'700'000'000'123'456'789));
    write("root/new", "world");
    fs::rename(place / "root/new", place / "root/a.txt");
    const auto second = files.status_beneath(directory, "a.txt");
    ASSERT_TRUE(second.has_value());
    EXPECT_NE(first->inode, second->inode);
}

TEST_F(RealFiles, ATimeBeyondNanosecondsIsCut) {
    const timespec times[2] = {{0, 0}, {99'999'999'999, 0}};
    if (::utimensat(AT_FDCWD, (place / "root/a.txt").c_str(), times, 0) != 0) GTEST_SKIP() << "not on this file system";
    const Fd directory = root();
    EXPECT_TRUE(files.status_beneath(directory, "a.txt").has_value());
}

TEST_F(RealFiles, ListsEntriesAsTheyAreLinksNotFollowed) {
    const Fd directory = root();
    for (int again = 0; again < 2; ++again) {
        auto entries = files.list(directory, 100);
        ASSERT_TRUE(entries.has_value());
        std::ranges::sort(*entries, {}, &DirectoryEntry::name);
        std::vector<std::string> names;
        for (const auto& entry : *entries) names.push_back(entry.name);
        EXPECT_EQ(names,
                  (std::vector<std::string>{"a.txt", "absolute", "dangling", "escape", "inside", "loop", "sub"}));
        EXPECT_EQ(entries->at(0).status.size, 5U);
        EXPECT_EQ(entries->at(4).status.kind, FileKind::symlink);
        EXPECT_EQ(entries->at(6).status.kind, FileKind::directory);
    }
    EXPECT_EQ(files.list(directory, 2)->size(), 2U);
    EXPECT_EQ(files.list(directory, 0)->size(), 0U);
    const auto file = files.open_beneath(directory, "a.txt");
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(files.list(*file, 10).error().number, ENOTDIR);
}

TEST_F(RealFiles, OpenDirectorySaysWhyNot) {
    EXPECT_EQ(files.open_directory((place / "nothing").string()).error().number, ENOENT);
    EXPECT_EQ(files.open_directory((place / "root/a.txt").string()).error().number, ENOTDIR);
}

TEST(SameContent, IsToldByStatus) {
    FileStatus before;
    before.size = 5;
    before.modified = before.changed = FileStatus().modified + std::chrono::seconds(7);
    EXPECT_TRUE(has_same_content(before, before));
    FileStatus written = before;
    written.size = 6;
    EXPECT_FALSE(has_same_content(before, written));
    written = before;
    written.modified += std::chrono::nanoseconds(1);
    EXPECT_FALSE(has_same_content(before, written));
    written = before;
    written.changed += std::chrono::nanoseconds(1);
    EXPECT_FALSE(has_same_content(before, written)) << "written to, and its time of modification put back";
    written.links = 2;
    EXPECT_FALSE(has_same_content(before, written)) << "it has a further name, which does not explain it";
    written.links = 0;
    EXPECT_TRUE(has_same_content(before, written)) << "another file was renamed over it";
}

}  // namespace
}  // namespace portico::io
