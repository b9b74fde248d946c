// Which credentials are accepted.
#include "portico/route/authorizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/link/exchange_for_test.h"

namespace portico::route {
namespace {

using http::FieldName;
using http::Status;
using namespace std::chrono_literals;

// The hashes are cheap, so that the test is fast.
constexpr const char* hash_of_secret = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
constexpr const char* anna_secret = "Basic YW5uYTpzZWNyZXQ=";
constexpr const char* anna_wrong = "Basic YW5uYTp3cm9uZw==";
constexpr const char* bert_secret = "Basic YmVydDpzZWNyZXQ=";
constexpr const char* nobody_secret = "Basic bm9ib2R5OnNlY3JldA==";

const io::SocketAddress usual_peer = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 50'000);

using Fields = std::vector<std::string_view>;

http::Request request_with(const Fields& authorizations) {
    http::Request request;
    for (const std::string_view value : authorizations) request.fields.add(FieldName::authorization, value);
    return request;
}

// 200 if the guard admits the exchange.
Task<Status> status_of(Guard& guard, link::Exchange& exchange) {
    std::optional<http::Result<void>> allowed = guard.admit_at_once(exchange);
    if (!allowed) allowed = co_await guard.admit(exchange);
    co_return *allowed ? Status::ok : allowed->error().status;
}

// A core with an authorizer, and an exchange for each question.
struct Gate {
    explicit Gate(io::Kernel& kernel) : core(kernel) {}

    void open() { authorizer = std::make_unique<Authorizer>(core, passwords); }
    // Whether the answer needs no hashing.
    bool is_decided_at_once(std::string_view authorization) {
        link::ExchangeForTest exchange(context, usual_peer, request_with({authorization}));
        return authorizer->admit_at_once(exchange).has_value();
    }

    Passwords passwords;
    io::Core core;
    link::InboundLimits limits;
    link::InboundContext context{core, limits};
    std::unique_ptr<Authorizer> authorizer;
};

class Authorizing : public testing::Test {
protected:
    Authorizing() {
        gate.passwords.limits.refusal_pause = std::chrono::milliseconds(0);
        gate.passwords.users = {{"anna", hash_of_secret},
                                {"bert", "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"}};
    }
    // The status, the user that the log names and the one who was admitted, and the challenge: "401 anna||Basic …".
    std::string outcome(const Fields& authorizations) {
        if (!gate.authorizer) gate.open();
        link::ExchangeForTest exchange(gate.context, usual_peer, request_with(authorizations));
        const Status status = io::run_task(gate.core, status_of(*gate.authorizer, exchange));
        const link::ExchangeNotes& notes = exchange.notes();
        return std::to_string(http::code(status)) + " " + notes.user + "|" + notes.admitted + "|" +
               std::string(notes.challenge);
    }
    Status with(std::string_view authorization) {
        return static_cast<Status>(std::stoi(outcome({authorization}).substr(0, 3)));
    }
    bool is_decided_at_once(std::string_view authorization) { return gate.is_decided_at_once(authorization); }

