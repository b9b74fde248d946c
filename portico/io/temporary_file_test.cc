// portico/io/temporary_file_test.cc — files that are removed with their object, and files that are kept.
#include "portico/io/temporary_file.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/forbid_calls_for_test.h"

namespace portico::io {
namespace {

class TemporaryFiles : public testing::Test {
protected:
    [[nodiscard]] std::ptrdiff_t files() const {
        return std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
    }
    const ScratchFolder scratch_;
    const std::string folder_ = scratch_.path();
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

// Makes link(2) fail with EPERM on the calling thread while that thread lives, as on a file system without hard links.
bool forbid_links() {
    std::array filter{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
#ifdef SYS_link
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_link, 1, 0),
#else
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_linkat, 1, 0),
#endif
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_linkat, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return forbid_calls(filter);
}

TEST_F(TemporaryFiles, AreKeptWhereThereAreNoHardLinks) {
    bool could_forbid = false;
    const auto keep = [&](const std::string& path) {
        could_forbid = forbid_links();
        auto file = TemporaryFile::create(folder_);
        ASSERT_TRUE(file.has_value() && file->write(path) && file->finish());
        EXPECT_TRUE(!could_forbid || (::link(file->path().c_str(), (path + "2").c_str()) != 0 && errno == EPERM));
        EXPECT_TRUE(file->keep(path).has_value());
        EXPECT_EQ(file->path(), path);
        EXPECT_EQ(TemporaryFile::create(folder_)->keep(path).error().number, EEXIST);
    };
    std::thread(keep, folder_ + "/kept").join();
    if (!could_forbid) GTEST_SKIP() << "system calls can't be filtered here";
    EXPECT_EQ(files(), 1);
    EXPECT_EQ(std::filesystem::file_size(folder_ + "/kept"), folder_.size() + 5);
}

TEST_F(TemporaryFiles, NeedAFolder) { EXPECT_EQ(TemporaryFile::create(folder_ + "/none").error().number, ENOENT); }

}  // namespace
}  // namespace portico::io
