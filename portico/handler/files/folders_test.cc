// What a server that is one folder leads requests to, and who is admitted.
#include "portico/handler/files/folders.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "portico/base/row_name_for_test.h"
#include "portico/handler/files/responder_for_test.h"

namespace portico::files {
namespace {

using http::FieldName;
using http::Method;
using http::Status;

class RoutedSite : public ResponderTest {
protected:
    static constexpr const char* hash = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";  // a cheap one
    static constexpr std::string_view right = "Basic YW5uYTpzZWNyZXQ=";                                  // anna, secret
    static constexpr std::string_view wrong = "Basic YW5uYTp3cm9uZw==";                                  // anna, wrong

    // The status, the reason and the user that the access log gets: "404 a hidden path|".
    std::string outcome(const http::Request& request) {
        route::Router router(core, routes_for(open_site()));
        return outcome(router, request);
    }
    std::string outcome(route::Router& router, const http::Request& request) {
        AskedExchange asked(core, usual_peer, request);
        link::Exchange& exchange = asked.exchange;
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
    EXPECT_EQ(outcome(make_request("/", {}, Method::post)), "405 the path has other methods|");
    EXPECT_TRUE(outcome(make_request("/a%00")).starts_with("400 "));
    // The second time, it is known that the folder has no page of its own for this.
    route::Router router(core, routes_for(open_site()));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(outcome(router, make_request("/.git/config")), "404 a hidden path|");
}

TEST_F(RoutedSite, AnswersConnectWith405) {
    http::Request request = make_request("a:80", {}, Method::connect);
    request.form = http::TargetForm::authority;
    request.path = {};
    EXPECT_EQ(outcome(request), "405 no route is a tunnel|");
}

TEST_F(RoutedSite, AdmitsItsUsersOnly) {
    root.write("a.txt", "content");
    options.passwords.limits.refusal_pause = std::chrono::milliseconds(0);
    options.passwords.users = {{"anna", hash}};
    EXPECT_EQ(outcome(make_request("/a.txt")), "401 no credentials|");
    EXPECT_TRUE(outcome(make_request("/a.txt", {{FieldName::authorization, wrong}})).ends_with("|anna"));
    EXPECT_EQ(outcome(make_request("/a.txt", {{FieldName::authorization, right}})), "200 |anna");
    EXPECT_EQ(outcome(make_request("/.git", {})), "401 no credentials|");
    EXPECT_EQ(outcome(make_request("/", {}, Method::post)), "405 the path has other methods|");
    const FieldList sent{{FieldName::authorization, right}};
    EXPECT_EQ(outcome(make_request("/", sent, Method::post)), "405 the path has other methods|");
}

struct MethodRow {
    const char* name;
    Method method;
    std::string_view target;
    int status;
};
class RoutedMethods : public RoutedSite, public testing::WithParamInterface<MethodRow> {};

TEST_P(RoutedMethods, AreServedOrRefused) {
    root.write("a b", "content");
    EXPECT_EQ(outcome(make_request(GetParam().target, {}, GetParam().method)).substr(0, 3),
              std::to_string(GetParam().status));
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110, RoutedMethods,
    testing::Values(MethodRow{"Get", Method::get, "/a%20b?c", 200}, MethodRow{"Head", Method::head, "/a%20b", 200},
                    MethodRow{"Dots", Method::get, "/x/./%2e%2e/a%20b", 200},
                    MethodRow{"Options", Method::options, "/a%20b", 204},
                    MethodRow{"Asterisk", Method::options, "*", 204}, MethodRow{"AsteriskToGet", Method::get, "*", 400},
                    MethodRow{"Nul", Method::get, "/a%00b", 400}, MethodRow{"Climbing", Method::get, "/%2e%2e/a", 400},
                    MethodRow{"HiddenByEscape", Method::get, "/%2egit/b", 404},
                    MethodRow{"Post", Method::post, "/a", 405}, MethodRow{"Put", Method::put, "/a", 405},
                    MethodRow{"Delete", Method::delete_, "/a", 405}, MethodRow{"Patch", Method::patch, "/a", 405},
                    MethodRow{"Trace", Method::trace, "/a", 405}, MethodRow{"Connect", Method::connect, "/a", 405},
                    MethodRow{"Unknown", Method::other, "/a", 501}),
    row_name);

class GuardedSite : public RoutedSite {
protected:
    GuardedSite() {
        root.write("a.txt", "hello");
        options.passwords.limits.refusal_pause = std::chrono::milliseconds(0);
        options.passwords.users = {{"anna", hash}};
    }
};

TEST_F(GuardedSite, KeepsTheOwnPageOfPathsThatLeadToNothing) {
    root.write("404.html", "the site's own");
    for (const std::string_view target : {"/.git/config", "/missing"}) {
        const Answer stranger = get(target);
        EXPECT_EQ(stranger.status, Status::unauthorized) << target;
        EXPECT_EQ(stranger.content().find("own"), std::string::npos) << target;
        const Answer anna = get(target, {{FieldName::authorization, right}});
        EXPECT_EQ(anna.status, Status::not_found) << target;
        EXPECT_EQ(anna.content(), "the site's own") << target;
    }
}

TEST_F(GuardedSite, KeepsAnswersFromSharedCaches) {
    options.cache = std::chrono::seconds(60);
    const Answer answer = get("/a.txt", {{FieldName::authorization, right}});
    EXPECT_EQ(answer.field(FieldName::cache_control), "private, max-age=60");
}

TEST_F(GuardedSite, LetsPreflightsThrough) {
    options.cross_origin = CrossOrigin::everyone;
    const Answer preflight =
        ask(make_request("/a.txt", {{FieldName::access_control_request_method, "GET"}}, http::Method::options));
    EXPECT_EQ(preflight.status, Status::no_content);
    EXPECT_EQ(ask(make_request("/a.txt", {}, http::Method::options)).status, Status::unauthorized);
}

TEST_F(GuardedSite, DoesNotListItsMethodsToStrangers) {
    EXPECT_EQ(outcome(make_request("*", {}, Method::options)), "401 no credentials|");
    EXPECT_EQ(outcome(make_request("/a.txt", {}, Method::options)), "401 no credentials|");
    EXPECT_EQ(outcome(make_request("*", {{FieldName::authorization, right}}, Method::options)), "204 |anna");
}

class KeptFolders : public ResponderTest {};

TEST_F(KeptFolders, AreFoundByWhatTheyServe) {
    Folders& folders = Folders::of(core);
    const auto first = folders.open(open_site());
    EXPECT_EQ(folders.open(open_site()), first);
    options.listing = Listing::off;
    EXPECT_NE(folders.open(open_site()), first);
    options.listing = Listing::on;
    std::filesystem::rename(root.path(), root.outside() / "other");
    std::filesystem::create_directory(root.path());
    EXPECT_NE(folders.open(open_site()), first) << "another folder has its name";
    options.root = (root.outside() / "other").string();
    EXPECT_NE(folders.open(open_site()), first) << "the options say where it is";
}

TEST_F(KeptFolders, DropTheirCacheWithTheLastHandler) {
    root.write("a.txt", std::string(20'000, 'x'));
    const auto responder = Folders::of(core).open(open_site());
    auto one = std::make_unique<FolderHandler>(responder, "");
    auto two = std::make_unique<FolderHandler>(responder, "");
    serve();
    EXPECT_EQ(get("/a.txt").status, Status::ok);
    handler.reset();
    EXPECT_GE(core.ledger().used(), 20'000U);
    one->retire();
    one->retire();
    EXPECT_GE(core.ledger().used(), 20'000U) << "the other one still begins exchanges";
    two.reset();
    EXPECT_LT(core.ledger().used(), 20'000U);
}

}  // namespace
}  // namespace portico::files
