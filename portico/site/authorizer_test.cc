// Who may come in.
#include "portico/site/authorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portico/io/scope.h"
#include "portico/site/handler_for_test.h"
#include "portico/site/password.h"

namespace portico::site {
namespace {

using http::FieldName;
using http::Status;

// With cheap hashes, so that the test is quick.
constexpr const char* hash_of_secret = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
constexpr const char* anna_secret = "Basic YW5uYTpzZWNyZXQ=";
constexpr const char* anna_wrong = "Basic YW5uYTp3cm9uZw==";
constexpr const char* bert_secret = "Basic YmVydDpzZWNyZXQ=";
constexpr const char* nobody_secret = "Basic bm9ib2R5OnNlY3JldA==";

class Authorizing : public HandlerTest {
protected:
    Authorizing() {
        root.write("a.txt", "hello");
        options.users = {{"anna", hash_of_secret},
                         {"bert", "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"}};
    }
    Status with(std::string_view authorization) {
        return get("/a.txt", {{FieldName::authorization, authorization}}).status;
    }
    // Whether it is decided without hashing anything.
    bool is_decided_at_once(std::string_view authorization) {
        const http::Request request = make_request("/a.txt", {{FieldName::authorization, authorization}});
        return handler->authorize(request, Resource{"/a.txt"}).has_value();
    }
};

TEST_F(Authorizing, AsksForAPassword) {
    const Answer answer = get("/a.txt");
    EXPECT_EQ(answer.status, Status::unauthorized);
    EXPECT_EQ(answer.field(FieldName::www_authenticate), "Basic realm=\"Portico\", charset=\"UTF-8\"");
    EXPECT_EQ(answer.field(FieldName::cache_control), "no-store");
}

TEST_F(Authorizing, LetsInWhoKnowsIt) {
    EXPECT_EQ(with(anna_secret), Status::ok);
    EXPECT_EQ(with(bert_secret), Status::ok);
    EXPECT_EQ(with(anna_wrong), Status::unauthorized);
    EXPECT_EQ(with(nobody_secret), Status::unauthorized);
    EXPECT_EQ(with("Basic !"), Status::unauthorized);
    EXPECT_EQ(with("Bearer abc"), Status::unauthorized);
}

TEST_F(Authorizing, DoesNotTakeTwoCredentials) {
    const Answer answer =
        get("/a.txt", {{FieldName::authorization, anna_secret}, {FieldName::authorization, anna_secret}});
    EXPECT_EQ(answer.status, Status::unauthorized);
}

TEST_F(Authorizing, TrustsForAWhile) {
    EXPECT_EQ(with(anna_secret), Status::ok);
    EXPECT_TRUE(is_decided_at_once(anna_secret));
    EXPECT_FALSE(is_decided_at_once(bert_secret));
    EXPECT_EQ(with(anna_wrong), Status::unauthorized);
    EXPECT_FALSE(is_decided_at_once(anna_wrong));
    handler->swap(open_site());
    EXPECT_FALSE(is_decided_at_once(anna_secret));
}

TEST_F(Authorizing, TrustsNoLongerThanItIsTo) {
    options.password_limits.trusted_for = std::chrono::milliseconds(0);
    EXPECT_EQ(with(anna_secret), Status::ok);
    EXPECT_FALSE(is_decided_at_once(anna_secret));
}

TEST_F(Authorizing, KeepsAnswersFromSharedCaches) {
    options.cache = std::chrono::seconds(60);
    const Answer answer = get("/a.txt", {{FieldName::authorization, anna_secret}});
    EXPECT_EQ(answer.field(FieldName::cache_control), "private, max-age=60");
}

TEST_F(Authorizing, LetsPreflightsThrough) {
    options.cross_origin = CrossOrigin::everyone;
    const Answer preflight =
        ask(make_request("/a.txt", {{FieldName::access_control_request_method, "GET"}}, http::Method::options));
    EXPECT_EQ(preflight.status, Status::no_content);
    EXPECT_EQ(ask(make_request("/a.txt", {}, http::Method::options)).status, Status::unauthorized);
}

class Crowd : public Authorizing {
protected:
    Task<void> ask_one(std::string_view authorization) {
        const http::Request request = make_request("/a.txt", {{FieldName::authorization, authorization}});
        Answer answer;
        const bool done = co_await take_steps(*handler, request, answer);
        EXPECT_TRUE(done);
        statuses.push_back(answer.status);
        if (--left == 0) core.stop();
    }
    std::vector<Status> statuses;
    std::size_t left = 0;
};

TEST_F(Crowd, WaitsInLineAndIsTurnedAwayBeyondIt) {
    options.password_limits = {.at_once_max = 1, .waiting_max = 5, .trusted_for = std::chrono::milliseconds(10'000)};
    serve();
    io::Scope scope;
    left = 20;
    for (int i = 0; i < 10; ++i) {
        scope.start(ask_one(anna_wrong));
        scope.start(ask_one(nobody_secret));
    }
    core.run();
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), Status::service_unavailable), 14);
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), Status::unauthorized), 6);
    EXPECT_EQ(with(anna_secret), Status::ok);
}

TEST_F(Crowd, StopsWaitingWhenAskedTo) {
    options.password_limits.at_once_max = 1;
    serve();
    io::Scope scope;
    left = 10;
    for (int i = 0; i < 10; ++i) scope.start(ask_one(anna_secret));
    scope.request_stop();
    core.run();
    EXPECT_EQ(statuses.size(), 10U);
    EXPECT_EQ(with(anna_secret), Status::ok);
}

}  // namespace
}  // namespace portico::site
