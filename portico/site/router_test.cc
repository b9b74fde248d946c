// What a server that is one folder leads requests to, and who is admitted.
#include "portico/site/router.h"

#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"
#include "portico/link/exchange_for_test.h"
#include "portico/site/handler_for_test.h"

namespace portico::site {
namespace {

using http::FieldName;
using http::Method;
using http::Status;

class RoutedSite : public HandlerTest {
protected:
    static constexpr const char* hash = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";  // a cheap one
    static constexpr std::string_view right = "Basic YW5uYTpzZWNyZXQ=";                                  // anna, secret
    static constexpr std::string_view wrong = "Basic YW5uYTp3cm9uZw==";                                  // anna, wrong

    // Takes steps 3 to 5, as a connection does.
    Task<bool> take_steps(SiteRouter& router, link::Exchange& exchange) {
        http::Result<route::Route> route = router.translate(exchange);
        if (route) {
            std::optional<http::Result<void>> allowed = route->guard->admit_at_once(exchange);
            if (!allowed) allowed = co_await route->guard->admit(exchange);
            if (!*allowed) route = std::unexpected(allowed->error());
        }
        if (!route) {
            exchange.notes().reason = route.error().reason;
            router.refuse(route.error(), exchange);
        } else if (!route->handler->answer_at_once(exchange)) {
            co_await route->handler->answer(exchange);
        }
        co_return true;
    }
    // The status, the reason and the user that the access log gets: "404 a hidden path|".
    std::string outcome(const http::Request& request) {
        SiteRouter router(core, open_site());
        const link::InboundLimits limits;
        link::InboundContext context(core, limits);
        link::ExchangeForTest exchange(context, usual_peer, request);
        EXPECT_TRUE(io::run_task(core, take_steps(router, exchange)));
        return std::to_string(http::code(exchange.response().status)) + " " + exchange.notes().reason + "|" +
               exchange.notes().user;
    }
};

TEST_F(RoutedSite, AnswersEveryPathWithTheFolder) {
    root.write("a b.txt", "content");
    EXPECT_EQ(outcome(make_request("/a%20b.txt")), "200 |");
    EXPECT_EQ(outcome(make_request("/none")), "404 |");
    EXPECT_EQ(outcome(make_request("*", {}, Method::options)), "204 |");
}

TEST_F(RoutedSite, SaysWhyARequestIsRefused) {
    EXPECT_EQ(outcome(make_request("/.git/config")), "404 a hidden path|");
    EXPECT_EQ(outcome(make_request("/", {}, Method::post)), "405 a method that files don't support|");
    EXPECT_TRUE(outcome(make_request("/a%00")).starts_with("400 "));
}

TEST_F(RoutedSite, AnswersConnectWith405) {
    http::Request request = make_request("a:80", {}, Method::connect);
    request.form = http::TargetForm::authority;
    request.path = {};
    EXPECT_EQ(outcome(request), "405 a method that files don't support|");
}

TEST_F(RoutedSite, AdmitsItsUsersOnly) {
    root.write("a.txt", "content");
    options.password_limits.refusal_pause = std::chrono::milliseconds(0);
    options.users = {{"anna", hash}};
    EXPECT_EQ(outcome(make_request("/a.txt")), "401 no credentials|");
    EXPECT_TRUE(outcome(make_request("/a.txt", {{FieldName::authorization, wrong}})).ends_with("|anna"));
    EXPECT_EQ(outcome(make_request("/a.txt", {{FieldName::authorization, right}})), "200 |anna");
    EXPECT_EQ(outcome(make_request("/.git", {})), "401 no credentials|");
    EXPECT_EQ(outcome(make_request("/", {}, Method::post)), "405 a method that files don't support|");
    const FieldList sent{{FieldName::authorization, right}};
    EXPECT_EQ(outcome(make_request("/", sent, Method::post)), "405 a method that files don't support|anna");
}

}  // namespace
}  // namespace portico::site
