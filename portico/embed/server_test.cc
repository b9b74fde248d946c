// portico/embed/server_test.cc — the library's interface, through the test client and over real sockets.
#include <gtest/gtest.h>

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/json.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// --- routes

// Whose member functions are handlers.
class Shelf {
public:
    std::string take(int number) { return "book " + std::to_string(number) + " of " + std::to_string(++taken_); }
    Task<std::string> look(Request& request) const noexcept {
        const bool slept = co_await io::sleep_for(request.core(), seconds(1));
        co_return slept ? std::to_string(taken_) + " gone" : "";
    }

private:
    int taken_ = 0;
};

struct RouteRow {
    const char* name;
    const char* method;
    const char* target;
    int status;
    const char* content;
};
class RouteTable : public testing::TestWithParam<RouteRow> {
protected:
    RouteTable() {
        server_.get("/", [] { return "root"; });
        server_.get("/notes/new", [] { return "form"; });
        server_.get("/notes/{id}", [](int id) { return "note " + std::to_string(id); });
        server_.post("/notes/{id}", [](std::string_view id) { return "posted " + std::string(id); });
        server_.get("/notes/{id}/lines/{line}",
                    [](unsigned id, std::string line) { return std::to_string(id) + line; });
        server_.get("/files/{rest...}", [](std::string_view rest) { return "rest=" + std::string(rest); });
        server_.get("/half/{number}", [](double number) { return std::to_string(number / 2).substr(0, 3); });
        server_.put("/nothing", [](Request&) {});
        server_.route("PURGE", "/cache", [] { return Status::no_content; });
        server_.get("/gone", [] { return std::expected<std::string, Status>(std::unexpected(Status::gone)); });
        server_.get("/maybe/{it}", [](int it) { return it == 1 ? std::optional<std::string>("one") : std::nullopt; });
        server_.get("/either/{it}", [](int it) -> std::expected<std::optional<std::string>, Status> {
            if (it == 1) return "one";
            if (it == 2) return std::nullopt;
            return std::unexpected(Status::forbidden);
        });
        server_.get("/later/{it}", [](int it, Request&) -> Task<std::expected<std::optional<Json>, Response>> {
            if (it == 1) co_return Json(1);
            if (it == 2) co_return std::nullopt;
            co_return std::unexpected(Response(Status::conflict, "taken", "text/plain"));
        });
        server_.get("/inside-out/{it}", [](int it) -> std::optional<std::expected<std::string, Status>> {
            if (it == 1) return "one";
            if (it == 2) return std::nullopt;
            return std::unexpected(Status::gone);
        });
        server_.get("/slowly", [](Request& request) -> Task<std::string> {
            const bool slept = co_await io::sleep_for(request.core(), seconds(1));
            co_return slept ? "slept" : "stopped";
        });
        server_.get("/refused", [](Request&) -> Task<Result<std::string>> {
            co_return http::refuse(Status::forbidden, "not today");
        });
        server_.get("/json", [] { return Json{{"a", 1}}; });
        server_.post("/json", [](Json value) { return value.value("name", "nobody"); });
        server_.post("/shelf/{book}", &Shelf::take, shelf_);
        server_.get("/shelf", &Shelf::look, std::as_const(shelf_));
        server_.put("/shelf/{book}", &Shelf::take, &shelf_);
        server_.route("TAKE", "/shelf/{book}", &Shelf::take, std::make_shared<Shelf>());
        server_.get("/made", [] { return Response::json(Status::created, std::vector{1, 2}); });
        server_.get("/text", [] { return Response::text(Status::accepted, "soon"); });
        server_.get("/html", [] { return Response::html(Status::gone, "<p>gone"); });
        Group api = server_.group("/api");
        api.get("/version", [] { return "1"; });
        api.get("", [] { return "itself"; });
        api.get("/", [] { return "with a slash"; });
        api.group("deep/").get("/er", [] { return "deeper"; });
    }
    Shelf shelf_;
    Server server_;
};

