// Loading from a real folder.
#include "portico/handler/files/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portico/handler/files/root_for_test.h"

namespace portico::files {
namespace {

class Loads : public testing::Test {
protected:
    Loads() {
        root.write("a.txt", "hello");
        root.write("dir/index.html", "index");
        root.write("empty/x", "x");
    }
    const Folder& opened() {
        if (!folder) {
            options.root = root.path().string();
            folder = *Folder::open(io::real_file_system(), options);
        }
        return *folder;
    }

    RootForTest root;
    FolderOptions options;
    std::shared_ptr<const Folder> folder;
};

TEST_F(Loads, SmallFilesAreRead) {
    const Loaded loaded = load(opened(), "/a.txt");
    EXPECT_EQ(loaded.kind, Loaded::Kind::file);
    EXPECT_EQ(loaded.file.octets, "hello");
    EXPECT_FALSE(loaded.file.file.has_value());
    EXPECT_EQ(loaded.file_path, "a.txt");
    EXPECT_EQ(loaded.probes.size(), 4U) << "the file, and three that may be precompressed";
}

TEST_F(Loads, LargeFilesAreOpened) {
    options.cache_limits.small_file_octets_max = 4;
    const Loaded loaded = load(opened(), "/a.txt");
    EXPECT_TRUE(loaded.file.file.has_value());
    EXPECT_EQ(loaded.file.octets, "");
    EXPECT_EQ(loaded.file.status.size, 5U);
}

TEST_F(Loads, LargeFilesAreReadIfThatIsWanted) {
    options.cache_limits.small_file_octets_max = 4;
    const Loaded loaded = load(opened(), "/a.txt", LargeFiles::read);
    EXPECT_EQ(loaded.file.octets, "hello");
    EXPECT_EQ(loaded.file.hash, content_hash("hello"));
    EXPECT_FALSE(loaded.file.file.has_value());
}

TEST_F(Loads, FilesThatAreReadStayOpenIfTheyAreSentFromThere) {
    const std::string content(sent_from_memory_octets_max + 1, 'a');
    root.write("a.txt", content);
    const Loaded loaded = load(opened(), "/a.txt", LargeFiles::read);
    EXPECT_EQ(loaded.file.octets, content);
    EXPECT_TRUE(loaded.file.file.has_value());
}

TEST_F(Loads, FilesAreNotReadBeyondTheirLimits) {
    options.cache_limits.small_file_octets_max = 3;
    options.cache_limits.read_file_octets_max = 4;
    const Loaded loaded = load(opened(), "/a.txt", LargeFiles::read);
    EXPECT_EQ(loaded.file.octets, "");
    EXPECT_TRUE(loaded.file.file.has_value());
}

TEST_F(Loads, FilesAreNotReadIfTheyAreNotHashed) {
    options.cache_limits.small_file_octets_max = 3;
    options.cache_limits.hashed_file_octets_max = 4;
    EXPECT_EQ(load(opened(), "/a.txt", LargeFiles::read).file.octets, "");
}

TEST_F(Loads, FoldersAreTheirIndexOrThemselves) {
    EXPECT_EQ(load(opened(), "/dir/").file.octets, "index");
    EXPECT_EQ(load(opened(), "/dir").kind, Loaded::Kind::folder_without_slash);
    EXPECT_EQ(load(opened(), "/empty/").kind, Loaded::Kind::folder);
    EXPECT_EQ(load(opened(), "/").kind, Loaded::Kind::folder);
}

TEST_F(Loads, AnIndexThatIsAFolderIsNone) {
    std::filesystem::create_directories(root.path() / "odd/index.html");
    EXPECT_EQ(load(opened(), "/odd/").kind, Loaded::Kind::folder);
}

TEST_F(Loads, AreRepeatedOnlyIfSomethingHasChanged) {
    const Loaded loaded = load(opened(), "/a.txt");
    EXPECT_EQ(load_if_changed(opened(), "/a.txt", loaded.probes).kind, Loaded::Kind::unchanged);
    root.write("a.txt.gz", "new sibling");
    EXPECT_EQ(load_if_changed(opened(), "/a.txt", loaded.probes).kind, Loaded::Kind::file);
}

TEST_F(Loads, OfFoldersHoldWhateverIsPutIntoThem) {
    const Loaded listed = load(opened(), "/empty/");
    root.write("empty/y", "y");
    EXPECT_TRUE(still_holds(opened(), listed.probes));
    root.write("empty/index.html", "now");
    EXPECT_FALSE(still_holds(opened(), listed.probes));
}

TEST_F(Loads, SeeThatPermissionsChanged) {
    const Loaded loaded = load(opened(), "/a.txt");
    std::filesystem::permissions(root.path() / "a.txt", std::filesystem::perms::owner_all);
    EXPECT_FALSE(still_holds(opened(), loaded.probes));
}

TEST_F(Loads, OfAChangedFileAreToldApart) {
    options.cache_limits.small_file_octets_max = 0;
    Loaded loaded = load(opened(), "/a.txt");
    ASSERT_TRUE(loaded.file.file.has_value());
    EXPECT_EQ(read_unchanged(opened().files(), *loaded.file.file, loaded.file.status), "hello");
    root.write("a.txt", "HELLO!");
    EXPECT_EQ(read_unchanged(opened().files(), *loaded.file.file, loaded.file.status), std::nullopt);
}

TEST_F(Loads, OfListingsAreRefusedForWhatIsGone) {
    const auto found = read_folder(opened(), "/gone/", 10);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().status, http::Status::not_found);
}

TEST(SiteOpen, FailsWithoutAFolder) {
    const RootForTest root;
    FolderOptions options;
    options.root = (root.path() / "missing").string();
    const auto missing = Folder::open(io::real_file_system(), options);
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().number, ENOENT);
}

}  // namespace
}  // namespace portico::files
