// portico/embed/middleware_test.cc — middleware, responses, cookies, forms, folders.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

#include "portico/base/scratch_folder_for_test.h"

#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<Response> add_letter(Request& request, Next next, std::string letter) {
    Response response = co_await next(request);
    response.set_content(letter + std::string(response.content()) + letter);
    co_return std::move(response);
}

TEST(Middleware, IsPassedFromTheOutsideInAndBackOut) {
    Server server;
    server.get("/before", [] { return "x"; });
    server.use([](Request& request, Next next) { return add_letter(request, next, "a"); });
    Group group = server.group("/in");
    group.use([](Request& request, Next next) { return add_letter(request, next, "b"); });
    group.get("/side", [] { return "x"; });
    server.get("/after", [] { return "x"; });
    TestClient client(server);
    EXPECT_EQ(client.get("/before").content, "x");
    EXPECT_EQ(client.get("/in/side").content, "abxba");
    EXPECT_EQ(client.get("/after").content, "axa");
    EXPECT_EQ(client.get("/nowhere").content, "a404 Not Found\nThere is nothing at this address.\na");
}

Task<Response> want_key(Request& request, Next next) {
    if (!request.query("key")) co_return Response(Status::unauthorized);
    EXPECT_TRUE(request.parameters().empty());
    Response response = co_await next(request);
    co_return std::move(response);
}

TEST(Middleware, OfARouteComesBeforeWhatIsSaidOfItsMethods) {
    Server server;
    server.get("/open", [] { return "x"; });
    Group closed = server.group("/closed");
    closed.use(want_key);
    closed.get("/note", [] { return "x"; });
    server.get("/closed/{name}", [](std::string_view) { return "x"; });
    TestClient client(server);
    EXPECT_EQ(client.request("DELETE", "/open").status, 405);
    for (const char* const method : {"OPTIONS", "DELETE"}) {
        const TestAnswer refused = client.request(method, "/closed/note");
        EXPECT_EQ(refused.status, 401);
        EXPECT_EQ(refused.field("Allow"), "");
        EXPECT_EQ(client.request(method, "/closed/note?key=1").field("Allow"), "GET, HEAD, OPTIONS");
    }
    EXPECT_EQ(client.request("DELETE", "/closed/other").status, 405);
}

TEST(Middleware, OfOnePatternsMethodsTheMostIsAskedFirst) {
    Server server;
    server.get("/note", [] { return "x"; });
    Group closed = server.group("");
    closed.use(want_key);
    closed.put("/note", [] { return "x"; });
    TestClient client(server);
    EXPECT_EQ(client.get("/note").status, 200);
    EXPECT_EQ(client.request("DELETE", "/note").status, 401);
    EXPECT_EQ(client.request("DELETE", "/note?key=1").status, 405);
    EXPECT_EQ(client.get("/nowhere").status, 404);  // a group without a prefix has nothing below it
}

TEST(Middleware, OfAGroupSeesWhatIsNotFoundBelowItsPrefix) {
    Server server;
    server.use([](Request& request, Next next) { return add_letter(request, next, "s"); });
    Group outer = server.group("/a");
    outer.use([](Request& request, Next next) { return add_letter(request, next, "o"); });
    Group inner = outer.group("/b");
    inner.use([](Request& request, Next next) { return add_letter(request, next, "i"); });
    TestClient client(server);
    EXPECT_EQ(client.get("/x").content, "s404 Not Found\nThere is nothing at this address.\ns");
    EXPECT_EQ(client.get("/ab").content, "s404 Not Found\nThere is nothing at this address.\ns");
    EXPECT_EQ(client.get("/a").content, "so404 Not Found\nThere is nothing at this address.\nos");
    EXPECT_EQ(client.get("/a/bc").content, "so404 Not Found\nThere is nothing at this address.\nos");
    EXPECT_EQ(client.get("/a/b/c").content, "soi404 Not Found\nThere is nothing at this address.\nios");
}