TEST_P(RouteTable, IsAnswered) {
    ASSERT_TRUE(server_.errors().empty()) << server_.errors().front();
    TestClient client(server_);
    const TestAnswer answer = client.request(GetParam().method, GetParam().target);
    EXPECT_EQ(answer.status, GetParam().status);
    if (GetParam().content != nullptr) {
        EXPECT_EQ(answer.content, GetParam().content);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Routes, RouteTable,
    testing::Values(
        RouteRow{"Root", "GET", "/", 200, "root"}, RouteRow{"RootWithQuery", "GET", "/?a=b", 200, "root"},
        RouteRow{"RootOfAbsoluteForm", "GET", "http://test", 200, "root"},
        RouteRow{"Number", "GET", "/notes/17", 200, "note 17"},
        RouteRow{"NegativeNumber", "GET", "/notes/-1", 200, "note -1"},
        RouteRow{"NoNumber", "GET", "/notes/x", 404, nullptr},
        RouteRow{"NumberAndMore", "GET", "/notes/1x", 404, nullptr},
        RouteRow{"NumberTooLarge", "GET", "/notes/99999999999", 404, nullptr},
        RouteRow{"EmptyParameter", "GET", "/notes/", 404, nullptr},
        RouteRow{"LiteralBeforeParameter", "GET", "/notes/new", 200, "form"},
        RouteRow{"ParameterWhereTheLiteralHasAnotherMethod", "POST", "/notes/new", 200, "posted new"},
        RouteRow{"Decoded", "POST", "/notes/a%20b", 200, "posted a b"},
        RouteRow{"Two", "GET", "/notes/4/lines/x", 200, "4x"},
        RouteRow{"UnsignedTakesNoMinus", "GET", "/notes/-4/lines/x", 404, nullptr},
        RouteRow{"TooLong", "GET", "/notes/4/lines/x/y", 404, nullptr},
        RouteRow{"Rest", "GET", "/files/a/b/c", 200, "rest=a/b/c"},
        RouteRow{"RestIsEmpty", "GET", "/files/", 200, "rest="},
        RouteRow{"RestWithoutSlash", "GET", "/files", 404, nullptr},
        RouteRow{"RestWithDots", "GET", "/files/a/../b", 200, "rest=b"},
        RouteRow{"DotsAboveTheRoot", "GET", "/../x", 400, nullptr}, RouteRow{"Fraction", "GET", "/half/5", 200, "2.5"},
        RouteRow{"Infinity", "GET", "/half/inf", 404, nullptr},
        RouteRow{"NegativeInfinity", "GET", "/half/-infinity", 404, nullptr},
        RouteRow{"NoFraction", "GET", "/half/nan", 404, nullptr},
        RouteRow{"MemberOfAReference", "POST", "/shelf/7", 200, "book 7 of 1"},
        RouteRow{"MemberThatWaits", "GET", "/shelf", 200, "0 gone"},
        RouteRow{"MemberOfAPointer", "PUT", "/shelf/8", 200, "book 8 of 1"},
        RouteRow{"MemberOfASharedPointer", "TAKE", "/shelf/9", 200, "book 9 of 1"},
        RouteRow{"MembersParameterIsANumber", "POST", "/shelf/x", 404, nullptr},
        RouteRow{"JsonWithStatus", "GET", "/made", 201, "[1,2]"},
        RouteRow{"TextWithStatus", "GET", "/text", 202, "soon"},
        RouteRow{"HtmlWithStatus", "GET", "/html", 410, "<p>gone"},
        RouteRow{"PrefixItself", "GET", "/api", 200, "itself"},
        RouteRow{"PrefixWithSlash", "GET", "/api/", 200, "with a slash"},
        RouteRow{"Nothing", "PUT", "/nothing", 204, ""}, RouteRow{"OtherMethod", "PURGE", "/cache", 204, ""},
        RouteRow{"ExpectedError", "GET", "/gone", 410, "410 Gone\nThe request could not be answered.\n"},
        RouteRow{"Optional", "GET", "/maybe/1", 200, "one"},
        RouteRow{"OptionalNothing", "GET", "/maybe/2", 404, nullptr},
        RouteRow{"ExpectedOptional", "GET", "/either/1", 200, "one"},
        RouteRow{"ExpectedOptionalNothing", "GET", "/either/2", 404, nullptr},
        RouteRow{"ExpectedOptionalError", "GET", "/either/3", 403, nullptr},
        RouteRow{"TaskOfExpectedOptional", "GET", "/later/1", 200, "1"},
        RouteRow{"TaskOfExpectedOptionalNothing", "GET", "/later/2", 404, nullptr},
        RouteRow{"TaskOfExpectedOptionalError", "GET", "/later/3", 409, "taken"},
        RouteRow{"OptionalExpected", "GET", "/inside-out/1", 200, "one"},
        RouteRow{"OptionalExpectedNothing", "GET", "/inside-out/2", 404, nullptr},
        RouteRow{"OptionalExpectedError", "GET", "/inside-out/3", 410, nullptr},
        RouteRow{"Coroutine", "GET", "/slowly", 200, "slept"},
        RouteRow{"CoroutineRefusal", "GET", "/refused", 403, "403 Forbidden\nAccess to this address is not allowed.\n"},
        RouteRow{"Json", "GET", "/json", 200, "{\"a\":1}"}, RouteRow{"Group", "GET", "/api/version", 200, "1"},
        RouteRow{"GroupInAGroup", "GET", "/api/deep/er", 200, "deeper"},
        RouteRow{"NotFound", "GET", "/nowhere", 404, "404 Not Found\nThere is nothing at this address.\n"},
        RouteRow{"HeadOfGet", "HEAD", "/", 200, ""},
        RouteRow{"MethodNotAllowed", "DELETE", "/notes/1", 405,
                 "405 Method Not Allowed\nThis address does not support the method of the request.\n"},
        RouteRow{"Options", "OPTIONS", "/notes/1", 204, ""}, RouteRow{"OptionsOfAll", "OPTIONS", "*", 204, ""},
        RouteRow{"EscapedSlash", "GET", "/notes/1%2F2", 404, nullptr},
        RouteRow{"BadEscape", "GET", "/notes/%zz", 400, nullptr},
        RouteRow{"EscapedNul", "GET", "/notes/%00", 400, nullptr}),
    row_name);

TEST(Routes, AllowNamesTheMethodsOfEveryPatternThatMatches) {
    Server server;
    server.get("/a/b", [] { return "1"; });
    server.post("/a/{x}", [](int) { return "2"; });
    TestClient client(server);
    const TestAnswer refused = client.request("DELETE", "/a/b");
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.field("Allow"), "GET, HEAD, OPTIONS, POST");
    EXPECT_EQ(client.request("OPTIONS", "/a/b").field("Allow"), "GET, HEAD, OPTIONS, POST");
    EXPECT_EQ(client.request("OPTIONS", "/nowhere").status, 404);
}

