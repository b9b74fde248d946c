// portico/embed/openapi_test.cc — descriptions of the routes.
#include "portico/embed/openapi.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/embed/bearer_auth.h"
#include "portico/embed/form.h"
#include "portico/embed/middleware.h"
#include "portico/embed/rate_limit.h"
#include "portico/embed/server.h"
#include "portico/embed/session.h"
#include "portico/embed/test_client.h"
#include "portico/embed/websocket.h"
#include "portico/json.h"

namespace portico {
namespace {

struct Table {
    std::string lines;
};

}  // namespace

template <>
struct IntoResponse<Table> {
    static constexpr std::string_view content_type() { return "text/csv"; }
    static Response make(Table table) { return {Status::ok, std::move(table.lines), "text/csv"}; }
};

namespace {

// An argument that says which parameters it reads.
struct Paging {
    int page;
};

}  // namespace

template <>
struct FromRequest<Paging> {
    static std::expected<Paging, Response> make(Request& request) {
        auto page = request.query<int>("page", 1);
        if (!page) return std::unexpected(std::move(page.error()));
        return Paging{*page};
    }
    static void describe(RouteNotes& notes) {
        notes.query<int>("page", "Which page.", 1).cookie<bool>("wide", "", Presence::required);
        notes.field("X-Order", "How.").answer(Status::not_found, "There is no such page.");
    }
};

namespace {

TEST(OpenApi, DescribesTheRoutes) {
    Server server;
    OpenApiOptions about("The <notes>", "1.2");
    about.description = "All of them.";
    server.openapi("/openapi.json", about);
    server.get("/notes/{id}", [](std::uint8_t) -> std::optional<Json> { return Json(); })
        .describe("Shows a note.\n\nIt is \"one\".")
        .parameter("id", "Its number.")
        .query<bool>("deleted", "Also if it was deleted.")
        .query<std::string>("as", "", Presence::required)
        .answer(Status::gone, "It was deleted.", R"({"type": "string"})");
    Group group = server.group("/notes");
    group.put("/{number}", [](int, Json) {}).content_schema(R"({"type":"object"})").content_example(R"({"text":"x"})");
    group.del("/{number}", [](std::uint64_t) { return Status::no_content; }).hide();
    group.post("", [](Form) -> std::expected<std::string, Status> { return "x"; });
    server.get("/tree/{path...}", [](std::string) { return Table(); });
    server.route("PURGE", "/cache", [] {});
    server.host("other.example").get("/", [] { return "x"; });
    server.websocket("/socket", [](WebSocket&) -> Task<void> { co_return; });
    TestClient client(server);
    const TestAnswer answer = client.get("/openapi.json");
    EXPECT_EQ(answer.field("Content-Type"), "application/json");
    // "default" is what a handler decides that returns a Status.
    const Json expected = Json::parse(R"({"openapi": "3.1.0",
      "info": {"title": "The <notes>", "version": "1.2", "description": "All of them."},
      "paths": {
        "/notes/{id}": {
          "get": {"summary": "Shows a note.", "description": "It is \"one\".",
            "parameters": [
              {"name": "id", "in": "path", "required": true, "description": "Its number.",
                "schema": {"type": "integer", "minimum": 0, "maximum": 255}},
              {"name": "deleted", "in": "query", "required": false, "description": "Also if it was deleted.",
                "schema": {"type": "boolean"}},
              {"name": "as", "in": "query", "required": true, "schema": {"type": "string"}}],
            "responses": {"200": {"description": "OK", "content": {"application/json": {}}},
              "400": {"description": "Bad Request"}, "404": {"description": "Not Found"},
              "410": {"description": "It was deleted.", "content": {"application/json": {"schema": {"type": "string"}}}}}},
          "put": {
            "parameters": [{"name": "id", "in": "path", "required": true,
              "schema": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647}}],
            "requestBody": {"required": true,
              "content": {"application/json": {"schema": {"type": "object"}, "example": {"text": "x"}}}},
            "responses": {"204": {"description": "No Content"}, "400": {"description": "Bad Request"},
              "404": {"description": "Not Found"}, "413": {"description": "Content Too Large"},
              "415": {"description": "Unsupported Media Type"}}}},
        "/notes": {
          "post": {"requestBody": {"required": true, "content": {"application/x-www-form-urlencoded": {}}},
            "responses": {"200": {"description": "OK", "content": {"text/plain; charset=utf-8": {}}},
              "413": {"description": "Content Too Large"}, "415": {"description": "Unsupported Media Type"},
              "default": {"description": "Another answer, which the service decides."}}}},
        "/tree/{path}": {
          "get": {
            "parameters": [{"name": "path", "in": "path", "required": true, "description": "The rest of the path.",
              "schema": {"type": "string"}}],
            "responses": {"200": {"description": "OK", "content": {"text/csv": {}}}}}}}})");
    EXPECT_EQ(Json::parse(answer.content), expected) << answer.content;

