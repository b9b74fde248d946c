// portico/io/input_file_test.cc — files that are read.
#include "portico/io/input_file.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>

#include "portico/base/scratch_folder_for_test.h"

namespace portico::io {
namespace {

TEST(InputFiles, AreReadFromAnyPlace) {
    const ScratchFolder folder;
    const std::string path = folder.path() + "/a";
    std::ofstream(path) << "hello";
    const Result<InputFile> file = InputFile::open(path);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->octets(), 5U);
    std::array<char, 3> room{};
    EXPECT_EQ(file->read_at(0, room), 3U);
    EXPECT_EQ(file->read_at(3, room), 2U);
    EXPECT_EQ(std::string_view(room.data(), 2), "lo");
    EXPECT_EQ(file->read_at(5, room), 0U);
    EXPECT_EQ(file->read_at(0, room), 3U);
}

TEST(InputFiles, OtherThanRegularOnesHaveNoLength) {
    const Result<InputFile> file = InputFile::open("/dev/null");
    ASSERT_TRUE(file);
    EXPECT_FALSE(file->octets());
    std::array<char, 3> room{};
    EXPECT_EQ(file->read_at(0, room), 0U);
}

TEST(InputFiles, AreNotFolders) {
    EXPECT_EQ(InputFile::open("/").error().number, EISDIR);
    EXPECT_EQ(InputFile::open("/none/such").error().number, ENOENT);
}

}  // namespace
}  // namespace portico::io
