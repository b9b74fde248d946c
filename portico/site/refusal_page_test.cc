// Every refusal has a page.
#include "portico/site/refusal_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"
#include "portico/site/handler_for_test.h"

namespace portico::site {
namespace {

using http::FieldName;
using http::Status;
using testing::HasSubstr;

class Pages : public HandlerTest {
protected:
    Answer refuse(Status status, PageFormat format) {
        Answer answer;
        write_refusal(status, format, open_site(), answer.response);
        answer.status = answer.response.status;
        return answer;
    }
};

TEST_F(Pages, SayWhatHappened) {
    const Answer html = refuse(Status::not_found, PageFormat::html);
    EXPECT_EQ(html.field(FieldName::content_type), "text/html; charset=utf-8");
    EXPECT_THAT(html.content(), HasSubstr("<h1><span>404</span> Not Found</h1>"));
    EXPECT_EQ(refuse(Status::bad_request, PageFormat::text).content(), "400 Bad Request\nThe request was malformed.\n");
    EXPECT_EQ(refuse(Status::not_found, PageFormat::json).content(),
              "{\"status\":404,\"error\":\"Not Found\",\"detail\":\"There is nothing at this address.\"}\n");
}

TEST_F(Pages, ExistForEveryStatus) {
    for (int code = 300; code < 600; ++code) {
        const auto status = static_cast<Status>(code);
        if (http::reason_phrase(status).empty()) continue;
        for (const auto format : {PageFormat::html, PageFormat::text, PageFormat::json}) {
            EXPECT_THAT(refuse(status, format).content(), HasSubstr(std::to_string(code)));
        }
    }
}

TEST_F(Pages, HaveTheFieldsOfTheirStatus) {
    EXPECT_EQ(refuse(Status::method_not_allowed, PageFormat::html).field(FieldName::allow), "GET, HEAD, OPTIONS");
    EXPECT_EQ(refuse(Status::service_unavailable, PageFormat::html).field(FieldName::retry_after), "1");
    EXPECT_NE(refuse(Status::unauthorized, PageFormat::html).field(FieldName::www_authenticate), "(none)");
}

struct FormatRow {
    const char* name;
    std::string_view accept;
    PageFormat format;
};
class Formats : public testing::TestWithParam<FormatRow> {};
TEST_P(Formats, AreChosenByAccept) {
    EXPECT_EQ(preferred_format(make_request("/", {{FieldName::accept, GetParam().accept}})), GetParam().format);
}
INSTANTIATE_TEST_SUITE_P(Rfc9110, Formats,
                         testing::Values(FormatRow{"Any", "*/*", PageFormat::html},
                                         FormatRow{"Browser", "text/html,*/*;q=0.8", PageFormat::html},
                                         FormatRow{"Json", "application/json", PageFormat::json},
                                         FormatRow{"Text", "text/plain, */*;q=0.1", PageFormat::text},
                                         FormatRow{"None", "image/png", PageFormat::html}),
                         row_name);

}  // namespace
}  // namespace portico::site
