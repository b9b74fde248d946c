// portico/base/printable_test.cc — no octet that controls a terminal passes, and text is unchanged.
#include "portico/base/printable.h"
#include "portico/base/row_name_for_test.h"

#include <gtest/gtest.h>

#include <string>

namespace portico {
namespace {

using namespace std::string_view_literals;

struct PrintableRow {
    const char* name;
    std::string_view octets;
    std::string_view shown;
};
class Printable : public testing::TestWithParam<PrintableRow> {};

TEST_P(Printable, ShowsWhatWouldSteerATerminal) { EXPECT_EQ(printable(GetParam().octets), GetParam().shown); }

INSTANTIATE_TEST_SUITE_P(Rows, Printable,
                         testing::Values(PrintableRow{"Nothing", "", ""}, PrintableRow{"Ascii", "nginx ~", "nginx ~"},
                                         PrintableRow{"Utf8", "Größe 漢字 😀", "Größe 漢字 😀"},
                                         PrintableRow{"Escape", "a\x1b[2Jb", "a\\x1b[2Jb"},
                                         PrintableRow{"Nul", "a\0b"sv, "a\\x00b"},
                                         PrintableRow{"LineEnd", "a\r\nb", "a\\x0d\\x0ab"},
                                         PrintableRow{"Delete", "\x7f", "\\x7f"},
                                         PrintableRow{"C1AsUtf8", "\xC2\x9B[2J", "\\xc2\\x9b[2J"},
                                         PrintableRow{"C1AsAnOctet", "\x9B[2J", "\\x9b[2J"},
                                         PrintableRow{"NoBreakSpace", "\xC2\xA0", "\xC2\xA0"},
                                         PrintableRow{"IncompleteAtTheEnd", "a\xE6\xBC", "a\\xe6\\xbc"},
                                         PrintableRow{"IncompleteBeforeALetter", "\xE6\xBC.", "\\xe6\\xbc."},
                                         PrintableRow{"IncompleteBeforeAnother", "\xE6\xC3\xA9", "\\xe6\xC3\xA9"},
                                         PrintableRow{"Overlong", "\xC0\x9B\xE0\x82\x9B", "\\xc0\\x9b\\xe0\\x82\\x9b"},
                                         PrintableRow{"Surrogate", "\xED\xA0\x80", "\\xed\\xa0\\x80"},
                                         PrintableRow{"BeyondUnicode", "\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
                                         PrintableRow{"LargestCharacter", "\xF4\x8F\xBF\xBD", "\xF4\x8F\xBF\xBD"}),
                         row_name);

class StreamPrinting : public testing::TestWithParam<PrintableRow> {};

TEST_P(StreamPrinting, ShowsTheSameWholeAndOctetByOctet) {
    StreamPrinter whole;
    std::string at_once = whole.print(GetParam().octets);
    at_once += whole.finish();
    EXPECT_EQ(at_once, GetParam().shown);
    StreamPrinter bit_by_bit;
    std::string in_pieces;
    for (const char& octet : GetParam().octets) in_pieces += bit_by_bit.print({&octet, 1});
    in_pieces += bit_by_bit.finish();
    EXPECT_EQ(in_pieces, GetParam().shown);
}

// Otherwise they would be kept for a line's end that may never come, and be shown all at once.
TEST(StreamPrinter, HoldsBackAFewCarriageReturnsOnly) {
    StreamPrinter printer;
    EXPECT_EQ(printer.print(std::string(1000, '\r')).size(), (1000 - 16) * 2);
    EXPECT_EQ(printer.print("a").size(), 16 * 2 + 1);
}

INSTANTIATE_TEST_SUITE_P(Rows, StreamPrinting,
                         testing::Values(PrintableRow{"Lines", "one\n\ttwo\r\n", "one\n\ttwo\r\n"},
                                         PrintableRow{"Utf8", "Größe 漢字 😀\n", "Größe 漢字 😀\n"},
                                         PrintableRow{"Escape", "a\x1b]0;title\x07\n", "a\\x1b]0;title\\x07\n"},
                                         PrintableRow{"C1", "\xC2\x9B\x9B\n", "\\xc2\\x9b\\x9b\n"},
                                         PrintableRow{"BareCr", "safe\revil\n", "safe\\revil\n"},
                                         PrintableRow{"SeveralCrBeforeALineEnd", "a\r\r\nb", "a\r\nb"},
                                         PrintableRow{"SeveralBareCr", "a\r\rb", "a\\r\\rb"},
                                         PrintableRow{"CrAtTheEnd", "a\r", "a\\r"},
                                         PrintableRow{"Backspace", "a\bb", "a\\x08b"},
                                         PrintableRow{"IncompleteBeforeALineEnd", "\xE6\n", "\\xe6\n"},
                                         PrintableRow{"IncompleteBeforeACr", "\xE6\r\n", "\\xe6\r\n"},
                                         PrintableRow{"IncompleteAtTheEnd", "a\xE6\xBC", "a\\xe6\\xbc"}),
                         row_name);

}  // namespace
}  // namespace portico
