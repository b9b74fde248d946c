// portico/embed/hosts_test.cc — the hosts for which a program answers.
#include <gtest/gtest.h>

#include <string>

#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

std::string status_line_for(const std::vector<std::string>& hosts, const std::string& asked) {
    Options options;
    options.hosts = hosts;
    Server server(options);
    server.get("/", [] { return "front"; });
    TestClient client(server);
    const std::string answer = client.exchange("GET / HTTP/1.1\r\nHost: " + asked + "\r\nConnection: close\r\n\r\n");
    return answer.substr(0, answer.find('\r'));
}

TEST(ProgramHosts, AreAllAnsweredUnlessSomeAreListed) {
    EXPECT_EQ(status_line_for({}, "any.example"), "HTTP/1.1 200 OK");
    EXPECT_EQ(status_line_for({"shop.example"}, "shop.example:8080"), "HTTP/1.1 200 OK");
    EXPECT_EQ(status_line_for({"shop.example"}, "localhost:8080"), "HTTP/1.1 200 OK");
    EXPECT_EQ(status_line_for({"shop.example"}, "any.example"), "HTTP/1.1 421 Misdirected Request");
}

TEST(ProgramHosts, ATestClientAsksForLocalhostUnlessItIsTold) {
    Options options;
    options.hosts = {"shop.example"};
    Server server(options);
    server.get("/", [](Request& request) { return std::string(request.field("Host").value_or("none")); });
    TestClient client(server);
    EXPECT_EQ(client.get("/").content, "localhost");
    EXPECT_EQ(client.request("GET", "/", {{"host", "shop.example"}}).content, "shop.example");
    EXPECT_EQ(client.request("GET", "/", {{"Host", "any.example"}}).status, 421);
}

TEST(ProgramHosts, ThatCannotBeAreErrors) {
    for (const std::string host : {"http://shop.example", "shop.example:8080", "shop/", "a b", ""}) {
        Options options;
        options.hosts = {"shop.example", host};
        Server server(options);
        ASSERT_EQ(server.errors().size(), 1U) << host;
        EXPECT_TRUE(server.errors().front().starts_with("Options::hosts: '" + host + "': ")) << server.errors().front();
        EXPECT_FALSE(server.start("127.0.0.1:0").has_value());
    }
    Options options;
    options.hosts = {"*", "*.shop.example", "Shop.example.", "192.0.2.1", "2001:db8::1"};
    EXPECT_TRUE(Server(options).errors().empty());
}

TEST(ProgramHosts, MayHaveTheirOwnRoutes) {
    Options options;
    options.hosts = {"shop.example"};
    Server server(options);
    server.use([](Request& request, Next next) -> Task<Response> {
        Response response = co_await next(request);
        response.set("X-Passed", "yes");
        co_return std::move(response);
    });
    server.get("/", [] { return "shop"; });
    server.get("/cart", [] { return "cart"; });
    Group api = server.host("api.example");
    api.get("/", [] { return "api"; });
    api.group("/v1").get("/{id}", [](int id) { return std::to_string(id); });
    server.host("*.blog.example").get("/", [](Request& request) { return std::string(request.message().authority); });
    TestClient client(server);
    const auto ask = [&client](std::string host, std::string_view target) {
        return client.request("GET", target, {{"Host", std::move(host)}});
    };
    EXPECT_EQ(ask("shop.example", "/").content, "shop");
    EXPECT_EQ(ask("api.example", "/").content, "api");
    EXPECT_EQ(ask("API.example:80", "/v1/7").content, "7");
    EXPECT_EQ(ask("ann.blog.example", "/").content, "ann.blog.example");
    EXPECT_EQ(ask("api.example", "/cart").status, 404);
    EXPECT_EQ(ask("api.example", "/cart").field("X-Passed"), "yes");
    EXPECT_EQ(ask("other.example", "/").status, 421);
}

TEST(ProgramHosts, AreNamesWithoutAPort) {
    for (const char* const wrong :
         {"", "api.example:80", "API.example", "a b", "*", "*.*.example", ".example", "api.example.", "a..b"}) {
        Server server;
        server.host(wrong).get("/", [] { return "x"; });
        const std::vector<std::string> errors = server.errors();
        ASSERT_EQ(errors.size(), 1U) << wrong;
        EXPECT_TRUE(errors.front().starts_with("the host '" + std::string(wrong) + "' at ")) << errors.front();
    }
}

}  // namespace
}  // namespace portico
