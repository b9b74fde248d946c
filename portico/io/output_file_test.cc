// portico/io/output_file_test.cc — files that a program writes.
#include "portico/io/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "portico/base/scratch_folder_for_test.h"

namespace portico::io {
namespace {

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(OutputFile, BeginsEmptyAndKeepsWhatWasWritten) {
    const ScratchFolder folder;
    const std::string path = folder.file("out");
    std::ofstream(path) << "something longer that was there before";
    {
        auto file = OutputFile::open(path);
        ASSERT_TRUE(file);
        EXPECT_TRUE(file->write("one "));
        OutputFile moved = std::move(*file);
        EXPECT_TRUE(moved.write("two"));
    }
    EXPECT_EQ(content_of(path), "one two");
}

TEST(OutputFile, HasThePermissionsOfTheUmask) {
    const ScratchFolder folder;
    const std::string path = folder.file("out");
    const mode_t before = ::umask(027);
    auto file = OutputFile::open(path);
    ::umask(before);
    ASSERT_TRUE(file && file->finish());
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(OutputFile, MayBeADevice) {
    auto null = OutputFile::open("/dev/null");
    ASSERT_TRUE(null);
    EXPECT_TRUE(null->write("gone"));
    EXPECT_TRUE(null->finish());
    auto full = OutputFile::open("/dev/full");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->write("too much").error().number, ENOSPC);
}

TEST(OutputFile, ReportsWhyItCantBeOpened) {
    EXPECT_EQ(OutputFile::open("/nowhere/at/all").error().number, ENOENT);
    EXPECT_EQ(OutputFile::open("/").error().number, EISDIR);
}

}  // namespace
}  // namespace portico::io
