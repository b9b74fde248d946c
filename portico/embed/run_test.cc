// portico/embed/run_test.cc — servers on real sockets, in a program that has its own threads.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/base/scratch_folder_for_test.h"
#include "portico/embed/buckets.h"
#include "portico/io/idle_thread_for_test.h"
#include "portico/portico.h"

namespace portico {
namespace {

using std::chrono::seconds;

// Sends these octets, and returns everything that is received until the end.
std::string send_and_read(std::uint16_t port, const std::string& octets) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string received;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size())) {
        std::vector<char> room(65'536);
        for (ssize_t got = 0; (got = ::recv(fd, room.data(), room.size(), 0)) > 0;) {
            received.append(room.data(), static_cast<std::size_t>(got));
        }
    }
    ::close(fd);
    return received;
}

// Reads the beginning of the answer, and then resets the connection.
void request_and_reset(std::uint16_t port, const std::string& octets) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    std::vector<char> room(100'000);
    const bool began = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL) > 0 &&
                       ::recv(fd, room.data(), room.size(), 0) > 0;
    EXPECT_TRUE(began);
    ::close(fd);
}

std::string get(std::uint16_t port, const std::string& target, const std::string& fields = {}) {
    return send_and_read(port,
                         "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + "\r\n");
}

// All threads together have what one client may.
TEST(BucketsOfManyThreads, GiveNoTokenTwice) {
    constexpr int threads = 4;
    Buckets buckets(std::chrono::hours(1), 1'000, 64);
    buckets.set_key({1, 2});
    std::atomic<int> given = 0;
    std::vector<std::jthread> takers;
    for (int i = 0; i < threads; ++i) {
        takers.emplace_back([&] {
            for (int request = 0; request < 500; ++request) {
                if (buckets.take("ada", io::TimePoint()) == std::chrono::nanoseconds(0)) ++given;
            }
        });
    }
    takers.clear();
    EXPECT_EQ(given, 1'000);
}

TEST(ARunningServer, AnswersAndStops) {
    Server server;
    server.get("/{name}", [](std::string_view name) { return "Hello, " + std::string(name) + "\n"; });
    const auto started = server.start("127.0.0.1:0");
    ASSERT_TRUE(started.has_value()) << started.error();
    EXPECT_TRUE(get(server.port(), "/you").ends_with("\r\n\r\nHello, you\n"));
    server.stop();
    server.wait();
    EXPECT_EQ(get(server.port(), "/you"), "");
}

TEST(AServer, LeavesAFileAtThePathOfItsSocketAlone) {
    const ScratchFolder place;
    const std::string path = place.file("file");
    std::ofstream(path) << "precious";
    {
        Server server;
        EXPECT_FALSE(server.start("unix:" + path).has_value());
    }
    std::string content;
    std::ifstream(path) >> content;
    EXPECT_EQ(content, "precious");
}

Task<void> tell_for_ever(EventSender& events) {
    for (bool goes_on = true; goes_on;) {
        const bool sent = co_await events.send("x");
        const bool slept = co_await io::sleep_for(events.core(), std::chrono::milliseconds(1));
        goes_on = sent && slept;
    }
}

// Shutdown does not wait for responses that never end; it waits for those that will.
TEST(ARunningServer, IsStoppedWhileEventsAreSent) {
    Options options;
    options.limits.shutdown_time_max = std::chrono::minutes(30);  // this test does not wait that long
    Server server(options);
    server.get("/events", [](Request& request) { return send_events(request, tell_for_ever); });
    server.get("/slow", [](Request& request) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), std::chrono::milliseconds(300));
        co_return slept ? "slow" : "cut";
    });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    std::string events;
    std::string slow;
    const std::uint16_t port = server.port();
    std::thread listener([&] { events = get(port, "/events"); });
    std::thread patient([&] { slow = get(port, "/slow"); });
    EXPECT_TRUE(get(port, "/slow").ends_with("\r\n\r\nslow"));  // by then the others are under way
    server.stop();
    server.wait();
    listener.join();
    patient.join();
    EXPECT_NE(events.find("data: x\n\n"), std::string::npos);
    EXPECT_FALSE(events.ends_with("\r\n0\r\n\r\n"));
    EXPECT_TRUE(slow.ends_with("\r\n\r\nslow")) << slow;
}