TEST(Middleware, OfAGroupAnswersPreflightsForItsRoutes) {
    Server server;
    Group group = server.group("/api");
    group.use(cors({"https://a.example"}));
    group.put("/note/{id}", [](int) { return "put"; });
    TestClient client(server);
    const auto preflight = client.request("OPTIONS", "/api/note/1",
                                          {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "PUT"}});
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(preflight.field("Access-Control-Allow-Methods"), "PUT");
    const auto refused = client.request("GET", "/api/note/1", {{"Origin", "https://a.example"}});
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.field("Access-Control-Allow-Origin"), "https://a.example");
}

TEST(Middleware, MayAnswerByItself) {
    Server server;
    int called = 0;
    server.use([](Request& request, Next next) -> Task<Response> {
        if (request.query("secret") != "42") co_return Response(Status::forbidden);
        Response response = co_await next(request);
        co_return std::move(response);
    });
    server.get("/", [&called] { ++called; });
    TestClient client(server);
    EXPECT_EQ(client.get("/").status, 403);
    EXPECT_EQ(called, 0);
    EXPECT_EQ(client.get("/?secret=42").status, 204);
    EXPECT_EQ(called, 1);
}

TEST(Middleware, BasicAuth) {
    Server server;
    server.use(basic_auth("here", [](std::string_view user, std::string_view password) {
        return user == "frank" && password == "secret";
    }));
    server.get("/", [] { return "in"; });
    TestClient client(server);
    const TestAnswer asked = client.get("/");
    EXPECT_EQ(asked.status, 401);
    EXPECT_TRUE(asked.field("WWW-Authenticate").starts_with("Basic realm=\"here\""));
    EXPECT_EQ(client.request("GET", "/", {{"Authorization", "Basic ZnJhbms6c2VjcmV0"}}).content, "in");
    EXPECT_EQ(client.request("GET", "/", {{"Authorization", "Basic ZnJhbms6d3Jvbmc="}}).status, 401);
    EXPECT_EQ(client.request("GET", "/nowhere").status, 401);
    const std::pair<std::string, std::string> right{"Authorization", "Basic ZnJhbms6c2VjcmV0"};
    const std::pair<std::string, std::string> wrong{"Authorization", "Basic ZnJhbms6d3Jvbmc="};
    EXPECT_EQ(client.request("GET", "/", {right, wrong}).status, 401) << "a proxy may have read the second one";
    EXPECT_EQ(client.request("GET", "/", {right, right}).status, 401);
}

TEST(Middleware, Cors) {
    Server server;
    server.use(cors({"https://a.example"}));
    server.put("/", [] { return "put"; });
    TestClient client(server);
    const auto preflight = client.request("OPTIONS", "/",
                                          {{"Origin", "https://a.example"},
                                           {"Access-Control-Request-Method", "PUT"},
                                           {"Access-Control-Request-Headers", "x-a"}});
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(preflight.field("Access-Control-Allow-Origin"), "https://a.example");
    EXPECT_EQ(preflight.field("Access-Control-Allow-Methods"), "PUT");
    EXPECT_EQ(preflight.field("Access-Control-Allow-Headers"), "x-a");
    EXPECT_EQ(preflight.field("Access-Control-Max-Age"), "86400");
    const auto no_preflight = client.request("OPTIONS", "/", {{"Origin", "https://a.example"}});
    EXPECT_EQ(no_preflight.field("Allow"), "OPTIONS, PUT");
    EXPECT_EQ(no_preflight.field("Access-Control-Max-Age"), "");
    const auto theirs = client.request("PUT", "/", {{"Origin", "https://a.example"}});
    EXPECT_EQ(theirs.content, "put");
    EXPECT_EQ(theirs.field("Access-Control-Allow-Origin"), "https://a.example");
    EXPECT_EQ(theirs.field("Vary"), "Origin");
    EXPECT_EQ(theirs.field("Access-Control-Allow-Credentials"), "");
    const auto others = client.request("PUT", "/", {{"Origin", "https://b.example"}});
    EXPECT_EQ(others.field("Access-Control-Allow-Origin"), "");
    EXPECT_EQ(others.field("Vary"), "Origin");
    EXPECT_EQ(client.request("PUT", "/").field("Vary"), "Origin");
}

