// portico/app/get_test.cc — the command line of `portico get`, and what it shows.
#include "portico/app/get.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "portico/app/commands.h"
#include "portico/app/download.h"
#include "portico/base/scratch_folder_for_test.h"

namespace portico::app {
namespace {

using testing::HasSubstr;
using Kind = link::Failure::Kind;

std::expected<GetWish, Misuse> wish_from(const std::vector<std::string_view>& words) {
    static const Command command = get_command();
    const Parsed parsed = cli::parse_arguments(command, words);
    EXPECT_TRUE(parsed && *parsed) << parsed.error().message;
    return get_wish_from(**parsed);
}

std::string misuse_of(const std::vector<std::string_view>& words) {
    const auto wish = wish_from(words);
    return wish ? "" : wish.error().message;
}

TEST(GetWish, IsAGetOfTheUrl) {
    const auto wish = wish_from({"https://example.org/a"});
    ASSERT_TRUE(wish);
    EXPECT_EQ(wish->request.uri, "https://example.org/a");
    EXPECT_EQ(wish->request.method, "GET");
    EXPECT_FALSE(wish->request.content);
    EXPECT_EQ(wish->request.redirects_max, 0U);
    EXPECT_EQ(wish->client.tls.verification, tls::Verification::required);
}

TEST(GetWish, HasASchemeIfTheUrlHasNone) {
    EXPECT_EQ(wish_from({"localhost:8080/a"})->request.uri, "http://localhost:8080/a");
    EXPECT_EQ(wish_from({"ftp://localhost/"})->request.uri, "ftp://localhost/");
}

TEST(GetWish, HasTheMethodOfItsOptions) {
    EXPECT_EQ(wish_from({"a", "-I"})->request.method, "HEAD");
    EXPECT_EQ(wish_from({"a", "-d", "x"})->request.method, "POST");
    EXPECT_EQ(wish_from({"a", "-d", "x", "-X", "PUT"})->request.method, "PUT");
    EXPECT_EQ(wish_from({"a", "-X", "DELETE"})->request.method, "DELETE");
    EXPECT_THAT(misuse_of({"a", "-I", "-d", "x"}), HasSubstr("--data"));
}

TEST(GetWish, HasFieldsAndCredentials) {
    const auto wish = wish_from({"a", "-H", "X-A:  b ", "-H", "X-C:d:e", "-u", "user:pa:ss"});
    ASSERT_TRUE(wish);
    using Fields = std::vector<std::pair<std::string, std::string>>;
    const Fields expected{{"X-A", "b"}, {"X-C", "d:e"}, {"Authorization", "Basic dXNlcjpwYTpzcw=="}};
    EXPECT_EQ(wish->request.fields, expected);
    EXPECT_THAT(misuse_of({"a", "-H", "X-A"}), HasSubstr("colon"));
    EXPECT_THAT(misuse_of({"a", "-u", "user"}), HasSubstr("NAME:PASSWORD"));
    EXPECT_THAT(misuse_of({"a", "-u", "us\ner:x"}), HasSubstr("control"));
}

TEST(GetWish, HasContentOfWordsAndFiles) {
    const ScratchFolder folder;
    std::ofstream(folder.file("a"), std::ios::binary) << "\r\nx";
    const std::string at = "@" + folder.file("a");
    EXPECT_EQ(wish_from({"a", "-d", "b=c", "-d", "d"})->request.content, "b=c&d");
    EXPECT_EQ(wish_from({"a", "-d", at, "-d", "y"})->request.content, "\r\nx&y");
    EXPECT_EQ(wish_from({"a", "-d", at})->upload, folder.file("a"));
    EXPECT_FALSE(wish_from({"a", "-d", at})->request.content);
    EXPECT_EQ(wish_from({"a", "-d", at})->request.method, "POST");
    EXPECT_EQ(wish_from({"a", "-d", ""})->request.content, "");
    EXPECT_THAT(misuse_of({"a", "-d", "@/nowhere"}), HasSubstr("'/nowhere' cannot be read"));
    EXPECT_EQ(wish_from({"a", "-d", "b"})->request.fields.at(0).second, "application/x-www-form-urlencoded");
    EXPECT_EQ(wish_from({"a", "-d", "b", "-H", "content-type: text/plain"})->request.fields.size(), 1U);
}

// As curl's -T.
TEST(GetWish, UploadsFiles) {
    const ScratchFolder folder;
    std::ofstream(folder.file("a b"), std::ios::binary) << "x";
    const std::string path = folder.file("a b");
    const auto wish = wish_from({"http://a/in/", "-T", path});
    ASSERT_TRUE(wish);
    EXPECT_EQ(wish->upload, path);
    EXPECT_EQ(wish->request.method, "PUT");
    EXPECT_EQ(wish->request.uri, "http://a/in/a%20b");
    EXPECT_TRUE(wish->request.fields.empty());
    EXPECT_EQ(wish_from({"a/", "-T", "-", "-X", "POST"})->request.method, "POST");
    EXPECT_EQ(wish_from({"a/", "-T", "-"})->request.uri, "http://a/");
    EXPECT_EQ(wish_from({"a/b", "-T", path})->request.uri, "http://a/b");
    EXPECT_THAT(misuse_of({"a", "-T", "/nowhere"}), HasSubstr("'/nowhere' cannot be read"));
    EXPECT_THAT(misuse_of({"a", "-T", "-", "-d", "x"}), HasSubstr("--data"));
    EXPECT_THAT(misuse_of({"a", "-T", "-", "-I"}), HasSubstr("--head"));
}

TEST(GetWish, HasAVersion) {
    using link::SpokenVersion;
    EXPECT_EQ(wish_from({"a"})->client.version, SpokenVersion::negotiated);
    EXPECT_EQ(wish_from({"a", "--http1.1"})->client.version, SpokenVersion::http_1_1);
    EXPECT_EQ(wish_from({"a", "--http2-prior-knowledge"})->client.version, SpokenVersion::http_2_prior_knowledge);
    EXPECT_THAT(misuse_of({"a", "--http1.1", "--http2-prior-knowledge"}), HasSubstr("exclude"));
}

TEST(GetWish, HasItsConnection) {
    const auto wish = wish_from({"https://a/", "-k", "-4", "-m", "3s", "--unix-socket", "/run/x", "-L", "-f"});
    ASSERT_TRUE(wish);
    EXPECT_EQ(wish->client.tls.verification, tls::Verification::none);
    EXPECT_EQ(wish->client.family, io::Family::ipv4);
    EXPECT_EQ(wish->time_max, std::chrono::seconds(3));
    EXPECT_EQ(wish->client.connect_to, io::Endpoint::unix_stream("/run/x"));
    EXPECT_EQ(wish->request.redirects_max, 10U);
    EXPECT_TRUE(wish->fails_on_error_status);
    EXPECT_THAT(misuse_of({"a", "--ca", "/nowhere"}), HasSubstr("/nowhere"));
    EXPECT_THAT(misuse_of({"a", "-m", "0"}), HasSubstr("--max-time"));
}

TEST(GetExitCodes, AreDifferentAndInTheManual) {
    std::set<int> codes;
    for (int kind = 0; kind <= static_cast<int>(Kind::no_memory); ++kind) {
        const int code = exit_code_of(static_cast<Kind>(kind));
        EXPECT_TRUE(codes.insert(code).second) << code;
        if (code == exit_misuse) continue;  // every command has that one
        EXPECT_THAT("\n" + std::string(get_command().exit_codes), HasSubstr("\n" + std::to_string(code) + " "));
    }
}

TEST(Progress, IsOneLineForPeople) {
    using std::chrono::seconds;
    EXPECT_EQ(progress_text(0, std::nullopt, seconds(0)), "0 B");
    EXPECT_EQ(progress_text(1'500'000, 3'000'000, seconds(2)), "1.50 MB of 3.00 MB  50 %  750 kB/s");
    EXPECT_EQ(progress_text(2'000, std::nullopt, seconds(1)), "2.00 kB  2.00 kB/s");
    EXPECT_EQ(progress_text(0, 0, seconds(1)), "0 B of 0 B  100 %  0 B/s");
}

TEST(BinaryContent, HasANul) {
    EXPECT_TRUE(is_binary(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_binary("text \xc3\xa4\x1b[2J"));
    EXPECT_FALSE(is_binary(""));
}

}  // namespace
}  // namespace portico::app