TEST(ARunningServer, EndsAtOnceWhenItIsStoppedTwice) {
    Options options;
    options.limits.shutdown_time_max = std::chrono::minutes(30);
    Server server(options);
    std::atomic<bool> begun = false;
    server.get("/", [&begun](Request& request) -> Task<std::string> {
        begun = true;
        const bool slept = co_await io::sleep_for(request.core(), std::chrono::hours(1));
        co_return slept ? "slept" : "cut";
    });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    std::string answer = "none";
    std::thread client([&] { answer = get(server.port(), "/"); });
    while (!begun) std::this_thread::yield();
    server.stop();
    server.stop();
    server.wait();
    client.join();
    EXPECT_EQ(answer, "");
}

TEST(ARunningServer, BeginsANewLog) {
    const ScratchFolder place;
    Options options;
    options.access_log = place.file("access.log");
    {
        Server server(options);
        server.get("/{name}", [](std::string_view name) { return std::string(name); });
        ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
        EXPECT_FALSE(get(server.port(), "/old").empty());
        std::filesystem::rename(options.access_log, place.file("old.log"));
        server.reopen_log();
        while (!std::filesystem::exists(options.access_log)) std::this_thread::yield();
        EXPECT_FALSE(get(server.port(), "/new").empty());
        server.stop();
        server.wait();
    }
    std::ifstream log(options.access_log);
    const std::string lines(std::istreambuf_iterator<char>(log), {});
    EXPECT_NE(lines.find("/new"), std::string::npos) << lines;
    EXPECT_EQ(lines.find("/old"), std::string::npos) << lines;
}

TEST(ARunningServer, MayBeWaitedForByTwo) {
    Server server;
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    std::thread another([&server] { server.wait(); });
    std::thread stopping([&server] { server.stop(); });
    server.wait();
    another.join();
    stopping.join();
}

Task<std::string> wait_elsewhere(io::Core& core, Server& server) {
    auto work = [&server] {
        const auto waited = server.wait();
        return waited ? "it waited" : waited.error();
    };
    const std::optional<std::string> said = co_await io::offload(core, std::move(work));
    co_return said.value_or("stopped");
}

TEST(ARunningServer, CannotBeWaitedForByItsOwnHandler) {
    Server server;
    std::string said;
    server.get("/", [&] {
        const auto waited = server.wait();
        said = waited ? "it waited" : waited.error();
        return "";
    });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    EXPECT_TRUE(get(server.port(), "/").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(said, "wait() is called by a handler of the server: it would wait for itself");
    server.stop();
    EXPECT_TRUE(server.wait().has_value());
}

TEST(ARunningServer, CannotBeWaitedForByWorkThatItsHandlerOffloads) {
    Server server;
    server.get("/", [&server](Request& request) { return wait_elsewhere(request.core(), server); });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    EXPECT_TRUE(get(server.port(), "/").ends_with("it would wait for itself"));
    server.stop();
    EXPECT_TRUE(server.wait().has_value());
}

TEST(ARunningServer, IgnoresWhatIsAddedTooLate) {
    Server server;
    Group group = server.group("/api");
    server.get("/early", [] { return "early"; });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    testing::internal::CaptureStderr();
    server.get("/late", [] { return "late"; });
    group.post("/late", [] { return "late"; });
    server.use(request_id());
    server.files("/files", "/");
    static_cast<void>(server.group("/later").folder("/"));
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::ranges::count(said, '\n'), 6) << said;
    EXPECT_NE(said.find("the route GET /late at "), std::string::npos) << said;
    EXPECT_NE(said.find("the route POST /api/late at "), std::string::npos) << said;
    EXPECT_NE(said.find("run_test.cc"), std::string::npos) << said;
    EXPECT_NE(said.find(" is ignored: add it before a server answers with these routes\n"), std::string::npos) << said;
    EXPECT_TRUE(get(server.port(), "/late").starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(get(server.port(), "/early").ends_with("early"));
    EXPECT_EQ(get(server.port(), "/early").find("X-Request-Id"), std::string::npos);
}

TEST(AServer, TakesRoutesAfterItCouldNotStart) {
    Server server;
    EXPECT_FALSE(server.start("127.0.0.1:x").has_value());
    server.get("/", [] { return "late enough"; });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    EXPECT_TRUE(get(server.port(), "/").ends_with("late enough"));
}

TEST(AServer, RefusesLimitsThatMakeNoSense) {
    Options options;
    options.limits.keep_alive_max = std::chrono::milliseconds::max();
    Server server(options);
    const auto started = server.start("127.0.0.1:0");
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error(), "Options::limits: keep_alive_max: 9223372036854775807ms is too large; the most is 365d");
}

