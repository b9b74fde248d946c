// portico/http/content_type_test.cc — media types by file name (RFC 9110 §8.3).
//
// Room http: see status.h.
#include "portico/http/content_type.h"

#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"

namespace portico::http {
namespace {

struct TypeRow {
    const char* name;
    std::string_view path;
    std::string_view type;
    bool compressible;
};
class Type : public testing::TestWithParam<TypeRow> {};

TEST_P(Type, IsKnownByName) {
    const ContentType type = content_type_of(GetParam().path);
    EXPECT_EQ(type.value, GetParam().type);
    EXPECT_EQ(type.compressible, GetParam().compressible);
    EXPECT_EQ(is_compressible(type.value), GetParam().compressible);
}
INSTANTIATE_TEST_SUITE_P(
    Files, Type,
    testing::Values(
        TypeRow{"Html", "/a/index.html", "text/html; charset=utf-8", true},
        TypeRow{"Css", "a.css", "text/css; charset=utf-8", true},
        TypeRow{"Script", "/a.js", "text/javascript; charset=utf-8", true},
        TypeRow{"Module", "/a.mjs", "text/javascript; charset=utf-8", true},
        TypeRow{"Json", "/a.json", "application/json", true},
        TypeRow{"Manifest", "/site.webmanifest", "application/manifest+json", true},
        TypeRow{"Wasm", "/a.wasm", "application/wasm", true},
        TypeRow{"Xml", "/a.xml", "application/xml; charset=utf-8", true},
        TypeRow{"Svg", "/a.svg", "image/svg+xml; charset=utf-8", true}, TypeRow{"Png", "/a.png", "image/png", false},
        TypeRow{"UpperCase", "/A.JPG", "image/jpeg", false}, TypeRow{"Avif", "/a.avif", "image/avif", false},
        TypeRow{"Jxl", "/a.jxl", "image/jxl", false}, TypeRow{"Icon", "/favicon.ico", "image/vnd.microsoft.icon", true},
        TypeRow{"Woff2", "/a.woff2", "font/woff2", false}, TypeRow{"Ttf", "/a.ttf", "font/ttf", true},
        TypeRow{"Mp4", "/a.mp4", "video/mp4", false}, TypeRow{"Mp3", "/a.mp3", "audio/mpeg", false},
        TypeRow{"Markdown", "/README.md", "text/markdown; charset=utf-8", true},
        TypeRow{"Source", "/a.cc", "text/plain; charset=utf-8", true},
        TypeRow{"Pdf", "/a.pdf", "application/pdf", false}, TypeRow{"Tarball", "/a.tar.gz", "application/gzip", false},
        TypeRow{"Word", "/a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", false},
        TypeRow{"Unknown", "/a.unknown", "application/octet-stream", false},
        TypeRow{"LongExtension", "/a.abcdefghijklmnopqrstuvwxyz", "application/octet-stream", false},
        TypeRow{"LastDotCounts", "/a.html.bak", "application/octet-stream", false},
        TypeRow{"DotAtTheEnd", "/a.", "application/octet-stream", false},
        TypeRow{"NoDot", "/a", "application/octet-stream", false},
        TypeRow{"DotInFolder", "/a.html/b", "application/octet-stream", false},
        TypeRow{"DotBefore", "/.html", "application/octet-stream", false},
        TypeRow{"DotBeforeAndInside", "/.a.html", "text/html; charset=utf-8", true},
        TypeRow{"License", "/LICENSE", "text/plain; charset=utf-8", true},
        TypeRow{"Makefile", "/src/Makefile", "text/plain; charset=utf-8", true},
        TypeRow{"LongName", "/abcdefghijklmnopqrstuvwxyz", "application/octet-stream", false},
        TypeRow{"Folder", "/a/", "application/octet-stream", false},
        TypeRow{"Empty", "", "application/octet-stream", false}),
    row_name);

TEST(Compressible, IsAskedOfTheTypeAlone) {
    EXPECT_TRUE(is_compressible("TEXT/HTML ; charset=x"));
    EXPECT_TRUE(is_compressible("application/problem+json"));
    EXPECT_FALSE(is_compressible("video/mp4; codecs=text/"));
    EXPECT_FALSE(is_compressible(""));
    EXPECT_FALSE(is_compressible(std::string(1000, 'a')));
}

}  // namespace
}  // namespace portico::http
