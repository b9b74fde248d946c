// Translating targets to resources.
#include "portico/site/translate.h"

#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"
#include "portico/site/root_for_test.h"

namespace portico::site {
namespace {

using http::Method;
using http::Status;

struct TranslateRow {
    const char* name;
    Method method;
    std::string_view target;
    std::string_view path;  // the path, unless it is refused
    Status status;
};
class Translate : public testing::TestWithParam<TranslateRow> {};

TEST_P(Translate, GivesThePathOrRefuses) {
    const RootForTest root;
    SiteOptions options;
    options.root = root.path().string();
    const auto site = Site::open(io::real_file_system(), options);
    ASSERT_TRUE(site.has_value());
    std::string scratch;
    const http::Request request = make_request(GetParam().target, {}, GetParam().method);
    const auto resource = resource_of(request, **site, scratch);
    if (GetParam().status == Status::ok) {
        ASSERT_TRUE(resource.has_value());
        EXPECT_EQ(resource->path, GetParam().path);
    } else {
        ASSERT_FALSE(resource.has_value());
        EXPECT_EQ(resource.error().status, GetParam().status);
    }
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110, Translate,
    testing::Values(TranslateRow{"Plain", Method::get, "/a/b.txt?c", "/a/b.txt", Status::ok},
                    TranslateRow{"Escaped", Method::head, "/a%20b", "/a b", Status::ok},
                    TranslateRow{"Slashes", Method::get, "//a///b/", "/a/b/", Status::ok},
                    TranslateRow{"Dots", Method::get, "/a/./%2e%2e/b", "/b", Status::ok},
                    TranslateRow{"Asterisk", Method::options, "*", "*", Status::ok},
                    TranslateRow{"WellKnown", Method::get, "/.well-known/a", "/.well-known/a", Status::ok},
                    TranslateRow{"AsteriskToGet", Method::get, "*", "", Status::bad_request},
                    TranslateRow{"Nul", Method::get, "/a%00b", "", Status::bad_request},
                    TranslateRow{"Climbing", Method::get, "/%2e%2e/a", "", Status::bad_request},
                    TranslateRow{"Hidden", Method::get, "/a/.git/b", "", Status::not_found},
                    TranslateRow{"HiddenByEscape", Method::get, "/%2egit/b", "", Status::not_found},
                    TranslateRow{"Post", Method::post, "/a", "", Status::method_not_allowed},
                    TranslateRow{"Put", Method::put, "/a", "", Status::method_not_allowed},
                    TranslateRow{"Delete", Method::delete_, "/a", "", Status::method_not_allowed},
                    TranslateRow{"Patch", Method::patch, "/a", "", Status::method_not_allowed},
                    TranslateRow{"Trace", Method::trace, "/a", "", Status::method_not_allowed},
                    TranslateRow{"Connect", Method::connect, "/a", "", Status::method_not_allowed},
                    TranslateRow{"Unknown", Method::other, "/a", "", Status::not_implemented}),
    row_name);

}  // namespace
}  // namespace portico::site