    const TestAnswer page = client.get("/docs");
    EXPECT_NE(page.content.find("<title>The &lt;notes&gt;</title>"), std::string::npos);
    EXPECT_NE(page.content.find("data-source=\"/openapi.json\""), std::string::npos);
    EXPECT_TRUE(page.field("Content-Security-Policy").starts_with("default-src 'none'; script-src 'self';"));
    EXPECT_EQ(client.get("/docs.js").field("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(client.get("/docs.css").field("Content-Type"), "text/css; charset=utf-8");
}

// The only alternative, or the last one, is what clients need at least.
bool asks_for_something(const Json& operation) {
    return operation.contains("security") && !operation["security"].back().empty();
}

Task<Response> ask_for_key(Request& request, Next next) {
    if (!request.field("X-Api-Key")) co_return Response(Status::unauthorized);
    Response response = co_await next(request);
    co_return std::move(response);
}

// Routes with the middleware that they have at run time, in every order of use(), group() and get().
void add_guarded_routes(Server& server) {
    const auto nobody = [](std::string_view) { return false; };
    const auto no_user = [](std::string_view, std::string_view) { return false; };
    server.get("/open", [] {});
    Group early = server.group("/early");
    early.use(sessions());
    Group keyed = server.group("/keyed");
    keyed.use(Middleware(ask_for_key)
                  .describe_security(SecurityScheme::field("X-Api-Key", "Ask us for one."))
                  .describe_answer(Status::unauthorized, "There is no key."));
    server.use(bearer_auth("api", nobody));
    server.get("/mine", [] {}).answer(Status::unauthorized, "Log in first.");
    early.get("/a", [] {});
    keyed.get("/a", [] {});
    Group admin = server.group("/admin");
    admin.get("/before", [] {});
    admin.use(basic_auth("", no_user));
    admin.get("/after", [] {});
    admin.use(rate_limit({100, std::chrono::minutes(1)}));
    admin.use(time_out(std::chrono::seconds(1)));
    admin.get("/limited", [] {});
    Group inner = admin.group("/inner");
    admin.use(sessions());
    admin.get("/session", [] {});
    inner.use(bearer_auth("inner", nobody));
    inner.get("/a", [] {});
    // Of these, the description says nothing.
    Group other = server.host("other.example");
    other.use(Middleware(ask_for_key).describe_security(SecurityScheme::query("key")));
    other.get("/", [] {});
    Group hidden = server.group("/hidden");
    hidden.use(Middleware(ask_for_key).describe_security(SecurityScheme::query("hidden")));
    hidden.get("/", [] {}).hide();
}

TEST(OpenApi, SaysWhatTheMiddlewareOnTheWayAsksFor) {
    Server server;
    server.openapi("/openapi.json", {"x", "1"});
    add_guarded_routes(server);
    TestClient client(server);
    const Json whole = Json::parse(client.get("/openapi.json").content);
    const Json& paths = whole["paths"];
    EXPECT_EQ(whole["components"]["securitySchemes"], Json::parse(R"({
        "__Host-session": {"type": "apiKey", "in": "cookie", "name": "__Host-session",
            "description": "A session, which the server has signed. Without TLS, the cookie's name is session."},
        "X-Api-Key": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "Ask us for one."},
        "basic": {"type": "http", "scheme": "basic"},
        "bearer": {"type": "http", "scheme": "bearer", "description": "Realm: api"},
        "bearer2": {"type": "http", "scheme": "bearer", "description": "Realm: inner"}})"));
    struct Row {
        const char* path;
        const char* security;
    };
    const Row rows[] = {
        {"/open", "null"},
        {"/early/a", R"([{"__Host-session": []}, {}])"},
        {"/keyed/a", R"([{"X-Api-Key": []}])"},
        {"/mine", R"([{"bearer": []}])"},
        {"/admin/before", R"([{"bearer": []}])"},
        {"/admin/after", R"([{"bearer": [], "basic": []}])"},
        {"/admin/limited", R"([{"bearer": [], "basic": []}])"},
        {"/admin/session", R"([{"bearer": [], "basic": [], "__Host-session": []}, {"bearer": [], "basic": []}])"},
        {"/admin/inner/a", R"([{"bearer": [], "basic": [], "bearer2": []}])"},
    };
    for (const Row& row : rows) {
        const Json& operation = paths[row.path]["get"];
        EXPECT_EQ(operation.value("security", Json()), Json::parse(row.security)) << row.path;
        EXPECT_EQ(client.get(row.path).status == 401, asks_for_something(operation)) << row.path;
    }
    EXPECT_EQ(paths.size(), std::size(rows));
    EXPECT_EQ(paths["/mine"]["get"]["responses"], Json::parse(R"({"204": {"description": "No Content"},
        "400": {"description": "Bad Request"},
        "401": {"description": "Log in first.", "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}}}})"));
    EXPECT_EQ(paths["/keyed/a"]["get"]["responses"]["401"], Json::parse(R"({"description": "There is no key."})"));
    const Json wait = Json::parse(R"({"Retry-After": {"description": "How many seconds to wait.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 4294967295}}})");
    const Json& limited = paths["/admin/limited"]["get"]["responses"];
    EXPECT_EQ(limited["429"], (Json{{"description", "Too Many Requests"}, {"headers", wait}}));
    EXPECT_EQ(limited["503"], (Json{{"description", "Service Unavailable"}, {"headers", wait}}));
    EXPECT_FALSE(paths["/admin/after"]["get"]["responses"].contains("429"));
}

