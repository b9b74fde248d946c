// What clients may send, and under which names. test/e2e/test_uploads.py sends files.
#include "portico/handler/files/upload.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/handler/files/responder_for_test.h"

namespace portico::files {
namespace {

using http::FieldName;
using http::Status;

struct NameRow {
    const char* name;
    std::string file;
    std::optional<Status> refused = std::nullopt;
};
class UploadedNames : public testing::TestWithParam<NameRow> {};

TEST_P(UploadedNames, AreUsedOrRefused) {
    const http::Result<void> usable = check_uploaded_name(GetParam().file, FolderOptions());
    EXPECT_EQ(usable ? std::nullopt : std::optional(usable.error().status), GetParam().refused);
}
INSTANTIATE_TEST_SUITE_P(Files, UploadedNames,
                         testing::Values(NameRow{"Usual", "a b.txt"}, NameRow{"Longest", std::string(255, 'n')},
                                         NameRow{"TooLong", std::string(256, 'n'), Status::bad_request},
                                         NameRow{"None", "", Status::bad_request},
                                         NameRow{"Path", "a/b", Status::bad_request},
                                         NameRow{"Parent", "..", Status::bad_request},
                                         NameRow{"Control", "a\nb", Status::bad_request},
                                         NameRow{"Delete", "a\x7f", Status::bad_request},
                                         NameRow{"Hidden", ".env", Status::forbidden}, NameRow{"Utf8", "größe"}),
                         row_name);

TEST(UploadedNames, AreNeverThoseOfDrafts) {
    FolderOptions options;
    options.dotfiles = Dotfiles::served;
    EXPECT_TRUE(check_uploaded_name(".env", options).has_value());
    EXPECT_FALSE(check_uploaded_name(".portico-part-1", options).has_value());
}

struct OriginRow {
    const char* name;
    FieldList fields;
    bool is_own;
};
class Origins : public testing::TestWithParam<OriginRow> {};

TEST_P(Origins, AreThisServersOrNone) {
    http::Request request = make_request("/", GetParam().fields, http::Method::post);
    request.authority = "localhost:8080";
    EXPECT_EQ(is_from_own_page(request), GetParam().is_own);
}
INSTANTIATE_TEST_SUITE_P(
    Files, Origins,
    testing::Values(OriginRow{"NoBrowser", {}, true},
                    OriginRow{"Own", {{FieldName::origin, "http://localhost:8080"}}, true},
                    OriginRow{"OwnBehindAGateway", {{FieldName::origin, "https://LOCALHOST:8080"}}, true},
                    OriginRow{"OtherHost", {{FieldName::origin, "http://evil.example"}}, false},
                    OriginRow{"OtherPort", {{FieldName::origin, "http://localhost:81"}}, false},
                    OriginRow{"Opaque", {{FieldName::origin, "null"}}, false}),
    row_name);

TEST(Origins, AreAlsoToldByFetchMetadata) {
    for (const std::string_view site : {"same-origin", "none", "same-site", "cross-site"}) {
        http::Request request = make_request("/", {}, http::Method::put);
        request.fields.add("Sec-Fetch-Site", site);
        EXPECT_EQ(is_from_own_page(request), site == "same-origin" || site == "none") << site;
    }
}

// Visitors of a folder into which others put files.
class WithUploads : public ResponderTest {
protected:
    WithUploads() {
        options.uploads = Uploads::new_files;
        root.write("page.html", "<script>");
        root.write("picture.svg", "<svg>");
        root.write("a.css", std::string(2000, 'c'));
        root.write("a.css.br", "not what it seems");
        root.write("404.html", "lost");
    }
};

TEST_F(WithUploads, NoFileRunsAsAScriptOrReplacesAnother) {
    for (const std::string_view target : {"/page.html", "/picture.svg", "/nothing"}) {
        EXPECT_EQ(get(target).field(FieldName::content_security_policy), "sandbox") << target;
    }
    EXPECT_EQ(get("/a.css").field(FieldName::content_security_policy), "(none)");
    const Answer coded = get("/a.css", {{FieldName::accept_encoding, "br"}});
    EXPECT_NE(coded.content(), "not what it seems");
}

}  // namespace
}  // namespace portico::files
