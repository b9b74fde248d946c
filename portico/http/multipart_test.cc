// portico/http/multipart_test.cc — multipart/form-data: its parts, read whole and one octet at a time.
#include "portico/http/multipart.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "portico/base/row_name_for_test.h"

namespace portico::http {
namespace {

// Returns what was read, as text: "name|file|type:content;" for each part, then "end", "more" or why it is broken.
std::string read_in_pieces(std::string_view content, std::size_t piece_octets, std::size_t head_octets_max = 8192) {
    MultipartReader reader("AaB03x", head_octets_max);
    std::string told;
    while (!content.empty()) {
        std::string_view piece = content.substr(0, piece_octets);
        content.remove_prefix(piece.size());
        for (;;) {
            const MultipartReader::Step step = reader.next(piece);
            if (step.what == MultipartReader::What::more) break;
            switch (step.what) {
                case MultipartReader::What::head:
                    told += reader.head().name + "|" + reader.head().file_name.value_or("-") + "|" +
                            reader.head().content_type + ":";
                    break;
                case MultipartReader::What::content: told += step.octets; break;
                case MultipartReader::What::part_end: told += ";"; break;
                case MultipartReader::What::end: told += "end"; break;
                default: return told + std::string(reader.trouble());
            }
        }
    }
    return told + (reader.has_ended() ? "" : "more");
}

struct Case {
    const char* name;
    std::string content;
    std::string told;
};
class MultipartForm : public testing::TestWithParam<Case> {};

TEST_P(MultipartForm, IsReadWhole) { EXPECT_EQ(read_in_pieces(GetParam().content, 100'000), GetParam().told); }
TEST_P(MultipartForm, IsReadInPiecesOfAnySize) {
    for (std::size_t octets = 1; octets < 60; ++octets) {
        EXPECT_EQ(read_in_pieces(GetParam().content, octets), GetParam().told) << octets;
    }
}

const std::string a_field = "--AaB03x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
std::string disposition(const std::string& value) {
    return "--AaB03x\r\nContent-Disposition: " + value + "\r\n\r\nx\r\n--AaB03x--\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7578, MultipartForm,
    testing::Values(
        Case{"AField", a_field + "Joe\r\n--AaB03x--\r\n", "a|-|:Joe;end"},
        Case{"AFile",
             "--AaB03x\r\ncontent-disposition: form-data; name=f; filename=\"a b.txt\"\r\n"
             "CONTENT-TYPE: text/plain; charset=UTF-8\r\n\r\nline\r\n\r\n--AaB03x--",
             "f|a b.txt|text/plain; charset=UTF-8:line\r\n;end"},
        Case{"Several", a_field + "1\r\n" + a_field + "2\r\n--AaB03x--", "a|-|:1;a|-|:2;end"},
        Case{"Nothing", "--AaB03x--\r\n", "end"}, Case{"EmptyContent", a_field + "\r\n--AaB03x--", "a|-|:;end"},
        Case{"Preamble", "This is\r\n--Aa\r\nfor old readers\r\n" + a_field + "1\r\n--AaB03x--", "a|-|:1;end"},
        Case{"Epilogue", a_field + "1\r\n--AaB03x--\r\nmore\r\n--AaB03x\r\n", "a|-|:1;end"},
        Case{"PaddedBoundary", "--AaB03x \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--AaB03x--",
             "a|-|:1;end"},
        Case{"NearlyABoundary", a_field + "\r\n--AaB03\r\n--AaB03\r\r\n-\r\n--\r\n\r\n--AaB03x--",
             "a|-|:\r\n--AaB03\r\n--AaB03\r\r\n-\r\n--\r\n;end"},
        Case{"BoundaryWithoutItsLine", a_field + "\n--AaB03x\r\n--AaB03x--", "a|-|:\n--AaB03x;end"},
        Case{"EmptyFileName", disposition("form-data; name=\"f\"; filename=\"\""), "f||:x;end"},
        Case{"QuotesAndBackslashes", disposition(R"(form-data; name="a\"b"; filename="C:\dir\\x.txt")"),
             R"(a"b|C:\dir\x.txt|:x;end)"},
        Case{"SemicolonInAName", disposition(R"(form-data; filename="a;b=c.txt"; name="n")"), "n|a;b=c.txt|:x;end"},
        Case{"Utf8", disposition("form-data; name=\"größe\""), "größe|-|:x;end"},
        Case{"UnknownFields", "--AaB03x\r\nX-A: b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--AaB03x--",
             "a|-|:1;end"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Broken, MultipartForm,
    testing::Values(Case{"Unfinished", a_field + "Joe\r\n--AaB03x", "a|-|:Joe;more"},
                    Case{"Cut", a_field + "Joe", "a|-|:Joemore"},  //
                    Case{"OnlyPreamble", "Joe", "more"},
                    Case{"SomethingBehindTheBoundary", "--AaB03xyz\r\n", "unexpected text after a boundary"},
                    Case{"LongPadding", "--AaB03x" + std::string(200, ' '), "unexpected text after a boundary"},
                    Case{"NoDisposition", "--AaB03x\r\nContent-Type: a/b\r\n\r\n", "a part without a name"},
                    Case{"NoHead", "--AaB03x\r\n\r\n", "a part without a name"},
                    Case{"NoName", disposition("form-data; filename=x"), "a part without a name"},
                    Case{"OtherDisposition", disposition("attachment; name=x"), "a part that is not form-data"},
                    Case{"NoField", "--AaB03x\r\nhello\r\n\r\n", "a part's head with a line that is not a field"},
                    Case{"Folded", "--AaB03x\r\nA: b\r\n c: d\r\n\r\n",
                         "a part's head with a line that is not a field"},
                    Case{"BareLf", "--AaB03x\r\nContent-Disposition: form-data; name=a\nX: y\r\n\r\n",
                         "a part's head with a control octet"},
                    Case{"LargeHead", "--AaB03x\r\nA: " + std::string(9000, 'b'), "a part's head that is too large"}),
    row_name);

TEST(MultipartHead, MayHaveItsLimitExactly) {
    const std::string head = "Content-Disposition: form-data; name=a\r\n\r\n";
    const std::string content = "--AaB03x\r\n" + head + "1\r\n--AaB03x--";
    EXPECT_EQ(read_in_pieces(content, 7, head.size()), "a|-|:1;end");
    EXPECT_EQ(read_in_pieces(content, 7, head.size() - 1), "a part's head that is too large");
}

struct BoundaryCase {
    const char* name;
    std::string type;
    std::string boundary;  // empty: none
};
class Boundary : public testing::TestWithParam<BoundaryCase> {};
TEST_P(Boundary, IsTakenFromTheType) {
    EXPECT_EQ(multipart_boundary(GetParam().type).value_or(""), GetParam().boundary);
}
INSTANTIATE_TEST_SUITE_P(
    Types, Boundary,
    testing::Values(BoundaryCase{"Plain", "multipart/form-data; boundary=AaB03x", "AaB03x"},
                    BoundaryCase{"Quoted", "Multipart/Form-Data;charset=x; Boundary=\"a b:c\"", "a b:c"},
                    BoundaryCase{"Longest", "multipart/form-data; boundary=" + std::string(70, 'a'),
                                 std::string(70, 'a')},
                    BoundaryCase{"TooLong", "multipart/form-data; boundary=" + std::string(71, 'a'), ""},
                    BoundaryCase{"Missing", "multipart/form-data", ""},
                    BoundaryCase{"Empty", "multipart/form-data; boundary=\"\"", ""},
                    BoundaryCase{"ControlOctet", "multipart/form-data; boundary=\"a\rb\"", ""},
                    BoundaryCase{"SpaceAtTheEnd", "multipart/form-data; boundary=\"a \"", ""},
                    BoundaryCase{"OtherType", "multipart/mixed; boundary=a", ""}),
    row_name);

}  // namespace
}  // namespace portico::http