// Any thread of the process may receive the signal. A thread that the program started earlier does not block it.
TEST(ARunningServer, EndsBySigtermWhateverThreadGetsIt) {
    io::IdleThread older;
    Options options;
    options.announces = false;
    Server server(options);
    server.get("/", [] { return ""; });
    std::thread killer([&] {
        while (server.port() == 0) std::this_thread::yield();
        EXPECT_TRUE(get(server.port(), "/").starts_with("HTTP/1.1 200 "));
        ::pthread_kill(older.handle(), SIGTERM);
    });
    EXPECT_EQ(server.run("127.0.0.1:0"), 0);
    killer.join();
}

TEST(ARunningServer, MayGoWhileWhoStoppedItIsStillReturning) {
    Options options;
    options.limits.shutdown_idle_max = std::chrono::milliseconds(0);
    for (int round = 0; round < 50; ++round) {
        auto server = std::make_unique<Server>(options);
        ASSERT_TRUE(server->start("127.0.0.1:0").has_value());
        std::thread stopping([own = server.get()] { own->stop(); });
        server->wait();
        server.reset();
        stopping.join();
    }
}

TEST(AServer, NeedsAnEndpoint) {
    Server server;
    const auto started = server.start({});
    ASSERT_FALSE(started.has_value());
    EXPECT_NE(started.error().find("endpoint"), std::string::npos);
}

TEST(AService, RefusesTheOthersEndpoints) {
    testing::internal::CaptureStderr();
    const auto shout = [](std::string_view datagram) { return std::string(datagram); };
    const auto leave = [](Connection) -> Task<void> { co_return; };
    for (const char* const endpoint : {"tcp://127.0.0.1:0", "unix:/nowhere", "stdio"}) {
        EXPECT_EQ(UdpServer(shout).run(endpoint), 1);
    }
    for (const char* const endpoint : {"udp://127.0.0.1:0", "stdio"}) EXPECT_EQ(TcpServer(leave).run(endpoint), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "'tcp://127.0.0.1:0' is not an endpoint for UDP: write HOST:PORT\n"
              "'unix:/nowhere' is not an endpoint for UDP: write HOST:PORT\n"
              "'stdio' is not an endpoint for UDP: write HOST:PORT\n"
              "'udp://127.0.0.1:0' is not an endpoint for streams: write HOST:PORT or unix:PATH\n"
              "'stdio' is not an endpoint for streams: write HOST:PORT or unix:PATH\n");
}

TEST(ARunningServer, MayBeStoppedBeforeItHasStarted) {
    Server server;
    server.get("/", [] { return ""; });
    server.stop();
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    server.wait();
}

