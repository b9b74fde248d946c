// portico/embed/test_connection_test.cc — what the test client can do besides single requests.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "portico/json.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::seconds;

Task<void> count_up(EventSender& events) {
    for (int i = 1;; ++i) {
        const bool sent = co_await events.send("count", std::to_string(i));
        const bool slept = co_await io::sleep_for(events.core(), seconds(1));
        if (!sent || !slept) co_return;
    }
}

Task<bool> write_slowly(ContentWriter& to) {
    bool goes_on = true;
    for (int i = 0; i < 3 && goes_on; ++i) goes_on = co_await to.write("piece;");
    co_return goes_on;
}

TEST(TestClientsRequests, CarryFields) {
    Server server;
    server.use([](Request& request, Next next) -> Task<Response> {
        if (request.field("X-Key") != "k") co_return Status::unauthorized;
        Response response = co_await next(request);
        response.set("X-Type", std::string(request.field("Content-Type").value_or("none")));
        co_return response;
    });
    const auto echo = [](Request& request) -> Task<std::string> {
        const Result<std::string> content = co_await request.content();
        co_return std::string(request.method_name()) + " " + content.value_or("");
    };
    for (const char* const method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) server.route(method, "/", echo);
    for (const TestProtocol protocol : {TestProtocol::http, TestProtocol::http2}) {
        TestClient client(server, 1, TestFaults(), protocol);
        const TestFields key = {{"X-Key", "k"}};
        EXPECT_EQ(client.get("/").status, 401);
        EXPECT_EQ(client.get("/", key).content, "GET ");
        EXPECT_EQ(client.post("/", "a", "text/csv", key).content, "POST a");
        EXPECT_EQ(client.post("/", "a", "text/csv", key).field("X-Type"), "text/csv");
        EXPECT_EQ(client.put("/", "b", "text/csv", key).content, "PUT b");
        EXPECT_EQ(client.patch("/", "c", "text/csv", key).content, "PATCH c");
        EXPECT_EQ(client.del("/", key).content, "DELETE ");
        EXPECT_EQ(client.send_json("PUT", "/", Json{{"a", 1}}, key).content, "PUT {\"a\":1}");
        EXPECT_EQ(client.send_json("PUT", "/", 7, key).field("X-Type"), "application/json");
        TestConnection connection = client.connect();
        EXPECT_EQ(connection.get("/", {{"X-Key", "k"}}).content, "GET ");
    }
}

TEST(TestClientsAnswers, HaveTheCookiesThatABrowserSendsBack) {
    Server server;
    server.use(sessions());
    server.post("/login", [](Session session) {
        Response response("welcome");
        response.set_cookie(Cookie("seen", "yes").allow_plain_http());
        response.set_cookie(Cookie("old", "x").max_age(std::chrono::seconds(0)));
        if (!session.set("user", "ada")) response.set_status(Status::internal_server_error);
        return response;
    });
    server.get("/me", [](Session session, Request& request) {
        return std::string(session.get("user").value_or("nobody")) + std::string(request.cookie("seen").value_or(""));
    });
    TestClient client(server);
    const TestAnswer answer = client.post("/login", "");
    EXPECT_EQ(client.get("/me").content, "nobody");
    EXPECT_EQ(client.get("/me").cookies(), "");
    EXPECT_EQ(client.get("/me", {{"Cookie", answer.cookies()}}).content, "adayes");
    EXPECT_EQ(answer.cookies().find("old="), std::string::npos);
}

class KeptConnection : public testing::TestWithParam<std::uint64_t> {
protected:
    KeptConnection() {
        server_.get("/peer", [](Request& request) { return request.peer().ip.text(); });
        server_.route("PUT", "/echo", [](Json value) { return Json{{"put", value}}; });
        server_.route("PATCH", "/echo", [](Request& request) -> Task<std::string> {
            const Result<std::string> content = co_await request.content();
            co_return "patched " + content.value_or("");
        });
        server_.del("/echo", [] { return Status::no_content; });
        server_.get("/events", [](Request& request) { return send_events(request, count_up, seconds(0)); });
        server_.get("/pieces", [](Request&) { return Response::stream("text/plain", write_slowly); });
        server_.get("/known", [](Request&) { return Response::stream("text/plain", write_slowly, 18); });
        server_.get("/torn", [](Request&) { return Response::stream("text/plain", write_slowly, 20); });
        server_.get("/close", [] { return "closing"; });
    }
    Server server_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, KeptConnection, testing::Range<std::uint64_t>(1, 6));

