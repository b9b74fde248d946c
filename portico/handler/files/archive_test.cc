// Folders as archives. test/e2e/test_archives.py unpacks them with other programs.
#include "portico/handler/files/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "portico/handler/files/responder_for_test.h"

namespace portico::files {
namespace {

using http::FieldName;
using http::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Archived : public ResponderTest {
protected:
    Archived() {
        options.archives = Archives::on;
        root.write("top/b.txt", "bee");
        root.write("top/a/inner.txt", "in");
        root.write("top/.hidden", "secret");
        root.write("top/c.txt", "sea");
        std::filesystem::create_symlink("../top", root.path() / "top/loop");
        std::filesystem::create_symlink("b.txt", root.path() / "top/link.txt");
        std::filesystem::create_symlink(root.outside(), root.path() / "top/out");
    }

    std::vector<std::string> names() {
        ArchiveTree tree(open_site(), "/top/", "top");
        std::vector<std::string> all;
        while (const auto file = tree.next()) all.push_back(file->name);
        if (tree.is_too_large()) all.emplace_back("(too large)");
        return all;
    }
    static std::string make_all(ArchiveMaker& maker) {
        std::string all;
        for (;;) {
            const ArchiveMaker::Step step = maker.make(all);
            if (step == ArchiveMaker::Step::end) return all;
            if (step == ArchiveMaker::Step::failed) return "(failed)";
        }
    }
};

TEST_F(Archived, HasWhatTheListingsShowInOrder) {
    EXPECT_THAT(names(), ElementsAre("top/a/", "top/a/inner.txt", "top/b.txt", "top/c.txt", "top/link.txt"));
    options.dotfiles = Dotfiles::served;
    EXPECT_THAT(names(), testing::Contains("top/.hidden"));
}

TEST_F(Archived, HasLimits) {
    root.write("top/a/1", "");
    root.write("top/a/2", "");
    root.write("top/a/3", "");
    options.archive_limits.entries_max = 8;  // exactly
    options.archive_limits.octets_max = 11;
    EXPECT_THAT(names(), Not(testing::Contains("(too large)")));
    options.archive_limits.entries_max = 7;  // there are so many names in the folder itself
    EXPECT_THAT(names(), testing::Contains("(too large)"));
    EXPECT_EQ(get("/top/?download=zip").status, Status::forbidden);
    options.archive_limits.entries_max = 8;
    options.archive_limits.octets_max = 10;
    EXPECT_THAT(names(), testing::Contains("(too large)"));
    ArchiveMaker maker(open_site(), "/top/", "top", ArchiveFormat::zip);
    EXPECT_EQ(make_all(maker), "(failed)") << "it has grown since it was measured";
}

TEST_F(Archived, IsOfferedWhereTheOptionsSaySo) {
    EXPECT_THAT(get("/top/").content(), HasSubstr("?download=tar.zst"));
    const Answer answer = get("/top/?sort=size&download=zip");
    EXPECT_EQ(answer.field(FieldName::content_type), "application/zip");
    EXPECT_EQ(answer.field(FieldName::content_disposition), "attachment; filename*=UTF-8''top.zip");
    EXPECT_TRUE(answer.response.producer);
    EXPECT_EQ(get("/top/b.txt?download=zip").content(), "bee");
    options.archives = Archives::off;
    serve();
    EXPECT_THAT(get("/top/").content(), Not(HasSubstr("?download=")));
    EXPECT_FALSE(get("/top/?download=zip").response.producer);
}

TEST_F(Archived, AreSentToSoManyAtATime) {
    options.archive_limits.at_once_max = 1;
    {
        const Answer first = get("/top/?download=zip");
        EXPECT_EQ(first.status, Status::ok);
        EXPECT_EQ(get("/top/?download=zip").status, Status::service_unavailable);
    }
    EXPECT_EQ(get("/top/?download=tar.zst").status, Status::ok);
}

TEST_F(Archived, FailsIfAFileBecomesShorter) {
    root.write("big/file", std::string(1'000'000, 'x'));
    for (const ArchiveFormat format : {ArchiveFormat::zip, ArchiveFormat::tar_zst}) {
        root.write("big/file", std::string(1'000'000, 'x'));
        ArchiveMaker maker(open_site(), "/big/", "big", format);
        std::string piece;
        EXPECT_EQ(maker.make(piece), ArchiveMaker::Step::more);
        EXPECT_LT(piece.size(), 600'000U) << "a piece is bounded";
        std::filesystem::resize_file(root.path() / "big/file", 999'999);
        EXPECT_EQ(make_all(maker), "(failed)");
    }
}

TEST_F(Archived, HasAFileAsLongAsItWasWhenItWasOpened) {
    root.write("big/file", std::string(600'000, 'x'));
    ArchiveMaker maker(open_site(), "/big/", "big", ArchiveFormat::zip);
    std::string piece;
    EXPECT_EQ(maker.make(piece), ArchiveMaker::Step::more);
    std::filesystem::resize_file(root.path() / "big/file", 700'000);
    const std::string rest = make_all(maker);
    EXPECT_EQ(std::ranges::count(piece + rest, 'x'), 600'000);
}

TEST_F(Archived, NamesWhatCouldNotBeRead) {
    ArchiveTree tree(open_site(), "/top/", "top");
    tree.leave_out("top/x");
    tree.leave_out(std::string(70'000, 'y'));
    EXPECT_EQ(tree.left_out(), "top/x\n");
}

// The long form of a .zip, without gigabytes.
TEST(ZipWriters, UseTheLongFormWhereItIsNeeded) {
    for (const bool is_long : {false, true}) {
        ZipWriter writer(is_long ? 3 : 1000);
        const ArchivedFile file{"n", 4, {}};
        std::string out;
        for (int i = 0; i < 2; ++i) {
            writer.begin(file, out);
            writer.content("four", out);
            writer.end(out);
        }
        writer.finish(out);
        EXPECT_EQ(out.find("PK\6\6") != std::string::npos, is_long);
        EXPECT_EQ(out.find("PK\6\7") != std::string::npos, is_long);
        const std::size_t descriptor = out.find("PK\7\10");
        ASSERT_NE(descriptor, std::string::npos);
        EXPECT_EQ(out.find("PK\3\4", descriptor) - descriptor, is_long ? 24U : 16U);
        const std::size_t end = out.find("PK\5\6");
        EXPECT_EQ(out.size() - end, 22U);
        EXPECT_EQ(out.substr(end + 10, 2), is_long ? "\xff\xff" : std::string("\2\0", 2));
    }
}

TEST(TarWriters, ExtendWhatDoesNotFitTheHeader) {
    TarWriter writer;
    std::string out;
    const std::string long_name(120, 'n');
    writer.begin({long_name, std::uint64_t{9} << 30, {}}, out);
    EXPECT_EQ(out.size() % 512, 0U);
    EXPECT_THAT(out, HasSubstr("130 path=" + long_name + "\n"));
    EXPECT_THAT(out, HasSubstr("19 size=9663676416\n"));
}

}  // namespace
}  // namespace portico::files
