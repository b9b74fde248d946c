// The requests by which authorities look for a proof.
#include "portico/acme/answers.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "portico/io/core.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/link/exchange_for_test.h"
#include "portico/route/router.h"

namespace portico::acme {
namespace {

class ChallengeAnswers : public testing::Test {
protected:
    // The status and the content, "200 token.thumbprint".
    std::string outcome(std::string_view method, std::string_view path) {
        http::Request request;
        request.method_token = method;
        request.method = http::recognise_method(method);
        request.target = request.path = path;
        request.authority = "whatever.example";
        route::Router router(core_, routes_);
        link::ExchangeForTest exchange(context_, peer_, request);
        const route::Route route = router.translate(exchange, route::ListenerPlace::loopback);
        EXPECT_EQ(route.has_precedence,
                  challenges_->content("token").has_value() && path.ends_with("/token") && method != "POST");
        EXPECT_TRUE(route.answer_at_once(exchange));
        const http::Response& response = exchange.response();
        const bool is_answer = response.status == http::Status::ok;
        return std::to_string(http::code(response.status)) +
               (is_answer ? " " + std::string(response.content.front().octets) : std::string());
    }

    io::SimKernel kernel_{1};
    io::Core core_{kernel_};
    link::InboundLimits limits_;
    link::InboundContext context_{core_, limits_};
    io::SocketAddress peer_ = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 50'000);
    const std::shared_ptr<Challenges> challenges_ = std::make_shared<Challenges>();
    const std::shared_ptr<route::Routes> routes_ = [this] {
        auto routes = std::make_shared<route::Routes>();
        routes->hosts.checked = route::HostsChecked::everywhere;
        routes->precedence = answers_with(challenges_);
        return routes;
    }();
};

TEST_F(ChallengeAnswers, AreTheProofsThatAreShown) {
    EXPECT_EQ(outcome("GET", "/.well-known/acme-challenge/token"), "421") << "the usual way";
    challenges_->show_content("token", "token.thumbprint");
    EXPECT_EQ(outcome("GET", "/.well-known/acme-challenge/token"), "200 token.thumbprint");
    EXPECT_EQ(outcome("HEAD", "/.well-known/acme-challenge/token"), "200 token.thumbprint");
    EXPECT_EQ(outcome("POST", "/.well-known/acme-challenge/token"), "421");
    EXPECT_EQ(outcome("GET", "/.well-known/acme-challenge/other"), "421");
    EXPECT_EQ(outcome("GET", "/.well-known/acme-challenge/"), "421");
    challenges_->take_back("token");
    EXPECT_EQ(outcome("GET", "/.well-known/acme-challenge/token"), "421");
}

}  // namespace
}  // namespace portico::acme
