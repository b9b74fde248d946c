// Every refusal has a page.
#include "portico/route/refusal_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"

namespace portico::route {
namespace {

using http::FieldName;
using http::Status;
using testing::HasSubstr;

struct Answer {
    http::Response response;

    [[nodiscard]] std::string field(FieldName name) const {
        return std::string(response.fields.find(name).value_or("(none)"));
    }
    [[nodiscard]] std::string content() const { return std::string(response.content.front().octets); }
};

Answer refuse(Status status, PageFormat format) {
    Answer answer;
    write_refusal(status, format, answer.response);
    EXPECT_EQ(answer.response.status, status);
    return answer;
}

TEST(Pages, SayWhatHappened) {
    const Answer html = refuse(Status::not_found, PageFormat::html);
    EXPECT_EQ(html.field(FieldName::content_type), "text/html; charset=utf-8");
    EXPECT_THAT(html.content(), HasSubstr("<h1><span>404</span> Not Found</h1>"));
    EXPECT_EQ(refuse(Status::bad_request, PageFormat::text).content(),
              "400 Bad Request\nThe server could not understand the request.\n");
    EXPECT_EQ(refuse(Status::not_found, PageFormat::json).content(),
              "{\"status\":404,\"error\":\"Not Found\",\"detail\":\"There is nothing at this address.\"}\n");
}

TEST(Pages, ExistForEveryStatus) {
    for (int code = 300; code < 600; ++code) {
        const auto status = static_cast<Status>(code);
        if (http::reason_phrase(status).empty()) continue;
        for (const auto format : {PageFormat::html, PageFormat::text, PageFormat::json}) {
            EXPECT_THAT(refuse(status, format).content(), HasSubstr(std::to_string(code)));
        }
    }
}

TEST(Pages, HaveTheFieldsOfTheirStatus) {
    EXPECT_EQ(refuse(Status::service_unavailable, PageFormat::html).field(FieldName::retry_after), "1");
    EXPECT_EQ(refuse(Status::not_found, PageFormat::html).field(FieldName::retry_after), "(none)");
    EXPECT_EQ(refuse(Status::not_found, PageFormat::html).field(FieldName::cache_control), "no-store");
}

struct FormatRow {
    const char* name;
    std::string_view accept;  // empty: the request has none
    PageFormat format;
    PageFormat where_text_is_usual;  // the same if pages are text unless clients prefer another format
};
class Formats : public testing::TestWithParam<FormatRow> {};
TEST_P(Formats, AreChosenByAccept) {
    http::Request request;
    if (!GetParam().accept.empty()) request.fields.add(FieldName::accept, GetParam().accept);
    EXPECT_EQ(preferred_format(request), GetParam().format);
    EXPECT_EQ(preferred_format(request, PageFormat::text), GetParam().where_text_is_usual);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110, Formats,
    testing::Values(FormatRow{"Unsaid", "", PageFormat::html, PageFormat::text},
                    FormatRow{"Any", "*/*", PageFormat::html, PageFormat::text},
                    FormatRow{"Browser", "text/html,*/*;q=0.8", PageFormat::html, PageFormat::html},
                    FormatRow{"Json", "application/json", PageFormat::json, PageFormat::json},
                    FormatRow{"JsonFirst", "application/json, */*;q=0.1", PageFormat::json, PageFormat::json},
                    FormatRow{"Text", "text/plain, */*;q=0.1", PageFormat::text, PageFormat::text},
                    FormatRow{"None", "image/png", PageFormat::html, PageFormat::text}),
    row_name);

}  // namespace
}  // namespace portico::route
