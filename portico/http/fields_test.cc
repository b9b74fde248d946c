// portico/http/fields_test.cc — names, sections and lists of fields (RFC 9110 §5).
//
// Room http: see status.h.
#include "portico/http/fields.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/http/message.h"

namespace portico::http {
namespace {

std::string in_case(std::string_view text, int (*change)(int)) {
    std::string changed(text);
    std::transform(changed.begin(), changed.end(), changed.begin(),
                   [change](char c) { return static_cast<char>(change(static_cast<unsigned char>(c))); });
    return changed;
}

TEST(FieldName, IsRecognisedInAnyCase) {
    for (std::size_t i = 1; i < field_name_count; ++i) {
        const auto name = static_cast<FieldName>(i);
        EXPECT_EQ(recognise(spelling(name)), name) << spelling(name);
        EXPECT_EQ(recognise(in_case(spelling(name), std::tolower)), name) << spelling(name);
        EXPECT_EQ(recognise(in_case(spelling(name), std::toupper)), name) << spelling(name);
    }
}

TEST(FieldName, IsAnotherWithAnyOctetChanged) {
    for (std::size_t i = 1; i < field_name_count; ++i) {
        const std::string name(spelling(static_cast<FieldName>(i)));
        for (std::size_t at = 0; at < name.size(); ++at) {
            for (int octet = 0; octet < 256; ++octet) {
                std::string changed = name;
                changed[at] = static_cast<char>(octet);
                const FieldName found = recognise(changed);
                const bool same = equals_ignoring_case(changed, name);
                const bool is_what_it_says = equals_ignoring_case(spelling(found), changed);
                EXPECT_TRUE(is_what_it_says || found == FieldName::other) << changed;
                EXPECT_TRUE(!same || found == static_cast<FieldName>(i)) << changed;
            }
        }
        EXPECT_EQ(recognise(name + "x"), FieldName::other);
        EXPECT_EQ(recognise("x" + name), FieldName::other);
    }
}

TEST(FieldName, IsOtherWhenEmptyShortOrLong) {
    EXPECT_EQ(recognise(""), FieldName::other);
    EXPECT_EQ(recognise("t"), FieldName::other);
    EXPECT_EQ(recognise("zz"), FieldName::other);
    EXPECT_EQ(recognise(std::string(1000, 'a')), FieldName::other);
    EXPECT_EQ(spelling(FieldName::other), "");
}

TEST(FieldSection, FindsLinesByNameInOrder) {
    FieldSection section;
    section.add("accept", "a");
    section.add("X-Custom", "b");
    section.add(FieldName::accept, "c");
    EXPECT_EQ(section.find(FieldName::accept), "a");
    EXPECT_EQ(section.find("ACCEPT"), "a");
    EXPECT_EQ(section.find("x-custom"), "b");
    EXPECT_EQ(section.find("x-custo"), std::nullopt);
    EXPECT_EQ(section.find(FieldName::host), std::nullopt);
    EXPECT_FALSE(section.has(FieldName::other));
    EXPECT_EQ(section.count(FieldName::accept), 2U);
    std::string values;
    section.for_each(FieldName::accept, [&values](std::string_view value) { values.append(value); });
    EXPECT_EQ(values, "ac");
}

TEST(FieldSection, SetsRemovesAndClears) {
    FieldSection section;
    section.add("X-Custom", "a");
    section.add(FieldName::etag, "b");
    section.add(FieldName::vary, "c");
    section.add(FieldName::etag, "d");
    section.set(FieldName::etag, "e");
    section.set(FieldName::age, "f");
    EXPECT_EQ(section.find(FieldName::etag), "e");
    EXPECT_EQ(section.find(FieldName::age), "f");
    section.remove(FieldName::etag);
    EXPECT_FALSE(section.has(FieldName::etag));
    EXPECT_EQ(section.size(), 3U);
    EXPECT_EQ(section.find(FieldName::vary), "c");
    EXPECT_EQ(section.find(FieldName::age), "f");
    section.clear();
    EXPECT_EQ(section.size(), 0U);
    EXPECT_FALSE(section.has(FieldName::vary));
    EXPECT_EQ(section.count(FieldName::vary), 0U);
    section.add(FieldName::vary, "g");
    EXPECT_EQ(section.find(FieldName::vary), "g");
}

struct ListRow {
    const char* name;
    std::string_view list;
    std::vector<std::string_view> elements;
};
class List : public testing::TestWithParam<ListRow> {};

TEST_P(List, IsReadElementByElement) {
    std::string_view list = GetParam().list;
    std::vector<std::string_view> elements;
    while (const auto element = next_element(list)) elements.push_back(*element);
    EXPECT_EQ(elements, GetParam().elements);
    EXPECT_TRUE(list.empty());
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section5_6_1, List,
    testing::Values(ListRow{"Empty", "", {}}, ListRow{"One", "a", {"a"}}, ListRow{"Two", "a,b", {"a", "b"}},
                    ListRow{"WhiteSpace", " \ta ,\t b\t", {"a", "b"}},
                    ListRow{"EmptyElements", ", a,, ,b,", {"a", "b"}}, ListRow{"OnlyCommas", ", ,\t,", {}},
                    ListRow{"QuotedComma", "\"a,b\",c", {"\"a,b\"", "c"}},
                    ListRow{"QuotedPair", R"("a\",b",c)", {R"("a\",b")", "c"}},
                    ListRow{"BackslashOutsideQuotes", R"(a\,b)", {R"(a\)", "b"}},
                    ListRow{"OpenQuote", "\"a,b", {"\"a,b"}}, ListRow{"BackslashAtTheEnd", "\"a\\", {"\"a\\"}}),
    row_name);

TEST(List, IsReadWithAnotherSeparator) {
    std::string_view parameters = "text/html; a=\"x;y\" ;q=1";
    EXPECT_EQ(next_element(parameters, ';'), "text/html");
    EXPECT_EQ(next_element(parameters, ';'), "a=\"x;y\"");
    EXPECT_EQ(next_element(parameters, ';'), "q=1");
    EXPECT_EQ(next_element(parameters, ';'), std::nullopt);
}

TEST(Token, IsOneTcharOrMore) {
    EXPECT_TRUE(is_token("!#$%&'*+-.^_`|~09azAZ"));
    EXPECT_FALSE(is_token(""));
    for (const char c : std::string_view("\"(),/:;<=>?@[\\]{} \t\r\n\x7f\x80")) EXPECT_FALSE(is_token({&c, 1})) << c;
    EXPECT_FALSE(is_token(std::string_view("a\0b", 3)));
}

TEST(Trim, TakesSpacesAndTabsOnly) {
    EXPECT_EQ(trim(" \t a b\t "), "a b");
    EXPECT_EQ(trim("\r\na\v"), "\r\na\v");
    EXPECT_EQ(trim(" \t"), "");
}

TEST(Case, IsIgnoredInAsciiAlone) {
    EXPECT_TRUE(equals_ignoring_case("aBz-[", "AbZ-["));
    EXPECT_FALSE(equals_ignoring_case("a", "ab"));
    EXPECT_FALSE(equals_ignoring_case("[", "{"));
    EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));
}

