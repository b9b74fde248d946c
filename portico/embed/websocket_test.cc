// portico/embed/websocket_test.cc — WebSockets and broadcasts as a program sees them, on the simulated kernel.
#include "portico/embed/websocket.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/embed/broadcast.h"
#include "portico/embed/middleware.h"
#include "portico/embed/server.h"
#include "portico/embed/test_client.h"
#include "portico/io/scope.h"

namespace portico {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

Task<void> echo(WebSocket& socket) {
    for (bool is_here = true; is_here;) {
        const auto message = co_await socket.receive();
        if (!message) co_return;
        is_here = co_await socket.send_text(message->content());
    }
}

// What handlers have done, for the test.
struct Log {
    std::string text;
};
class Noted {
public:
    Noted(Log& log, std::string_view what) : log_(&log), what_(what) {}
    Noted(const Noted&) = delete;
    Noted& operator=(const Noted&) = delete;
    ~Noted() { log_->text.append(what_).append(";"); }

private:
    Log* log_;
    std::string what_;
};

Task<void> log_the_end(WebSocket& socket, Log& log) {
    const Noted noted(log, "ended");
    const bool sent = co_await socket.send_text("ready");
    log.text += sent ? "sent;" : "not sent;";
    const auto message = co_await socket.receive();
    log.text += message ? "message;" : "closed " + std::to_string(socket.close_code()) + ";";
}

Task<void> only_wait(WebSocket& socket, Log& log) {
    const Noted noted(log, "ended");
    socket.ignore_messages();
    const bool slept = co_await io::sleep_for(socket.core(), 1h);
    log.text += slept ? "slept;" : "not slept;";
}

Task<void> work_long(WebSocket& socket, Log& log) {
    const Noted noted(log, "ended");
    const auto message = co_await socket.receive();
    const bool slept = co_await io::sleep_for(socket.core(), 1h);
    log.text += slept && message ? "slept;" : "not slept;";
}

Task<void> fail(WebSocket& socket) {
    static_cast<void>(socket);
    throw std::runtime_error("no such room");
    co_return;
}

std::string handshake(const std::string& target = "/log") {
    return "GET " + target +
           " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}
// Masked with zeros.
const std::string text_frame = "\x81\x82\0\0\0\0hi"s;
const std::string begun_frame = "\x01\x82\0\0\0\0hi"s;
const std::string close_frame = "\x88\x80\0\0\0\0"s;

class WebSockets : public testing::Test {
protected:
    WebSockets() {
        server.websocket("/echo", echo);
        server.websocket("/log", [this](WebSocket& socket) { return log_the_end(socket, log); });
        server.websocket("/wait", [this](WebSocket& socket) { return only_wait(socket, log); });
        server.websocket("/work", [this](WebSocket& socket) { return work_long(socket, log); });
        server.websocket("/fail", fail);
        server.websocket("/number/{n}", [](WebSocket& socket, int n) { return socket.close(4000, std::to_string(n)); });
        WebSocketOptions listed;
        listed.origins = {"https://a.example"};
        listed.subprotocols = {"v2", "v1"};
        server.websocket("/listed", [](WebSocket& socket) { return socket.close(4000, socket.subprotocol()); }, listed);
    }
    // What happens if these octets follow the handshake, and the client then waits.
    std::string stay(std::string_view octets, std::chrono::milliseconds time) {
        TestClient client(server);
        client.send_and_stay(handshake() + std::string(octets), time);
        return log.text + std::to_string(client.connections());
    }

    Log log;
    Server server;
};

TEST_F(WebSockets, MessagesOfAllProtocolsAndSeeds) {
    for (const TestProtocol protocol : {TestProtocol::http, TestProtocol::https, TestProtocol::http2}) {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            TestClient client(server, seed, TestFaults(), protocol);
            TestSocket socket = client.websocket("/echo");
            ASSERT_EQ(socket.status(), protocol == TestProtocol::http2 ? 200 : 101);
            EXPECT_EQ(client.websocket("/nothing").status(), 404);
            const std::string large(100'000, 'x');
            socket.send_text("one");
            socket.send_text(large);
            EXPECT_EQ(socket.receive(), "one");
            EXPECT_EQ(socket.receive(), large);
            socket.close(1000, "bye");
            EXPECT_EQ(socket.close_code(), 1000u);
            client.pass(10s);
            EXPECT_EQ(client.connections(), 0u);
        }
    }
}

TEST_F(WebSockets, WhoMayOpenThem) {
    TestClient client(server);
    const auto status = [&client](std::string_view target, std::string_view origin) {
        return client.websocket(target, {{"Origin", std::string(origin)}}).status();
    };
    EXPECT_EQ(status("/echo", "http://localhost"), 101);
    EXPECT_EQ(status("/echo", "http://evil.example"), 403);
    EXPECT_EQ(status("/listed", "http://localhost"), 403);
    EXPECT_EQ(status("/listed", "https://a.example"), 101);
    EXPECT_EQ(status("/number/x", "http://localhost"), 404);
    EXPECT_EQ(status("/nothing", "http://localhost"), 404);
    const TestAnswer plain = client.get("/echo");
    EXPECT_EQ(plain.status, 426);
    EXPECT_EQ(plain.field("Upgrade"), "websocket");
    EXPECT_EQ(plain.field("Sec-WebSocket-Version"), "13");
    EXPECT_EQ(client.post("/echo", "x").status, 405);
}

TEST(WebSocketsBehindAProxy, MayBeOpenedByPagesOfItsHost) {
    Options options;
    options.trusted_proxies = {"127.0.0.1"};
    Server server(options);
    server.websocket("/echo", echo);
    TestClient client(server);
    const auto status = [&client](std::string_view origin, std::string_view host, std::string_view scheme) {
        return client
            .websocket("/echo", {{"Origin", std::string(origin)},
                                 {"X-Forwarded-For", "203.0.113.9"},
                                 {"X-Forwarded-Host", std::string(host)},
                                 {"X-Forwarded-Proto", std::string(scheme)}})
            .status();
    };
    EXPECT_EQ(status("https://a.example", "a.example", "https"), 101);
    EXPECT_EQ(status("https://a.example", "a.example:443", "https"), 101);
    EXPECT_EQ(status("https://a.example", "a.example:443", "http"), 403);
    EXPECT_EQ(status("http://localhost", "", ""), 101);
    EXPECT_EQ(status("http://localhost", "a.example", "http"), 403);
}

TEST_F(WebSockets, MiddlewareComesFirst) {
    Server guarded;
    guarded.use(basic_auth("friends", [](std::string_view name, std::string_view password) {
        return name == "ann" && password == "secret";
    }));
    guarded.use(compression());
    guarded.websocket("/echo", echo);
    TestClient client(guarded);
    EXPECT_EQ(client.websocket("/echo").status(), 401);
    TestSocket socket = client.websocket("/echo", {{"Authorization", "Basic YW5uOnNlY3JldA=="}});
    socket.send_text("hello");
    EXPECT_EQ(socket.receive(), "hello");
}

TEST_F(WebSockets, SubprotocolsAndParameters) {
    TestClient client(server);
    TestSocket socket = client.websocket("/listed", {{"Sec-WebSocket-Protocol", "v0, v1, v2"}});
    EXPECT_FALSE(socket.receive());
    EXPECT_EQ(socket.close_reason(), "v1");
    TestSocket numbered = client.websocket("/number/17");
    EXPECT_FALSE(numbered.receive());
    EXPECT_EQ(numbered.close_code(), 4000u);
    EXPECT_EQ(numbered.close_reason(), "17");
}

// A room whose handler is a member function.
class Room {
public:
    explicit Room(std::string name) : name_(std::move(name)) {}
    Task<void> enter(WebSocket& socket, int seat) { return socket.close(4000, name_ + std::to_string(seat)); }

private:
    std::string name_;
};

TEST(WebSocketsOfObjects, AreHandledByMemberFunctions) {
    Room hall("hall ");
    Server server;
    server.websocket("/hall/{seat}", &Room::enter, hall);
    WebSocketOptions listed;
    listed.origins = {"https://a.example"};
    server.websocket("/attic/{seat}", &Room::enter, std::make_shared<Room>("attic "), listed);
    TestClient client(server);
    TestSocket in_hall = client.websocket("/hall/7");
    EXPECT_FALSE(in_hall.receive());
    EXPECT_EQ(in_hall.close_reason(), "hall 7");
    TestSocket in_attic = client.websocket("/attic/8", {{"Origin", "https://a.example"}});
    EXPECT_FALSE(in_attic.receive());
    EXPECT_EQ(in_attic.close_reason(), "attic 8");
    EXPECT_EQ(client.websocket("/attic/8", {{"Origin", "https://b.example"}}).status(), 403);
}

TEST_F(WebSockets, HowTheyEnd) {
    TestClient client(server);
    TestSocket failing = client.websocket("/fail");
    EXPECT_FALSE(failing.receive());
    EXPECT_EQ(failing.close_code(), 1011u);
    TestSocket closing = client.websocket("/log");
    EXPECT_EQ(closing.receive(), "ready");
    closing.close(4001);
    EXPECT_EQ(std::exchange(log.text, {}), "sent;closed 4001;ended;");
    TestSocket leaving = client.websocket("/log");
    EXPECT_EQ(leaving.receive(), "ready");
    leaving.leave();
    client.pass(1s);
    EXPECT_EQ(std::exchange(log.text, {}), "sent;closed 1006;ended;");
    // A handler that doesn't receive ends where it waits.
    TestSocket ignored = client.websocket("/wait");
    ignored.send_text("not taken");
    ignored.close();
    EXPECT_EQ(std::exchange(log.text, {}), "ended;");
    client.pass(10s);
    EXPECT_EQ(client.connections(), 0u);
    EXPECT_EQ(client.octets_in_use(), 0u);
}

TEST_F(WebSockets, HowLongAClientMayBeSilent) {
    EXPECT_EQ(stay("", 49s), "sent;1");                     // ping_after and pong_time_max
    EXPECT_EQ(std::exchange(log.text, {}), "sent;ended;");  // with the server, which does not wait
    EXPECT_EQ(stay("", 51s), "sent;closed 1006;ended;0");
    log.text.clear();
    TestClient client(server);
    TestSocket answering = client.websocket("/log");
    EXPECT_GT(client.octets_in_use(), BufferPool::usual_octets + 4096);  // the head's buffer, and the rest
    client.pass(200s);
    EXPECT_EQ(client.connections(), 1u);
}

TEST_F(WebSockets, HowLongAMessageMayTake) {
    WebSocketOptions patient;
    patient.ping_after = 1h;
    patient.message_time_max = 60s;
    Server patiently;
    patiently.websocket("/log", [this](WebSocket& socket) { return log_the_end(socket, log); }, patient);
    for (const auto& [time, expected] : {std::pair(59s, "sent;1"), std::pair(63s, "sent;closed 1008;ended;0")}) {
        log.text.clear();
        TestClient client(patiently);
        client.send_and_stay(handshake() + begun_frame, time);
        EXPECT_EQ(log.text + std::to_string(client.connections()), expected);
    }
}

TEST_F(WebSockets, HowLongAHandlerMayGoOnAfterItsClient) {
    TestClient client(server);
    client.send_and_stay(handshake("/work") + text_frame + close_frame, 4s);
    EXPECT_EQ(log.text, "");
    client.pass(2s);
    EXPECT_EQ(log.text, "ended;");
}

TEST_F(WebSockets, HowLongACloseMayBeUnanswered) {
    EXPECT_EQ(stay(text_frame, 4s), "sent;message;ended;1");
    log.text.clear();
    EXPECT_EQ(stay(text_frame, 8s), "sent;message;ended;0");
}

// --- Broadcast

Task<void> tell(WebSocket& socket, Broadcast<std::string>& news) {
    socket.ignore_messages();
    Subscription<std::string> subscription = news.subscribe(socket.core());
    for (bool is_here = true; is_here;) {
        const auto value = co_await subscription.next();
        if (!value) co_return;
        is_here = co_await socket.send_text(*value);
    }
}

TEST(Broadcasts, ReachEverySubscriberFromAnyThread) {
    Broadcast<std::string> news;
    Server server;
    server.websocket("/news", [&](WebSocket& socket) { return tell(socket, news); });
    TestClient client(server);
    {
        std::vector<TestSocket> sockets;
        for (int i = 0; i < 3; ++i) sockets.push_back(client.websocket("/news"));
        EXPECT_EQ(news.subscribers(), 3u);
        std::thread elsewhere([&news] { EXPECT_EQ(news.publish("from a thread"), 3u); });
        elsewhere.join();
        news.publish("here");
        for (TestSocket& socket : sockets) {
            EXPECT_EQ(socket.receive(), "from a thread");
            EXPECT_EQ(socket.receive(), "here");
        }
    }
    client.pass(10s);
    EXPECT_EQ(news.subscribers(), 0u);
}

// Takes all values once it is told to.
Task<void> take_all(io::Gate& gate, Subscription<int>& subscription, io::Core& core, std::string& taken) {
    const io::Result<void> woken = co_await gate.wait(core, io::never);
    if (!woken) co_return;
    for (;;) {
        const auto value = co_await subscription.next();
        if (!value) co_return;
        taken += std::to_string(*value) + " ";
    }
}

struct SlowRow {
    WhenSlow when_slow;
    const char* taken;
    const char* counts;  // dropped, ended, missed
};

// A subscriber that takes nothing before six values have been published, and the broadcast has ended.
Task<std::string> be_slow(Request& request, std::unique_ptr<Broadcast<int>>& numbers, std::string& taken) {
    io::Gate gate;
    Subscription<int> subscription = numbers->subscribe(request.core());
    io::Scope taking;
    taking.start(take_all(gate, subscription, request.core(), taken));
    for (int i = 1; i <= 6; ++i) numbers->publish(i);
    std::string counts = std::to_string(numbers->dropped()) + " " + std::to_string(numbers->ended());
    counts += " " + std::to_string(subscription.missed());
    numbers.reset();
    gate.open();
    co_await taking.join();
    co_return counts;
}

TEST(Broadcasts, ASlowSubscriberMissesOrEnds) {
    for (const SlowRow& row :
         {SlowRow{WhenSlow::drop_oldest, "3 4 5 6 ", "2 0 2"}, SlowRow{WhenSlow::end, "1 2 3 4 ", "0 1 0"}}) {
        auto numbers = std::make_unique<Broadcast<int>>(4, row.when_slow);
        std::string taken;
        Server server;
        server.get("/", [&](Request& request) { return be_slow(request, numbers, taken); });
        TestClient client(server);
        EXPECT_EQ(client.get("/").content, row.counts);
        EXPECT_EQ(taken, row.taken);
    }
}

TEST(Broadcasts, BecomeServerSentEvents) {
    Broadcast<std::string> news;
    Server server;
    server.get("/news", [&](Request& request) { return send_events(request, news); });
    server.get("/tell", [&] { return std::to_string(news.publish("it rains")); });
    TestClient client(server);
    client.send_and_stay("GET /news HTTP/1.1\r\nHost: localhost\r\n\r\n", 1s);
    EXPECT_EQ(client.get("/tell").content, "1");
}

}  // namespace
}  // namespace portico
