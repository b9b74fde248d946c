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

}  // namespace
}  // namespace portico