    std::unique_ptr<io::Kernel> kernel = std::move(*io::make_epoll_kernel());
    Gate gate{*kernel};
};

constexpr const char* challenge = "Basic realm=\"Portico\", charset=\"UTF-8\"";

TEST_F(Authorizing, AsksForAPassword) { EXPECT_EQ(outcome({}), "401 ||" + std::string(challenge)); }

TEST_F(Authorizing, NotesWhoTriesAndWhoIsAdmitted) {
    EXPECT_EQ(outcome({anna_wrong}), "401 anna||" + std::string(challenge));
    EXPECT_EQ(outcome({anna_secret}), "200 anna|anna|");
    EXPECT_EQ(outcome({anna_secret}), "200 anna|anna|") << "without a check";
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
    EXPECT_EQ(outcome({anna_secret, anna_secret}), "401 ||" + std::string(challenge));
}

TEST_F(Authorizing, TrustsForAWhile) {
    EXPECT_EQ(with(anna_secret), Status::ok);
    EXPECT_TRUE(is_decided_at_once(anna_secret));
    EXPECT_FALSE(is_decided_at_once(bert_secret));
    EXPECT_EQ(with(anna_wrong), Status::unauthorized);
    EXPECT_FALSE(is_decided_at_once(anna_wrong));
}

TEST_F(Authorizing, TrustsNoLongerThanItIsTo) {
    gate.passwords.limits.trusted_for = std::chrono::milliseconds(0);
    EXPECT_EQ(with(anna_secret), Status::ok);
    EXPECT_FALSE(is_decided_at_once(anna_secret));
}

// --- many at the same time, on the simulated kernel

class Crowd : public testing::Test {
protected:
    Crowd() {
        gate.passwords.users = {{"anna", hash_of_secret}};
        gate.passwords.limits.refusal_pause = 0ms;
    }
    ~Crowd() override {
        EXPECT_EQ(checks().waiting(), 0U);
        EXPECT_EQ(checks().checking(), 0U);
    }
    void serve() { gate.open(); }
    const CheckQueue& checks() const { return gate.authorizer->queue(); }
    static io::SocketAddress peer(std::uint8_t number) {
        return io::SocketAddress::of(io::IpAddress::v4({192, 0, 2, number}), 50'000);
    }

    Task<void> ask_one(std::string authorization, io::SocketAddress from, std::string name) {
        link::ExchangeForTest exchange(gate.context, from, request_with({authorization}));
        const Status status = co_await status_of(*gate.authorizer, exchange);
        answers.push_back(name + " " + std::to_string(http::code(status)));
    }
    void ask(std::string_view authorization, std::uint8_t from, std::string name,
             AfterStop after_stop = AfterStop::goes_on) {
        scope.start(ask_one(std::string(authorization), peer(from), std::move(name)), after_stop);
    }
    // Credentials that no other client sends.
    static std::string wrong(int number) {
        return "Basic YW5uYTp" + std::string(1, static_cast<char>('a' + number % 26));
    }
    void run_until(const std::function<bool()>& done) {
        for (int i = 0; i < 100'000 && !done(); ++i) core.run_once(core.now() + 1s);
        EXPECT_TRUE(done());
    }
    void finish() {
        run_until([this] { return scope.size() == 0; });
    }
    void pass(io::Duration time) {
        const io::TimePoint until = core.now() + time;
        while (core.now() < until) core.run_once(until);
    }
    // Returns whether anna is accepted without a check.
    bool is_trusted() { return gate.is_decided_at_once(anna_secret); }
    long count(std::string_view status) const {
        return std::count_if(answers.begin(), answers.end(),
                             [status](const std::string& answer) { return answer.ends_with(status); });
    }

    io::SimKernel kernel{1};
    Gate gate{kernel};
    io::Core& core = gate.core;
    io::Scope scope;
    std::vector<std::string> answers;  // in order of arrival
};

TEST_F(Crowd, IsTurnedAwayBeyondTheLimitForEachAddress) {
    gate.passwords.limits.waiting_per_address_max = 3;
    serve();
    for (int i = 0; i < 10; ++i) ask(wrong(i), 1, "one");
    EXPECT_EQ(checks().checking(), 1U);
    EXPECT_EQ(checks().waiting(), 3U);
    for (int i = 0; i < 10; ++i) ask(wrong(i), 2, "two");
    EXPECT_EQ(checks().checking(), 2U) << "another address finds a place free";
    EXPECT_EQ(checks().waiting(), 6U);
    finish();
    EXPECT_EQ(count("503"), 12);
    EXPECT_EQ(count("401"), 8);
}

TEST_F(Crowd, IsTurnedAwayBeyondTheLimitForAll) {
    gate.passwords.limits.waiting_max = 5;
    serve();
    for (std::uint8_t i = 0; i < 20; ++i) ask(wrong(i), i, "x");
    EXPECT_EQ(checks().checking(), 2U);
    EXPECT_EQ(checks().waiting(), 5U);
    finish();
    EXPECT_EQ(count("503"), 13);
    EXPECT_EQ(count("401"), 7);
}

TEST_F(Crowd, OfOneIpv6NetworkCountsAsOneAddress) {
    serve();
    for (std::uint8_t i = 0; i < 4; ++i) {
        const auto from =
            io::SocketAddress::of(io::IpAddress::v6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, i, i, i, i, 0, 0, 0, 1}), 50'000);
        scope.start(ask_one(wrong(i), from, "x"));
    }
    EXPECT_EQ(checks().checking(), 1U);
    finish();
}

TEST_F(Crowd, OfStrangersDoesNotDelayAUserWhoWasHereBefore) {
    serve();
    ask(anna_secret, 9, "anna");
    finish();
    pass(11s);
    EXPECT_FALSE(is_trusted());
    for (std::uint8_t i = 0; i < 100; ++i) ask(wrong(i), i, "stranger");
    answers.clear();
    ask(anna_secret, 9, "anna");
    EXPECT_EQ(checks().checking(), 3U) << "a place is kept for her";
    EXPECT_TRUE(answers.empty());
    finish();
    const auto place = std::find(answers.begin(), answers.end(), "anna 200") - answers.begin();
    EXPECT_LT(place, 10) << "only a few, whose checks took a shorter time, come first";
}

TEST_F(Crowd, OfKnownUsersIsBoundedToo) {
    gate.passwords.limits.trusted_for = 0ms;
    gate.passwords.limits.waiting_max = 4;
    serve();
    ask(anna_secret, 9, "anna");
    finish();
    for (std::uint8_t i = 0; i < 20; ++i) ask(anna_secret, 9, "anna");
    EXPECT_EQ(checks().checking(), 3U);
    EXPECT_EQ(checks().waiting(), 4U);
    finish();
}

TEST_F(Crowd, WithWrongPasswordsWaitsAfterAnAddressThatHasSentNone) {
    gate.passwords.limits.at_once_max = 1;
    serve();
    ask(wrong(0), 1, "bad");
    finish();
    answers.clear();
    ask(wrong(1), 1, "bad");
    for (int i = 2; i < 8; ++i) ask(wrong(i), 1, "bad");
    ask(anna_secret, 2, "anna");
    finish();
    ASSERT_EQ(answers.size(), 8U);
    EXPECT_EQ(answers[1], "anna 200") << "after the one that was checked already";
    // The address is not blocked for ever.
    pass(61s);
    answers.clear();
    ask(wrong(1), 3, "bad");
    ask(wrong(2), 1, "first");
    ask(wrong(3), 2, "second");
    finish();
    EXPECT_THAT(answers, testing::ElementsAre("bad 401", "first 401", "second 401"));
}

TEST_F(Crowd, WithTheSameCredentialsIsCheckedOnce) {
    serve();
    for (int i = 0; i < 6; ++i) ask(anna_secret, 1, "anna");
    ask(wrong(1), 1, "stranger");
    EXPECT_EQ(checks().waiting(), 6U);
    run_until([this] { return checks().waiting() < 6; });
    EXPECT_EQ(checks().waiting(), 0U) << "the five others do not wait for a check of their own";
    EXPECT_EQ(checks().checking(), 1U);
    finish();
    EXPECT_EQ(count("200"), 6);
    EXPECT_EQ(count("401"), 1);
}

TEST_F(Crowd, MemberIsTrustedForAsLongAsHeComesBack) {
    serve();
    ask(anna_secret, 1, "anna");
    finish();
    for (int i = 0; i < 5; ++i) {
        pass(9s);
        EXPECT_TRUE(is_trusted()) << i;
    }
    pass(10s);
    EXPECT_FALSE(is_trusted());
}

TEST_F(Crowd, MemberIsKnownForAnHour) {
    gate.passwords.limits.at_once_max = 1;
    serve();
    ask(anna_secret, 1, "anna");
    finish();
    for (const auto& [away, checks_at_once] : {std::pair{59min, 2U}, std::pair{60min, 1U}}) {
        pass(away);
        ask(wrong(1), 2, "stranger");
        ask(anna_secret, 1, "anna");
        EXPECT_EQ(checks().checking(), checks_at_once);
        finish();
    }
}

TEST_F(Crowd, IsAnsweredNoAfterAPause) {
    gate.passwords.limits.refusal_pause = 1000ms;
    gate.passwords.limits.waiting_per_address_max = 0;
    serve();
    const io::TimePoint began = core.now();
    ask(wrong(1), 1, "wrong");
    ask(wrong(2), 1, "busy");
    run_until([this] { return checks().checking() == 0; });
    EXPECT_TRUE(answers.empty());
    pass(began + 999ms - core.now());
    EXPECT_TRUE(answers.empty());
    finish();
    EXPECT_THAT(answers, testing::UnorderedElementsAre("wrong 401", "busy 503"));
}

TEST_F(Crowd, WhoseMembersLeaveGivesItsPlacesBack) {
    gate.passwords.limits.at_once_max = 1;
    serve();
    for (int passes = 0; passes < 4; ++passes) {
        answers.clear();
        io::Scope leaving;
        for (int i = 0; i < 5; ++i) leaving.start(ask_one(wrong(i), peer(1), "gone"), AfterStop::ends);
        ask(anna_secret, 2, "anna");
        for (int i = 0; i < passes; ++i) core.run_once(core.now() + 1ms);
        leaving.request_stop();
        finish();
        run_until([&leaving] { return leaving.size() == 0; });
        EXPECT_THAT(answers, testing::Contains("anna 200")) << passes;
        EXPECT_EQ(checks().checking() + checks().waiting(), 0U) << passes;
        pass(2h);
    }
}

TEST_F(Crowd, StopsWaitingWhenAskedTo) {
    gate.passwords.limits.at_once_max = 1;
    gate.passwords.limits.refusal_pause = 1000ms;
    serve();
    for (int i = 0; i < 10; ++i) ask(anna_secret, 1, "anna");
    scope.request_stop();
    EXPECT_EQ(count("503"), 10);
    finish();
    EXPECT_EQ(answers.size(), 10U);
}

TEST_F(Crowd, WhoseCheckIsStoppedIsNotBlamed) {
    gate.passwords.limits.at_once_max = 1;
    serve();
    ask(anna_secret, 1, "anna");
    EXPECT_EQ(checks().checking(), 1U);
    scope.request_stop();
    finish();
    EXPECT_THAT(answers, testing::ElementsAre("anna 503"));
    answers.clear();
    io::Scope later;
    for (const std::uint8_t from : {std::uint8_t{3}, std::uint8_t{2}, std::uint8_t{1}}) {
        const std::string name = "from " + std::to_string(from);
        later.start(ask_one(wrong(from), peer(from), name));
    }
    run_until([&later] { return later.size() == 0; });
    EXPECT_THAT(answers, testing::ElementsAre("from 3 401", "from 2 401", "from 1 401"));
}

}  // namespace
}  // namespace portico::route
