// Orders, names and sizes of a listing.
#include "portico/handler/files/listing.h"
#include "portico/base/row_name_for_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace portico::files {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct OrderRow {
    const char* name;
    std::string_view query;
    SortOrder order;
};
class Orders : public testing::TestWithParam<OrderRow> {};
TEST_P(Orders, AreReadOutOfQueries) { EXPECT_EQ(parse_sort_order(GetParam().query), GetParam().order); }
INSTANTIATE_TEST_SUITE_P(
    Folder, Orders,
    testing::Values(OrderRow{"None", "", {}}, OrderRow{"Size", "sort=size", {SortKey::size, SortDirection::ascending}},
                    OrderRow{"DateDown", "sort=date&order=desc", {SortKey::date, SortDirection::descending}},
                    OrderRow{"Reversed", "order=desc&sort=name", {SortKey::name, SortDirection::descending}},
                    OrderRow{"Others", "a=b&&sort=size&c", {SortKey::size, SortDirection::ascending}},
                    OrderRow{"LastCounts", "order=desc&order=asc", {}}, OrderRow{"Unknown", "sort=colour&order=up", {}},
                    OrderRow{"Prefix", "sort=sizes&xorder=desc", {}}),
    row_name);

ListedEntry file(std::string name, std::uint64_t size = 0, std::int64_t seconds = 0) {
    return {std::move(name), ListedEntry::Kind::file, size,
            std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(seconds))};
}
ListedEntry folder(std::string name) { return {std::move(name), ListedEntry::Kind::folder, 0, {}}; }

std::vector<std::string> sorted(std::vector<ListedEntry> entries, SortOrder order) {
    sort_entries(entries, order);
    std::vector<std::string> names;
    for (const ListedEntry& entry : entries) names.push_back(entry.name);
    return names;
}

TEST(Sorting, PutsFoldersFirst) {
    EXPECT_THAT(sorted({file("a"), folder("z"), file("b")}, {}), ElementsAre("z", "a", "b"));
    EXPECT_THAT(sorted({file("a"), folder("z"), file("b")}, {SortKey::name, SortDirection::descending}),
                ElementsAre("z", "b", "a"));
}

TEST(Sorting, OfNamesIsAsPeopleDoIt) {
    EXPECT_THAT(sorted({file("file10"), file("File9"), file("file 1"), file("b"), file("A")}, {}),
                ElementsAre("A", "b", "file 1", "File9", "file10"));
    EXPECT_THAT(sorted({file("v1.10"), file("v1.9"), file("v01.9")}, {}), ElementsAre("v01.9", "v1.9", "v1.10"));
    EXPECT_THAT(sorted({file("a"), file("A"), file("")}, {}), ElementsAre("", "A", "a"));
}

TEST(Sorting, OfSizesAndDatesGoesOnByName) {
    const std::vector<ListedEntry> entries = {file("b", 5, 3), file("a", 5, 2), file("c", 1, 9)};
    EXPECT_THAT(sorted(entries, {SortKey::size, SortDirection::ascending}), ElementsAre("c", "a", "b"));
    EXPECT_THAT(sorted(entries, {SortKey::size, SortDirection::descending}), ElementsAre("b", "a", "c"));
    EXPECT_THAT(sorted(entries, {SortKey::date, SortDirection::descending}), ElementsAre("c", "b", "a"));
}

std::string html(ListedFolder folder_shown) { return render_listing(folder_shown, ListingFormat::html); }

TEST(Html, EscapesNamesInTextAndLinks) {
    const std::string page = html({"/<b>/", {file("<script>alert(1)</script>\"'&.txt")}, {}, false});
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(page, HasSubstr("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;"));
    EXPECT_THAT(page, HasSubstr("<h1><bdi>&lt;b&gt;</bdi></h1>"));
    EXPECT_THAT(page, HasSubstr("href=\"%3Cscript%3E"));
}

TEST(Html, LinksNeverLeadElsewhere) {
    const std::string page =
        html({"/", {file("javascript:alert(1)"), file("?query"), file("#part"), file("%2e")}, {}, false});
    EXPECT_THAT(page, HasSubstr("href=\"javascript%3Aalert"));
    EXPECT_THAT(page, HasSubstr("href=\"%3Fquery\""));
    EXPECT_THAT(page, HasSubstr("href=\"%23part\""));
    EXPECT_THAT(page, HasSubstr("href=\"%252e\""));
}

