// portico/embed/hooks_test.cc — a program's own answers to errors and refusals, and where its operator is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/json.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Task<std::string> fail_slowly(Request& request) {
    const bool slept = co_await io::sleep_for(request.core(), std::chrono::milliseconds(5));
    if (slept) throw std::runtime_error("slowly");
    co_return "";
}

Task<bool> fail_after_some(ContentWriter& to) {
    const bool written = co_await to.write("some");
    if (written) throw std::runtime_error("stream");
    co_return true;
}

Task<void> fail_as_socket(WebSocket& socket) {
    const auto message = co_await socket.receive();
    if (message) throw std::runtime_error("socket");
}

std::string what_was_thrown(const Failed& failed) {
    if (failed.exception() == nullptr) return "nothing";
    try {
        std::rethrow_exception(failed.exception());
    } catch (const std::exception& error) {
        return error.what();
    }
}

// What a program with hooks writes down.
class Hooked : public testing::Test {
protected:
    Hooked() : server_(options()) {
        server_.on_refusal([this](const Request& request, const Refused& refused) {
            if (request.field("X-Throw")) throw std::runtime_error("hook");
            reasons_.emplace_back(refused.reason());
            return problem_json()(request, refused);
        });
        server_.get("/text", [] { return "text"; });
        server_.post("/json", [](Json value) { return value; });
        server_.use(time_out(std::chrono::seconds(10)));
        server_.get("/throws", []() -> std::string { throw std::runtime_error("at once"); });
        server_.get("/slowly", fail_slowly);
        server_.get("/split", [] {
            Response response("text");
            response.set("X-A", "a\nb");
            return response;
        });
        server_.get("/status", [] { return Status::internal_server_error; });
        server_.get("/conflict", [] { return Status::conflict; });
        server_.get("/locked", [] { return Response::error(Status::conflict, "The note is locked."); });
        server_.get("/list", [](Request& request) -> std::expected<std::string, Response> {
            auto page = request.query<int>("page", 1);
            if (!page) return std::unexpected(std::move(page.error()));
            return std::to_string(*page);
        });
        server_.get("/own", [] { return Response(Status::conflict, "own", "text/plain"); });
        server_.get("/late", [](Request& request) -> Task<void> {
            const bool slept = co_await io::sleep_for(request.core(), std::chrono::hours(1));
            static_cast<void>(slept);
        });
        server_.get("/stream", [] { return Response::stream("text/plain", fail_after_some); });
        server_.websocket("/socket", fail_as_socket);
        Group pages = server_.group("/pages");
        pages.get("/early", [] { return Status::gone; });
        pages.on_refusal(html_pages("<h1>{status} {title}</h1>{detail} {unknown}"));
        pages.get("/gone", [] { return Status::gone; });
        Group passing = server_.group("/passing");
        passing.on_refusal([](const Request&, const Refused& refused) { return refused.status(); });
        passing.get("/gone", [] { return Status::gone; });
    }
    static Options options() {
        Options options;
        options.hosts = {"a.example"};
        options.limits.head_octets_max = 2048;
        options.limits.target_octets_max = 512;
        return options;
    }
    void note_errors() {
        server_.on_error([this](const Request& request, const Failed& failed) -> std::optional<Response> {
            failures_.push_back(std::string(request.path()) + ": " + what_was_thrown(failed) + ", " +
                                std::string(failed.reason()));
            if (request.field("X-Throw")) throw std::runtime_error("hook");
            if (request.query("own")) return Response(Status::bad_gateway, "sorry", "text/plain");
            return std::nullopt;
        });
    }
    Server server_;
    std::vector<std::string> reasons_;
    std::vector<std::string> failures_;
};

struct RefusalRow {
    const char* name;
    std::string request;
    int status;
    const char* field = "";
};
class Refusals : public Hooked, public testing::WithParamInterface<RefusalRow> {};

