// What a request leads to: the route, the way and the refusal.
#include "portico/route/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/link/exchange_for_test.h"
#include "portico/route/cors.h"
#include "portico/route/extra_fields.h"

namespace portico::route {
namespace {

using http::FieldName;
using http::Method;
using http::Status;

// Answers with its name.
class Named final : public Handler {
public:
    explicit Named(std::string name) : name_(std::move(name)) {}
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override {
        exchange.response().content.push_back(http::Piece::text(name_));
        return true;
    }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        static_cast<void>(answer_at_once(exchange));
        co_return;
    }

private:
    std::string name_;
};

// Notes that it was passed.
class Station final : public Middleware {
public:
    explicit Station(std::string name) : name_(std::move(name)) {}
    [[nodiscard]] bool pass_at_once(link::Exchange& exchange, const Route& rest) override {
        exchange.notes().user += name_;
        return rest.answer_at_once(exchange);
    }
    [[nodiscard]] Task<void> pass(link::Exchange& exchange, Route rest) override {
        exchange.notes().user += name_;
        co_await rest.answer(exchange);
    }

private:
    std::string name_;
};

std::shared_ptr<const ForCore<Middleware>> station(std::string name) {
    return std::make_shared<const ForCore<Middleware>>(
        [name = std::move(name)](io::Core&) { return std::make_shared<Station>(name); });
}

class Routing : public testing::Test {
protected:
    void add(std::string method, std::string pattern, Way way = {}, std::string host = {}) {
        Definition definition;
        definition.method = method;
        definition.host = host;
        definition.pattern = pattern;
        definition.way = std::move(way);
        definition.handler = [name = host + method + pattern](io::Core&) { return std::make_shared<Named>(name); };
        routes->add(std::move(definition));
    }
    // The stations passed, the status, what has answered, and the methods of Allow: "ab 200 GET/x ".
    std::string outcome(std::string_view method, std::string_view target, std::string_view host = "localhost",
                        ListenerPlace listener = ListenerPlace::loopback) {
        http::Request request;
        request.method_token = method;
        request.method = http::recognise_method(method);
        request.form = target == "*"             ? http::TargetForm::asterisk
                       : target.starts_with('/') ? http::TargetForm::origin
                                                 : http::TargetForm::authority;
        request.target = target;
        if (request.form != http::TargetForm::authority) request.path = target;
        request.authority = host;
        Router router(core, routes);
        link::ExchangeForTest exchange(context, peer, request);
        const Route route = router.translate(exchange, listener);
        EXPECT_TRUE(route.answer_at_once(exchange));
        const http::Response& response = exchange.response();
        const bool is_answer = response.status == Status::ok;
        return exchange.notes().user + " " + std::to_string(http::code(response.status)) + " " +
               (is_answer ? std::string(response.content.front().octets) : std::string()) + " " +
               std::string(response.fields.find(FieldName::allow).value_or(std::string_view()));
    }

