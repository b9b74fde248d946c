// The lines of the access log. The `combined` lines were written by Apache 2.4 for the same requests.
#include "portico/server/access_line.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdlib>
#include <functional>
#include <vector>

#include "portico/base/row_name_for_test.h"

namespace portico::server {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

// 2026-11-21 02:27:23 UTC
constexpr sys_seconds when{seconds{1'795'228'043}};

// Lines are in local time.
class InTimeZone {
public:
    explicit InTimeZone(const char* zone) {
        ::setenv("TZ", zone, 1);
        ::tzset();
    }
    ~InTimeZone() {
        ::unsetenv("TZ");
        ::tzset();
    }
};

AccessEntry usual_entry() {
    AccessEntry entry;
    entry.at = when + microseconds{120'045};
    entry.duration = microseconds{215};
    entry.method = "GET";
    entry.target = "/a.txt";
    entry.content_octets = 6;
    return entry;
}

std::string line_of(const AccessEntry& entry, LogFormat format, Colour colour = Colour::never,
                    LineDate date = LineDate::omitted) {
    AccessLineWriter writer(format, colour, date);
    // Exactly the promised room, so that AddressSanitizer detects any octet beyond it.
    std::vector<char> room(AccessLineWriter::octets_at_most(entry));
    const std::size_t octets = writer.write(entry, room);
    const std::string line(room.data(), octets);
    EXPECT_TRUE(line.ends_with('\n'));
    EXPECT_EQ(line.find('\n'), line.size() - 1) << "an entry is one line";
    return line.substr(0, line.size() - 1);
}

struct LineRow {
    const char* name;
    LogFormat format;
    std::function<void(AccessEntry&)> change;
    const char* line;
};
class AccessLine : public testing::TestWithParam<LineRow> {};

TEST_P(AccessLine, IsAsDocumented) {
    const InTimeZone zone("UTC");
    const io::SocketAddress peer = io::SocketAddress::of(io::IpAddress::v4({127, 0, 0, 1}), 54321);
    AccessEntry entry = usual_entry();
    entry.peer = &peer;
    GetParam().change(entry);
    EXPECT_EQ(line_of(entry, GetParam().format), GetParam().line);
}

const auto unchanged = [](AccessEntry&) {};

INSTANTIATE_TEST_SUITE_P(
    Combined, AccessLine,
    testing::Values(
        LineRow{"Usual", LogFormat::combined, unchanged,
                R"(127.0.0.1 - - [21/Nov/2026:02:27:23 +0000] "GET /a.txt HTTP/1.1" 200 6 "-" "-")"},
        LineRow{
            "HeadQuoted", LogFormat::combined,
            [](AccessEntry& entry) {
                entry.method = "HEAD";
                entry.version = http::Version::http_1_0;
                entry.content_octets = 0;
                entry.referer = "http://x/";
                entry.user_agent = R"("quo\ted")";
            },
            R"(127.0.0.1 - - [21/Nov/2026:02:27:23 +0000] "HEAD /a.txt HTTP/1.0" 200 - "http://x/" "\"quo\\ted\"")"},
        LineRow{"Escapes", LogFormat::combined,
                [](AccessEntry& entry) {
                    entry.version = http::Version::http_1_0;
                    entry.target = R"(/a"b\c%41)";
                    entry.status = http::Status::not_found;
                    entry.content_octets = 236;
                    entry.user_agent = "a\tb \xc3\xa4\x80\xff";
                },
                "127.0.0.1 - - [21/Nov/2026:02:27:23 +0000] \"GET /a\\\"b\\\\c%41 HTTP/1.0\" 404 236 \"-\" "
                "\"a\\tb \\xc3\\xa4\\x80\\xff\""},
        LineRow{
            "Controls", LogFormat::combined, [](AccessEntry& entry) { entry.target = "/\x01\x1b[31m\r\n\b\v\f\x7f"; },
            "127.0.0.1 - - [21/Nov/2026:02:27:23 +0000] \"GET /\\x01\\x1b[31m\\r\\n\\b\\v\\x0c\\x7f HTTP/1.1\" 200 6 "
            "\"-\" \"-\""},
        LineRow{"FieldsThatAreEmpty", LogFormat::combined,
                [](AccessEntry& entry) {
                    entry.referer = "";
                    entry.user_agent = "";
                },
                R"(127.0.0.1 - - [21/Nov/2026:02:27:23 +0000] "GET /a.txt HTTP/1.1" 200 6 "" "")"},
        LineRow{"User", LogFormat::combined, [](AccessEntry& entry) { entry.user = "frank"; },
                R"(127.0.0.1 - frank [21/Nov/2026:02:27:23 +0000] "GET /a.txt HTTP/1.1" 200 6 "-" "-")"},
        LineRow{"UserThatIsEmpty", LogFormat::combined, [](AccessEntry& entry) { entry.user = ""; },
                R"(127.0.0.1 - "" [21/Nov/2026:02:27:23 +0000] "GET /a.txt HTTP/1.1" 200 6 "-" "-")"},
        LineRow{"NoRequestLine", LogFormat::combined,
                [](AccessEntry& entry) {
                    entry.method = entry.target = {};
                    entry.status = http::Status::request_timeout;
                    entry.content_octets = 0;
                },
                R"(127.0.0.1 - - [21/Nov/2026:02:27:23 +0000] "-" 408 - "-" "-")"},
        LineRow{"Version2", LogFormat::combined, [](AccessEntry& entry) { entry.version = http::Version::http_2; },
                R"(127.0.0.1 - - [21/Nov/2026:02:27:23 +0000] "GET /a.txt HTTP/2.0" 200 6 "-" "-")"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Text, AccessLine,
    testing::Values(
        LineRow{"Usual", LogFormat::text, unchanged, "02:27:23 200 GET /a.txt 6 B 0.21 ms"},
        LineRow{"LargeAndSlow", LogFormat::text,
                [](AccessEntry& entry) {
                    entry.content_octets = 12'345'678;
                    entry.duration = seconds{83};
                },
                "02:27:23 200 GET /a.txt 12.3 MB 83.0 s"},
        LineRow{"SpacesAndControls", LogFormat::text,
                [](AccessEntry& entry) { entry.target = "/a b\x1b[2J\n02:27:23 200 GET /forged\xc2\x9b"; },
                "02:27:23 200 GET /a\\x20b\\x1b[2J\\n02:27:23\\x20200\\x20GET\\x20/forged\\xc2\\x9b 6 B 0.21 ms"},
        LineRow{"Refused", LogFormat::text,
                [](AccessEntry& entry) {
                    entry.method = entry.target = {};
                    entry.status = http::Status::bad_request;
                    entry.reason = "bare LF";
                },
                "02:27:23 400 - - 6 B 0.21 ms, bare LF"},
        LineRow{"BrokenOff", LogFormat::text, [](AccessEntry& entry) { entry.complete = false; },
                "02:27:23 200 GET /a.txt 6 B 0.21 ms, broken off"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Json, AccessLine,
    testing::Values(
        LineRow{
            "Usual", LogFormat::json, unchanged,
            R"({"time":"2026-11-21T02:27:23.120045Z","status":200,"method":"GET","target":"/a.txt","version":"HTTP/1.1",)"
            R"("octets":6,"duration_us":215,"complete":true,"client":"127.0.0.1","port":54321})"},
        LineRow{
            "All", LogFormat::json,
            [](AccessEntry& entry) {
                entry.version = http::Version::http_3;
                entry.complete = false;
                entry.user = "frank";
                entry.referer = "http://x/";
                entry.user_agent = "\"q\" \\ \n\x1b \xc3\xa4 \xff";
                entry.reason = "why";
                entry.peer = nullptr;
            },
            R"({"time":"2026-11-21T02:27:23.120045Z","status":200,"method":"GET","target":"/a.txt","version":"HTTP/3.0",)"
            R"("octets":6,"duration_us":215,"complete":false,"user":"frank","referer":"http://x/",)"
            "\"user_agent\":\"\\\"q\\\" \\\\ \\n\\u001b \xc3\xa4 \\ufffd\",\"reason\":\"why\"}"},
        LineRow{
            "Refused", LogFormat::json,
            [](AccessEntry& entry) {
                entry.method = entry.target = {};
                entry.status = http::Status::bad_request;
                entry.reason = "bare LF";
            },
            R"({"time":"2026-11-21T02:27:23.120045Z","status":400,"method":"","target":"","version":"HTTP/1.1",)"
            R"("octets":6,"duration_us":215,"complete":true,"client":"127.0.0.1","port":54321,"reason":"bare LF"})"}),
    row_name);

TEST(AccessLineColour, MarksTheStatusByItsClass) {
    const InTimeZone zone("UTC");
    AccessEntry entry = usual_entry();
    EXPECT_EQ(line_of(entry, LogFormat::text, Colour::always), "02:27:23 \x1b[32m200\x1b[0m GET /a.txt 6 B 0.21 ms");
    entry.status = http::Status::not_found;
    EXPECT_EQ(line_of(entry, LogFormat::text, Colour::always), "02:27:23 \x1b[33m404\x1b[0m GET /a.txt 6 B 0.21 ms");
    EXPECT_EQ(line_of(entry, LogFormat::text, Colour::never, LineDate::written),
              "2026-11-21 02:27:23 404 GET /a.txt 6 B 0.21 ms");
}

TEST(AccessLineTime, IsLocalAndFollowsTheClock) {
    const InTimeZone zone("<-0330>3:30");
    AccessLineWriter writer(LogFormat::combined, Colour::never, LineDate::omitted);
    AccessEntry entry = usual_entry();
    std::vector<char> room(AccessLineWriter::octets_at_most(entry));
    const auto time = [&] {
        const std::string line(room.data(), writer.write(entry, room));
        return line.substr(line.find('['), 28);
    };
    EXPECT_EQ(time(), "[20/Nov/2026:22:57:23 -0330]");
    entry.at += std::chrono::milliseconds{900};
    EXPECT_EQ(time(), "[20/Nov/2026:22:57:24 -0330]");
    entry.at -= std::chrono::hours{24};
    EXPECT_EQ(time(), "[19/Nov/2026:22:57:24 -0330]");
}

TEST(AccessLineClient, IsAnAddressWithoutPort) {
    AccessEntry entry = usual_entry();
    const auto client = [&](const io::SocketAddress& peer) {
        entry.peer = &peer;
        const std::string line = line_of(entry, LogFormat::combined);
        return line.substr(0, line.find(' '));
    };
    EXPECT_EQ(client(io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv6), 80)), "::1");
    EXPECT_EQ(client(io::SocketAddress::of(*io::IpAddress::parse("::ffff:192.0.2.1"), 80)), "192.0.2.1");
    EXPECT_EQ(client(io::SocketAddress::unix_path_of("")), "unix:");
}

struct QuantityRow {
    std::uint64_t octets;
    std::int64_t duration_us;
    const char* written;
};
class AccessLineQuantity : public testing::TestWithParam<QuantityRow> {};

TEST_P(AccessLineQuantity, HasThreeDigits) {
    AccessEntry entry = usual_entry();
    entry.content_octets = GetParam().octets;
    entry.duration = microseconds{GetParam().duration_us};
    const std::string line = line_of(entry, LogFormat::text);
    EXPECT_EQ(line.substr(line.find("/a.txt ") + 7), GetParam().written);
}
INSTANTIATE_TEST_SUITE_P(Units, AccessLineQuantity,
                         testing::Values(QuantityRow{0, 0, "0 B 0.00 ms"}, QuantityRow{999, 9'999, "999 B 9.99 ms"},
                                         QuantityRow{1'000, 10'000, "1.00 kB 10.0 ms"},
                                         QuantityRow{99'999, 999'999, "99.9 kB 999 ms"},
                                         QuantityRow{1'050'000, 1'000'000, "1.05 MB 1.00 s"},
                                         QuantityRow{2'345'000'000, -5, "2.34 GB 0.00 ms"},
                                         QuantityRow{UINT64_MAX, INT64_MAX / 1000, "18.4 EB 9223372036 s"}));

TEST(AccessLineRoom, SufficesForTheLongestOfEverything) {
    const std::string worst(16 * 1024, '\xff');
    const io::SocketAddress peer =
        io::SocketAddress::of(*io::IpAddress::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 65535);
    AccessEntry entry;
    entry.at = when;
    entry.duration = std::chrono::steady_clock::duration::max();
    entry.content_octets = UINT64_MAX;
    entry.peer = &peer;
    entry.method = entry.target = entry.user = entry.referer = entry.user_agent = entry.reason = worst;
    entry.complete = false;
    for (const LogFormat format : {LogFormat::text, LogFormat::json, LogFormat::combined}) {
        EXPECT_GT(line_of(entry, format, Colour::always, LineDate::written).size(), worst.size());
    }
}

}  // namespace
}  // namespace portico::server