// sendfile(2) has no MSG_NOSIGNAL: unless it is ignored, SIGPIPE ends the program if its client leaves during a file.
TEST(ARunningServer, OutlivesAClientThatLeavesInTheMiddleOfAFile) {
    const ScratchFolder place;
    {
        std::ofstream(place.file("large.bin")) << std::string(30'000'000, 'x');
        Server server;
        server.files("/", place.path());
        ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
        for (int i = 0; i < 20; ++i) request_and_reset(server.port(), "GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(get(server.port(), "/none").starts_with("HTTP/1.1 404 "));
        server.stop();
        server.wait();
    }
}

struct LogCase {
    const char* name;
    LogFormat format;
    std::string line;  // the second request's, between its time and its duration
};
class AccessLogOfAProgram : public testing::TestWithParam<LogCase> {};

TEST_P(AccessLogOfAProgram, HasALineForEachRequest) {
    const ScratchFolder place;
    Options options;
    options.access_log = place.file("access.log");
    options.log_format = GetParam().format;
    {  // the log is complete once the server is destroyed
        Server server(options);
        server.get("/x", [] { return "12345"; });
        server.get("/stream", [](Request&) {
            return Response::stream("text/plain", [](ContentWriter& to) -> Task<bool> {
                const bool written = co_await to.write("1234567");
                co_return written;
            });
        });
        ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
        const std::uint16_t port = server.port();
        EXPECT_TRUE(get(port, "/x").ends_with("12345"));
        EXPECT_FALSE(get(port, "/stream").empty());
        EXPECT_FALSE(get(port, "/none", "Authorization: Basic YTpi\r\n").empty());
        EXPECT_TRUE(send_and_read(port, "no request\r\n\r\n").starts_with("HTTP/1.1 400 "));
        request_and_reset(port, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        server.stop();
        server.wait();
    }
    std::ifstream log(options.access_log);
    const std::string lines(std::istreambuf_iterator<char>(log), {});
    EXPECT_EQ(std::ranges::count(lines, '\n'), 5) << lines;
    EXPECT_NE(lines.find(GetParam().line), std::string::npos) << lines;
}

TEST(AccessLinesOfAProgram, MayGoToAFunction) {
    std::vector<std::string> lines;  // of the log's thread, until the server is destroyed
    std::vector<std::string> told;
    Options options;
    options.log_format = LogFormat::json;
    options.access_lines = [&lines](std::string_view line) {
        lines.emplace_back(line);
        if (lines.size() == 2) throw std::runtime_error("full");
    };
    options.log = [&told](std::string_view sentence) { told.emplace_back(sentence); };
    {
        Server server(options);
        ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
        for (const char* const target : {"/one", "/two", "/three"}) EXPECT_FALSE(get(server.port(), target).empty());
        server.stop();
        server.wait();
    }
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_NE(lines[2].find(R"("target":"/three")"), std::string::npos) << lines[2];
    EXPECT_TRUE(lines[0].starts_with('{') && lines[0].ends_with('}')) << lines[0];
    EXPECT_EQ(told, std::vector<std::string>{"the function for the access log threw an exception: full"});
}

TEST(TheAccessLogsOwnTrouble, IsToldToTheOperator) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
    std::vector<std::string> told;  // of the log's thread, until the server is destroyed
    Options options;
    options.access_log = "/dev/full";
    options.log = [&told](std::string_view sentence) { told.emplace_back(sentence); };
    testing::internal::CaptureStderr();
    {
        Server server(options);
        ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
        EXPECT_FALSE(get(server.port(), "/one").empty());
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(told,
              std::vector<std::string>{
                  "access log: /dev/full can't be written: No space left on device; entries are dropped until it can"});
}

// The log records what the client is not told: who asked, and why the request was not served.
TEST(AccessLogOfAProgramsUsers, SaysWhoAskedAndWhyNot) {
    const ScratchFolder place;
    Options options;
    options.access_log = place.file("access.log");
    options.log_format = LogFormat::json;
    options.trusted_proxies = {"127.0.0.1"};
    {
        Server server(options);
        server.get("/open", [] { return "open"; });
        server.get("/refused", [](Request&) -> Result<std::string> {
            return http::refuse(Status::conflict, "the note is locked");
        });
        server.get("/throws", []() -> std::string { throw std::runtime_error("a \"bug\""); });
        server.get("/stream", [](Request&) {
            return Response::stream("text/plain", [](ContentWriter&) -> Task<bool> {
                throw std::runtime_error("early");
                co_return true;
            });
        });
        server.use(basic_auth("here", [](auto, std::string_view password) { return password == "b"; }));
        server.get("/closed", [] { return "closed"; });
        ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
        const std::uint16_t port = server.port();
        for (const char* const target : {"/open", "/refused", "/throws", "/stream", "/closed"}) {
            EXPECT_FALSE(get(port, target).empty());
        }
        EXPECT_FALSE(get(port, "/closed", "Authorization: Basic YTpi\r\n").empty());  // a:b
        EXPECT_FALSE(get(port, "/closed", "Authorization: Basic YTpj\r\n").empty());  // a:c
        EXPECT_FALSE(get(port, "/open", "Authorization: Basic YTpi\r\nX-Forwarded-For: 203.0.113.9\r\n").empty());
        server.stop();
        server.wait();
    }
    std::ifstream log(options.access_log);
    std::string told;
    std::string clients;
    for (std::string line; std::getline(log, line);) {
        const auto member = [&line](const std::string& name) {
            const std::string begin = "\"" + name + "\":";
            const std::size_t at = line.find(begin);
            if (at == std::string::npos) return std::string("-");
            std::size_t end = line.find(",\"", at + begin.size());
            end = std::min(end, line.size() - 1);
            return line.substr(at + begin.size(), end - at - begin.size());
        };
        told += member("target") + " " + member("status") + " " + member("user") + " " + member("reason") + "\n";
        clients += member("client");
    }
    EXPECT_TRUE(clients.ends_with("\"127.0.0.1\"\"203.0.113.9\"")) << clients;
    EXPECT_EQ(told,
              "\"/open\" 200 - -\n"
              "\"/refused\" 409 - \"the note is locked\"\n"
              "\"/throws\" 500 - \"the handler threw an exception: a \\\"bug\\\"\"\n"
              "\"/stream\" 500 - \"the stream of the response threw an exception: early\"\n"
              "\"/closed\" 401 - \"no credentials\"\n"
              "\"/closed\" 200 \"a\" -\n"
              "\"/closed\" 401 \"a\" \"wrong user or password\"\n"
              "\"/open\" 200 - -\n");
}

INSTANTIATE_TEST_SUITE_P(Formats, AccessLogOfAProgram,
                         testing::Values(LogCase{"Text", LogFormat::text, "200 GET /stream 7 B"},
                                         LogCase{"Json", LogFormat::json, R"("target":"/stream")"},
                                         LogCase{"Combined", LogFormat::combined, R"("GET /stream HTTP/1.1" 200 7)"}),
                         row_name);

TEST(ARunningServer, IsOneOfSeveral) {
    Server one;
    Server two;
    one.get("/", [] { return "one"; });
    two.get("/", [] { return "two"; });
    ASSERT_TRUE(one.start("127.0.0.1:0").has_value());
    ASSERT_TRUE(two.start({"127.0.0.1:0", "[::1]:0"}).has_value());
    EXPECT_EQ(two.local().size(), 2U);
    EXPECT_TRUE(get(one.port(), "/").ends_with("one"));
    EXPECT_TRUE(get(two.port(), "/").ends_with("two"));
}

TEST(ARunningServer, SaysWhyItDoesNotStart) {
    Server one;
    Server two;
    Server three;
    ASSERT_TRUE(one.start("127.0.0.1:0").has_value());
    const auto taken = two.start("127.0.0.1:" + std::to_string(one.port()));
    ASSERT_FALSE(taken.has_value());
    EXPECT_NE(taken.error().find("Address already in use"), std::string::npos) << taken.error();
    EXPECT_FALSE(three.start("udp://127.0.0.1:0").has_value());
    EXPECT_FALSE(three.start("127.0.0.1:x").has_value());
    EXPECT_FALSE(one.start("127.0.0.1:0").has_value());
}

TEST(ARunningServer, HasHandlersOnEveryCore) {
    Options options;
    options.threads = 2;
    Server server(options);
    std::atomic<int> called = 0;
    server.get("/", [&called] { return std::to_string(++called); });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&server] {
            for (int j = 0; j < 50; ++j) EXPECT_TRUE(get(server.port(), "/").starts_with("HTTP/1.1 200 "));
        });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(called, 200);
}