TEST(OpenApi, NamesEachSchemeOnce) {
    Server server;
    server.openapi("/openapi.json", {"x", "1"});
    server.use(Middleware(ask_for_key)
                   .describe_security(SecurityScheme::query("k!y"))
                   .describe_security(SecurityScheme::cookie("k#y"), Presence::optional)
                   .describe_security(SecurityScheme::query("k!y"), Presence::optional));
    server.get("/", [] {});
    Group safe = server.group("/safe");
    safe.use(Middleware(ask_for_key).describe_security(SecurityScheme::mutual_tls("Ours.")));
    safe.get("/", [] {});
    TestClient client(server);
    const Json whole = Json::parse(client.get("/openapi.json").content);
    EXPECT_EQ(whole["components"]["securitySchemes"],
              Json::parse(R"({"k_y": {"type": "apiKey", "in": "query", "name": "k!y"},
                              "k_y2": {"type": "apiKey", "in": "cookie", "name": "k#y"},
                              "mutual_tls": {"type": "mutualTLS", "description": "Ours."}})"));
    EXPECT_EQ(whole["paths"]["/"]["get"]["security"], Json::parse(R"([{"k_y": [], "k_y2": []}, {"k_y": []}])"));
}

TEST(OpenApi, HasTheParametersThatArgumentsReadAndTheirDefaults) {
    Server server;
    server.openapi("/openapi.json", {"x", "1"});
    server.get("/all", [](Paging paging) { return std::to_string(paging.page); })
        .query<double>("share", "", 0.5)
        .query<std::string>("q", "What to find.", "a\"b")
        .query<bool>("all", "", false)
        .query<std::uint8_t>("count", "", 7);
    server.get("/own", [](Paging) { return "x"; })
        .query<std::uint8_t>("page", "Mine.", Presence::required)
        .answer(Status::not_found, "No.");
    TestClient client(server);
    const Json paths = Json::parse(client.get("/openapi.json").content)["paths"];
    const Json others = Json::parse(R"([
        {"name": "wide", "in": "cookie", "required": true, "schema": {"type": "boolean"}},
        {"name": "X-Order", "in": "header", "required": false, "description": "How.", "schema": {"type": "string"}}])");
    EXPECT_EQ(paths["/all"]["get"]["parameters"], Json::parse(R"([
        {"name": "page", "in": "query", "required": false, "description": "Which page.",
            "schema": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647, "default": 1}},
        )" + others[0].dump() + "," + others[1].dump() + R"(,
        {"name": "share", "in": "query", "required": false, "schema": {"type": "number", "default": 0.5}},
        {"name": "q", "in": "query", "required": false, "description": "What to find.",
            "schema": {"type": "string", "default": "a\"b"}},
        {"name": "all", "in": "query", "required": false, "schema": {"type": "boolean", "default": false}},
        {"name": "count", "in": "query", "required": false,
            "schema": {"type": "integer", "minimum": 0, "maximum": 255, "default": 7}}])"));
    EXPECT_EQ(paths["/own"]["get"]["parameters"], Json::parse(R"([
        {"name": "page", "in": "query", "required": true, "description": "Mine.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 255}},
        )" + others[0].dump() + "," + others[1].dump() + "]"));
    EXPECT_EQ(paths["/all"]["get"]["responses"]["404"]["description"], "There is no such page.");
    EXPECT_EQ(paths["/own"]["get"]["responses"]["404"]["description"], "No.");
}

}  // namespace
}  // namespace portico
