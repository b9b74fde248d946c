// portico/embed/openapi_test.cc — descriptions of the routes.
#include "portico/embed/openapi.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "portico/embed/form.h"
#include "portico/embed/server.h"
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