    io::SimKernel kernel{1};
    io::Core core{kernel};
    link::InboundLimits limits;
    link::InboundContext context{core, limits};
    io::SocketAddress peer = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 50'000);
    std::shared_ptr<Routes> routes = std::make_shared<Routes>();
};

// Whatever the host, the method and the way.
TEST_F(Routing, BeginsWithWhatHasPrecedence) {
    routes->hosts = {.checked = HostsChecked::everywhere, .names = {"example.org"}};
    routes->set_way_below({}, {}, {station("o")});
    add("GET", "/", {station("o")});
    routes->precedence.takes = [](const http::Request& request) { return request.path == "/proof"; };
    routes->precedence.handler = [](io::Core&) { return std::make_shared<Named>("proof"); };
    EXPECT_EQ(outcome("GET", "/proof", "example.com"), " 200 proof ");
    EXPECT_EQ(outcome("GET", "/", "example.com"), " 421  ");
    EXPECT_EQ(outcome("GET", "/", "example.org"), "o 200 GET/ ");
}

struct OutcomeRow {
    const char* name;
    std::string_view method;
    std::string_view target;
    std::string_view outcome;
};
class RoutedRequests : public Routing, public testing::WithParamInterface<OutcomeRow> {};

TEST_P(RoutedRequests, EndAtAHandlerOrARefusal) {
    const auto outer = station("o");
    routes->set_way_below({}, {}, {outer});
    routes->set_way_below({}, "/api", {outer, station("a")});
    add("GET", "/", {outer});
    add("GET", "/api/{id}", {outer, station("i")});
    add("PUT", "/api/{id}", {outer, station("i"), station("p")});
    add("PURGE", "/api/all", {outer});
    add("GET", "/files/{rest...}", {outer});
    add("", "/any/{rest...}", {outer});
    add("POST", "/any/post", {outer});
    EXPECT_EQ(outcome(GetParam().method, GetParam().target), GetParam().outcome);
    EXPECT_TRUE(routes->errors().empty());
}
INSTANTIATE_TEST_SUITE_P(
    Rows, RoutedRequests,
    testing::Values(OutcomeRow{"Root", "GET", "/", "o 200 GET/ "}, OutcomeRow{"Head", "HEAD", "/", "o 200 GET/ "},
                    OutcomeRow{"Parameter", "GET", "/api/7", "oi 200 GET/api/{id} "},
                    OutcomeRow{"OtherMethod", "PUT", "/api/7", "oip 200 PUT/api/{id} "},
                    OutcomeRow{"LiteralWithoutTheMethod", "GET", "/api/all", "oi 200 GET/api/{id} "},
                    OutcomeRow{"OwnMethod", "PURGE", "/api/all", "o 200 PURGE/api/all "},
                    OutcomeRow{"Rest", "GET", "/files/a/b", "o 200 GET/files/{rest...} "},
                    OutcomeRow{"AnyMethod", "TRACE", "/any/x", "o 200 /any/{rest...} "},
                    OutcomeRow{"AnyMethodAfterALiteral", "GET", "/any/post", "o 200 /any/{rest...} "},
                    OutcomeRow{"NotFound", "GET", "/nowhere", "o 404  "},
                    OutcomeRow{"NotFoundBelowAPrefix", "GET", "/api/7/x", "oa 404  "},
                    OutcomeRow{"WrongMethod", "DELETE", "/api/7", "oip 405  GET, HEAD, OPTIONS, PUT"},
                    OutcomeRow{"WrongMethodOfSeveralPatterns", "DELETE", "/api/all",
                               "o 405  GET, HEAD, OPTIONS, PURGE, PUT"},
                    OutcomeRow{"Options", "OPTIONS", "/files/a", "o 204  GET, HEAD, OPTIONS"},
                    OutcomeRow{"OptionsOfNothing", "OPTIONS", "/nowhere", "o 404  "},
                    OutcomeRow{"ServerWide", "OPTIONS", "*", "o 204  GET, HEAD, OPTIONS, POST, PURGE"},
                    OutcomeRow{"AsteriskToGet", "GET", "*", "o 400  "},
                    OutcomeRow{"UnknownMethod", "BREW", "/", "o 501  "},
                    OutcomeRow{"MethodOfAnotherRoute", "PURGE", "/", "o 405  GET, HEAD, OPTIONS"},
                    OutcomeRow{"Tunnel", "CONNECT", "example.org:443", "o 405  GET, HEAD, OPTIONS, POST, PURGE"},
                    OutcomeRow{"NotDecodable", "GET", "/%00", "o 400  "}),
    row_name);

TEST_F(Routing, LeadsAHostToItsOwnRoutesOnly) {
    add("GET", "/");
    add("GET", "/only");
    add("GET", "/", {}, "api.example");
    add("GET", "/", {}, "*.example");
    add("GET", "/", {}, "*.deep.example");
    routes->set_way_below("api.example", {}, {station("h")});
    EXPECT_EQ(outcome("GET", "/", "other.org"), " 200 GET/ ");
    EXPECT_EQ(outcome("GET", "/", "API.example.:80"), " 200 api.exampleGET/ ");
    EXPECT_EQ(outcome("GET", "/", "www.example"), " 200 *.exampleGET/ ");
    EXPECT_EQ(outcome("GET", "/", "a.deep.example"), " 200 *.deep.exampleGET/ ");
    EXPECT_EQ(outcome("GET", "/", "example"), " 200 GET/ ");
    EXPECT_EQ(outcome("GET", "/", ""), " 200 GET/ ");
    EXPECT_EQ(outcome("GET", "/only", "api.example"), "h 404  ");
}

TEST_F(Routing, RefusesForeignHostsWithoutMiddleware) {
    add("GET", "/", {station("o")});
    add("GET", "/", {}, "api.example");
    routes->set_way_below({}, {}, {station("o")});
    routes->hosts = only_for({"shop.example"});
    EXPECT_EQ(outcome("GET", "/", "evil.example"), " 421  ");
    EXPECT_EQ(outcome("GET", "/", "shop.example"), "o 200 GET/ ");
    EXPECT_EQ(outcome("GET", "/", "api.example"), " 200 api.exampleGET/ ");
    EXPECT_EQ(outcome("CONNECT", "evil.example:80", "evil.example:80").substr(0, 5), "o 405");
}

TEST_F(Routing, ReportsRoutesThatTakeTheSameRequests) {
    add("GET", "/a/{x}");
    add("GET", "/a/{y}");
    add("GET", "/a/{y}", {}, "api.example");
    ASSERT_EQ(routes->errors().size(), 1U);
    EXPECT_THAT(routes->errors().front(), testing::HasSubstr("two routes take the same requests"));
}

TEST_F(Routing, MakesAMiddlewareOnceForEachCore) {
    int made = 0;
    const auto counted = std::make_shared<const ForCore<Middleware>>([&made](io::Core&) {
        ++made;
        return std::make_shared<Station>("c");
    });
    routes->set_way_below({}, {}, {counted});
    add("GET", "/a", {counted});
    add("GET", "/b", {counted, station("x")});
    const Router first(core, routes);
    EXPECT_EQ(made, 1);
    const Router second(core, routes);
    EXPECT_EQ(made, 2);
}

// --- guards

class Refusing final : public Guard {
public:
    [[nodiscard]] std::optional<http::Result<void>> admit_at_once(link::Exchange& exchange) override {
        exchange.notes().challenge = "Token";
        return http::refuse(Status::unauthorized, "no token");
    }
    [[nodiscard]] Task<http::Result<void>> admit(link::Exchange&) override { co_return http::Result<void>{}; }
};

Task<bool> answer(Route route, link::Exchange& exchange) {
    co_await route.answer(exchange);
    co_return true;
}

TEST_F(Routing, KeepsWhatIsBehindAGuardFromStrangers) {
    routes->set_way_below({}, {}, {station("o")});
    const auto guarded = std::make_shared<const ForCore<Middleware>>(
        [](io::Core&) { return std::make_shared<Guarded>(std::make_shared<Refusing>()); });
    add("GET", "/", {station("o"), guarded, station("i")});
    Router router(core, routes);
    http::Request request;
    request.method_token = "GET";
    request.path = "/";
    link::ExchangeForTest exchange(context, peer, request);
    const Route route = router.translate(exchange, ListenerPlace::loopback);
    EXPECT_TRUE(io::run_task(core, answer(route, exchange)));
    EXPECT_EQ(exchange.response().status, Status::unauthorized);
    EXPECT_EQ(exchange.response().fields.find(FieldName::www_authenticate), "Token");
    EXPECT_EQ(exchange.notes().user, "o") << "the middleware after the guard is not passed";
    EXPECT_EQ(exchange.notes().reason, "no token");
}

// Counts how often it is asked to drop what it has cached.
class Keeping final : public Handler {
public:
    explicit Keeping(int& forgotten) : forgotten_(&forgotten) {}
    [[nodiscard]] Task<void> answer(link::Exchange&) override { co_return; }
    void forget_kept() override { ++*forgotten_; }

private:
    int* forgotten_;
};

TEST_F(Routing, DropsWhatItsHandlersHaveCached) {
    int of_route = 0;
    int of_nobody = 0;
    Definition definition;
    definition.method = "GET";
    definition.pattern = "/";
    definition.handler = [&of_route](io::Core&) { return std::make_shared<Keeping>(of_route); };
    routes->add(std::move(definition));
    routes->keep([&of_nobody](io::Core&) { return std::make_shared<Keeping>(of_nobody); });
    Router router(core, routes);
    router.forget_kept();
    EXPECT_EQ(of_route, 1);
    EXPECT_EQ(of_nobody, 1);
}

TEST_F(Routing, AnswersPreflightsBeforeTheGuardsRefusal) {
    CorsOptions options;
    options.methods = "GET";
    Definition definition;
    definition.method = "GET";
    definition.pattern = "/";
    definition.guard = [](io::Core&) { return std::make_shared<Refusing>(); };
    definition.way.push_back(
        std::make_shared<const ForCore<Middleware>>([options](io::Core&) { return std::make_shared<Cors>(options); }));
    definition.handler = [](io::Core&) { return std::make_shared<Named>("x"); };
    routes->add(std::move(definition));
    Router router(core, routes);
    for (const bool is_preflight : {true, false}) {
        http::Request request;
        request.method = Method::options;
        request.method_token = "OPTIONS";
        request.path = "/";
        if (is_preflight) request.fields.add(FieldName::access_control_request_method, "GET");
        link::ExchangeForTest exchange(context, peer, request);
        Route route = router.translate(exchange, ListenerPlace::loopback);
        ASSERT_NE(route.guard, nullptr);
        const auto allowed = route.guard->admit_at_once(exchange);
        ASSERT_FALSE(*allowed);
        route = route.refused(exchange, allowed->error());
        EXPECT_TRUE(route.answer_at_once(exchange));
        EXPECT_EQ(exchange.response().status, is_preflight ? Status::no_content : Status::unauthorized);
        EXPECT_EQ(exchange.response().fields.find(FieldName::access_control_allow_origin), "*");
        EXPECT_EQ(exchange.notes().reason, is_preflight ? "" : "no token");
    }
}

struct ExtraFieldRow {
    const char* name;
    std::string_view text;
    std::string_view read;  // "NAME:VALUE"; empty: refused
};
class ExtraFieldText : public testing::TestWithParam<ExtraFieldRow> {};

TEST_P(ExtraFieldText, IsReadOrRefused) {
    const auto field = parse_extra_field(GetParam().text);
    EXPECT_EQ(field ? field->first + ":" + field->second : "", GetParam().read);
}
INSTANTIATE_TEST_SUITE_P(Route, ExtraFieldText,
                         testing::Values(ExtraFieldRow{"Usual", "X-Frame-Options: DENY ", "X-Frame-Options:DENY"},
                                         ExtraFieldRow{"Empty", "X-Empty:", "X-Empty:"},
                                         ExtraFieldRow{"Colons", "Link: <a:b>", "Link:<a:b>"},
                                         ExtraFieldRow{"NoColon", "X-Frame-Options", ""},
                                         ExtraFieldRow{"NoName", ": x", ""}, ExtraFieldRow{"Space", "A B: x", ""},
                                         ExtraFieldRow{"TwoLines", "A: x\r\nB: y", ""},
                                         ExtraFieldRow{"Framing", "transfer-encoding: chunked", ""},
                                         ExtraFieldRow{"Length", "Content-Length: 1", ""},
                                         ExtraFieldRow{"Coding", "Content-Encoding: br", ""}),
                         row_name);

}  // namespace
}  // namespace portico::route
