// portico/embed/forms_test.cc — forms, URLs, and uploads that go to disk.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

TEST(Forms, AreDecoded) {
    const Form form("a=1&b=x+y%21&a=2&c&=d&%zz=%&&e=%E2%82%AC");
    EXPECT_EQ(form.find("a"), "1");
    EXPECT_EQ(form.find("b"), "x y!");
    EXPECT_EQ(form.find("c"), "");
    EXPECT_EQ(form.find(""), "d");
    EXPECT_EQ(form.find("%zz"), "%");
    EXPECT_EQ(form.find("e"), "€");
    EXPECT_EQ(form.find("f"), std::nullopt);
    EXPECT_EQ(form.values().size(), 7U);
    EXPECT_TRUE(Form("").values().empty());
    // An empty string between two ampersands does not count as a name.
    EXPECT_EQ(find_in_form("a=0&&=x", ""), "x");
    EXPECT_EQ(Form("a=0&&=x").find(""), "x");
}

TEST(Forms, AreArgumentsOfHandlers) {
    Server server;
    server.post("/name/{id}", [](int id, Form form) {
        return std::to_string(id) + std::string(form.find("name").value_or("nobody"));
    });
    TestClient client(server);
    const std::string type = "application/x-www-form-urlencoded";
    EXPECT_EQ(client.post("/name/7", "name=Ada+L", type).content, "7Ada L");
    EXPECT_EQ(client.post("/name/7", "", type + "; charset=utf-8").content, "7nobody");
    EXPECT_EQ(client.post("/name/7", "name=Ada", "text/plain").status, 415);
    EXPECT_EQ(client.request("POST", "/name/7").status, 415);
    EXPECT_EQ(client.post("/name/7", "n=" + std::string(2'000'000, 'a'), type).status, 413);
}

TEST(Urls, AreEscaped) {
    EXPECT_EQ(Url("/notes").segment("a b").segment("c/d").query("q", "x&y=z").query("r", "").text(),
              "/notes/a%20b/c%2Fd?q=x%26y%3Dz&r=");
    EXPECT_EQ(Url("/").segment("é").segment("...").text(), "/%C3%A9/...");
    EXPECT_EQ(Url("https://example.net").segment("x").text(), "https://example.net/x");
    EXPECT_EQ(escape_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

// A name that is not a valid segment never shortens the path: otherwise, deleting one note could delete all of them.
TEST(Urls, OfWhatIsNoSegmentAreNone) {
    EXPECT_TRUE(Url("/notes").segment("a").is_valid());
    for (const char* const name : {"", ".", ".."}) {
        const Url url = Url("/notes").segment(name).segment("x").query("q", "1");
        EXPECT_FALSE(url.is_valid()) << name;
        EXPECT_EQ(url.text(), "") << name;
    }
}

// --- uploads

class Uploads : public testing::TestWithParam<std::uint64_t> {
protected:
    Uploads() {
        options_.folder = place_;
        options_.file_octets_max = 1'000'000;
        options_.field_octets_max = 1000;
        options_.files_max = 3;
        options_.fields_max = 3;
        server_.post("/upload", [this](Request& request) -> Task<std::expected<std::string, Refusal>> {
            Result<Upload> upload = co_await read_upload(request, options_);
            if (!upload) co_return std::unexpected(upload.error());
            std::string told;
            for (const auto& [name, value] : upload->fields()) told += name + "=" + value + ";";
            for (UploadedFile& file : upload->files()) {
                told += file.name() + "|" + file.file_name() + "|" + file.content_type() + "|" +
                        std::to_string(file.octets()) + ";";
                const io::Result<void> kept = co_await file.keep(request.core(), place_ + "/" + file.name());
                told += kept ? "kept;" : "there is one;";
            }
            co_return told;
        });
        server_.post("/dropped", [this](Request& request) -> Task<std::expected<std::string, Refusal>> {
            Result<Upload> upload = co_await read_upload(request, options_);
            if (!upload) co_return std::unexpected(upload.error());
            co_return upload->find("title").has_value() ? std::string(*upload->find("title")) : "none";
        });
    }

    TestAnswer post(TestClient& client, const std::string& content, const std::string& path = "/upload") {
        return client.post(path, content, "multipart/form-data; boundary=b");
    }
    [[nodiscard]] std::size_t files_left() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(place_), std::filesystem::directory_iterator()));
    }
    [[nodiscard]] std::string content_of(const std::string& name) const {
        std::ifstream file(place_ + "/" + name);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    UploadOptions options_;
    const ScratchFolder scratch_;
    const std::string place_ = scratch_.path();
    Server server_ = Server(with_large_content());

private:
    static Options with_large_content() {
        Options options;
        options.limits.content_octets_max = 10'000'000;
        return options;
    }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Uploads, testing::Range<std::uint64_t>(1, 11));

std::string field(const std::string& name, const std::string& value) {
    return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}