TEST(ARunningServer, FinishesWhatIsUnderWay) {
    Server server;
    std::atomic<bool> begun = false;
    server.get("/", [&begun](Request& request) -> Task<std::string> {
        begun = true;
        const bool slept = co_await io::sleep_for(request.core(), std::chrono::milliseconds(200));
        co_return slept ? "whole" : "cut";
    });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    std::string answer;
    std::thread client([&] { answer = get(server.port(), "/"); });
    while (!begun) std::this_thread::yield();
    server.stop();
    client.join();
    server.wait();
    EXPECT_TRUE(answer.ends_with("whole")) << answer;
}

class AFolder : public testing::Test {
protected:
    AFolder() {
        std::filesystem::create_directory(place_ + "/sub");
        std::ofstream(place_ + "/index.html") << "<p>index";
        std::ofstream(place_ + "/sub/a b.txt") << "0123456789";
    }
    const ScratchFolder scratch_;
    const std::string place_ = scratch_.path();
};

TEST_F(AFolder, IsServedBesideRoutes) {
    Server server;
    server.use(request_id());
    server.get("/api", [] { return "api"; });
    server.files("/", place_);
    server.files("/static/", place_);
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    const std::uint16_t port = server.port();
    EXPECT_TRUE(get(port, "/").ends_with("<p>index"));
    EXPECT_NE(get(port, "/").find("X-Request-Id: "), std::string::npos);
    EXPECT_TRUE(get(port, "/api").ends_with("api"));
    EXPECT_TRUE(get(port, "/sub/a%20b.txt", "Range: bytes=2-4\r\n").ends_with("\r\n\r\n234"));
    EXPECT_TRUE(get(port, "/static/sub/a%20b.txt").ends_with("0123456789"));
    EXPECT_NE(get(port, "/static").find("Location: /static/\r\n"), std::string::npos);
    EXPECT_NE(get(port, "/static/sub").find("Location: /static/sub/\r\n"), std::string::npos);
    EXPECT_TRUE(get(port, "/static/none").starts_with("HTTP/1.1 404 "));
    EXPECT_TRUE(get(port, "/sub/").starts_with("HTTP/1.1 404 ")) << "folders are not listed";
    EXPECT_TRUE(send_and_read(port,
                              "POST /static/index.html HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
                              "Connection: close\r\n\r\n")
                    .starts_with("HTTP/1.1 405 "));
}

}  // namespace
}  // namespace portico
