// portico/io/temporary_file_test.cc — files that go with their object, and files that are kept.
#include "portico/io/temporary_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace portico::io {
namespace {

class TemporaryFiles : public testing::Test {
protected:
    TemporaryFiles() {
        std::string pattern = testing::TempDir() + "portico-temporary-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFiles() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::ptrdiff_t files() const {
        return std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
    }
    std::string folder_;
};

TEST_F(TemporaryFiles, GoWithTheirObject) {
    {
        auto file = TemporaryFile::create(folder_);
        ASSERT_TRUE(file.has_value());
        ASSERT_TRUE(file->write("some").has_value());
        TemporaryFile moved = *std::move(file);
        EXPECT_EQ(files(), 1);
        std::optional<TemporaryFile> other(*TemporaryFile::create(folder_));
        EXPECT_EQ(files(), 2);
        moved = *std::move(other);
        EXPECT_EQ(files(), 1);
    }
    EXPECT_EQ(files(), 0);
}

TEST_F(TemporaryFiles, AreKeptUnderANameThatIsFree) {
    const std::string name = folder_ + "/kept";
    {
        auto file = TemporaryFile::create(folder_);
        ASSERT_TRUE(file.has_value());
        EXPECT_TRUE(file->write("one ").has_value());
        EXPECT_TRUE(file->write("two").has_value());
        EXPECT_TRUE(file->finish().has_value());
        EXPECT_TRUE(file->keep(name).has_value());
        EXPECT_EQ(file->path(), name);
        auto late = TemporaryFile::create(folder_);
        EXPECT_EQ(late->keep(name).error().number, EEXIST);
    }
    EXPECT_EQ(files(), 1);
    std::ifstream kept(name);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(kept), {}), "one two");
}

TEST_F(TemporaryFiles, NeedAFolder) { EXPECT_EQ(TemporaryFile::create(folder_ + "/none").error().number, ENOENT); }

}  // namespace
}  // namespace portico::io
