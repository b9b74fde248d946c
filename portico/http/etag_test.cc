// portico/http/etag_test.cc — creates and parses entity tags (RFC 9110 §8.8.3).
//
// Room http: see status.h.
#include "portico/http/etag.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "portico/base/row_name_for_test.h"

namespace portico::http {
namespace {

using std::chrono::nanoseconds;

Etag::FileTime at(long long time) { return Etag::FileTime(nanoseconds(time)); }

TEST(Etag, IsMadeOfSizeAndHashOrTimesAndVariant) {
    EXPECT_EQ(Etag(0, 0).view(), "\"0-0\"");
    EXPECT_EQ(Etag(4096, at(1'700'000'000'123'456'789), at(5)).view(), "\"1000-17979cfe3d85cd15-5\"");
    EXPECT_EQ(Etag(255, 16, "br").view(), "\"ff-10-br\"");
    EXPECT_EQ(Etag(std::numeric_limits<std::uint64_t>::max(), at(-1), at(-1), "abcdefghijk").view(),
              "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff-abcdefghijk\"");
}

TEST(Etag, TellsSizeFromTime) { EXPECT_NE(Etag(0x1, 0x23).view(), Etag(0x12, 0x3).view()); }

TEST(Etag, IsAnEntityTag) {
    const Etag etag(123, 456, "gzip");
    const auto tag = parse_entity_tag(etag.view());
    ASSERT_TRUE(tag);
    EXPECT_FALSE(tag->weak);
    EXPECT_EQ(tag->opaque, etag.view());
}

struct TagRow {
    const char* name;
    std::string_view list;
    std::vector<std::string> tags;  // weak ones with their "W/"
};
class Tags : public testing::TestWithParam<TagRow> {};

TEST_P(Tags, AreReadAndWhatIsNoneIsPassedOver) {
    std::string_view list = GetParam().list;
    std::vector<std::string> tags;
    while (const auto tag = next_entity_tag(list)) tags.push_back((tag->weak ? "W/" : "") + std::string(tag->opaque));
    EXPECT_EQ(tags, GetParam().tags);
    EXPECT_TRUE(list.empty());
    const bool alone = tags.size() == 1 && tags[0] == GetParam().list;
    EXPECT_EQ(parse_entity_tag(GetParam().list).has_value(), alone);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section8_8_3, Tags,
    testing::Values(TagRow{"Strong", R"("a")", {R"("a")"}}, TagRow{"Weak", R"(W/"a")", {R"(W/"a")"}},
                    TagRow{"EmptyTag", R"("")", {R"("")"}}, TagRow{"Comma", R"("a,b")", {R"("a,b")"}},
                    TagRow{"Backslash", R"("a\")", {R"("a\")"}},
                    TagRow{"Several", R"("a", W/"b" ,"c")", {R"("a")", R"(W/"b")", R"("c")"}},
                    TagRow{"EmptyElements", R"(, ,"a",,)", {R"("a")"}}, TagRow{"HighOctets", "\"\xe4\"", {"\"\xe4\""}},
                    TagRow{"Unquoted", "a", {}}, TagRow{"UnquotedThenGood", R"(a, "b")", {R"("b")"}},
                    TagRow{"LowerCaseWeak", R"(w/"a")", {}}, TagRow{"SpaceInside", R"("a b", "c")", {R"("c")"}},
                    TagRow{"OpenQuote", R"("a)", {}}, TagRow{"OpenQuoteThenComma", R"("a, "b")", {R"("b")"}},
                    TagRow{"NoComma", R"("a" "b")", {}}, TagRow{"StarInList", R"(*, "a")", {R"("a")"}},
                    TagRow{"WeakMarkAlone", "W/", {}}, TagRow{"TextBehind", R"("a"b, "c")", {R"("c")"}},
                    TagRow{"Delete", "\"a\x7f\"", {}}, TagRow{"Empty", "", {}}, TagRow{"White", " \t", {}}),
    row_name);

// The table in RFC 9110 §8.8.3.2.
TEST(EntityTags, MatchStronglyOrWeakly) {
    const EntityTag strong{false, "\"1\""};
    const EntityTag weak{true, "\"1\""};
    const EntityTag weak_other{true, "\"2\""};
    EXPECT_FALSE(match_strongly(weak, weak));
    EXPECT_TRUE(match_weakly(weak, weak));
    EXPECT_FALSE(match_strongly(weak, weak_other));
    EXPECT_FALSE(match_weakly(weak, weak_other));
    EXPECT_FALSE(match_strongly(weak, strong));
    EXPECT_TRUE(match_weakly(weak, strong));
    EXPECT_TRUE(match_strongly(strong, strong));
    EXPECT_TRUE(match_weakly(strong, strong));
}

}  // namespace
}  // namespace portico::http
