// Files that get their names when they are complete.
#include "portico/io/draft_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/file_system.h"

namespace portico::io {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""s;

class Drafts : public testing::Test {
protected:
    std::string content_of(const std::string& name) const {
        std::ifstream file(scratch.path() + "/" + name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::ptrdiff_t names() const {
        return std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator());
    }

    ScratchFolder scratch;
    Fd top = *real_file_system().open_directory(scratch.path());
    Fd folder = *real_file_system().open_beneath(top, "");
};

TEST_F(Drafts, LeaveNothingUnlessTheyAreKept) {
    {
        auto draft = DraftFile::create(folder);
        ASSERT_TRUE(draft.has_value());
        EXPECT_TRUE(draft->write("begun").has_value());
        EXPECT_EQ(names(), 1);
    }
    EXPECT_EQ(names(), 0);
}

TEST_F(Drafts, NeverOverwriteUnlessAsked) {
    for (const bool allowed : {false, true}) {
        const Overwriting overwriting = allowed ? Overwriting::allowed : Overwriting::refused;
        for (const std::string content : {"first", "second"}) {
            auto draft = DraftFile::create(folder);
            ASSERT_TRUE(draft.has_value());
            EXPECT_TRUE(draft->write(content).has_value());
            const auto kept = draft->keep(allowed ? "b" : "a", overwriting);
            const bool is_second = content == "second";
            if (is_second && !allowed) {
                ASSERT_FALSE(kept.has_value());
                EXPECT_EQ(kept.error().number, EEXIST);
            } else {
                ASSERT_TRUE(kept.has_value());
                EXPECT_EQ(*kept, is_second ? DraftFile::Kept::replaced : DraftFile::Kept::created);
            }
        }
    }
    EXPECT_EQ(content_of("a"), "first");
    EXPECT_EQ(content_of("b"), "second");
    EXPECT_EQ(names(), 2);
    fs::create_directory(scratch.path() + "/d");
    auto draft = DraftFile::create(folder);
    ASSERT_TRUE(draft.has_value());
    EXPECT_EQ(draft->keep("d", Overwriting::allowed).error().number, EEXIST);
    EXPECT_EQ(draft->keep("d/e", Overwriting::allowed).error().number, EINVAL);
}

TEST_F(Drafts, CanBeContinuedByOneAtATime) {
    {
        auto first = DraftFile::resume(folder, "k1");
        ASSERT_TRUE(first.has_value());
        EXPECT_TRUE(first->write("one ").has_value());
        const auto second = DraftFile::resume(folder, "k1");
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().number, EBUSY);
        EXPECT_TRUE(DraftFile::resume(folder, "k2").has_value());
    }
    auto again = DraftFile::resume(folder, "k1");
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->octets(), 4U);
    EXPECT_TRUE(again->write("two").has_value());
    EXPECT_EQ(again->octets(), 7U);
    EXPECT_TRUE(again->keep("whole", Overwriting::refused).has_value());
    EXPECT_EQ(content_of("whole"), "one two");
    EXPECT_EQ(DraftFile::resume(folder, "k1")->octets(), 0U) << "a new one";
}

TEST_F(Drafts, AreRemovedOnceNobodyContinuesThem) {
    EXPECT_TRUE(DraftFile::resume(folder, "old").has_value());
    std::ofstream(scratch.path() + "/file") << "x";
    DraftFile::remove_abandoned(folder, 60s);
    EXPECT_EQ(names(), 2);
    fs::last_write_time(scratch.path() + "/.portico-part-old",
                        fs::file_time_type::clock::now() - std::chrono::hours(1));
    fs::last_write_time(scratch.path() + "/file", fs::file_time_type::clock::now() - std::chrono::hours(1));
    DraftFile::remove_abandoned(folder, 60s);
    EXPECT_EQ(names(), 1);
    EXPECT_EQ(content_of("file"), "x");
}

TEST_F(Drafts, AreNoLinksToElsewhere) {
    fs::create_symlink(scratch.path() + "/elsewhere", scratch.path() + "/.portico-part-k");
    EXPECT_FALSE(DraftFile::resume(folder, "k").has_value());
    EXPECT_FALSE(fs::exists(scratch.path() + "/elsewhere"));
}

}  // namespace
}  // namespace portico::io