TEST(Middleware, CorsWithCredentials) {
    for (const char* const origin : {"https://a.example", "*", ""}) {
        std::vector<std::string> origins{origin};
        if (origins.front().empty()) origins.clear();
        Server server;
        server.use(cors(origins, CorsCredentials::allowed));
        server.get("/", [] { return "got"; });
        TestClient client(server);
        const auto answer = client.request("GET", "/", {{"Origin", "https://a.example"}});
        const bool is_named = origin == std::string("https://a.example");
        EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), is_named ? origin : "*");
        EXPECT_EQ(answer.field("Access-Control-Allow-Credentials"), is_named ? "true" : "");
        EXPECT_EQ(answer.field("Vary"), is_named ? "Origin" : "");
    }
}

TEST(Middleware, TimeOut) {
    Server server;
    server.use(time_out(seconds(2)));
    server.get("/{seconds}", [](int time, Request& request) -> Task<std::string> {
        for (int i = 0; i < time; ++i) {
            const bool slept = co_await io::sleep_for(request.core(), seconds(1));
            static_cast<void>(slept);
        }
        co_return "done";
    });
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        TestClient client(server, seed);
        EXPECT_EQ(client.get("/1").content, "done");
        const TestAnswer late = client.get("/3600");
        EXPECT_EQ(late.status, 503);
        EXPECT_EQ(late.field("Retry-After"), "1");
        EXPECT_EQ(client.get("/0").content, "done");
    }
}

// It does not go on behind the back of the middleware that still works on the answer.
TEST(Middleware, TimeOutEndsTheHandlerAtOnce) {
    Server server;
    int steps = 0;
    int steps_later = 0;
    server.use([&](Request& request, Next next) -> Task<Response> {
        Response response = co_await next(request);
        const int before = steps;
        const bool slept = co_await io::sleep_for(request.core(), seconds(100));
        steps_later = slept ? steps - before : -1;
        co_return std::move(response);
    });
    server.use(time_out(seconds(2)));
    server.get("/", [&steps](Request& request) -> Task<std::string> {
        for (;;) {
            const bool slept = co_await io::sleep_for(request.core(), seconds(1));
            if (!slept) co_return "";
            ++steps;
        }
    });
    TestClient client(server);
    EXPECT_EQ(client.get("/").status, 503);
    EXPECT_GE(steps, 1);
    EXPECT_EQ(steps_later, 0);
}

// The handler's answer is not held back until the time is over.
TEST(Middleware, TimeOutDoesNotDelay) {
    Server server;
    server.use(time_out(std::chrono::hours(1)));
    server.get("/time", [](Request& request) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), milliseconds(1));
        const auto now = request.core().now().time_since_epoch();
        co_return slept ? std::to_string(std::chrono::duration_cast<seconds>(now).count()) : "";
    });
    TestClient client(server);
    const long first = std::stol(client.get("/time").content);
    EXPECT_LT(std::stol(client.get("/time").content) - first, 60);
}

TEST(Middleware, RequestId) {
    Server server;
    server.use(request_id());
    server.get("/", [] {});
    TestClient client(server);
    EXPECT_EQ(client.get("/").field("X-Request-Id").size(), 32U);
    EXPECT_NE(client.get("/").field("X-Request-Id"), client.get("/").field("X-Request-Id"));
    EXPECT_EQ(client.request("GET", "/", {{"X-Request-Id", "abc-1"}}).field("X-Request-Id"), "abc-1");
    EXPECT_EQ(client.request("GET", "/", {{"X-Request-Id", "a b"}}).field("X-Request-Id").size(), 32U);
    for (const std::size_t size : {128U, 129U}) {
        const std::string id(size, 'i');
        EXPECT_EQ(client.request("GET", "/", {{"X-Request-Id", id}}).field("X-Request-Id") == id, size == 128);
    }
}

TEST(Middleware, ContentAtMost) {
    Server server;
    server.use(content_at_most(10));
    server.post("/", [](Request& request) -> Task<Result<std::string>> {
        Result<std::string> content = co_await request.content();
        co_return std::move(content);
    });
    TestClient client(server);
    EXPECT_EQ(client.post("/", "0123456789").content, "0123456789");
    EXPECT_EQ(client.post("/", "0123456789a").status, 413);
}

