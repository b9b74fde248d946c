// portico/http/text_test.cc — text inside JSON and HTML, and the UTF-8 in it (RFC 8259 §7, RFC 3629 §4).
//
// Room http: see status.h.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "portico/base/row_name_for_test.h"
#include "portico/http/html.h"
#include "portico/http/json.h"
#include "portico/http/utf8.h"

namespace portico::http {
namespace {

using namespace std::string_view_literals;

struct TextRow {
    const char* name;
    std::string_view text;
    std::string_view json;
    std::string_view html;
};
class Text : public testing::TestWithParam<TextRow> {};

TEST_P(Text, IsEscaped) {
    std::string json = "1";
    append_json_string(json, GetParam().text);
    EXPECT_EQ(json, "1" + std::string(GetParam().json));
    std::string html = "1";
    append_html(html, GetParam().text);
    EXPECT_EQ(html, "1" + std::string(GetParam().html));
}
INSTANTIATE_TEST_SUITE_P(
    Escapes, Text,
    testing::Values(
        TextRow{"Empty", "", R"("")", ""}, TextRow{"Plain", "a b", R"("a b")", "a b"},
        TextRow{"Markup", "<a href=\"x\">&'", R"("<a href=\"x\">&'")", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"},
        TextRow{"Backslash", "a\\b", R"("a\\b")", "a\\b"},
        TextRow{"Whitespace", "\t\n\r", R"("\t\n\r")", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        TextRow{"Controls", "\0\x1b\x7f"sv, R"("\u0000\u001b\u007f")", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        TextRow{"SecondControls", "\xc2\x9b\xc2\xa0", "\"\\u009b\xc2\xa0\"", "\xc2\x9b\xc2\xa0"},
        TextRow{"Utf8", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\"",
                "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"},
        TextRow{"Latin1", "gr\xfcn", R"("gr\ufffdn")", "gr\xef\xbf\xbdn"},
        TextRow{"CutShort", "\xe2\x82", R"("\ufffd\ufffd")", "\xef\xbf\xbd\xef\xbf\xbd"}),
    row_name);

TEST(Utf8, IsValidOrNot) {
    for (const std::string_view valid : {"a"sv, "\0"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv,
                                         "\xee\x80\x80"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv}) {
        EXPECT_EQ(utf8_octets(valid), valid.size()) << testing::PrintToString(valid);
        EXPECT_TRUE(is_utf8(std::string(valid) + "a" + std::string(valid)));
        for (std::size_t octets = 0; octets < valid.size(); ++octets)
            EXPECT_EQ(utf8_octets(valid.substr(0, octets)), 0U);
    }
    for (const std::string_view invalid :
         {"\x80"sv, "\xbf"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xc2\x20"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv,
          "\xe2\x82\x20"sv, "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv}) {
        EXPECT_EQ(utf8_octets(invalid), 0U) << testing::PrintToString(invalid);
        EXPECT_FALSE(is_utf8("a" + std::string(invalid)));
    }
}

}  // namespace
}  // namespace portico::http
