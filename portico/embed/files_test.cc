// portico/embed/files_test.cc — folders and parts of files among a program's routes. The files are real, the
// connections simulated.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/file_system.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

class FilesOfAProgram : public testing::TestWithParam<std::uint64_t> {
protected:
    FilesOfAProgram() : large_(3'000'000, '\0') {
        std::filesystem::create_directory(place_ + "/sub");
        for (std::size_t i = 0; i < large_.size(); ++i) large_[i] = static_cast<char>('a' + i * i % 23);
        std::ofstream(place_ + "/index.html") << "<p>index";
        std::ofstream(place_ + "/sub/a b.txt") << "0123456789";
        std::ofstream(place_ + "/large.bin") << large_;
    }

    const ScratchFolder scratch_;
    const std::string place_ = scratch_.path();
    std::string large_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, FilesOfAProgram, testing::Range<std::uint64_t>(1, 11));

TEST_P(FilesOfAProgram, AreServedBelowTheirPrefix) {
    Server server;
    server.get("/static/api", [] { return "api"; });
    server.files("/static/", place_);
    TestClient client(server, GetParam());
    EXPECT_EQ(client.get("/static/").content, "<p>index");
    EXPECT_EQ(client.get("/static/").field("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(client.get("/static/sub/a%20b.txt").content, "0123456789");
    EXPECT_EQ(client.get("/static/large.bin").content, large_);
    EXPECT_EQ(client.get("/static/api").content, "api");
    EXPECT_EQ(client.get("/static").field("Location"), "/static/");
    EXPECT_EQ(client.get("/static/sub").field("Location"), "/static/sub/");
    EXPECT_EQ(client.get("/static/none").status, 404);
    EXPECT_EQ(client.get("/static/../../etc/passwd").status, 400);
    EXPECT_EQ(client.post("/static/index.html", "x").status, 405);
    const TestAnswer part = client.request("GET", "/static/sub/a%20b.txt", {{"Range", "bytes=2-4"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.content, "234");
    const std::string etag(client.get("/static/").field("ETag"));
    EXPECT_EQ(client.request("GET", "/static/", {{"If-None-Match", etag}}).status, 304);
}

TEST_P(FilesOfAProgram, AreServedBelowAPrefixThatIsEscaped) {
    Server server;
    server.files("my files", place_);
    TestClient client(server, GetParam());
    EXPECT_EQ(client.get("/my%20files/sub/a%20b.txt").content, "0123456789");
    EXPECT_EQ(client.get("/my%20files").field("Location"), "/my%20files/");
    EXPECT_EQ(client.get("/my%20files?a=%20b").field("Location"), "/my%20files/?a=%20b");
    EXPECT_EQ(client.get("/my%20files?").field("Location"), "/my%20files/?");
    EXPECT_EQ(client.get("/my%20files/sub?a=b").field("Location"), "/my%20files/sub/?a=b");
    EXPECT_EQ(client.get("/y%20files/").status, 404);
}

TEST_P(FilesOfAProgram, AreSentByNamesOfAHandlersChoosing) {
    Server server;
    const Folder folder = server.folder(place_);
    server.get("/report/{name...}", [&](std::string name, Request& request) { return folder.respond(request, name); });
    TestClient client(server, GetParam());
    EXPECT_EQ(client.get("/report/sub/a%20b.txt").content, "0123456789");
    EXPECT_EQ(client.request("GET", "/report/large.bin", {{"Range", "bytes=-5"}}).content,
              large_.substr(large_.size() - 5));
    for (const char* const target : {"/report/none", "/report/", "/report/sub", "/report/sub/", "/report/%2e%2e/x"}) {
        const int status = client.get(target).status;
        EXPECT_TRUE(status == 404 || status == 400) << target << " " << status;
    }
    for (const char* const path : {"../x", "sub/../../etc/passwd", "/etc/passwd", "a\\b", "a?b", ""}) {
        Server direct;
        const Folder of_it = direct.folder(place_);
        direct.get("/", [&](Request& request) { return of_it.respond(request, path); });
        TestClient asks(direct, GetParam());
        const int status = asks.get("/").status;
        EXPECT_TRUE(status == 404 || status == 400) << path << " " << status;
    }
}

// A handler or middleware overrides the site's answer. If it sends its own octets, they are not labelled as the file's.
TEST_P(FilesOfAProgram, CanBeChanged) {
    Server server;
    server.use([](Request& request, Next next) -> Task<Response> {
        Response response = co_await next(request);
        if (request.query("set")) {
            response.set("content-type", "text/x");
            response.set("ETag", "\"own\"");
            response.set("Cache-Control", "no-store");
            response.set("X-Content-Type-Options", "own");
            response.add("Content-Type", "text/y");
        }
        if (request.query("replace")) response.set_content("own");
        co_return std::move(response);
    });
    server.files("/", place_);
    TestClient client(server, GetParam());
    const auto lines = [](const TestAnswer& answer, std::string_view name) {
        return std::ranges::count_if(answer.fields,
                                     [name](const auto& line) { return http::equals_ignoring_case(line.first, name); });
    };
    const TestAnswer set = client.get("/index.html?set");
    EXPECT_EQ(set.content, "<p>index");
    for (const char* const name :
         {"Content-Type", "ETag", "Cache-Control", "X-Content-Type-Options", "Last-Modified"}) {
        EXPECT_EQ(lines(set, name), 1) << name;
    }
    EXPECT_EQ(set.field("ETag"), "\"own\"");
    EXPECT_EQ(set.field("Content-Type"), "text/y");
    const TestAnswer replaced = client.request("GET", "/sub/a%20b.txt?replace", {{"Range", "bytes=2-4"}});
    EXPECT_EQ(replaced.status, 200);
    EXPECT_EQ(replaced.content, "own");
    EXPECT_EQ(replaced.field("Content-Type"), "text/plain; charset=utf-8");
    for (const char* const name : {"Content-Range", "ETag", "Last-Modified", "Accept-Ranges", "Content-Encoding"}) {
        EXPECT_EQ(lines(replaced, name), 0) << name;
    }
    const TestAnswer both = client.get("/index.html?set&replace");
    EXPECT_EQ(both.field("ETag"), "\"own\"");
    EXPECT_EQ(lines(both, "Content-Type"), 1);
}

TEST_P(FilesOfAProgram, AreSentInStretches) {
    Server server;
    server.get("/stretch/{offset}/{length}", [&](std::uint64_t offset, std::uint64_t length) {
        io::FileSystem& files = io::real_file_system();
        auto folder = files.open_directory(place_);
        auto file = files.open_beneath(*folder, "large.bin");
        return Response::file(std::make_shared<const Fd>(*std::move(file)), offset, length, "application/x-stretch");
    });
    TestClient client(server, GetParam());
    const TestAnswer answer = client.get("/stretch/1000/2000000");
    EXPECT_EQ(answer.content, large_.substr(1000, 2'000'000));
    EXPECT_EQ(answer.field("Content-Type"), "application/x-stretch");
    EXPECT_EQ(client.get("/stretch/0/0").content, "");
    EXPECT_EQ(client.get("/stretch/3000000/0").status, 200);
    EXPECT_EQ(client.get("/stretch/2999999/2").status, 500);
    EXPECT_EQ(client.get("/stretch/3000001/0").status, 500);
    EXPECT_EQ(client.get("/stretch/1/18446744073709551615").status, 500);
    EXPECT_EQ(client.request("HEAD", "/stretch/0/100").field("Content-Length"), "100");
}

TEST(FolderThatIsNotThere, KeepsTheServerFromStarting) {
    Server server;
    server.files("/nowhere", "/no/such/folder");
    const Folder folder = server.folder("/none/either");
    ASSERT_EQ(server.errors().size(), 2U);
    EXPECT_NE(server.errors()[0].find("/no/such/folder"), std::string::npos);
    EXPECT_NE(server.errors()[1].find("/none/either"), std::string::npos);
    const auto started = server.start("127.0.0.1:0");
    EXPECT_FALSE(started.has_value());
}

}  // namespace
}  // namespace portico