std::string file(const std::string& name, const std::string& file_name, const std::string& content) {
    return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + file_name +
           "\"\r\nContent-Type: text/x\r\n\r\n" + content + "\r\n";
}

TEST_P(Uploads, GoToDisk) {
    TestClient client(server_, GetParam());
    std::string large(900'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = "\r\n-b"[i * i % 7 % 4];
    const TestAnswer answer = post(client, field("title", "a\r\nb") + file("one", "../x.txt", large) +
                                               file("none", "", "") + file("two", "y", "") + "--b--\r\n");
    EXPECT_EQ(answer.content, "title=a\r\nb;one|../x.txt|text/x|900000;kept;two|y|text/x|0;kept;");
    EXPECT_EQ(files_left(), 2U);
    EXPECT_EQ(content_of("one"), large);
    EXPECT_EQ(content_of("two"), "");
    struct stat status{};
    ASSERT_EQ(::stat((place_ + "/one").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_P(Uploads, ReplaceNothing) {
    TestClient client(server_, GetParam());
    std::ofstream(place_ + "/one") << "old";
    EXPECT_EQ(post(client, file("one", "x", "new") + "--b--").content, "one|x|text/x|3;there is one;");
    EXPECT_EQ(content_of("one"), "old");
    EXPECT_EQ(files_left(), 1U);
}

TEST_P(Uploads, ThatNobodyKeepsAreRemoved) {
    TestClient client(server_, GetParam());
    EXPECT_EQ(post(client, field("title", "x") + file("one", "x", "new") + "--b--", "/dropped").content, "x");
    EXPECT_EQ(files_left(), 0U);
}

TEST_P(Uploads, HaveCaps) {
    TestClient client(server_, GetParam());
    const std::string small = file("f", "x", "y");
    EXPECT_EQ(post(client, file("f", "x", std::string(1'000'000, 'x')) + "--b--").status, 200);
    std::filesystem::remove(place_ + "/f");
    EXPECT_EQ(post(client, file("f", "x", std::string(1'000'001, 'x')) + "--b--").status, 413);
    EXPECT_EQ(post(client, field("f", std::string(1001, 'x')) + "--b--").status, 413);
    EXPECT_EQ(post(client, small + small + small + small + "--b--").status, 413);
    EXPECT_EQ(post(client, field("a", "") + field("a", "") + field("a", "") + field("a", "") + "--b--").status, 413);
    options_.content_octets_max = 100;
    EXPECT_EQ(post(client, field("a", std::string(200, 'x')) + "--b--").status, 413);
    const std::string chunk = field("a", std::string(101, 'x'));
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    const std::string chunked = client.exchange(
        "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Transfer-Encoding: chunked\r\n\r\n" +
        (size + chunk) + "\r\n5\r\n--b--\r\n0\r\n\r\n");
    EXPECT_TRUE(chunked.starts_with("HTTP/1.1 413 ")) << chunked;
    const std::string invited = client.exchange(
        "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Expect: 100-continue\r\nContent-Length: 101\r\n\r\n");
    EXPECT_TRUE(invited.starts_with("HTTP/1.1 413 ")) << invited;
    EXPECT_EQ(files_left(), 0U);
}

TEST_P(Uploads, ThatAreNoneAreRefused) {
    TestClient client(server_, GetParam());
    EXPECT_EQ(client.post("/upload", "x", "text/plain").status, 415);
    EXPECT_EQ(client.post("/upload", "x", "multipart/form-data").status, 415);
    EXPECT_EQ(post(client, "").status, 400);
    EXPECT_EQ(post(client, file("f", "x", "y")).status, 400);
    EXPECT_EQ(post(client, "--b\r\nno field\r\n\r\n").status, 400);
    options_.folder = "/no/such/folder";
    testing::internal::CaptureStderr();
    EXPECT_EQ(post(client, file("f", "x", "y") + "--b--").status, 500);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "error: an uploaded file can't be written to /no/such/folder: mkostemp: No such file or directory\n");
    EXPECT_EQ(files_left(), 0U);
}

TEST_P(Uploads, LeaveNothingWhenTheClientLeaves) {
    TestClient client(server_, GetParam());
    client.send_and_leave(
        "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: "
        "9000000\r\n\r\n" +
            file("f", "x", std::string(600'000, 'x')),
        std::chrono::seconds(1));
    client.pass(std::chrono::seconds(5));
    EXPECT_EQ(client.connections(), 0U);
    EXPECT_EQ(files_left(), 0U);
}

TEST_P(Uploads, TellHowFarTheyAre) {
    TestClient client(server_, GetParam());
    std::vector<std::uint64_t> told;
    options_.progress = [&told](std::uint64_t octets) { told.push_back(octets); };
    const std::string content = file("f", "x", std::string(500'000, 'x')) + "--b--";
    EXPECT_EQ(post(client, content).status, 200);
    ASSERT_FALSE(told.empty());
    EXPECT_TRUE(std::ranges::is_sorted(told));
    EXPECT_EQ(told.back(), content.size());
}

}  // namespace
}  // namespace portico
