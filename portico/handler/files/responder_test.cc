// The responses to requests for files, on a real folder.
#include "portico/handler/files/responder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <set>

#include "portico/base/row_name_for_test.h"
#include "portico/handler/files/responder_for_test.h"
#include "portico/io/scope.h"

namespace portico::files {
namespace {

using http::FieldName;
using http::Status;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;
using testing::HasSubstr;

class SmallFiles : public ResponderTest {
protected:
    SmallFiles() { root.write("a.txt", "hello"); }
};

TEST_F(SmallFiles, AreAnsweredWithAllThatIsSaidOfThem) {
    const Answer answer = get("/a.txt");
    EXPECT_EQ(answer.status, Status::ok);
    EXPECT_EQ(answer.content(), "hello");
    EXPECT_EQ(answer.field(FieldName::content_type), "text/plain; charset=utf-8");
    EXPECT_THAT(answer.field(FieldName::etag), testing::MatchesRegex("\"5-[0-9a-f]+\""));
    EXPECT_THAT(answer.field(FieldName::last_modified), HasSubstr(" GMT"));
    EXPECT_EQ(answer.field(FieldName::accept_ranges), "bytes");
    EXPECT_EQ(answer.field(FieldName::cache_control), "no-cache");
    EXPECT_EQ(answer.field(FieldName::vary), "Accept-Encoding");
    EXPECT_EQ(answer.field(FieldName::x_content_type_options), "nosniff");
    EXPECT_EQ(answer.field(FieldName::access_control_allow_origin), "(none)");
}

TEST_F(SmallFiles, AreAnsweredAtOnceTheSecondTime) {
    const Answer first = get("/a.txt");
    EXPECT_TRUE(is_answered_at_once("/a.txt"));
    EXPECT_TRUE(is_answered_at_once("/a.txt", {{FieldName::if_none_match, first.field(FieldName::etag)}}));
    EXPECT_TRUE(is_answered_at_once("/a.txt", {{FieldName::range, "bytes=1-2"}}));
    EXPECT_FALSE(is_answered_at_once("/b.txt"));
}

TEST_F(SmallFiles, AreNotModifiedForWhoHasThem) {
    const std::string etag = get("/a.txt").field(FieldName::etag);
    const Answer answer = get("/a.txt", {{FieldName::if_none_match, etag}});
    EXPECT_EQ(answer.status, Status::not_modified);
    EXPECT_EQ(answer.field(FieldName::etag), etag);
    EXPECT_EQ(answer.field(FieldName::cache_control), "no-cache");
    EXPECT_EQ(answer.field(FieldName::content_type), "(none)");
    EXPECT_EQ(answer.content(), "");
    EXPECT_EQ(get("/a.txt", {{FieldName::if_match, "\"other\""}}).status, Status::precondition_failed);
}

TEST_F(SmallFiles, AreSentInParts) {
    const Answer one = get("/a.txt", {{FieldName::range, "bytes=1-2"}});
    EXPECT_EQ(one.status, Status::partial_content);
    EXPECT_EQ(one.content(), "el");
    EXPECT_EQ(one.field(FieldName::content_range), "bytes 1-2/5");

    const Answer two = get("/a.txt", {{FieldName::range, "bytes=0-0,4-4"}});
    EXPECT_EQ(two.status, Status::partial_content);
    EXPECT_THAT(two.field(FieldName::content_type), HasSubstr("multipart/byteranges; boundary="));
    EXPECT_THAT(two.content(), HasSubstr("Content-Range: bytes 4-4/5\r\n\r\no\r\n--"));
    EXPECT_EQ(two.response.fields.count(FieldName::content_type), 1U);

    const Answer beyond = get("/a.txt", {{FieldName::range, "bytes=5-"}});
    EXPECT_EQ(beyond.status, Status::range_not_satisfiable);
    EXPECT_EQ(beyond.field(FieldName::content_range), "bytes */5");
}

TEST_F(SmallFiles, OfNoOctetsHaveNoContent) {
    root.write("empty.txt", "");
    const Answer answer = get("/empty.txt");
    EXPECT_EQ(answer.status, Status::ok);
    EXPECT_EQ(answer.response.content_octets(), 0U);
}

TEST_F(SmallFiles, AreReadAgainWhenTheyHaveChanged) {
    options.revalidate = std::chrono::milliseconds(0);
    const std::string before = get("/a.txt").field(FieldName::etag);
    root.write("a.txt", "other");
    const Answer answer = get("/a.txt");
    EXPECT_EQ(answer.content(), "other");
    EXPECT_NE(answer.field(FieldName::etag), before);
    std::filesystem::remove(root.path() / "a.txt");
    EXPECT_EQ(get("/a.txt").status, Status::not_found);
    root.write("a.txt", "again");
    EXPECT_EQ(get("/a.txt").content(), "again");
}

TEST_F(SmallFiles, AreTrustedUntilTheyAreDueForALook) {
    options.revalidate = 1h;
    EXPECT_EQ(get("/a.txt").content(), "hello");
    root.write("a.txt", "other");
    EXPECT_EQ(get("/a.txt").content(), "hello");
}

TEST_F(SmallFiles, AreNewsEvenIfTheirTimeWasSetBack) {
    options.revalidate = std::chrono::milliseconds(0);
    options.clock_tick_max = std::chrono::milliseconds(50);
    const auto time = std::filesystem::last_write_time(root.path() / "a.txt");
    EXPECT_EQ(get("/a.txt").content(), "hello");
    std::ofstream(root.path() / "a.txt") << "HELLO";
    std::filesystem::last_write_time(root.path() / "a.txt", time);
    EXPECT_EQ(get("/a.txt").content(), "HELLO");
}

TEST_F(SmallFiles, OfTheFutureWereModifiedNow) {
    root.write_at("future.txt", "x", 48h);
    const Answer answer = get("/future.txt");
    const auto modified = http::parse_date(answer.field(FieldName::last_modified), {});
    ASSERT_TRUE(modified.has_value());
    EXPECT_LE(*modified, std::chrono::system_clock::now());
}

class LargeFiles : public ResponderTest {
protected:
    LargeFiles() {
        options.cache_limits.read_file_octets_max = 0;
        root.write("large.bin", std::string(100'000, 'x') + "end");
    }
};

TEST_F(LargeFiles, AreSentFromAnOpenFile) {
    const Answer answer = get("/large.bin");
    ASSERT_EQ(answer.response.content.size(), 1U);
    const http::Piece& piece = answer.response.content.front();
    ASSERT_NE(piece.file, nullptr);
    EXPECT_EQ(piece.length, 100'003U);
    EXPECT_EQ(piece.file_octets, 100'003U);
    EXPECT_NE(piece.file_modified, 0);
    EXPECT_NE(piece.file_changed, 0);
    EXPECT_EQ(piece.file_links, 1U);
    EXPECT_EQ(handler->store().cache().descriptors(), 1U);
    EXPECT_TRUE(is_answered_at_once("/large.bin"));
    EXPECT_EQ(get("/large.bin", {{FieldName::range, "bytes=-3"}}).content(), "end");
}

TEST_F(LargeFiles, AreOpenedAgainAtOnceWhenTheyHaveChanged) {
    options.revalidate = 1h;
    EXPECT_EQ(get("/large.bin").response.content_octets(), 100'003U);
    root.write("large.bin", std::string(70'000, 'y'));
    EXPECT_EQ(get("/large.bin").response.content_octets(), 70'000U);
}

TEST_F(LargeFiles, StayWholeForWhoHoldsThemWhenTheyAreReplaced) {
    const Answer before = get("/large.bin");
    root.write("new.bin", std::string(80'000, 'n'));
    std::filesystem::rename(root.path() / "new.bin", root.path() / "large.bin");
    EXPECT_EQ(before.content(), std::string(100'000, 'x') + "end");
    EXPECT_EQ(get("/large.bin").response.content_octets(), 80'000U);
}

TEST_F(LargeFiles, AreClosedWhenTheirNameIsGone) {
    options.revalidate = 0s;
    EXPECT_EQ(get("/large.bin").status, Status::ok);
    EXPECT_EQ(handler->store().cache().descriptors(), 1U);
    std::filesystem::remove(root.path() / "large.bin");
    EXPECT_EQ(get("/large.bin").status, Status::not_found);
    EXPECT_EQ(handler->store().cache().descriptors(), 0U);
    EXPECT_TRUE(is_answered_at_once("/large.bin")) << "that there is no such file is cached instead";
}

// Files that are neither small nor too large to be read into memory.
class MiddlingFiles : public ResponderTest {
protected:
    MiddlingFiles() {
        root.write("a.bin", std::string(100'000, 'x') + "end");
        root.write("b.bin", content_);
    }
    std::string content_ = std::string(300'000, 'y');
};

TEST_F(MiddlingFiles, AreSentFromMemory) {
    const Answer answer = get("/a.bin");
    EXPECT_EQ(answer.response.content.front().file, nullptr);
    EXPECT_EQ(handler->store().cache().descriptors(), 0U);
    EXPECT_TRUE(is_answered_at_once("/a.bin"));
    std::ofstream(root.path() / "a.bin") << "other";
    EXPECT_EQ(answer.content(), std::string(100'000, 'x') + "end");
}

TEST_F(MiddlingFiles, CanBeSentFromTheFileTooIfTheyAreLarger) {
    const Answer answer = get("/b.bin");
    const http::Piece& piece = answer.response.content.front();
    EXPECT_EQ(piece.octets, content_);
    EXPECT_EQ(answer.content(), content_) << "read from the descriptor";
    EXPECT_EQ(piece.file_octets, content_.size());
    EXPECT_EQ(handler->store().cache().descriptors(), 1U);
    EXPECT_TRUE(is_answered_at_once("/b.bin"));
    const Answer part = get("/b.bin", {{FieldName::range, "bytes=-4"}});
    EXPECT_EQ(part.response.content.front().file, nullptr);
    EXPECT_EQ(part.content(), "yyyy");
}

TEST_F(MiddlingFiles, TakeHalfOfTheCacheAtMost) {
    options.cache_limits.octets_max = 1'000'000;
    options.cache_limits.read_file_octets_max = 400'000;
    EXPECT_FALSE(get("/a.bin").response.content.front().octets.empty());
    EXPECT_TRUE(get("/b.bin").response.content.front().octets.empty());
    EXPECT_EQ(handler->store().cache().octets(), core.ledger().used());
}

// --- entity tags

class Tags : public ResponderTest {
protected:
    Tags() {
        options.revalidate = std::chrono::milliseconds(0);
        options.clock_tick_max = std::chrono::milliseconds(50);
    }
    std::string tag_of(std::string_view target, std::string_view coding = "identity") {
        return get(target, {{FieldName::accept_encoding, coding}}).field(FieldName::etag);
    }
    // Imitates a build that gives all of its files the same time.
    void write_with_one_time(const std::string& name, std::string_view content) {
        root.write(name, content);
        std::filesystem::last_write_time(root.path() / name, std::filesystem::file_time_type());
    }
};

TEST_F(Tags, TellContentsOfOneSizeAndTimeApart) {
    for (const std::size_t octets : {10U, 100'000U, 600'000U}) {
        write_with_one_time("a.txt", std::string(octets, 'a'));
        const std::string before = tag_of("/a.txt");
        write_with_one_time("a.txt", std::string(octets - 1, 'a') + 'b');
        EXPECT_NE(tag_of("/a.txt"), before) << octets;
        EXPECT_EQ(get("/a.txt", {{FieldName::if_none_match, before}}).status, Status::ok) << octets;
        write_with_one_time("a.txt", 'b' + std::string(octets - 1, 'a'));
        EXPECT_NE(tag_of("/a.txt"), before) << octets;
    }
}

TEST_F(Tags, AreTheSameOnEveryReplica) {
    for (const std::size_t octets : {10U, 100'000U, 600'000U}) {
        root.write_at("a.txt", std::string(octets, 'a'), std::chrono::hours(-1));
        const std::string before = tag_of("/a.txt");
        std::filesystem::remove(root.path() / "a.txt");
        root.write_at("a.txt", std::string(octets, 'a'), std::chrono::hours(-2));
        EXPECT_EQ(tag_of("/a.txt"), before) << octets;
        EXPECT_EQ(get("/a.txt", {{FieldName::if_none_match, before}}).status, Status::not_modified) << octets;
    }
}

TEST_F(Tags, OfLargeFilesResumeADownload) {
    root.write("a.bin", std::string(100'000, 'a'));
    const std::string tag = tag_of("/a.bin");
    const Answer rest = get("/a.bin", {{FieldName::range, "bytes=99999-"}, {FieldName::if_range, tag}});
    EXPECT_EQ(rest.status, Status::partial_content);
}

TEST_F(Tags, OfFilesThatAreTooLargeToBeHashedAreMadeOfTheirTimes) {
    options.cache_limits.hashed_file_octets_max = 99'999;
    write_with_one_time("a.bin", std::string(100'000, 'a'));
    const std::string before = tag_of("/a.bin");
    EXPECT_EQ(std::count(before.begin(), before.end(), '-'), 2) << before;
    EXPECT_EQ(get("/a.bin", {{FieldName::range, "bytes=1-2"}, {FieldName::if_range, before}}).status,
              Status::partial_content);
    EXPECT_EQ(tag_of("/a.bin"), before);
    const auto changed = [this] {
        struct stat status{};
        EXPECT_EQ(::stat((root.path() / "a.bin").c_str(), &status), 0);
        return std::pair(status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
    };
    const auto changed_before = changed();
    while (changed() == changed_before)
        write_with_one_time("a.bin", std::string(100'000, 'b'));  // until the clock ticks
    EXPECT_NE(tag_of("/a.bin"), before) << "nobody can set the time of change back";
}

TEST_F(Tags, OfEveryCodingDiffer) {
    root.write("a.txt", std::string(5000, 'a'));
    root.write("a.txt.br", "not really br");
    const std::set<std::string> tags{tag_of("/a.txt"), tag_of("/a.txt", "gzip"), tag_of("/a.txt", "zstd"),
                                     tag_of("/a.txt", "br")};
    EXPECT_EQ(tags.size(), 4U);
    std::filesystem::remove(root.path() / "a.txt.br");
    EXPECT_FALSE(tags.contains(tag_of("/a.txt", "br"))) << "the one that we make has other octets";
}

TEST_F(Tags, OfFilesWithoutASizeAreThoseOfTheirContent) {
    options.root = "/proc/self";
    options.revalidate = 1h;
    options.clock_tick_max = std::chrono::milliseconds(0);  // these files are always new
    const Answer status = get("/status");
    EXPECT_EQ(status.status, Status::ok);
    EXPECT_NE(status.content().find("Name:"), std::string::npos);
    EXPECT_FALSE(is_answered_at_once("/status")) << "nothing tells when its content changes";
    EXPECT_EQ(get("/status", {{FieldName::range, "bytes=0-4"}}).content(), "Name:");
    options.cache_limits.small_file_octets_max = 4;
    serve();
    EXPECT_EQ(get("/status").status, Status::forbidden);
}

struct RefusedRow {
    const char* name;
    std::string_view target;
    Status status;
};
class Refused : public ResponderTest, public testing::WithParamInterface<RefusedRow> {};

TEST_P(Refused, PathsAnswerWithTheirStatusTwice) {
    namespace fs = std::filesystem;
    root.write("a.txt", "hello");
    root.write(".secret", "hidden");
    root.write(".git/config", "hidden");
    root.write(".well-known/security.txt", "published");
    root.write("sub/b.txt", "beneath");
    std::ofstream(root.outside() / "outside.txt") << "not yours";
    fs::create_symlink("../outside.txt", root.path() / "out");
    fs::create_symlink(root.outside() / "outside.txt", root.path() / "absolute");
    fs::create_symlink("..", root.path() / "parent");
    fs::create_symlink("loop", root.path() / "loop");
    fs::create_symlink("sub/b.txt", root.path() / "inside");
    fs::create_symlink("../a.txt", root.path() / "sub/up");
    ASSERT_EQ(::mkfifo((root.path() / "fifo").c_str(), 0644), 0);
    for (const char* const time : {"first", "second"}) {
        EXPECT_EQ(get(GetParam().target).status, GetParam().status) << time;
    }
}
INSTANTIATE_TEST_SUITE_P(
    Folder, Refused,
    testing::Values(
        RefusedRow{"Missing", "/b.txt", Status::not_found}, RefusedRow{"BelowAFile", "/a.txt/b", Status::not_found},
        RefusedRow{"FileWithSlash", "/a.txt/", Status::not_found}, RefusedRow{"Fifo", "/fifo", Status::not_found},
        RefusedRow{"LinkOut", "/out", Status::not_found}, RefusedRow{"AbsoluteLinkOut", "/absolute", Status::not_found},
        RefusedRow{"LinkToParent", "/parent/outside.txt", Status::not_found},
        RefusedRow{"LinkLoop", "/loop", Status::not_found}, RefusedRow{"LinkInside", "/inside", Status::ok},
        RefusedRow{"LinkUpInside", "/sub/up", Status::ok}, RefusedRow{"Dotfile", "/.secret", Status::not_found},
        RefusedRow{"BelowADotfolder", "/.git/config", Status::not_found},
        RefusedRow{"WellKnown", "/.well-known/security.txt", Status::ok},
        RefusedRow{"LongName",
                   "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                   Status::not_found},
        RefusedRow{"Climbing", "/../outside.txt", Status::bad_request}),
    row_name);

class Folders : public ResponderTest {
protected:
    Folders() {
        root.write("with/index.html", "<p>index");
        root.write("without/file.txt", "x");
    }
};

TEST_F(Folders, WithoutSlashLeadToTheOneWith) {
    const Answer answer = get("/with?a=b&c");
    EXPECT_EQ(answer.status, Status::moved_permanently);
    EXPECT_EQ(answer.field(FieldName::location), "/with/?a=b&c");
}

TEST_F(Folders, NeverLeadToAnotherHost) {
    root.write("evil.example/index.html", "x");
    EXPECT_EQ(get("//evil.example").field(FieldName::location), "/evil.example/");
    root.write("a:b c/index.html", "x");
    EXPECT_EQ(get("/a:b%20c").field(FieldName::location), "/a%3Ab%20c/");
}

TEST_F(Folders, AnswerWithTheirIndexFile) {
    const Answer answer = get("/with/");
    EXPECT_EQ(answer.content(), "<p>index");
    EXPECT_EQ(answer.field(FieldName::content_type), "text/html; charset=utf-8");
    EXPECT_TRUE(is_answered_at_once("/with/"));
}

TEST_F(Folders, AreListedAsHtmlOrJson) {
    const Answer html = get("/without/");
    EXPECT_EQ(html.field(FieldName::content_type), "text/html; charset=utf-8");
    EXPECT_EQ(html.field(FieldName::vary), "Accept, Accept-Encoding");
    EXPECT_THAT(html.field(FieldName::content_security_policy), HasSubstr("default-src 'none'"));
    EXPECT_THAT(html.content(), HasSubstr("<a href=\"file.txt\">"));
    EXPECT_TRUE(is_answered_at_once("/without/"));

    const Answer json = get("/without/", {{FieldName::accept, "application/json"}});
    EXPECT_EQ(json.field(FieldName::content_type), "application/json");
    EXPECT_THAT(json.content(), HasSubstr("\"name\":\"file.txt\""));
    EXPECT_EQ(get("/without/",
                  {{FieldName::if_none_match, json.field(FieldName::etag)}, {FieldName::accept, "application/json"}})
                  .status,
              Status::not_modified);
}

TEST_F(Folders, AreNotListedWhereTheyAreNotTo) {
    options.listing = Listing::off;
    EXPECT_EQ(get("/without/").status, Status::not_found);
    EXPECT_EQ(get("/with/").status, Status::ok);
}

TEST_F(Folders, ListNoDotfilesAndNothingThatIsNoFile) {
    root.write("without/.concealed", "x");
    ASSERT_EQ(::mkfifo((root.path() / "without/pipe").c_str(), 0644), 0);
    EXPECT_THAT(get("/without/").content(), testing::Not(testing::AnyOf(HasSubstr("concealed"), HasSubstr("pipe"))));
}

TEST_F(Folders, ListLinksThatLeadToSomethingBeneathTheRoot) {
    namespace fs = std::filesystem;
    fs::create_symlink("../with", root.path() / "without/latest");
    fs::create_symlink("../../..", root.path() / "without/escape");
    fs::create_symlink("nowhere", root.path() / "without/dangling");
    const std::string page = get("/without/").content();
    EXPECT_THAT(page, HasSubstr("href=\"latest/\""));
    EXPECT_THAT(page, testing::Not(testing::AnyOf(HasSubstr("escape"), HasSubstr("dangling"))));
}

TEST_F(Folders, AreListedInPartWhereThereIsTooMuch) {
    options.listing_entries_max = 2;
    for (const char* const name : {"1", "2", "3"}) root.write(std::string("many/") + name, "x");
    EXPECT_THAT(get("/many/", {{FieldName::accept, "application/json"}}).content(), HasSubstr("\"truncated\":true"));
}

TEST_F(Folders, HaveAnIndexAsSoonAsThereIsOne) {
    options.revalidate = std::chrono::milliseconds(0);
    EXPECT_THAT(get("/without/").content(), HasSubstr("file.txt"));
    root.write("without/index.html", "now");
    EXPECT_EQ(get("/without/").content(), "now");
    std::filesystem::remove(root.path() / "without/index.html");
    EXPECT_THAT(get("/without/").content(), HasSubstr("file.txt"));
}

TEST_F(Folders, AreEnteredByAnyOfTheirIndexFiles) {
    options.index = {"index.html", "index.htm"};
    root.write("old/index.htm", "old");
    EXPECT_EQ(get("/old/").content(), "old");
}

class Codings : public ResponderTest {
protected:
    Codings() {
        root.write("text.txt", text);
        root.write("pre.css", "original");
        root.write("pre.css.gz", "as gzip");
        root.write("pre.css.br", "as brotli");
    }
    static std::string gunzip(const std::string& octets) {
        z_stream stream{};
        EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
        std::string out(1'000'000, '\0');
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
        stream.avail_in = static_cast<uInt>(octets.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
        out.resize(stream.total_out);
        inflateEnd(&stream);
        return out;
    }
    const std::string text = std::string(3000, 'a') + std::string(3000, 'b');
};

TEST_F(Codings, ArePrecompressedFiles) {
    const Answer br = get("/pre.css", {{FieldName::accept_encoding, "gzip, br"}});
    EXPECT_EQ(br.content(), "as brotli");
    EXPECT_EQ(br.field(FieldName::content_encoding), "br");
    EXPECT_EQ(br.field(FieldName::content_type), "text/css; charset=utf-8");
    EXPECT_EQ(br.field(FieldName::vary), "Accept-Encoding");
    const Answer gzip = get("/pre.css", {{FieldName::accept_encoding, "gzip"}});
    EXPECT_EQ(gzip.content(), "as gzip");
    const Answer identity = get("/pre.css");
    EXPECT_EQ(identity.content(), "original");
    EXPECT_NE(br.field(FieldName::etag), gzip.field(FieldName::etag));
    EXPECT_NE(br.field(FieldName::etag), identity.field(FieldName::etag));
    EXPECT_TRUE(is_answered_at_once("/pre.css", {{FieldName::accept_encoding, "br"}}));
}

TEST_F(Codings, ArePassedOverWhenTheyAreLeftOver) {
    root.write_at("pre.css.br", "of an earlier version", -2h);
    EXPECT_EQ(get("/pre.css", {{FieldName::accept_encoding, "br, gzip;q=0.5"}}).content(), "as gzip");
}

TEST_F(Codings, AreMadeOfText) {
    const Answer answer = get("/text.txt", {{FieldName::accept_encoding, "gzip"}});
    EXPECT_EQ(answer.field(FieldName::content_encoding), "gzip");
    EXPECT_EQ(gunzip(answer.content()), text);
    EXPECT_TRUE(is_answered_at_once("/text.txt", {{FieldName::accept_encoding, "gzip"}}));
    for (const std::string_view coding : {"br", "zstd"}) {
        const Answer other = get("/text.txt", {{FieldName::accept_encoding, coding}});
        EXPECT_EQ(other.field(FieldName::content_encoding), coding);
        EXPECT_LT(other.content().size(), 1000U);
        EXPECT_NE(other.field(FieldName::etag), answer.field(FieldName::etag));
    }
}

TEST_F(Codings, AreMadeOfTextFromAnOpenFile) {
    std::string large;
    for (int line = 0; line < 10'000; ++line) large += "line " + std::to_string(line) + "\n";
    root.write("large.txt", large);
    const Answer answer = get("/large.txt", {{FieldName::accept_encoding, "gzip"}});
    EXPECT_EQ(gunzip(answer.content()), large);
    const Answer part = get("/large.txt", {{FieldName::accept_encoding, "gzip"}, {FieldName::range, "bytes=2-9"}});
    EXPECT_EQ(part.status, Status::partial_content);
    EXPECT_EQ(part.content(), answer.content().substr(2, 8));
}

TEST_F(Codings, AreCountedInTheCache) {
    root.write("large.css", "original");
    root.write("large.css.br", std::string(200'000, 'x'));  // in memory, and open
    for (const std::string_view target : {"/text.txt", "/large.css"}) {
        EXPECT_EQ(get(target).field(FieldName::content_encoding), "(none)");
        EXPECT_EQ(get(target, {{FieldName::accept_encoding, "br"}}).field(FieldName::content_encoding), "br");
        EXPECT_EQ(handler->store().cache().octets(), core.ledger().used()) << target;
    }
    EXPECT_EQ(handler->store().cache().descriptors(), 1U);
}

TEST_F(Codings, AreNotMadeOfWhatGainsNothing) {
    root.write("picture.png", text);
    root.write("short.txt", "short");
    std::string noise;
    for (std::uint32_t i = 0, x = 1; i < 5000; ++i, x = x * 1664525U + 1013904223U) noise += static_cast<char>(x >> 24);
    root.write("noise.txt", noise);
    for (const std::string_view target : {"/picture.png", "/short.txt", "/noise.txt"}) {
        const Answer answer = get(target, {{FieldName::accept_encoding, "gzip, br, zstd"}});
        EXPECT_EQ(answer.field(FieldName::content_encoding), "(none)") << target;
        EXPECT_EQ(answer.status, Status::ok) << target;
    }
    EXPECT_EQ(get("/picture.png").field(FieldName::vary), "(none)");
}

TEST_F(Codings, AreMadeAlsoOfLittleForWhoRefusesIdentity) {
    root.write("short.txt", "short");
    root.write("picture.png", text);
    const Answer answer = get("/short.txt", {{FieldName::accept_encoding, "gzip, identity;q=0"}});
    EXPECT_EQ(gunzip(answer.content()), "short");
    EXPECT_EQ(get("/picture.png", {{FieldName::accept_encoding, "gzip, identity;q=0"}}).status, Status::not_acceptable);
}

TEST_F(Codings, OfListingsAreMadeToo) {
    const Answer answer = get("/", {{FieldName::accept_encoding, "gzip"}});
    EXPECT_THAT(gunzip(answer.content()), HasSubstr("pre.css.br"));
}

class Options : public ResponderTest {
protected:
    Options() {
        root.write("index.html", "root index");
        root.write("a.txt", "hello");
    }
};

TEST_F(Options, SayWhichMethodsThereAre) {
    for (const std::string_view target : {"*", "/a.txt"}) {
        const Answer answer = ask(make_request(target, {}, http::Method::options));
        EXPECT_EQ(answer.status, Status::no_content);
        EXPECT_EQ(answer.field(FieldName::allow), "GET, HEAD, OPTIONS");
    }
    const Answer post = ask(make_request("/a.txt", {}, http::Method::post));
    EXPECT_EQ(post.status, Status::method_not_allowed);
    EXPECT_EQ(post.field(FieldName::allow), "GET, HEAD, OPTIONS");
    EXPECT_EQ(ask(make_request("/a.txt", {}, http::Method::other)).status, Status::not_implemented);
}

TEST_F(Options, LetOtherSitesReadWhereTheyMay) {
    options.cross_origin = CrossOrigin::everyone;
    EXPECT_EQ(get("/a.txt").field(FieldName::access_control_allow_origin), "*");
    EXPECT_EQ(get("/missing").field(FieldName::access_control_allow_origin), "*");
    const Answer preflight =
        ask(make_request("/a.txt", {{FieldName::access_control_request_method, "GET"}}, http::Method::options));
    EXPECT_EQ(preflight.status, Status::no_content);
    EXPECT_EQ(preflight.field(FieldName::access_control_allow_methods), "GET, HEAD, OPTIONS");
}

TEST_F(Options, SayHowLongAnswersMayBeKept) {
    options.cache = 60s;
    EXPECT_EQ(get("/a.txt").field(FieldName::cache_control), "public, max-age=60");
    EXPECT_EQ(get("/missing").field(FieldName::cache_control), "no-store");
}

TEST_F(Options, GiveTheRootsIndexToNavigations) {
    options.missing_path = MissingPath::root_index;
    const Answer view = get("/user/42");
    EXPECT_EQ(view.status, Status::ok);
    EXPECT_EQ(view.content(), "root index");
    EXPECT_EQ(view.field(FieldName::vary), "Accept, Accept-Encoding");
    EXPECT_TRUE(is_answered_at_once("/user/42"));
    EXPECT_EQ(get("/user/j.doe", {{FieldName::accept, "text/html,*/*;q=0.8"}}).status, Status::ok);
    EXPECT_EQ(get("/missing.js", {{FieldName::accept, "*/*"}}).status, Status::not_found);
    EXPECT_EQ(get("/api/x", {{FieldName::accept, "application/json"}}).status, Status::not_found);
    EXPECT_EQ(get("/.hidden").status, Status::not_found);
}

TEST_F(Options, ShowDotfilesOnlyIfTheyAreTo) {
    options.dotfiles = Dotfiles::served;
    root.write(".env", "x");
    EXPECT_EQ(get("/.env").status, Status::ok);
}

class OwnPage : public ResponderTest {
protected:
    OwnPage() { root.write("404.html", "<h1>Lost</h1>"); }
};

TEST_F(OwnPage, IsShownWhereThereIsNothing) {
    for (const std::string_view target : {"/missing", "/missing/", "/.hidden"}) {
        const Answer answer = get(target);
        EXPECT_EQ(answer.status, Status::not_found) << target;
        EXPECT_EQ(answer.content(), "<h1>Lost</h1>") << target;
        EXPECT_EQ(answer.field(FieldName::content_type), "text/html; charset=utf-8");
        EXPECT_EQ(answer.field(FieldName::etag), "(none)");
        EXPECT_TRUE(target == "/.hidden" || is_answered_at_once(target));
    }
    EXPECT_EQ(get("/404.html").status, Status::ok);
}

TEST_F(OwnPage, IsNotForWhoWantsNoPage) {
    EXPECT_THAT(get("/missing", {{FieldName::accept, "application/json"}}).content(), HasSubstr("\"status\":404"));
    EXPECT_EQ(get("/missing", {{FieldName::accept, "text/plain"}}).content(),
              "404 Not Found\nThere is nothing at this address.\n");
}

// One file, and the folder in which it happens to be.
class OnlyFile : public ResponderTest {
protected:
    OnlyFile() {
        root.write("re port.pdf", "%PDF");
        root.write("index.html", "index");
        root.write("404.html", "own page");
        options.only_file = "re port.pdf";
        options.missing_path = MissingPath::root_index;
    }
};

TEST_F(OnlyFile, IsAllThatIsServed) {
    root.write("re port.pdf.gz", "not asked for");
    for (const std::string_view target : {"/", "/re%20port.pdf"}) {
        const Answer answer = get(target, {{FieldName::accept_encoding, "gzip"}});
        EXPECT_EQ(answer.content(), "%PDF") << target;
        EXPECT_EQ(answer.field(FieldName::content_type), "application/pdf");
    }
    for (const std::string_view target : {"/index.html", "/404.html", "/x", "/re%20port.pdf/", "/re%20port.pdf.gz"}) {
        const Answer answer = get(target);
        EXPECT_EQ(answer.status, Status::not_found) << target;
        EXPECT_THAT(answer.content(), testing::Not(testing::AnyOf("index", "own page"))) << target;
    }
}

TEST_F(OnlyFile, IsNotReplacedByAnyOtherOnceItIsGone) {
    std::filesystem::remove(root.path() / "re port.pdf");
    EXPECT_EQ(get("/").status, Status::not_found);
    root.write("re port.pdf/secret", "secret");
    EXPECT_EQ(get("/re%20port.pdf/secret").status, Status::not_found);
}

class CleanNamesOfPages : public ResponderTest {
protected:
    CleanNamesOfPages() {
        options.clean_names = CleanNames::on;
        options.revalidate = 0s;
        root.write("about.html", "page");
        root.write("team/index.html", "folder");
        root.write("team.html", "shadowed");
        root.write("plain", "file");
        root.write("plain.html", "shadowed");
        root.write(".env.html", "hidden");
        root.write("odd.html/index.html", "a folder");
    }
};

TEST_F(CleanNamesOfPages, LeadToThemIfThereIsNothingElse) {
    const Answer page = get("/about");
    EXPECT_EQ(page.content(), "page");
    EXPECT_EQ(page.field(FieldName::content_type), "text/html; charset=utf-8");
    EXPECT_EQ(get("/about.html").content(), "page");
    EXPECT_EQ(get("/plain").content(), "file");
    EXPECT_EQ(get("/team").status, Status::moved_permanently);
    for (const std::string_view target : {"/about/", "/.env", "/odd", "/none"}) {
        EXPECT_EQ(get(target).status, Status::not_found) << target;
    }
    root.write("about", "now a file");
    EXPECT_EQ(get("/about").content(), "now a file");
    std::filesystem::remove(root.path() / "about");
    options.clean_names = CleanNames::off;
    serve();
    EXPECT_EQ(get("/about").status, Status::not_found);
}

// Many requests at the same time.
class Together : public ResponderTest {
protected:
    Task<void> ask_one(std::string_view target, FieldList fields, std::size_t& answered) {
        const http::Request request = make_request(target, fields);
        Answer answer;
        const bool done = co_await take_steps(*handler, request, answer);
        EXPECT_TRUE(done);
        statuses.push_back(answer.status);
        if (--answered == 0) core.stop();
    }
    void ask_many(std::size_t count, std::string_view target, const FieldList& fields = {}) {
        io::Scope scope;
        std::size_t left = count;
        for (std::size_t i = 0; i < count; ++i) scope.start(ask_one(target, fields, left));
        core.run();
        ASSERT_EQ(left, 0U);
    }
    std::vector<Status> statuses;
};

TEST_F(Together, ShareOneLookUp) {
    root.write("a.txt", std::string(5000, 'a'));
    serve();
    ask_many(100, "/a.txt");
    EXPECT_THAT(statuses, testing::Each(Status::ok));
    ask_many(100, "/a.txt", {{FieldName::accept_encoding, "br"}});
    ask_many(100, "/missing");
    ask_many(100, "/");
    EXPECT_EQ(statuses.size(), 400U);
}

TEST_F(Together, EndSoonWhenTheyAreAskedToStop) {
    root.write("a.txt", "hello");
    serve();
    io::Scope scope;
    std::size_t left = 10;
    for (std::size_t i = 0; i < 10; ++i) scope.start(ask_one("/a.txt", {}, left));
    scope.request_stop();
    core.run();
    EXPECT_EQ(left, 0U);
    EXPECT_THAT(statuses, testing::Each(testing::AnyOf(Status::ok, Status::service_unavailable)));
}

TEST_F(Together, KeepWithinTheBudgets) {
    options.cache_limits.octets_max = 64 * 1024;
    options.cache_limits.descriptors_max = 4;
    for (int i = 0; i < 40; ++i) {
        root.write("small" + std::to_string(i), std::string(4000, 's'));
        root.write("large" + std::to_string(i), std::string(70'000, 'l'));
    }
    serve();
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(get("/small" + std::to_string(i)).status, Status::ok);
        EXPECT_EQ(get("/large" + std::to_string(i)).status, Status::ok);
        EXPECT_LE(handler->store().cache().octets(), 64U * 1024);
        EXPECT_LE(handler->store().cache().descriptors(), 4U);
    }
}

}  // namespace
}  // namespace portico::files