// Returns the answer to this content, sent in chunks of `octets`.
std::string post_in_chunks(TestClient& client, const std::string& target, std::size_t octets, std::size_t chunk) {
    std::string request =
        "POST " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (; octets > 0; octets -= std::min(octets, chunk)) {
        char line[20];
        std::snprintf(line, sizeof line, "%zx\r\n", std::min(octets, chunk));
        request.append(line).append(std::min(octets, chunk), 'x').append("\r\n");
    }
    const std::string answer = client.exchange(request + "0\r\n\r\n");
    return answer.substr(0, 12) + answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 2));
}

// Chunks do not announce a length: they are counted while they are read, whichever way they are read.
TEST(Middleware, ContentAtMostOfChunks) {
    Server server;
    server.use(content_at_most(10));
    server.post("/whole", [](Request& request) -> Task<Result<std::string>> {
        Result<std::string> content = co_await request.content();
        co_return std::move(content);
    });
    server.post("/pieces", [](Request& request) -> Task<Result<std::string>> {
        std::size_t octets = 0;
        for (;;) {
            const Result<std::string_view> piece = co_await request.read();
            if (!piece) break;
            if (piece->empty()) co_return std::to_string(octets);
            octets += piece->size();
        }
        EXPECT_LE(octets, 10U);
        const Result<std::string_view> further = co_await request.read();  // the content stays refused
        if (further) co_return "more";
        co_return std::unexpected(further.error());
    });
    Group larger = server.group("/larger");
    larger.use(content_at_most(20));
    larger.post("/", [](Request& request) -> Task<Result<std::string>> {
        Result<std::string> content = co_await request.content();
        co_return std::move(content);
    });
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        TestClient client(server, seed);
        for (const std::size_t chunk : {1U, 4U, 10'000U}) {
            EXPECT_EQ(post_in_chunks(client, "/whole", 10, chunk), "HTTP/1.1 200\r\nxxxxxxxxxx");
            EXPECT_EQ(post_in_chunks(client, "/pieces", 10, chunk), "HTTP/1.1 200\r\n10");
            for (const char* const target : {"/whole", "/pieces", "/larger/"}) {
                EXPECT_TRUE(post_in_chunks(client, target, 11, chunk).starts_with("HTTP/1.1 413")) << target << chunk;
            }
        }
        EXPECT_TRUE(post_in_chunks(client, "/pieces", 500'000, 10'000).starts_with("HTTP/1.1 413"));
    }
}