TEST(Method, IsRecognisedByItsExactToken) {
    for (unsigned i = 0; i < static_cast<unsigned>(Method::other); ++i) {
        const auto method = static_cast<Method>(i);
        EXPECT_EQ(recognise_method(spelling(method)), method);
        EXPECT_EQ(recognise_method(in_case(spelling(method), std::tolower)), Method::other);
        EXPECT_EQ(recognise_method(std::string(spelling(method)) + "X"), Method::other);
    }
    EXPECT_EQ(recognise_method(""), Method::other);
    EXPECT_EQ(recognise_method("BREW"), Method::other);
    EXPECT_EQ(spelling(Method::other), "");
}

TEST(Status, HasAPhraseForEachCodeThatWeKnow) {
    EXPECT_EQ(reason_phrase(Status::ok), "OK");
    EXPECT_EQ(reason_phrase(Status::content_too_large), "Content Too Large");
    EXPECT_EQ(reason_phrase(Status::request_header_fields_too_large), "Request Header Fields Too Large");
    EXPECT_EQ(reason_phrase(static_cast<Status>(299)), "");
    EXPECT_FALSE(may_have_content(Status::not_modified));
    EXPECT_FALSE(may_have_content(Status::no_content));
    EXPECT_FALSE(may_have_content(Status::continue_));
    EXPECT_TRUE(may_have_content(Status::not_found));
}

TEST(Response, CountsItsContentAndOwnsWhatWasMade) {
    Response response;
    response.add_made(FieldName::etag, "\"a\"");
    response.add_made(FieldName::content_range, "bytes 0-1/2");
    response.content.push_back(Piece::memory("four"));
    response.content.push_back(Piece::range(nullptr, 10, 20));
    EXPECT_EQ(response.content_octets(), 24U);
    EXPECT_EQ(response.fields.find(FieldName::etag), "\"a\"");
    response.clear();
    EXPECT_EQ(response.content_octets(), 0U);
    EXPECT_EQ(response.fields.size(), 0U);
}

TEST(Request, IsAsNewWhenCleared) {
    Request request;
    request.method = Method::put;
    request.target = "/a?b";
    request.has_query = true;
    request.fields.add(FieldName::host, "a");
    request.scheme = Scheme::https;
    request.has_content = true;
    request.content_length = 7;
    request.expectation = Expectation::continue_;
    request.clear();
    EXPECT_EQ(request.method, Method::get);
    EXPECT_TRUE(request.target.empty());
    EXPECT_FALSE(request.has_query);
    EXPECT_EQ(request.fields.size(), 0U);
    EXPECT_EQ(request.scheme, Scheme::http);
    EXPECT_FALSE(request.has_content);
    EXPECT_EQ(request.content_length, std::nullopt);
    EXPECT_EQ(request.expectation, Expectation::none);
}

TEST(FieldSection, IsEmptyOnceItHasBeenMoved) {
    FieldSection section;
    section.add(FieldName::content_type, "text/plain");
    FieldSection other = std::move(section);
    EXPECT_FALSE(section.has(FieldName::content_type));  // NOLINT(bugprone-use-after-move): this is what is tested
    EXPECT_EQ(section.size(), 0U);
    EXPECT_EQ(other.find(FieldName::content_type), "text/plain");
    section = std::move(other);
    EXPECT_FALSE(other.has(FieldName::content_type));  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(section.find(FieldName::content_type), "text/plain");
}

TEST(FieldSection, LosesAllLinesOfAnyName) {
    FieldSection section;
    section.add("X-One", "1");
    section.add("ETag", "2");
    section.add("x-one", "3");
    section.remove("X-ONE");
    ASSERT_EQ(section.size(), 1U);
    EXPECT_EQ(section.find(FieldName::etag), "2");
    section.remove("etag");
    EXPECT_FALSE(section.has(FieldName::etag));
}

}  // namespace
}  // namespace portico::http
