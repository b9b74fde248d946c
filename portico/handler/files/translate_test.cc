// Translating decoded paths to resources.
#include "portico/handler/files/translate.h"

#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"
#include "portico/handler/files/root_for_test.h"

namespace portico::files {
namespace {

struct TranslateRow {
    const char* name;
    std::string_view path;
    std::string_view prefix;
    std::string_view below;  // the resource's path; empty: refused
};
class Translate : public testing::TestWithParam<TranslateRow> {};

TEST_P(Translate, GivesThePathBelowThePrefixOrRefuses) {
    const RootForTest root;
    FolderOptions options;
    options.root = root.path().string();
    const auto folder = Folder::open(io::real_file_system(), options);
    ASSERT_TRUE(folder.has_value());
    const auto resource = translate(GetParam().path, GetParam().prefix, **folder);
    ASSERT_EQ(resource.has_value(), !GetParam().below.empty());
    if (resource) {
        EXPECT_EQ(resource->path, GetParam().below);
        EXPECT_EQ(resource->prefix, GetParam().prefix);
    } else {
        EXPECT_EQ(resource.error().status, http::Status::not_found);
    }
}
INSTANTIATE_TEST_SUITE_P(Rows, Translate,
                         testing::Values(TranslateRow{"Plain", "/a/b.txt", "", "/a/b.txt"},
                                         TranslateRow{"BelowAPrefix", "/files/a/b.txt", "/files", "/a/b.txt"},
                                         TranslateRow{"TheFolderItself", "/files/", "/files", "/"},
                                         TranslateRow{"WellKnown", "/.well-known/a", "", "/.well-known/a"},
                                         TranslateRow{"Hidden", "/a/.git/b", "", ""},
                                         TranslateRow{"HiddenBelowAPrefix", "/files/.git", "/files", ""},
                                         TranslateRow{"AHiddenPrefix", "/.files/a", "/.files", "/a"}),
                         row_name);

}  // namespace
}  // namespace portico::files