// If the handler itself sets the limit, announced content is refused before it is read.
TEST(Requests, LimitTheirContent) {
    Server server;
    server.post("/", [](Request& request) -> Task<Result<std::string>> {
        request.limit_content(10);
        request.limit_content(20);
        std::string all;
        for (;;) {
            const Result<std::string_view> piece = co_await request.read();
            if (!piece) co_return std::unexpected(piece.error());
            if (piece->empty()) co_return all;
            all += *piece;
        }
    });
    TestClient client(server);
    EXPECT_EQ(client.post("/", "0123456789").content, "0123456789");
    EXPECT_EQ(client.post("/", "0123456789a").status, 413);
    const std::string answer = client.exchange(
        "POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 11\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
}

TEST(Requests, KnowTheirUser) {
    Server server;
    server.get("/open", [](Request& request) { return "user: " + std::string(request.user()); });
    server.use(basic_auth("here", [](std::string_view, std::string_view password) { return password == "secret"; }));
    server.get("/closed", [](Request& request) { return "user: " + std::string(request.user()); });
    TestClient client(server);
    EXPECT_EQ(client.request("GET", "/open", {{"Authorization", "Basic ZnJhbms6c2VjcmV0"}}).content, "user: ");
    EXPECT_EQ(client.request("GET", "/closed", {{"Authorization", "Basic ZnJhbms6c2VjcmV0"}}).content, "user: frank");
}

TEST(Middleware, Compression) {
    Server server;
    server.use(compression(100));
    server.get("/long", [] { return std::string(5000, 'x'); });
    server.get("/short", [] { return std::string(99, 'x'); });
    server.get("/enough", [] { return std::string(100, 'x'); });
    TestClient client(server);
    const TestAnswer encoded = client.request("GET", "/long", {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(encoded.field("Content-Encoding"), "gzip");
    EXPECT_LT(encoded.content.size(), 100U);
    EXPECT_EQ(encoded.field("Vary"), "Accept-Encoding");
    EXPECT_EQ(client.get("/long").content, std::string(5000, 'x'));
    EXPECT_EQ(client.get("/long").field("Vary"), "Accept-Encoding");
    EXPECT_EQ(client.request("GET", "/short", {{"Accept-Encoding", "gzip"}}).content, std::string(99, 'x'));
    EXPECT_EQ(client.request("GET", "/enough", {{"Accept-Encoding", "gzip"}}).field("Content-Encoding"), "gzip");
}

TEST(Middleware, CompressionLeavesAlone) {
    Server server;
    server.use(compression(100));
    server.get("/{which}", [](int which) {
        Response response(std::string(5000, 'x'));
        if (which == 1) response.set_status(Status::partial_content);
        if (which == 2) response.set("Content-Range", "bytes 0-4999/9000");
        if (which == 3) response.add("Cache-Control", "private");
        if (which == 3) response.add("Cache-Control", "max-age=3, No-Transform");
        if (which == 4) response.set("Content-Encoding", "x-own");
        return response;
    });
    TestClient client(server);
    const auto get = [&client](int which) {
        return client.request("GET", "/" + std::to_string(which), {{"Accept-Encoding", "gzip"}});
    };
    EXPECT_EQ(get(0).field("Content-Encoding"), "gzip");
    for (const int which : {1, 2, 3, 4}) EXPECT_EQ(get(which).content, std::string(5000, 'x')) << which;
}

// RFC 9110 §8.8.3: other octets need another strong entity tag.
TEST(Middleware, CompressionNamesWhatItMakes) {
    Server server;
    server.use(compression(100));
    server.get("/{tag}", [](std::string_view tag) {
        Response response(std::string(5000, 'x'));
        response.set("ETag", std::string(tag));
        return response;
    });
    TestClient client(server);
    const auto get = [&client](const std::string& target, const std::string& has) {
        return client.request("GET", target, {{"Accept-Encoding", "gzip"}, {"If-None-Match", has}});
    };
    EXPECT_EQ(client.get("/%22v1%22").field("ETag"), "\"v1\"");
    EXPECT_EQ(get("/%22v1%22", "\"v1\"").field("ETag"), "\"v1-gzip-made\"");
    EXPECT_EQ(get("/W%22v1%22", "\"v1\"").field("ETag"), "W\"v1\"");
    const TestAnswer known = get("/%22v1%22", "\"x\", W/\"v1-gzip-made\"");
    EXPECT_EQ(known.status, 304);
    EXPECT_EQ(known.field("ETag"), "\"v1-gzip-made\"");
    EXPECT_EQ(known.field("Vary"), "Accept-Encoding");
    EXPECT_EQ(client.request("GET", "/%22v1%22", {{"If-None-Match", "\"v1-gzip-made\""}}).status, 200);
}

TEST(Responses, FieldsThatWouldSplitThemBecomeAnError) {
    Server server;
    server.get("/{which}", [](int which) {
        Response response("fine");
        if (which == 1) response.set("X-A", "a\r\nX-B: b");
        if (which == 2) response.set("X A", "a");
        if (which == 3) response.set("Content-Length", "3");
        if (which == 4) response.set_cookie(Cookie("a", "b;c"));
        if (which == 5) response.set("Transfer-Encoding", "chunked");
        if (which == 6) response.set_status(static_cast<Status>(103));
        return response;
    });
    TestClient client(server);
    EXPECT_EQ(client.get("/0").content, "fine");
    const auto told = [&client](const std::string& target) {
        testing::internal::CaptureStderr();
        EXPECT_EQ(client.get(target).status, 500) << target;
        return testing::internal::GetCapturedStderr();
    };
    EXPECT_EQ(told("/1"), "error: the response's field X-A contains a control character; answered with 500\n");
    EXPECT_EQ(told("/2"), "error: the response's field name 'X A' is not a token; answered with 500\n");
    EXPECT_EQ(told("/3"),
              "error: the response's field Content-Length can only be set by the connection; answered with 500\n");
    EXPECT_EQ(told("/4"),
              "error: the response's cookie a contains a character that cookies can't have; answered with 500\n");
    EXPECT_EQ(told("/5"),
              "error: the response's field Transfer-Encoding can only be set by the connection; answered with 500\n");
    EXPECT_EQ(told("/6"), "error: the response's status 103 is not that of a final answer; answered with 500\n");
}

TEST(Responses, SayOneThingOnce) {
    Response response("text");
    response.add("ETag", "\"1\"");
    response.add("etag", "\"2\"");
    response.add("Content-Type", "text/x");
    response.add("Cache-Control", "private");
    response.add("Cache-Control", "\"a, no-store\", no-cache");
    EXPECT_EQ(response.field("ETag"), "\"2\"");
    EXPECT_EQ(response.field("Content-Type"), "text/x");
    EXPECT_TRUE(response.lists("cache-control", "Private"));
    EXPECT_TRUE(response.lists("Cache-Control", "no-cache"));
    EXPECT_FALSE(response.lists("Cache-Control", "no-store"));
    Server server;
    server.get("/", [&response] { return std::move(response); });
    const TestAnswer answer = TestClient(server).get("/");
    EXPECT_EQ(
        std::ranges::count(answer.fields, std::string("Cache-Control"), [](const auto& line) { return line.first; }),
        2);
    EXPECT_EQ(answer.field("ETag"), "\"2\"");
    EXPECT_EQ(answer.fields.size(), 7U) << "those above, Content-Length, Date and Connection";
}

TEST(Responses, AreWhatTheHandlerMadeThem) {
    Server server;
    server.get("/html", [] { return Response::html("<p>"); });
    server.get("/away", [] { return Response::redirect("/html"); });
    server.get("/cookie", [](Request& request) {
        Response response(std::string(request.cookie("b").value_or("none")));
        response.set_cookie(Cookie("a", "1").max_age(seconds(60)).allow_plain_http());
        response.set_status(Status::forbidden);
        return response;
    });
    TestClient client(server);
    EXPECT_EQ(client.get("/html").field("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(client.get("/away").status, 302);
    EXPECT_EQ(client.get("/away").field("Location"), "/html");
    const TestAnswer answer = client.request("GET", "/cookie", {{"Cookie", "a=1; b=two; c=3"}});
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.content, "two");
    // Quotation marks do not group (RFC 6265 §5.4).
    EXPECT_EQ(client.request("GET", "/cookie", {{"Cookie", "a=\"x; b=secret; c=y\""}}).content, "secret");
    EXPECT_EQ(client.request("GET", "/cookie", {{"Cookie", ";; b ;b=\"1\";b=2"}}).content, "\"1\"");
    EXPECT_EQ(answer.field("Set-Cookie"), "a=1; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
}

TEST(Responses, CookiesAreGuardedUnlessToldOtherwise) {
    EXPECT_EQ(Cookie("a", "1").text(), "a=1; Path=/; HttpOnly; Secure; SameSite=Lax");
    EXPECT_EQ(Cookie("a", "1").domain("a.example").path("/x").max_age(seconds(1)).text(),
              "a=1; Path=/x; Domain=a.example; Max-Age=1; HttpOnly; Secure; SameSite=Lax");
    EXPECT_EQ(Cookie("a", "1").allow_scripts().allow_plain_http().allow_other_sites().text(),
              "a=1; Path=/; SameSite=None");
    EXPECT_EQ(Cookie("a b", "1").text(), std::nullopt);
    EXPECT_EQ(Cookie("a", "1\"").text(), std::nullopt);
    EXPECT_EQ(Cookie("a", "1").path("/;x").text(), std::nullopt);
    EXPECT_EQ(Cookie("a", "1").domain("a\n").text(), std::nullopt);
}

// Content that the status forbids is not sent, whatever the handler asks for (RFC 9110 §15): the next answer begins in
// the right place.
TEST(Responses, KeepToTheirStatus) {
    Server server;
    server.get("/{status}", [](int status) { return Response(static_cast<Status>(status), "content", "text/plain"); });
    TestClient client(server);
    for (const int status : {100, 103, 199, 0, 600, 999}) {
        EXPECT_EQ(client.get("/" + std::to_string(status)).status, 500) << status;
    }
    for (const int status : {200, 201, 418, 422, 507, 599}) {
        const TestAnswer answer = client.get("/" + std::to_string(status));
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.content, "content");
    }
    for (const char* const status : {"204", "304", "205"}) {
        const std::string answers = client.exchange("GET /" + std::string(status) + " HTTP/1.1\r\nHost: a\r\n\r\n" +
                                                    "GET /404 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        EXPECT_TRUE(answers.starts_with("HTTP/1.1 " + std::string(status))) << answers;
        const std::size_t end = answers.find("\r\n\r\n");
        EXPECT_TRUE(answers.substr(end + 4).starts_with("HTTP/1.1 404 ")) << answers;
    }
}

TEST(Forms, AreDecodedAndEncoded) {
    EXPECT_EQ(decode_form("a+b%20c%2b%zz%4"), "a b c+%zz%4");
    EXPECT_EQ(find_in_form("a=1&b=2&b=3&c&=5", "b"), "2");
    EXPECT_EQ(find_in_form("a=1&b=2&b=3&c&=5", "c"), "");
    EXPECT_EQ(find_in_form("a=1&b=2&b=3&c&=5", ""), "5");
    EXPECT_EQ(find_in_form("a=1", "d"), std::nullopt);
    EXPECT_EQ(find_in_form("a%3d=%26", "a="), "&");
    std::string form;
    append_to_form(form, "a b", "c&d");
    append_to_form(form, "é", "~");
    EXPECT_EQ(form, "a%20b=c%26d&%C3%A9=~");
    EXPECT_EQ(find_in_form(form, "a b"), "c&d");
}

// The response that is being compressed is replaced by the time-out's answer.
TEST(Middleware, TheTextIsKeptWhileItIsCompressed) {
    Server server;
    server.use(time_out(milliseconds(1)));
    server.use(compression());
    server.get("/", [] { return std::string(3'000'000, 'x'); });
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        TestClient client(server, seed);
        const TestAnswer answer = client.request("GET", "/", {{"Accept-Encoding", "gzip"}});
        EXPECT_TRUE(answer.status == 200 || answer.status == 503) << answer.status;
    }
}

TEST(Middleware, DoesNotCompressWhatAFolderHasMade) {
    const ScratchFolder place;
    std::ofstream(place.file("a.txt")) << std::string(900, 'x');
    Server server;
    server.use(compression(100));
    server.files("/", place.path());
    TestClient client(server);
    const TestAnswer answer = client.request("GET", "/a.txt", {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(answer.content, std::string(900, 'x'));
    EXPECT_EQ(answer.field("Content-Encoding"), "");
}

Task<void> drop(Task<Response> task) {
    const Response response = co_await task;
    static_cast<void>(response);
}

Task<Response> answer_slowly(Request& request) {
    const bool slept = co_await io::sleep_for(request.core(), seconds(1));
    co_return slept ? Response("late") : Response("stopped");
}

TEST(Middleware, LeavesTasksBehindThatNeverAnswer) {
    Server server;
    server.use([](Request& request, Next next) -> Task<Response> {
        next.start_and_leave(request, drop(next(request)));
        co_return Response("accepted");
    });
    server.get("/", [](Request& request) { return answer_slowly(request); });
    TestClient client(server);
    EXPECT_EQ(client.get("/").content, "accepted");
    client.pass(seconds(2));
    EXPECT_EQ(client.get("/").content, "accepted");
}

TEST(Middleware, AsksForAPasswordOnce) {
    int asked = 0;
    Server server;
    server.use(basic_auth("x", [&asked](std::string_view, std::string_view) { return ++asked == 1; }));
    server.use([](Request& request, Next next) { return add_letter(request, next, "a"); });
    server.get("/", [](Request& request) { return answer_slowly(request); });
    TestClient client(server);
    EXPECT_EQ(client.request("GET", "/", {{"Authorization", "Basic YTpi"}}).content, "alatea");
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(client.request("GET", "/", {{"Authorization", "Basic YTpi"}}).status, 401);
}

TEST(Middleware, ACheckOfAPasswordThatThrowsLetsNobodyIn) {
    Server server;
    server.use(
        basic_auth("x", [](std::string_view, std::string_view) -> bool { throw std::runtime_error("no table"); }));
    server.get("/", [] { return "in"; });
    TestClient client(server);
    testing::internal::CaptureStderr();
    EXPECT_EQ(client.request("GET", "/", {{"Authorization", "Basic YTpi"}}).status, 500);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("no table"), std::string::npos);
}

TEST(Middleware, CorsInsideCorsSaysEachThingOnce) {
    Server server;
    server.use(cors({"https://a.example"}, CorsCredentials::allowed));
    Group group = server.group("/in");
    group.use(cors({"https://a.example", "https://b.example"}, CorsCredentials::allowed));
    group.get("/", [] { return "x"; });
    TestClient client(server);
    const TestAnswer answer = client.request("GET", "/in/", {{"Origin", "https://a.example"}});
    for (const std::string_view name : {"Access-Control-Allow-Credentials", "Access-Control-Allow-Origin"}) {
        EXPECT_EQ(std::ranges::count(answer.fields, name, [](const auto& line) { return line.first; }), 1) << name;
    }
}

TEST(Middleware, TheMethodsOfAGroupAreNotTheServers) {
    Server server;
    server.get("/", [] { return "x"; });
    Group group = server.group("/admin");
    group.use(basic_auth("x", [](std::string_view, std::string_view) { return false; }));
    group.route("PURGE", "/all", [] { return "x"; });
    TestClient client(server);
    EXPECT_EQ(client.request("OPTIONS", "*").field("Allow"), "GET, HEAD, OPTIONS");
}

TEST(Refusals, OfAProgramDoNotWaitForTheContent) {
    Server server;
    server.get("/", [] { return "x"; });
    TestClient client(server);
    const std::string head = "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 17000000\r\n\r\n";
    EXPECT_TRUE(client.exchange(head).starts_with("HTTP/1.1 404 "));
}

TEST(Routes, AreFixedOnceATestClientUsesThem) {
    Server server;
    TestClient client(server);
    testing::internal::CaptureStderr();
    server.group("/api").get("/late", [] { return "late"; });
    EXPECT_NE(testing::internal::GetCapturedStderr().find("is ignored"), std::string::npos);
    EXPECT_EQ(client.get("/api/late").status, 404);
}

TEST(Responses, KeepTheirFieldsOnAnErrorPage) {
    Server server;
    server.get("/busy", [] {
        Response response(Status::service_unavailable);
        response.set("Retry-After", "7");
        return response;
    });
    server.get("/own", [] {
        Response response(Status::not_found);
        response.set("Content-Type", "text/x");
        return response;
    });
    server.get("/changed", [] {
        Response response(Status::not_found);
        response.set_status(Status::gone);
        return response;
    });
    TestClient client(server);
    const TestAnswer busy = client.request("GET", "/busy", {{"Accept", "application/json"}});
    EXPECT_EQ(busy.field("Content-Type"), "application/json");
    EXPECT_EQ(std::ranges::count(busy.fields, "Retry-After", [](const auto& line) { return line.first; }), 1);
    EXPECT_EQ(busy.field("Retry-After"), "7");
    EXPECT_EQ(client.request("GET", "/own", {{"Accept", "application/json"}}).field("Content-Type"), "text/x");
    EXPECT_TRUE(client.get("/changed").content.starts_with("404 Not Found"));
}

}  // namespace
}  // namespace portico