TEST(Html, ShowsNamesThatAreNoTextAndLinksToThem) {
    const std::string page = html({"/", {file("\xff\n\x1b[31m")}, {}, false});
    EXPECT_THAT(page, HasSubstr("href=\"%FF%0A%1B"));
    EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST(Html, SaysWhichColumnSortsAndLetsItTurn) {
    const std::string usual = html({"/", {}, {}, false});
    EXPECT_THAT(usual, HasSubstr("aria-sort=\"ascending\"><a href=\"?sort=name&amp;order=desc\">"));
    const std::string by_size = html({"/a/", {folder("b")}, {SortKey::size, SortDirection::descending}, false});
    EXPECT_THAT(by_size, HasSubstr("aria-sort=\"descending\"><a href=\"?sort=size&amp;order=asc\">"));
    EXPECT_THAT(by_size, HasSubstr("href=\"b/?sort=size&amp;order=desc\""));
    EXPECT_THAT(by_size, HasSubstr("<a href=\"?\">Name"));
}

TEST(Html, LeadsUpAndHome) {
    const std::string page = html({"/a/b/", {}, {}, false});
    EXPECT_THAT(
        page, HasSubstr("<li><a href=\"../../\"><bdi>Home</bdi></a></li>\n<li><a href=\"../\"><bdi>a</bdi></a></li>"));
    EXPECT_THAT(page, HasSubstr("Parent folder"));
    EXPECT_THAT(page, HasSubstr("This folder is empty."));
    EXPECT_THAT(html({"/", {}, {}, false}), Not(HasSubstr("Parent folder")));
}

TEST(Html, CountsWhatItShows) {
    const std::string page = html({"/", {folder("a"), file("b", 1000), file("c", 24)}, {}, true});
    EXPECT_THAT(page, HasSubstr("1 folder, 2 files, 1.02 kB"));
    EXPECT_THAT(page, HasSubstr("only 3 entries are shown"));
}

TEST(Json, HoldsTheSame) {
    EXPECT_EQ(
        render_listing({"/a/", {folder("b"), file("c \"\xff", 7, 1'700'000'000)}, {}, false}, ListingFormat::json),
        "{\"path\":\"/a/\",\"truncated\":false,\"entries\":[\n"
        "{\"name\":\"b\",\"href\":\"b/\",\"type\":\"folder\",\"modified\":\"1970-01-01T00:00:00Z\"},\n"
        "{\"name\":\"c \\\"\\ufffd\",\"href\":\"c%20%22%FF\",\"type\":\"file\",\"size\":7,"
        "\"modified\":\"2023-11-14T22:13:20Z\"}\n]}\n");
    EXPECT_EQ(render_listing({"/", {}, {}, false}, ListingFormat::json),
              "{\"path\":\"/\",\"truncated\":false,\"entries\":[]}\n");
}

TEST(Listing, ShowsATextBelow) {
    ListedFolder folder{"/", {file("Readme.TXT"), file("README.md")}, {}, false};
    const ListedEntry* const read_me = find_read_me(folder.entries);
    ASSERT_NE(read_me, nullptr);
    EXPECT_EQ(read_me->name, "README.md");
    EXPECT_EQ(find_read_me({}), nullptr);
    folder.read_me.emplace("README.md", "# *a* <b>");
    EXPECT_THAT(render_listing(folder, ListingFormat::html),
                HasSubstr("<h3><em>a</em> <!-- raw HTML omitted --></h3>"));
    folder.read_me.emplace("Readme.TXT", "# <b>\r\n\tx\x1b");
    const std::string page = render_listing(folder, ListingFormat::html);
    EXPECT_THAT(page, HasSubstr("<pre># &lt;b&gt;\n\tx\uFFFD</pre>"));
    EXPECT_THAT(page, Not(HasSubstr("<form")));
    folder.upload_form = UploadForm::shown;
    EXPECT_THAT(render_listing(folder, ListingFormat::html), HasSubstr("enctype=\"multipart/form-data\""));
    EXPECT_THAT(std::string(listing_policy(UploadForm::none, LiveScript::none)), HasSubstr("form-action 'none'"));
    EXPECT_THAT(std::string(listing_policy(UploadForm::shown, LiveScript::none)), HasSubstr("form-action 'self'"));
}

}  // namespace
}  // namespace portico::files
