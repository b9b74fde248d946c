// Routes are replaced while the server runs.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

// A client with one connection.
class TcpClient {
public:
    explicit TcpClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    TcpClient(const TcpClient&) = delete;
    TcpClient& operator=(const TcpClient&) = delete;
    ~TcpClient() { ::close(fd_); }

    void send(const std::string& octets) {
        EXPECT_EQ(::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL), static_cast<ssize_t>(octets.size()));
    }
    // One answer, with a Content-Length; or what arrived up to the end of the connection.
    std::string read() {
        std::string answer;
        std::array<char, 4096> room;
        for (;;) {
            const std::size_t head_end = answer.find("\r\n\r\n");
            const std::size_t length = answer.find("Content-Length: ");
            if (head_end != std::string::npos && length != std::string::npos) {
                if (answer.size() >= head_end + 4 + std::stoul(answer.substr(length + 16))) return answer;
            }
            const ssize_t got = ::recv(fd_, room.data(), room.size(), 0);
            if (got <= 0) return answer;
            answer.append(room.data(), static_cast<std::size_t>(got));
        }
    }
    std::string ask(const std::string& octets) {
        send(octets);
        return read();
    }

private:
    int fd_;
};

RouteSet saying(std::string text) {
    RouteSet routes;
    routes.get("/", [text] { return text; });
    return routes;
}

TEST(Replacement, IsWhatAnswersFromThenOn) {
    Server server;
    server.get("/", [] { return "old"; });
    server.get("/gone", [] { return "old"; });
    TestClient client(server);
    EXPECT_EQ(client.get("/").content, "old");
    RouteSet routes = saying("new");
    routes.get("/more", [] { return "more"; });
    ASSERT_TRUE(server.replace(routes).has_value());
    EXPECT_EQ(client.get("/").content, "new");
    EXPECT_EQ(client.get("/more").content, "more");
    EXPECT_EQ(client.get("/gone").status, 404);
}

TEST(Replacement, MayComeBeforeTheStart) {
    Server server;
    server.get("/", [] { return "old"; });
    ASSERT_TRUE(server.replace(saying("new")).has_value());
    TestClient client(server);
    EXPECT_EQ(client.get("/").content, "new");
}

TEST(Replacement, HasGroupsMiddlewareAndFolders) {
    const ScratchFolder place;
    std::ofstream(place.file("a.txt")) << "a file";
    Server server;
    TestClient client(server);
    EXPECT_EQ(client.get("/files/a.txt").status, 404);
    RouteSet routes;
    routes.use(request_id());
    routes.files("/files", place.path());
    Group api = routes.group("/api");
    api.get("/x", [] { return "x"; });
    ASSERT_TRUE(server.replace(routes).has_value());
    EXPECT_EQ(client.get("/files/a.txt").content, "a file");
    EXPECT_EQ(client.get("/api/x").content, "x");
    EXPECT_FALSE(client.get("/none").field("X-Request-Id").empty());
}

TEST(Replacement, ThatCannotBeServedChangesNothing) {
    Server server;
    server.get("/", [] { return "old"; });
    TestClient client(server);
    RouteSet twice = saying("one");
    twice.get("/", [] { return "two"; });
    const auto replaced = server.replace(twice);
    ASSERT_FALSE(replaced.has_value());
    EXPECT_NE(replaced.error().find("two routes take the same requests"), std::string::npos);
    RouteSet absent;
    absent.files("/", "/nowhere/at/all");
    EXPECT_FALSE(server.replace(absent).has_value());
    EXPECT_EQ(client.get("/").content, "old");
}

TEST(Replacement, IsClosedForFurtherRoutes) {
    Server server;
    RouteSet routes = saying("new");
    ASSERT_TRUE(server.replace(routes).has_value());
    testing::internal::CaptureStderr();
    routes.get("/late", [] { return "late"; });
    EXPECT_NE(testing::internal::GetCapturedStderr().find("is ignored"), std::string::npos);
    TestClient client(server);
    EXPECT_EQ(client.get("/late").status, 404);
}

// What a handler's answer needs. Notes when it is destroyed.
class Answered {
public:
    Answered(std::string the_text, std::shared_ptr<std::atomic<bool>> gone)
        : text(std::move(the_text)), is_gone(std::move(gone)) {}
    Answered(const Answered&) = delete;
    Answered& operator=(const Answered&) = delete;
    ~Answered() { is_gone->store(true); }

    const std::string text;
    const std::shared_ptr<std::atomic<bool>> is_gone;
};

// `answered` belongs to the routes.
Task<std::string> answer_slowly(Request& request, const Answered& answered) {
    const bool slept = co_await io::sleep_for(request.core(), std::chrono::milliseconds(300));
    if (answered.is_gone->load()) co_return std::string("its routes are gone");
    co_return slept ? answered.text : "";
}

