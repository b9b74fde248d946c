// portico/embed/content_test.cc — requests' content, and responses that are generated while they are sent.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

#include "portico/io/scope.h"
#include "portico/json.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<Result<std::string>> count_pieces(Request& request) {
    std::size_t octets = 0;
    for (;;) {
        const Result<std::string_view> piece = co_await request.read();
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->empty()) co_return std::to_string(octets);
        octets += piece->size();
    }
}

void add_routes(Server& server) {
    server.post("/whole", [](Request& request) -> Task<Result<std::string>> {
        Result<std::string> content = co_await request.content(100'000);
        co_return std::move(content);
    });
    server.post("/pieces", count_pieces);
    server.post("/ignored", [] { return "not read"; });
    server.post("/json", [](Json value) { return value; });
    server.get("/numbers", [](Request&) {
        return Response::stream("text/plain", [](ContentWriter& writer) -> Task<bool> {
            for (int i = 0; i < 1000; ++i) {
                const std::string line = std::to_string(i) + "\n";
                const bool goes_on = co_await writer.write(line);
                if (!goes_on) co_return false;
            }
            co_return true;
        });
    });
    server.get("/broken", [](Request&) {
        return Response::stream("text/plain", [](ContentWriter& writer) -> Task<bool> {
            const bool written = co_await writer.write("some");
            static_cast<void>(written);
            co_return false;
        });
    });
}

class Content : public testing::TestWithParam<std::uint64_t> {
protected:
    Content() { add_routes(server_); }
    Server server_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, Content, testing::Range<std::uint64_t>(1, 41));

TEST_P(Content, IsReadWhole) {
    TestClient client(server_, GetParam());
    const std::string content(70'000, 'x');
    EXPECT_EQ(client.post("/whole", content).content, content);
    EXPECT_EQ(client.post("/whole", "").content, "");
    EXPECT_EQ(client.post("/whole", std::string(100'000, 'x')).status, 200);
    EXPECT_EQ(client.post("/whole", std::string(100'001, 'x')).status, 413);
    for (const std::size_t octets : {0x186a0U, 0x186a1U}) {  // 100,000 and one more
        const std::string answer = client.exchange(
            "POST /whole HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n186" +
            std::string(octets == 0x186a0U ? "a0" : "a1") + "\r\n" + std::string(octets, 'x') + "\r\n0\r\n\r\n");
        EXPECT_TRUE(answer.starts_with(octets == 0x186a0U ? "HTTP/1.1 200" : "HTTP/1.1 413"));
    }
}

TEST_P(Content, IsReadInPieces) {
    TestClient client(server_, GetParam());
    EXPECT_EQ(client.post("/pieces", std::string(300'000, 'x')).content, "300000");
}

TEST_P(Content, ComesInChunks) {
    TestClient client(server_, GetParam());
    const std::string answer = client.exchange(
        "POST /whole HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n7;a=b\r\n, world\r\n"
        "0\r\nTrailer: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_NE(answer.find("\r\n\r\nHello, world"), std::string::npos) << answer;
    EXPECT_NE(answer.find("404 Not Found"), std::string::npos) << answer;
}

TEST_P(Content, ThatIsFramedWronglyIsRefused) {
    TestClient client(server_, GetParam());
    const std::string answer = client.exchange(
        "POST /whole HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nHello\r\n0\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST_P(Content, ThatIsNotReadCostsTheConnection) {
    TestClient client(server_, GetParam());
    const std::string answer = client.exchange(
        "POST /ignored HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n" + std::string(1000, 'x'));
    EXPECT_NE(answer.find("not read"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
}

TEST_P(Content, IsInvitedOnce) {
    TestClient client(server_, GetParam());
    const std::string answer =
        client.exchange("POST /whole HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
}

TEST_P(Content, ThatIsAnnouncedToBeTooLargeIsNotInvited) {
    TestClient client(server_, GetParam());
    const std::string answer =
        client.exchange("POST /whole HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 100001\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
}

TEST_P(Content, IsMadeWhileItIsSent) {
    TestClient client(server_, GetParam());
    std::string numbers;
    for (int i = 0; i < 1000; ++i) numbers += std::to_string(i) + "\n";
    const TestAnswer answer = client.get("/numbers");
    EXPECT_EQ(answer.content, numbers);
    EXPECT_EQ(answer.field("Transfer-Encoding"), "chunked");
    EXPECT_EQ(client.request("HEAD", "/numbers").status, 200);
    const std::string old = client.exchange("GET /numbers HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(old.ends_with("\r\n\r\n" + numbers));
    EXPECT_EQ(old.find("Transfer-Encoding"), std::string::npos);
}

TEST_P(Content, ThatBreaksOffIsSeenToBreakOff) {
    TestClient client(server_, GetParam());
    EXPECT_EQ(client.get("/broken").status, 0);
}

TEST(JsonContent, ErrorsSayWhere) {
    Server server;
    add_routes(server);
    TestClient client(server);
    const auto post = [&](std::string_view content) { return client.post("/json", content, "application/json"); };
    EXPECT_EQ(post("[1, 2]").content, "[1,2]");
    EXPECT_EQ(post("[1, 2]").field("Content-Type"), "application/json");
    EXPECT_EQ(post("{\n  \"a\": 1,\n  \"b\" 2\n}").content, "the content is not JSON: line 3, column 7\n");
    EXPECT_EQ(post("").status, 400);
    EXPECT_EQ(post("\"\xff\"").status, 400);
    EXPECT_EQ(client.post("/json", "{}", "text/plain").status, 415);
    EXPECT_EQ(client.post("/json", "{}", "application/problem+json; charset=utf-8").status, 200);
    EXPECT_EQ(client.post("/json", "{}", "Application/Problem+JSON").status, 200);
    EXPECT_EQ(client.post("/json", "{}", "+json").status, 415);
    EXPECT_EQ(client.post("/json", "{}", "").status, 415);
    EXPECT_EQ(client.request("POST", "/json", {}, "{}").status, 415);
}

std::string written(const Json& value) { return std::string(Response::json(Status::ok, value).content()); }

TEST(JsonContent, IsWrittenInTheShortestForm) {
    for (const std::string text :
         {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
          "1.5", "1e+300", "\"\"", "\"a \\\" \\\\ / \\n \\u0000 \u00e9 \u4e16 \U0001f600\"", "[]", "{}",
          "[[],{},[null,1]]", R"({"":{"a b":[1,"x",{"y":false}]},"b":-0.25})"}) {
        EXPECT_EQ(written(Json::parse(text)), text);
    }
    EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(written(std::string("a\xff\xc3")), "\"a\\ufffd\\ufffd\"");
    EXPECT_EQ(written({{"\x7f\n", 1}}), "{\"\\u007f\\n\":1}");
    EXPECT_EQ(written(Json::binary({1, 2})), "{\"bytes\":[1,2],\"subtype\":null}");
}

struct Point {
    int x;
    int y;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Point, x, y)

TEST(JsonContent, IsWrittenFromMembersInTheirOrder) {
    const auto written_of = [](const Response& response) { return std::string(response.content()); };
    EXPECT_EQ(written_of(Response::json({})), "{}");
    EXPECT_EQ(written_of(Response::json({{"no", {}}})), "{\"no\":{}}");
    EXPECT_EQ(written_of(Response::json({{"b", true}, {"a", false}, {"\n\xff", std::string("\"")}})),
              R"({"b":true,"a":false,"\n\ufffd":"\""})");
    EXPECT_EQ(written_of(Response::json({{"signed", -1},
                                         {"least", std::numeric_limits<std::int64_t>::min()},
                                         {"largest", std::numeric_limits<std::uint64_t>::max()},
                                         {"octet", std::uint8_t{65}},
                                         {"half", 0.5F},
                                         {"large", 1e300},
                                         {"none", std::numeric_limits<double>::infinity()}})),
              R"({"signed":-1,"least":-9223372036854775808,"largest":18446744073709551615,"octet":65,"half":0.5,)"
              R"("large":1e+300,"none":null})");
    EXPECT_EQ(written_of(Response::json({{"literal", "x"},
                                         {"view", std::string_view("y")},
                                         {"deep", {{"deeper", {{"deepest", 1}}}, {"after", 2}}},
                                         {"json", Json{{"k", nullptr}}},
                                         {"list", std::vector{1, 2}},
                                         {"point", Point{3, 4}}})),
              R"({"literal":"x","view":"y","deep":{"deeper":{"deepest":1},"after":2},"json":{"k":null},"list":[1,2],)"
              R"("point":{"x":3,"y":4}})");
    const Response created = Response::json(Status::created, {{"id", 7}});
    EXPECT_EQ(created.status(), Status::created);
    EXPECT_EQ(created.field("Content-Type"), "application/json");
    EXPECT_EQ(Response::json({}).status(), Status::ok);
}

Task<Response> members_later(Request& request) {
    const std::string path(request.path());
    const bool slept = co_await io::sleep_for(request.core(), std::chrono::milliseconds(1));
    if (!slept) co_return Status::service_unavailable;
    co_return Response::json(Status::accepted, {{"path", path}, {"its", {{"length", path.size()}}}});
}

TEST(JsonContent, IsWrittenFromMembersByATask) {
    Server server;
    server.get("/later", members_later);
    TestClient client(server);
    EXPECT_EQ(client.get("/later").content, R"({"path":"/later","its":{"length":6}})");
    EXPECT_EQ(client.get("/later").status, 202);
}

// Whatever values there are: their text is read as what they were.
Json random_value(std::mt19937_64& random, int levels) {
    switch (random() % (levels > 0 ? 7 : 5)) {
        case 0: return random() % 2 == 0;
        case 1: return static_cast<std::int64_t>(random()) >> (random() % 64);
        case 2: return random() >> (random() % 64);
        case 3:
            return std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())),
                              static_cast<int>(random() % 200) - 100);
        case 4: {
            std::string text;
            while (random() % 8 != 0) text += static_cast<char>(random() % 128);
            return text;
        }
        case 5: {
            Json array = Json::array();
            while (random() % 4 != 0) array.push_back(random_value(random, levels - 1));
            return array;
        }
        default: {
            Json object = Json::object();
            while (random() % 4 != 0)
                object[std::to_string(random() % 100) + "\n\""] = random_value(random, levels - 1);
            return object;
        }
    }
}
TEST(JsonContent, IsReadAsItWasWritten) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 2000; ++i) {
        const Json value = random_value(random, 5);
        EXPECT_EQ(Json::parse(written(value)), value) << value;
    }
}

TEST(JsonContent, IsAsLargeAsItsRoutesAllow) {
    Server server;
    const auto measure = [](Json value) { return std::to_string(value.get<std::string>().size()); };
    server.post("/usual", measure);
    server.use(content_in_memory_at_most(2'000'000));
    server.post("/large", measure);
    Group small = server.group("/small");
    small.use(content_in_memory_at_most(10));
    small.post("/json", measure);
    small.post("/form", [](Form form) { return std::string(form.find("a").value_or("none")); });
    TestClient client(server);
    const auto json = [](std::size_t octets) { return '"' + std::string(octets - 2, 'x') + '"'; };
    EXPECT_EQ(client.post("/usual", json(1'048'576), "application/json").content, "1048574");
    EXPECT_EQ(client.post("/usual", json(1'048'577), "application/json").status, 413);
    EXPECT_EQ(client.post("/large", json(2'000'000), "application/json").content, "1999998");
    EXPECT_EQ(client.post("/large", json(2'000'001), "application/json").status, 413);
    EXPECT_EQ(client.post("/small/json", json(10), "application/json").content, "8");
    EXPECT_EQ(client.post("/small/json", json(11), "application/json").status, 413);
    EXPECT_EQ(client.post("/small/form", "a=12345678", "application/x-www-form-urlencoded").content, "12345678");
    EXPECT_EQ(client.post("/small/form", "a=123456789", "application/x-www-form-urlencoded").status, 413);
}

TEST(JsonContent, HasSoManyLevels) {
    Server server;
    add_routes(server);
    TestClient client(server);
    const auto post = [&](std::string_view content) { return client.post("/json", content, "application/json"); };
    const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    EXPECT_EQ(post(nested(json_depth_max)).content, nested(json_depth_max));
    const TestAnswer refused = post("\n" + nested(json_depth_max + 1));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.content, "the JSON is nested more than 512 levels deep: line 2, column 513\n");
    EXPECT_EQ(post(nested(500'000)).status, 400);
    EXPECT_EQ(post(std::string(1'000'000, '[')).status, 400);
    std::string objects;
    for (std::size_t i = 0; i < 1000; ++i) objects += "{\"a\":";
    EXPECT_EQ(post(objects).status, 400);
    // Brackets inside strings do not nest, and a closed level no longer counts.
    const std::string text = "[\"\\\"" + std::string(1000, '[') + "\\\\\",\"{\"]";
    EXPECT_EQ(post(text).content, text);
    std::string wide = "[[]";
    for (std::size_t i = 0; i < 1000; ++i) wide += ",[{}]";
    EXPECT_EQ(post(wide + "]").content, wide + "]");
    EXPECT_EQ(post("]]]]" + nested(600)).status, 400);
}

// --- a client that leaves

struct Departure {
    int begun = 0;
    int went_on = 0;
    int destroyed = 0;
};
struct Noticing {
    explicit Noticing(Departure& the_leaving) : leaving(&the_leaving) {}
    Noticing(const Noticing&) = delete;
    Noticing& operator=(const Noticing&) = delete;
    ~Noticing() { ++leaving->destroyed; }
    Departure* leaving;
};

class AClientThatLeaves : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, AClientThatLeaves, testing::Range<std::uint64_t>(1, 41));

TEST_P(AClientThatLeaves, EndsTheHandlerWhereItWaits) {
    Departure leaving;
    Server server;
    server.use(time_out(seconds(100)));
    server.get("/slow", [&leaving](Request& request) -> Task<std::string> {
        const Noticing noticing(leaving);
        ++leaving.begun;
        for (int i = 0; i < 1'000'000; ++i) {  // ignores the result
            const bool slept = co_await io::sleep_for(request.core(), seconds(1));
            static_cast<void>(slept);
        }
        ++leaving.went_on;
        co_return "never";
    });
    TestClient client(server, GetParam());
    client.send_and_leave("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n", seconds(3));
    client.pass(seconds(10));
    EXPECT_EQ(leaving.begun, 1);
    EXPECT_EQ(leaving.went_on, 0);
    EXPECT_EQ(leaving.destroyed, 1);
    EXPECT_EQ(client.connections(), 0U);
}

TEST_P(AClientThatLeaves, EndsAStream) {
    Departure leaving;
    Server server;
    server.get("/events", [&leaving](Request& request) {
        return Response::stream("text/event-stream",
                                [&leaving, &core = request.core()](ContentWriter& to) -> Task<bool> {
                                    const Noticing noticing(leaving);
                                    for (;;) {  // ignores the result
                                        const bool slept = co_await io::sleep_for(core, seconds(1));
                                        const bool written = co_await to.write("data: x\n\n");
                                        static_cast<void>(slept && written);
                                    }
                                });
    });
    TestClient client(server, GetParam());
    client.send_and_leave("GET /events HTTP/1.1\r\nHost: test\r\n\r\n", seconds(3));
    client.pass(seconds(10));
    EXPECT_EQ(leaving.destroyed, 1);
    EXPECT_EQ(client.connections(), 0U);
}

// This also holds if the handler has not read the content, provided that all of it has arrived.
TEST_P(AClientThatLeaves, EndsAHandlerThatReadsNothing) {
    Departure leaving;
    Server server;
    server.post("/slow", [&leaving](Request& request) -> Task<std::string> {
        const Noticing noticing(leaving);
        const bool slept = co_await io::sleep_for(request.core(), seconds(1000));
        static_cast<void>(slept);
        ++leaving.went_on;
        co_return "never";
    });
    server.post("/late", [](Request& request) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), seconds(3));
        static_cast<void>(slept);
        co_return (co_await request.content()).value_or("refused");
    });
    TestClient client(server, GetParam());
    client.send_and_leave("POST /slow HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc", seconds(3));
    client.pass(seconds(10));
    // A read may have brought only a part of the content, and the rest is not awaited.
    EXPECT_LE(leaving.destroyed, 1);
    EXPECT_EQ(leaving.went_on, 0);
    const std::string late = "POST /late HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc";
    const std::string last = "POST /late HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nConnection: close\r\n\r\ndef";
    const std::string answers = client.exchange(late + last);
    EXPECT_NE(answers.find("\r\n\r\nabc"), std::string::npos) << answers;
    EXPECT_TRUE(answers.ends_with("\r\n\r\ndef")) << answers;
}

// A producer that ignores the results of its writes has nothing left to wait for.
TEST_P(AClientThatLeaves, EndsAStreamThatOnlyWrites) {
    Departure leaving;
    Server server;
    server.get("/endless", [&leaving](Request&) {
        return Response::stream("text/plain", [&leaving](ContentWriter& to) -> Task<bool> {
            const Noticing noticing(leaving);
            const std::string octets(65'536, 'x');
            for (;;) {
                const bool written = co_await to.write(octets);
                static_cast<void>(written);
            }
        });
    });
    TestClient client(server, GetParam());
    client.send_and_leave("GET /endless HTTP/1.1\r\nHost: test\r\n\r\n", seconds(1));
    client.pass(seconds(200));
    EXPECT_EQ(leaving.destroyed, 1);
    EXPECT_EQ(client.connections(), 0U);
}

Task<void> sleep_long(io::Core& core, Departure& leaving) {
    const Noticing noticing(leaving);
    ++leaving.begun;
    const bool slept = co_await io::sleep_for(core, seconds(1000));
    static_cast<void>(slept);
    ++leaving.went_on;
}

// Everything that a handler has started ends with it: if it waits on its own, waits for them, or throws.
TEST_P(AClientThatLeaves, EndsWhatTheHandlerHasStarted) {
    Departure leaving;
    Server server;
    server.get("/{how}", [&leaving](int how, Request& request) -> Task<std::string> {
        io::Scope scope;
        for (int i = 0; i < 3; ++i) scope.start(sleep_long(request.core(), leaving));
        if (how == 1) throw std::runtime_error("among tasks");
        if (how == 2) {
            co_await scope.join();
        } else {
            const bool slept = co_await io::sleep_for(request.core(), seconds(1000));
            static_cast<void>(slept);
        }
        co_return "never";
    });
    TestClient client(server, GetParam());
    client.send_and_leave("GET /0 HTTP/1.1\r\nHost: test\r\n\r\n", seconds(1));
    EXPECT_EQ(client.get("/1").status, 500);
    client.send_and_leave("GET /2 HTTP/1.1\r\nHost: test\r\n\r\n", seconds(1));
    client.pass(seconds(10));
    EXPECT_EQ(leaving.begun, 9);
    EXPECT_EQ(leaving.destroyed, 9);
    EXPECT_EQ(client.connections(), 0U);
}

// Requests that follow the one being answered are not lost when the server checks whether the client has left.
TEST_P(AClientThatLeaves, IsNotOneThatSendsFurtherRequests) {
    Server server;
    server.get("/slow/{number}", [](int number, Request& request) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), seconds(1));
        co_return slept ? "answer " + std::to_string(number) + ";" : "";
    });
    TestClient client(server, GetParam());
    std::string requests;
    for (int i = 0; i < 5; ++i) {
        requests += "GET /slow/" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\n" +
                    (i == 4 ? "Connection: close\r\n" : "") + "\r\n";
    }
    const TestAnswer first = client.get("/slow/7");
    EXPECT_EQ(first.content, "answer 7;");
    const std::string answers = client.exchange(requests);
    for (int i = 0; i < 5; ++i) {
        EXPECT_NE(answers.find("answer " + std::to_string(i) + ";"), std::string::npos) << answers;
    }
}

// --- memory

// A handler may keep it as long as it works.
TEST(TheWholeContent, CountsAsMemoryUntilTheRequestEnds) {
    Server server;
    server.post("/", [](Request& request) -> Task<std::string> {
        const auto content = co_await request.content();
        const bool slept = co_await io::sleep_for(request.core(), seconds(10));
        co_return slept&& content ? "kept" : "refused";
    });
    TestClient client(server);
    const std::string head = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 500000\r\n\r\n";
    client.send_and_stay(head + std::string(500'000, 'c'), seconds(5));
    EXPECT_GT(client.octets_in_use(), 500'000U);
    client.pass(seconds(10));
    EXPECT_LT(client.octets_in_use(), 100'000U);
}

// --- a client that half-closes

class AClientThatHalfCloses : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, AClientThatHalfCloses, testing::Range<std::uint64_t>(1, 41));

TEST_P(AClientThatHalfCloses, GetsTheAnswerOfAHandlerThatWaits) {
    Server server;
    server.get("/slow", [](Request& request) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), seconds(5));
        co_return slept ? "here it is" : "";
    });
    TestClient client(server, GetParam());
    const std::string answer = client.exchange_and_finish("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("\r\n\r\nhere it is")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
    client.pass(seconds(1));  // before it closes, the server waits a moment for the peer's end
    EXPECT_EQ(client.connections(), 0U);
}

TEST_P(AClientThatHalfCloses, GetsTheAnswersToAllItsRequests) {
    Server server;
    server.post("/slow", [](Request& request) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), seconds(5));
        const auto content = co_await request.content();
        co_return slept&& content ? *content : "refused";
    });
    TestClient client(server, GetParam());
    const std::string answers = client.exchange_and_finish(
        "POST /slow HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc"
        "POST /slow HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\ndef");
    EXPECT_NE(answers.find("\r\n\r\nabcHTTP/1.1 200"), std::string::npos) << answers;
    EXPECT_TRUE(answers.ends_with("\r\n\r\ndef")) << answers;
}

// Half of a note must not be kept as if it were all of it.
TEST_P(AClientThatHalfCloses, DoesNotMakeIncompleteContentComplete) {
    Server server;
    int complete = 0;
    server.post("/note", [&complete](Request& request) -> Task<std::string> {
        const auto content = co_await request.content();
        complete += content.has_value() ? 1 : 0;
        co_return "";
    });
    TestClient client(server, GetParam());
    client.exchange_and_finish("POST /note HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
    client.exchange_and_finish("POST /note HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    EXPECT_EQ(complete, 0);
}

TEST_P(AClientThatHalfCloses, GetsAllOfAStream) {
    Server server;
    server.get("/events", [](Request& request) {
        return Response::stream("text/plain", [&core = request.core()](ContentWriter& to) -> Task<bool> {
            for (int i = 0; i < 3; ++i) {
                const bool slept = co_await io::sleep_for(core, seconds(60));
                const bool written = co_await to.write("part ");
                if (!slept || !written) co_return false;
            }
            co_return true;
        });
    });
    TestClient client(server, GetParam());
    const std::string answer = client.exchange_and_finish("GET /events HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("5\r\npart \r\n5\r\npart \r\n5\r\npart \r\n0\r\n\r\n")) << answer;
}

// A stream that waits long between its writes also ends as soon as the connection is reset.
TEST_P(AClientThatLeaves, EndsAStreamThatWaits) {
    Departure leaving;
    Server server;
    server.get("/events", [&leaving](Request& request) {
        return Response::stream("text/plain", [&leaving, &core = request.core()](ContentWriter&) -> Task<bool> {
            const Noticing noticing(leaving);
            const bool slept = co_await io::sleep_for(core, seconds(1000));
            co_return slept;
        });
    });
    TestClient client(server, GetParam());
    client.send_and_leave("GET /events HTTP/1.1\r\nHost: test\r\n\r\n", seconds(3));
    client.pass(seconds(10));
    EXPECT_EQ(leaving.destroyed, 1);
    EXPECT_EQ(client.connections(), 0U);
}

Task<bool> write_hello(ContentWriter& writer) {
    const bool written = co_await writer.write("hello");
    co_return written;
}

Task<bool> write_hello_twice(ContentWriter& writer) {
    const bool first = co_await writer.write("hello");
    const bool second = co_await writer.write("hello");
    co_return first&& second;
}

TEST(Streams, OfKnownLengthAnnounceIt) {
    Server server;
    server.get("/", [](Request&) { return Response::stream("text/plain", write_hello, 5); });
    server.get("/short", [](Request&) { return Response::stream("text/plain", write_hello, 6); });
    server.get("/long", [](Request&) { return Response::stream("text/plain", write_hello, 4); });
    server.get("/longer", [](Request&) { return Response::stream("text/plain", write_hello_twice, 9); });
    TestClient client(server);
    const TestAnswer answer = client.get("/");
    EXPECT_EQ(answer.content, "hello");
    EXPECT_EQ(answer.field("Content-Length"), "5");
    EXPECT_EQ(client.request("HEAD", "/").field("Content-Length"), "5");
    EXPECT_EQ(client.request("HEAD", "/").content, "");
    testing::internal::CaptureStderr();
    EXPECT_EQ(client.get("/short").status, 0) << "it is broken off";
    EXPECT_EQ(client.get("/long").status, 500) << "nothing has been sent";
    EXPECT_EQ(client.get("/longer").status, 0) << "it is broken off";
    const std::string told = testing::internal::GetCapturedStderr();
    std::size_t lines = 0;
    for (auto at = told.find("as many octets"); at != std::string::npos; at = told.find("as many octets", at + 1)) {
        ++lines;
    }
    EXPECT_EQ(lines, 3U) << told;
}

Task<std::string> answer_after_hints(Request& request) {
    const bool sent = co_await request.send_early_hints("</a.css>; rel=preload, </b.js>; rel=preload");
    const bool sent_wrong = co_await request.send_early_hints("</a.css>\r\nSet-Cookie: a=b");
    co_return std::string(sent && !sent_wrong ? "hinted" : "wrong");
}

TEST(EarlyHints, ComeBeforeTheAnswer) {
    Server server;
    server.get("/", answer_after_hints);
    TestClient client(server);
    const std::string octets = client.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(
        octets.starts_with("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload, </b.js>; rel=preload\r\n\r\n"
                           "HTTP/1.1 200 OK\r\n"))
        << octets;
    EXPECT_TRUE(octets.ends_with("hinted"));
    EXPECT_EQ(client.get("/").content, "hinted");
    EXPECT_TRUE(client.exchange("GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
}

}  // namespace
}  // namespace portico