TEST_P(KeptConnection, CarriesOneRequestAfterAnother) {
    for (const TestProtocol protocol : {TestProtocol::http, TestProtocol::https}) {
        TestClient client(server_, GetParam(), TestFaults(), protocol);
        TestConnection connection = client.connect();
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(connection.get("/peer").content, "127.0.0.1");
            EXPECT_EQ(connection.get("/pieces").content, "piece;piece;piece;");
            EXPECT_EQ(connection.get("/known").content, "piece;piece;piece;");
            EXPECT_EQ(connection.request("PATCH", "/echo", {}, "x").content, "patched x");
            EXPECT_EQ(connection.request("HEAD", "/known").field("Content-Length"), "18");
            EXPECT_EQ(client.connections(), 1U);
        }
        EXPECT_TRUE(connection.is_open());
        client.pass(seconds(70));
        EXPECT_TRUE(connection.is_open());
        client.pass(seconds(10));
        EXPECT_FALSE(connection.is_open()) << "the server's time for idle connections is over";
        EXPECT_EQ(connection.get("/peer").status, 0);
    }
}

TEST_P(KeptConnection, EndsIfTheServerOrTheClientSaysSo) {
    TestClient client(server_, GetParam());
    TestConnection asked = client.connect();
    EXPECT_EQ(asked.request("GET", "/close", {{"Connection", "close"}}).content, "closing");
    EXPECT_FALSE(asked.is_open());
    TestConnection torn = client.connect();
    EXPECT_EQ(torn.get("/torn").status, 0);
    EXPECT_FALSE(torn.is_open());
    TestConnection left = client.connect();
    EXPECT_EQ(left.get("/peer").status, 200);
    left.leave();
    EXPECT_FALSE(left.is_open());
    client.pass(seconds(1));
    EXPECT_EQ(client.connections(), 0U);
}

TEST_P(KeptConnection, ReadsAnswersPieceByPiece) {
    TestClient client(server_, GetParam());
    TestConnection connection = client.connect();
    EXPECT_EQ(connection.begin("GET", "/events").field("Content-Type"), "text/event-stream");
    EXPECT_EQ(connection.read_until("\n\n"), "event: count\ndata: 1\n\n");
    EXPECT_EQ(connection.read_until("data: "), "event: count\ndata: ");
    EXPECT_EQ(connection.read_until("\n\n"), "2\n\n");
    EXPECT_FALSE(connection.is_complete());
    EXPECT_EQ(connection.get("/peer").status, 0) << "the answer before has not been read wholly";
    connection.leave();
    client.pass(seconds(5));
    EXPECT_EQ(client.connections(), 0U);
    TestConnection other = client.connect();
    EXPECT_EQ(other.begin("GET", "/pieces").status, 200);
    EXPECT_EQ(other.read_until("end"), std::nullopt);
    EXPECT_TRUE(other.is_complete());
    EXPECT_EQ(other.read(), "piece;piece;piece;");
    EXPECT_EQ(other.read(), std::nullopt);
    EXPECT_EQ(other.get("/close").content, "closing");
}

TEST_P(KeptConnection, HasShorterWaysForSingleRequests) {
    TestClient client(server_, GetParam());
    EXPECT_EQ(client.put("/echo", "[1]", "application/json").content, R"({"put":[1]})");
    EXPECT_EQ(client.send_json("PUT", "/echo", Json{{"a", "b"}}).as<Json>()["put"]["a"], "b");
    EXPECT_TRUE(client.get("/close").as<Json>().is_discarded());
    EXPECT_EQ(client.patch("/echo", "").content, "patched ");
    EXPECT_EQ(client.del("/echo").status, 204);
}

TEST_P(KeptConnection, ComesFromTheAddressThatWasChosen) {
    for (const TestProtocol protocol : {TestProtocol::http, TestProtocol::http2}) {
        TestClient client(server_, GetParam(), TestFaults(), protocol);
        client.set_peer("192.0.2.7");
        EXPECT_EQ(client.get("/peer").content, "192.0.2.7");
        TestConnection connection = client.connect();
        client.set_peer("2001:db8::7");
        EXPECT_EQ(client.get("/peer").content, "2001:db8::7");
        EXPECT_EQ(connection.get("/peer").content, "192.0.2.7");
        client.set_peer("127.0.0.1");
        EXPECT_EQ(client.get("/peer").content, "127.0.0.1");
    }
}

}  // namespace
}  // namespace portico