TEST_P(Refusals, AreAnsweredByTheHookOfTheServer) {
    TestClient client(server_);
    const std::string answer = client.exchange(GetParam().request);
    const std::string status = std::to_string(GetParam().status);
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 " + status + " "));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/problem+json\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\n{\"type\":\"about:blank\",\"title\":\""));
    EXPECT_THAT(answer, HasSubstr("\",\"status\":" + status + ",\"detail\":\""));
    EXPECT_THAT(answer, HasSubstr(GetParam().field));
    EXPECT_THAT(answer, HasSubstr("Cache-Control: no-store\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("text/plain")));
    EXPECT_EQ(reasons_.size(), 1U);
}

const std::string rest_of_head = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
const std::string posted =
    "POST /json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n";

INSTANTIATE_TEST_SUITE_P(
    Rfc9110, Refusals,
    testing::Values(
        RefusalRow{"NoRoute", "GET /nowhere" + rest_of_head + "\r\n", 404},
        RefusalRow{"BadPath", "GET /%zz" + rest_of_head + "\r\n", 400},
        RefusalRow{"OtherMethod", "DELETE /text" + rest_of_head + "\r\n", 405, "Allow: GET, HEAD, OPTIONS\r\n"},
        RefusalRow{"UnknownMethod", "BREW /text" + rest_of_head + "\r\n", 501},
        RefusalRow{"ForeignHost", "GET /text HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n", 421},
        RefusalRow{"HandlersStatus", "GET /conflict" + rest_of_head + "\r\n", 409},
        RefusalRow{"HandlersSentence", "GET /locked" + rest_of_head + "\r\n", 409},
        RefusalRow{"WrongQuery", "GET /list?page=two" + rest_of_head + "\r\n", 400},
        RefusalRow{"NoJson", posted + "Content-Length: 1\r\n\r\n{", 400},
        RefusalRow{"MiddlewaresStatus", "GET /late" + rest_of_head + "\r\n", 503, "Retry-After: 1\r\n"},
        RefusalRow{"Exception", "GET /throws" + rest_of_head + "\r\n", 500},
        RefusalRow{"UnsendableResponse", "GET /split" + rest_of_head + "\r\n", 500},
        RefusalRow{"NoType", "POST /json" + rest_of_head + "Content-Length: 2\r\n\r\n{}", 415},
        RefusalRow{"LargeContent", posted + "Content-Length: 1048577\r\n\r\n", 413},
        RefusalRow{"LateContent", posted + "Content-Length: 5\r\n\r\n12", 408},
        RefusalRow{"TornContent", posted + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        RefusalRow{"NoUpgrade", "GET /socket" + rest_of_head + "\r\n", 426, "Upgrade: websocket\r\n"},
        RefusalRow{"LongTarget", "GET /" + std::string(600, 'a') + rest_of_head + "\r\n", 414},
        RefusalRow{"LargeHead", "GET /text" + rest_of_head + "X: " + std::string(3000, 'a') + "\r\n\r\n", 431},
        RefusalRow{"LateHead", "GET /text HTTP/1.1\r\nHo", 408},
        RefusalRow{"BadHead", "GET /text HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        RefusalRow{"UnknownVersion", "GET /text HTTP/3.1\r\nHost: a\r\n\r\n", 505}),
    row_name);

TEST_F(Hooked, RefusalsOfOneGroupAreThatGroups) {
    TestClient client(server_);
    const TestAnswer page = client.get("/pages/nowhere");
    EXPECT_EQ(page.status, 404);
    EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.content, "<h1>404 Not Found</h1>There is nothing at this address. {unknown}");
    EXPECT_EQ(client.get("/pages/gone").content, "<h1>410 Gone</h1>The request could not be answered. {unknown}");
    EXPECT_EQ(client.get("/pages/early").field("Content-Type"), "application/problem+json") << "added before the hook";
    EXPECT_EQ(client.get("/passing/gone").field("Content-Type"), "application/problem+json") << "a Status alone";
    EXPECT_EQ(client.get("/own").content, "own");
    EXPECT_EQ(client.get("/text").content, "text");
    EXPECT_EQ(client.request("HEAD", "/nowhere").field("Content-Type"), "application/problem+json");
    TestClient over_h2(server_, 1, TestFaults(), TestProtocol::http2);
    EXPECT_EQ(over_h2.get("/nowhere").field("Content-Type"), "application/problem+json");
    EXPECT_THAT(over_h2.get("/" + std::string(600, 'a')).content, HasSubstr("\"status\":414"));
    EXPECT_EQ(client.request("GET", "/nowhere", {{"Accept", "text/html"}}).field("Content-Security-Policy"), "");
}

TEST(Hooks, TheSentenceOfAnErrorIsThatOfItsPage) {
    Server server;
    const auto locked = [] { return Response::error(Status::conflict, "The note \"a\" is locked."); };
    server.get("/plain", locked);
    Group pages = server.group("/pages");
    pages.on_refusal(html_pages("<p>{status} {detail}"));
    pages.get("/locked", locked);
    pages.use([](Request& request, Next next) -> Task<Response> {
        Response response = co_await next(request);
        if (request.query("gone")) co_return Status::gone;
        if (request.query("own")) response.set_content("my own");
        co_return response;
    });
    pages.get("/passed", locked);
    TestClient client(server);
    const TestAnswer plain = client.get("/plain");
    EXPECT_EQ(plain.status, 409);
    EXPECT_EQ(plain.content, "The note \"a\" is locked.\n");
    EXPECT_EQ(plain.field("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(plain.field("Cache-Control"), "no-store");
    EXPECT_EQ(client.get("/pages/locked").content, "<p>409 The note &quot;a&quot; is locked.");
    EXPECT_EQ(client.get("/pages/passed").content, "<p>409 The note &quot;a&quot; is locked.");
    EXPECT_EQ(client.get("/pages/passed?own").content, "my own");
    EXPECT_EQ(client.get("/pages/passed?gone").content, "<p>410 The request could not be answered.");
}

TEST_F(Hooked, AHookThatThrowsLeavesTheStandardPage) {
    note_errors();
    std::vector<std::string> told;
    Options own = options();
    own.log = [&told](std::string_view sentence) {
        told.emplace_back(sentence);
        if (sentence.ends_with("at once")) throw std::runtime_error("log");
    };
    Server logging(own);
    RouteSet routes;
    routes.on_refusal([](const Request&, const Refused&) -> Response { throw std::runtime_error("hook"); });
    routes.on_error([](const Request&, const Failed&) -> std::optional<Response> { throw std::runtime_error("hook"); });
    routes.get("/throws", []() -> std::string { throw std::runtime_error("at once"); });
    ASSERT_TRUE(logging.replace(routes));
    TestClient client(logging);
    testing::internal::CaptureStderr();
    const TestAnswer page = client.get("/throws");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: the log threw an exception: log\n");
    EXPECT_EQ(page.status, 500);
    EXPECT_EQ(page.content, "500 Internal Server Error\nThe server failed to answer the request.\n");
    const std::string hook = "the program's function for errors or refusals threw an exception: hook";
    EXPECT_THAT(told, ElementsAre("GET /throws threw an exception: at once", hook, hook));
    logging.on_refusal(problem_json());
    EXPECT_THAT(told.back(), HasSubstr("hooks_test.cc"));
}

TEST(Hooks, TheLogHearsWhyAServerDoesNotRun) {
    std::vector<std::string> told;
    Options options;
    options.log = [&told](std::string_view sentence) { told.emplace_back(sentence); };
    Server server(options);
    testing::internal::CaptureStderr();
    EXPECT_EQ(server.run({"127.0.0.1:0", "udp://127.0.0.1:0"}), 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_THAT(told, ElementsAre("'udp://127.0.0.1:0' is not an endpoint for HTTP: write HOST:PORT or unix:PATH"));
}

TEST_F(Hooked, FailuresAreToldToTheHookForErrors) {
    note_errors();
    testing::internal::CaptureStderr();
    TestClient client(server_);
    EXPECT_EQ(client.get("/throws").field("Content-Type"), "application/problem+json");
    EXPECT_EQ(client.get("/throws?own=1").status, 502);
    EXPECT_EQ(client.get("/slowly?own=1").content, "sorry");
    EXPECT_EQ(client.get("/split").status, 500);
    EXPECT_EQ(client.get("/status").status, 500);
    EXPECT_EQ(client.get("/stream").status, 0);
    TestSocket socket = client.websocket("/socket");
    socket.send_text("x");
    EXPECT_FALSE(socket.receive());
    client.pass(std::chrono::seconds(30));
    EXPECT_EQ(client.get("/conflict").status, 409);
    EXPECT_EQ(client.request("GET", "/throws", {{"X-Throw", "1"}}).content,
              "500 Internal Server Error\nThe server failed to answer the request.\n");
    testing::internal::GetCapturedStderr();
    const std::string threw = "the handler threw an exception: ";
    EXPECT_THAT(
        failures_,
        ElementsAre("/throws: at once, " + threw + "at once", "/throws: at once, " + threw + "at once",
                    "/slowly: slowly, " + threw + "slowly",
                    "/split: nothing, the response's field X-A contains a control character", "/status: nothing, ",
                    "/stream: stream, the stream of the response threw an exception: stream",
                    "/socket: socket, " + threw + "socket", "/throws: at once, " + threw + "at once"));
}

TEST(Hooks, FailuresOfOneRequestAreNotThoseOfTheNext) {
    Server server;
    unsigned failures = 0;
    server.get("/throws", []() -> std::string { throw std::runtime_error("at once"); });
    Group group = server.group("/group");
    group.on_error([&failures](const Request&, const Failed&) -> std::optional<Response> {
        ++failures;
        return std::nullopt;
    });
    group.get("/fine", [] { return "fine"; });
    TestClient client(server);
    const std::string answers = client.exchange(
        "GET /throws HTTP/1.1\r\nHost: a\r\n\r\nGET /group/fine HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answers, testing::EndsWith("\r\n\r\nfine"));
    EXPECT_EQ(failures, 0U);
}

// The server's hooks and log are those of the routes that replace its own.
TEST_F(Hooked, ReplacedRoutesKeepTheServersHooks) {
    RouteSet routes;
    ASSERT_TRUE(server_.replace(routes));
    TestClient client(server_);
    EXPECT_EQ(client.get("/text").field("Content-Type"), "application/problem+json");
}

}  // namespace
}  // namespace portico