TEST(Replacement, LetsRequestsInProgressEnd) {
    const auto is_gone = std::make_shared<std::atomic<bool>>(false);
    Server server;
    auto answered = std::make_shared<Answered>("old", is_gone);
    {
        RouteSet routes;
        routes.get("/slow", [answered](Request& request) { return answer_slowly(request, *answered); });
        answered.reset();
        routes.post("/replace", [&server](Request&) {
            const auto replaced = server.replace(saying("new"));
            return replaced ? std::string("done") : replaced.error();
        });
        ASSERT_TRUE(server.replace(routes).has_value());
    }
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    TcpClient slow(server.port());
    slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    TcpClient other(server.port());
    EXPECT_TRUE(other.ask("POST /replace HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").ends_with("done"));
    EXPECT_TRUE(other.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("new"));
    EXPECT_TRUE(slow.read().ends_with("old"));
    EXPECT_TRUE(slow.ask("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
    server.stop();
    ASSERT_TRUE(server.wait().has_value());
    EXPECT_TRUE(is_gone->load()) << "the old routes live until their last request has ended";
}

// Notes that its routes have not been destroyed.
class VersionMark {
public:
    VersionMark(int number, std::set<int>& all) : number_(number), all_(&all) { all_->insert(number_); }
    VersionMark(const VersionMark&) = delete;
    VersionMark& operator=(const VersionMark&) = delete;
    ~VersionMark() { all_->erase(number_); }
    [[nodiscard]] std::string text() const { return std::to_string(number_); }

private:
    int number_;
    std::set<int>* all_;
};

// Says its version four times, with pauses. `alive` belongs to the routes.
Task<bool> say_slowly(io::Core& core, const VersionMark& alive, http::ContentWriter& to) {
    for (int i = 0; i < 4; ++i) {
        const bool slept = co_await io::sleep_for(core, std::chrono::milliseconds(10));
        const bool written = co_await to.write(alive.text() + ";");
        if (!slept || !written) co_return false;
    }
    co_return true;
}

// Their middleware and their handler say the version.
RouteSet routes_of_version(int number, std::set<int>& all) {
    const auto alive = std::make_shared<const VersionMark>(number, all);
    RouteSet routes;
    routes.use([alive](Request& request, Next next) -> Task<Response> {
        Response response = co_await next(request);
        response.set("X-Version", alive->text());
        co_return response;
    });
    routes.get("/", [alive](Request& request) {
        return Response::stream("text/plain", [alive = alive.get(), core = &request.core()](http::ContentWriter& to) {
            return say_slowly(*core, *alive, to);
        });
    });
    return routes;
}

// A client's connection, which asks for one answer after another and reads each piece by piece.
class SlowReader {
public:
    explicit SlowReader(TestClient& client) : connection_(client.connect()) {}

    [[nodiscard]] bool is_idle() const { return version_.empty(); }
    // Asks, or reads a piece of the answer. Returns whether an answer has ended.
    bool go_on(int present) {
        if (is_idle()) {
            version_ = connection_.begin("GET", "/").field("X-Version");
            EXPECT_EQ(version_, std::to_string(present));
            return false;
        }
        const std::optional<std::string> piece = connection_.read();
        content_ += piece.value_or("");
        if (piece) return false;
        const std::string once = version_ + ";";
        EXPECT_EQ(content_, once + once + once + once);
        version_.clear();
        content_.clear();
        return true;
    }

private:
    TestConnection connection_;
    std::string version_;  // of the answer that is being read; empty: of none
    std::string content_;
};

// Clients are in the middle of their answers when the routes are replaced. Returns how many answers there were.
std::size_t replace_at_random(std::uint64_t seed, std::set<int>& alive) {
    std::mt19937_64 random(seed);
    int present = 0;
    std::size_t answers = 0;
    Server server;
    EXPECT_TRUE(server.replace(routes_of_version(present, alive)).has_value());
    TestClient client(server, seed);
    std::vector<SlowReader> readers;
    for (int i = 0; i < 3; ++i) readers.emplace_back(client);
    for (int step = 0; step < 30; ++step) {
        if (random() % 4 == 0) EXPECT_TRUE(server.replace(routes_of_version(++present, alive)).has_value());
        answers += readers[random() % readers.size()].go_on(present) ? 1 : 0;
    }
    for (SlowReader& reader : readers) {
        while (!reader.is_idle()) answers += reader.go_on(present) ? 1 : 0;
    }
    EXPECT_EQ(client.get("/").field("X-Version"), std::to_string(present));
    EXPECT_EQ(alive, std::set<int>{present}) << "those before are destroyed with their last answers";
    return answers;
}

TEST(Replacement, AtRandomMomentsLeavesEachAnswerToItsRoutes) {
    std::size_t answers = 0;
    for (std::uint64_t seed = 1; seed <= 1000 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::set<int> alive;
        answers += replace_at_random(seed, alive);
        EXPECT_EQ(alive, std::set<int>());
    }
    EXPECT_GT(answers, 4000U);
}

// Several threads ask, while another replaces the routes again and again.
TEST(Replacement, LosesNoRequest) {
    Options options;
    options.threads = 2;
    Server server(options);
    server.get("/", [] { return "0"; });
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    std::atomic<bool> is_over = false;
    std::atomic<unsigned> answered = 0;
    std::atomic<unsigned> wrong = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back([&] {
            TcpClient client(server.port());
            int newest = 0;
            while (!is_over) {
                const std::string answer = client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                const std::size_t end = answer.find("\r\n\r\n");
                const bool is_right = answer.starts_with("HTTP/1.1 200 ") && end != std::string::npos;
                const int number = is_right ? std::stoi(answer.substr(end + 4)) : -1;
                ++(number >= newest ? answered : wrong);
                if (number < newest) return;  // also if it is an older one
                newest = number;
            }
        });
    }
    for (int number = 1; number <= 200; ++number) {
        ASSERT_TRUE(server.replace(saying(std::to_string(number))).has_value());
        const unsigned before = answered;
        while (answered < before + 3 && wrong == 0) std::this_thread::yield();
    }
    is_over = true;
    for (std::thread& client : clients) client.join();
    TcpClient last(server.port());
    EXPECT_TRUE(last.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("\r\n\r\n200"));
    EXPECT_EQ(wrong, 0U);
    EXPECT_GE(answered, 600U);
    server.stop();
    ASSERT_TRUE(server.wait().has_value());
}

// Two cores use the folders of each set at the same time.
TEST(Replacement, MayHaveFolders) {
    const ScratchFolder place;
    std::ofstream(place.file("a.txt")) << "a file";
    Options options;
    options.threads = 2;
    Server server(options);
    server.files("/", place.path());
    ASSERT_TRUE(server.start("127.0.0.1:0").has_value());
    std::atomic<bool> is_over = false;
    std::atomic<unsigned> answered = 0;
    std::atomic<unsigned> wrong = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back([&] {
            while (!is_over) {
                TcpClient client(server.port());  // on one of the cores
                const bool is_right = client.ask("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("a file");
                ++(is_right ? answered : wrong);
            }
        });
    }
    for (int i = 0; i < 50; ++i) {
        RouteSet routes;
        routes.files("/", place.path());
        ASSERT_TRUE(server.replace(routes).has_value());
        const unsigned before = answered;
        while (answered < before + 3 && wrong == 0) std::this_thread::yield();
    }
    is_over = true;
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(wrong, 0U);
    server.stop();
    ASSERT_TRUE(server.wait().has_value());
}

Task<Response> send_report(Folder reports, Request& request) {
    Response response = co_await reports.respond(request, "a.txt");
    co_return std::move(response);
}

TEST(Replacement, MayUseFoldersOfEarlierRoutes) {
    const ScratchFolder place;
    std::ofstream(place.file("a.txt")) << "a file";
    Server server;
    const Folder reports = server.folder(place.path());
    server.get("/", [reports](Request& request) { return send_report(reports, request); });
    TestClient client(server);
    EXPECT_EQ(client.get("/").content, "a file");
    RouteSet routes;
    routes.get("/", [reports](Request& request) { return send_report(reports, request); });
    ASSERT_TRUE(server.replace(routes).has_value());
    EXPECT_EQ(client.get("/").content, "a file");
}

// What a stream holds may refer to what its handler owns.
class Owner {
public:
    explicit Owner(bool& is_gone) : is_gone_(&is_gone) {}
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() { *is_gone_ = true; }

private:
    bool* is_gone_;
};
class Lease {
public:
    Lease(const bool& owner_is_gone, bool& is_late) : owner_is_gone_(&owner_is_gone), is_late_(&is_late) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { *is_late_ = *is_late_ || *owner_is_gone_; }

private:
    const bool* owner_is_gone_;
    bool* is_late_;
};

Task<bool> write_for_ever(io::Core& core, ContentWriter& writer) {
    for (;;) {
        const bool written = co_await writer.write("more");
        const bool slept = co_await io::sleep_for(core, std::chrono::milliseconds(100));
        if (!written || !slept) co_return false;
    }
}

TEST(Replacement, DestroysStreamsBeforeTheRoutesThatMadeThem) {
    bool is_gone = false;
    bool is_late = false;
    Server server;
    {
        RouteSet routes;
        routes.get("/", [owner = std::make_shared<Owner>(is_gone), &is_gone, &is_late](Request& request) {
            io::Core* const core = &request.core();
            const auto lease = std::make_shared<Lease>(is_gone, is_late);
            return Response::stream("text/plain",
                                    [core, lease](ContentWriter& to) { return write_for_ever(*core, to); });
        });
        ASSERT_TRUE(server.replace(routes).has_value());
    }
    {
        TestClient client(server);
        client.send_and_stay("GET / HTTP/1.1\r\nHost: a\r\n\r\n", std::chrono::seconds(1));
        ASSERT_TRUE(server.replace(saying("new")).has_value());
        EXPECT_EQ(client.get("/").content, "new");
        EXPECT_FALSE(is_gone) << "the stream goes on";
    }
    EXPECT_TRUE(is_gone);
    EXPECT_FALSE(is_late);
}

class FoldersOfReplacedRoutes : public testing::Test {
protected:
    FoldersOfReplacedRoutes() {
        std::ofstream(place.file("a.txt")) << std::string(30'000, 'x');
        const auto an_hour_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
        std::filesystem::last_write_time(place.file("a.txt"), an_hour_ago);  // a new file would not be cached
        server.files("/files", place.path());
        server.get("/stream", [](Request& request) {
            io::Core* const core = &request.core();
            return Response::stream("text/plain", [core](ContentWriter& to) { return write_for_ever(*core, to); });
        });
    }
    // Begins a stream, which keeps its routes alive. Returns the octets in use before a file was cached.
    std::size_t begin(TestClient& client) {
        client.send_and_stay("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", std::chrono::seconds(1));
        const std::size_t before = client.octets_in_use();
        EXPECT_EQ(client.get("/files/a.txt").content.size(), 30'000U);
        EXPECT_GE(client.octets_in_use(), before + 30'000);
        return before;
    }

    const ScratchFolder place;
    Server server;
};

TEST_F(FoldersOfReplacedRoutes, DropWhatTheyHaveCached) {
    TestClient client(server);
    const std::size_t before = begin(client);
    ASSERT_TRUE(server.replace(saying("new")).has_value());
    EXPECT_EQ(client.get("/").content, "new");
    EXPECT_LT(client.octets_in_use(), before + 30'000);
}

TEST_F(FoldersOfReplacedRoutes, KeepItIfTheNewRoutesServeThemToo) {
    TestClient client(server);
    const std::size_t before = begin(client);
    RouteSet routes = saying("new");
    routes.files("/elsewhere", place.path());
    ASSERT_TRUE(server.replace(routes).has_value());
    EXPECT_EQ(client.get("/").content, "new");
    EXPECT_GE(client.octets_in_use(), before + 30'000);
    EXPECT_EQ(client.get("/elsewhere/a.txt").content.size(), 30'000U);
    EXPECT_LT(client.octets_in_use(), before + 60'000) << "one copy for both";
}

TEST(Replacement, TakesTheSameRoutesAgain) {
    Server server;
    server.get("/", [] { return "own"; });
    const RouteSet one = saying("one");
    const RouteSet two = saying("two");
    TestClient client(server);
    for (const auto& [routes, answer] : {std::pair{&one, "one"}, {&two, "two"}, {&one, "one"}}) {
        ASSERT_TRUE(server.replace(*routes).has_value());
        EXPECT_EQ(client.get("/").content, answer);
    }
    Server another;
    const auto taken = another.replace(one);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error(), "these routes have been given to another server: make a new RouteSet");
}

TEST(Replacement, IsNotLostWhileTheServerStarts) {
    for (int i = 0; i < 20; ++i) {
        Options options;
        options.threads = 2;
        Server server(options);
        server.get("/", [] { return "old"; });
        std::thread other([&server] { EXPECT_TRUE(server.replace(saying("new")).has_value()); });
        const bool started = server.start("127.0.0.1:0").has_value();
        other.join();
        ASSERT_TRUE(started);
        // A core may still be about to read its mailbox.
        std::string answer;
        for (int tries = 0; tries < 1000 && !answer.ends_with("new"); ++tries) {
            answer = TcpClient(server.port()).ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        EXPECT_TRUE(answer.ends_with("new"));
        server.stop();
        ASSERT_TRUE(server.wait().has_value());
    }
}

TEST(Replacement, TakesThePlaceOfTheServersOwnRoutes) {
    Server server;
    ASSERT_TRUE(server.replace(saying("new")).has_value());
    testing::internal::CaptureStderr();
    server.get("/late", [] { return "late"; });
    EXPECT_NE(testing::internal::GetCapturedStderr().find("is ignored"), std::string::npos);
}

}  // namespace
}  // namespace portico
