// portico/handler/files/markdown_test.cc — what Markdown becomes, and what it must not become.
#include "portico/handler/files/markdown.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "portico/base/row_name_for_test.h"

namespace portico::files {
namespace {

struct MarkdownRow {
    const char* name;
    std::string_view text;
    std::string_view html;
};
class Markdown : public testing::TestWithParam<MarkdownRow> {};
TEST_P(Markdown, Becomes) { EXPECT_EQ(render_markdown(GetParam().text), GetParam().html); }
INSTANTIATE_TEST_SUITE_P(
    Files, Markdown,
    testing::Values(MarkdownRow{"Nothing", "", ""},
                    MarkdownRow{"Text", "a *b* `<c>`", "<p>a <em>b</em> <code>&lt;c&gt;</code></p>\n"},
                    MarkdownRow{"Headings", "# a\n\n##### b", "<h3>a</h3>\n<h6>b</h6>\n"},
                    MarkdownRow{"RelativeLink", "[a](b/c.txt)", "<p><a href=\"b/c.txt\">a</a></p>\n"},
                    MarkdownRow{"RawHtml", "<script>alert(1)</script>", "<!-- raw HTML omitted -->\n"},
                    MarkdownRow{"InlineHtml", "a <img src=x onerror=y>", "<p>a <!-- raw HTML omitted --></p>\n"},
                    MarkdownRow{"ScriptLink", "[a](javascript:alert(1))", "<p><a href=\"\">a</a></p>\n"},
                    MarkdownRow{"ScriptLinkInDisguise", "[a](JaVa&#115;cript:alert(1))", "<p><a href=\"\">a</a></p>\n"},
                    MarkdownRow{"DataLink", "[a](data:text/html,b)", "<p><a href=\"\">a</a></p>\n"},
                    MarkdownRow{"FileLink", "<file:///etc/passwd>", "<p><a href=\"\">file:///etc/passwd</a></p>\n"},
                    MarkdownRow{"QuoteInLink", "[a](<\"onclick=b>)", "<p><a href=\"%22onclick=b\">a</a></p>\n"},
                    MarkdownRow{"Table", "|a|\n|-|\n|*b*|", "<p>|a|<br />\n|-|<br />\n|<em>b</em>|</p>\n"},
                    MarkdownRow{"Lines", "a|\nb", "<p>a|\nb</p>\n"},
                    MarkdownRow{"NotUtf8", "a\xff", "<p>a\xef\xbf\xbd</p>\n"}),
    row_name);

TEST(Markdown, IsToldByItsName) {
    for (const std::string_view name : {"README.md", "readme.MD"}) EXPECT_EQ(text_form_of(name), TextForm::markdown);
    for (const std::string_view name : {"README", "README.txt", "md", ".md"}) {
        EXPECT_EQ(text_form_of(name), TextForm::plain) << name;
    }
}

// Each of these makes some Markdown parser take time with the square of its length, or overflow its stack. With the
// sanitizers, the slowest takes a tenth of a second; a parser with the fault takes minutes, which the test runner ends.
TEST(Markdown, HasNoTextThatTakesLong) {
    constexpr std::size_t octets = 64 * 1024;
    constexpr std::array<std::string_view, 14> units{"> ",       "[",       "![",   "[a](",          "[[a]](b)",
                                                     "*a_ ",     "**a *b ", "`a``", "<!A ",          "- ",
                                                     "|a\n|-\n", "<a:",     "&#0;", "[a]: b\n[a][a]"};
    for (const std::string_view unit : units) {
        std::string text;
        while (text.size() + unit.size() <= octets) text += unit;
        EXPECT_LT(render_markdown(text).size(), 16 * octets) << unit;
    }
    std::string references = "[x]: /" + std::string(octets / 2, 'u') + "\n\n";
    while (references.size() + 4 <= octets) references += "[x] ";
    EXPECT_LT(render_markdown(references).size(), 16 * octets);
}

}  // namespace
}  // namespace portico::files