TEST(Routes, ATieIsAnErrorThatNamesBothPlaces) {
    Server server;
    server.get("/notes/{id}", [](int) { return "1"; });
    const int line = __LINE__ - 1;
    server.get("/notes/{name}", [](std::string_view) { return "2"; });
    ASSERT_EQ(server.errors().size(), 1U);
    EXPECT_NE(server.errors().front().find("server_test.cc:" + std::to_string(line)), std::string::npos);
    EXPECT_NE(server.errors().front().find("server_test.cc:" + std::to_string(line + 2)), std::string::npos);
    const auto started = server.start("127.0.0.1:0");
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error(), server.errors().front());
}

// Checks that an error says `what`, at `line` of this file.
testing::AssertionResult tells(const Server& server, const std::string& what, int line) {
    for (const std::string& error : server.errors()) {
        const bool is_it = error.find(what) != std::string::npos &&
                           error.find("server_test.cc:" + std::to_string(line)) != std::string::npos;
        if (is_it) return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "nothing says " << what << " at line " << line;
}

TEST(Routes, APrefixIsOneThatPathsCanHave) {
    for (const char* const prefix :
         {"/users/{user}", "/{", "/a}", "/a//b", "//a", "/a/./b", "/..", "/a%20b", "/a?b=c", "/a#b"}) {
        Server of_group;
        Server of_files;
        const Group group = of_group.group(prefix);
        of_files.files(prefix, "/");
        EXPECT_TRUE(tells(of_group, prefix, __LINE__ - 2));
        EXPECT_TRUE(tells(of_files, prefix, __LINE__ - 2));
        EXPECT_FALSE(of_group.start("127.0.0.1:0").has_value());
    }
    for (const char* const prefix : {"", "/", "a", "/a/", "/a b/.c/...", "/\xc3\xa9"}) {
        Server server;
        const Group group = server.group(prefix);
        EXPECT_TRUE(server.errors().empty()) << prefix;
    }
}

TEST(Routes, AnEmptyPatternIsOneOfAGroupThatHasAPrefix) {
    Server server;
    server.get("", [] { return ""; });
    EXPECT_TRUE(tells(server, "begin with a slash", __LINE__ - 1));
    server.group("/").get("", [] { return ""; });
    EXPECT_TRUE(tells(server, "begin with a slash", __LINE__ - 1));
}

TEST(Routes, AMethodIsOneThatRequestsCanHave) {
    for (const char* const method : {"get", "Post", "options", "BAD METHOD", "", "A/B"}) {
        Server server;
        server.route(method, "/", [] { return ""; });
        EXPECT_TRUE(tells(server, "'" + std::string(method) + "'", __LINE__ - 1));
    }
    for (const char* const method : {"GET", "PURGE", "purge", "M-SEARCH"}) {
        Server server;
        server.route(method, "/", [] { return ""; });
        EXPECT_TRUE(server.errors().empty()) << method;
    }
}

TEST(RoutesDeathTest, ATestClientRefusesAServerThatWouldNotStart) {
    Server server;
    server.get("/notes/{id}", [](int) { return "1"; });
    server.get("/notes/{name}", [](std::string_view) { return "2"; });
    EXPECT_DEATH(TestClient{server}, "two routes take the same requests");
}

TEST(Routes, LettersOfTheMethodCount) {
    Server server;
    server.get("/", [] { return ""; });
    TestClient client(server);
    EXPECT_EQ(client.request("get", "/").status, 501) << "no route has this method, and neither has RFC 9110";
}

struct RunTimePatternRow {
    const char* name;
    const char* pattern;
    const char* wrong;  // part of the error; empty: it is a pattern
};
class RunTimePattern : public testing::TestWithParam<RunTimePatternRow> {};

TEST_P(RunTimePattern, IsCheckedWhenItIsAdded) {
    Server server;
    server.route_at("GET", GetParam().pattern, [](int id) { return std::to_string(id); });
    const std::string_view wrong = GetParam().wrong;
    ASSERT_EQ(server.errors().empty(), wrong.empty());
    if (wrong.empty()) {
        TestClient client(server);
        EXPECT_EQ(client.get("/notes/7").content, "7");
        return;
    }
    const std::string error = server.errors().front();
    EXPECT_NE(error.find(wrong), std::string::npos) << error;
    EXPECT_NE(error.find("the pattern '" + std::string(GetParam().pattern) + "' at "), std::string::npos) << error;
    EXPECT_NE(error.find("server_test.cc:"), std::string::npos) << error;
    EXPECT_EQ(server.start("127.0.0.1:0").error(), error);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, RunTimePattern,
    testing::Values(RunTimePatternRow{"Parameter", "/notes/{id}", ""},
                    RunTimePatternRow{"NoSlash", "notes/{id}", "begin with a slash"},
                    RunTimePatternRow{"Partial", "/notes-{id}", "a whole segment"},
                    RunTimePatternRow{"NoName", "/{}", "must have a name"},
                    RunTimePatternRow{"RestFirst", "/{id...}/a", "take the rest"},
                    RunTimePatternRow{"EmptySegment", "/a//{id}", "can be empty"},
                    RunTimePatternRow{"Dots", "/a/../{id}", "can be"},
                    RunTimePatternRow{"Escape", "/a%20b/{id}", "without escapes"},
                    RunTimePatternRow{"TooFew", "/notes", "has 0 parameters, and the handler takes 1"},
                    RunTimePatternRow{"TooMany", "/{a}/{id}", "has 2 parameters, and the handler takes 1"}),
    row_name);

TEST(RunTimePatterns, MayBeInGroups) {
    Server server;
    Group api = server.group("/api");
    const std::string name = "x";
    api.route_at("POST", "/" + name + "/{rest...}", [](std::string rest) { return rest; });
    TestClient client(server);
    EXPECT_EQ(client.post("/api/x/a/b", "", "text/plain").content, "a/b");
}

}  // namespace
}  // namespace portico
