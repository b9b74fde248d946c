// portico/acme/stapler_test.cc — OCSP responses that are fetched, renewed, and done without.
#include "portico/acme/stapler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/tls/staple_for_test.h"

namespace portico::acme {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

using Answered = std::expected<Answer, std::string>;

// Responders that answer as the test says.
class Responders final : public Channel {
public:
    explicit Responders(io::Core& core) : core_(&core) {}
    Task<Answered> ask(Question question) override {
        questions.push_back(std::move(question));
        const bool goes_on = co_await io::sleep_for(*core_, delay);
        if (!goes_on) co_return std::unexpected("stopped");
        co_return answer(questions.back().url);
    }

    std::vector<Question> questions;
    io::Duration delay = std::chrono::milliseconds(100);
    std::function<Answered(const std::string& url)> answer;

private:
    io::Core* core_;
};

Answered says(std::string content, unsigned status = 200) {
    Answer answer;
    answer.status = status;
    answer.content = std::move(content);
    return answer;
}

// OpenSSL judges responses by the machine's clock; time passes by the simulated one.
class Staplers : public testing::Test {
protected:
    Staplers() {
        responders_.answer = [this](const std::string&) { return says(tls::response_of(own_, tls::authority())); };
    }
    void keep() { keeping_.start(stapler_.keep(own_, place_)); }
    void pass(io::Duration time) { EXPECT_TRUE(io::run_task(core_, wait(time))); }
    [[nodiscard]] bool has_one() const { return place_->get().has_value(); }

    io::SimKernel kernel_{1};
    io::Core core_{kernel_};
    const io::TimePoint began_ = core_.now();
    const std::chrono::sys_seconds machine_began_ = tls::today();
    const tls::Credentials own_ =
        tls::with_issuer({"localhost"}, "OCSP;URI:http://one.example/ocsp,OCSP;URI:http://two.example/");
    std::shared_ptr<tls::StaplePlace> place_ = std::make_shared<tls::StaplePlace>();
    Responders responders_{core_};
    std::vector<std::string> told_;
    Stapler stapler_{core_, responders_, [this](const std::string& message) { told_.push_back(message); },
                     [this] { return machine_began_ + std::chrono::floor<seconds>(core_.now() - began_); }};
    io::Scope keeping_;

private:
    Task<bool> wait(io::Duration time) { co_return co_await io::sleep_for(core_, time); }
};

TEST_F(Staplers, AskAtOnceAndAgainAfterHalfOfTheTime) {
    keep();
    pass(seconds(1));
    EXPECT_TRUE(has_one());
    ASSERT_THAT(responders_.questions, SizeIs(1));
    EXPECT_EQ(responders_.questions[0].method, Method::post);
    EXPECT_EQ(responders_.questions[0].url, "http://one.example/ocsp");
    EXPECT_EQ(responders_.questions[0].content_type, "application/ocsp-request");
    EXPECT_EQ(responders_.questions[0].content, tls::status_request(own_));
    pass(minutes(28));  // valid for an hour, since a minute ago
    EXPECT_THAT(responders_.questions, SizeIs(1));
    pass(minutes(9));
    EXPECT_THAT(responders_.questions, SizeIs(testing::Ge(2U))) << "that response was old when it came";
    EXPECT_TRUE(told_.empty());
}

TEST_F(Staplers, GoOnWithTheOldOneWhileTheyFail) {
    keep();
    pass(seconds(1));
    const auto before = place_->get()->ends();
    responders_.answer = [](const std::string&) { return Answered(std::unexpected("no such host")); };
    responders_.questions.clear();
    pass(minutes(37));
    EXPECT_EQ(place_->get()->ends(), before);
    EXPECT_THAT(told_, ElementsAre(HasSubstr("no OCSP response for localhost: no such host")));
    responders_.answer = [](const std::string&) { return says("", 503); };
    pass(minutes(30));
    EXPECT_THAT(told_, SizeIs(2)) << "what is new";
    EXPECT_THAT(told_.back(), HasSubstr("http://two.example/: status 503"));
}

TEST_F(Staplers, AskLessAndLessOften) {
    responders_.answer = [](const std::string&) { return says("nonsense"); };
    keep();
    pass(minutes(10));
    const std::size_t first = responders_.questions.size();
    EXPECT_GT(first, 2 * 5U) << "both responders each time";
    EXPECT_LT(first, 2 * 10U);
    pass(minutes(10));
    EXPECT_LT(responders_.questions.size() - first, 2 * 3U);
    pass(std::chrono::hours(30));
    EXPECT_GT(responders_.questions.size(), 2 * 30U) << "but every hour";
    EXPECT_FALSE(has_one());
    EXPECT_THAT(told_, ElementsAre(HasSubstr("http://two.example/: it is no OCSP response")));
}

TEST_F(Staplers, AskTheNextResponder) {
    responders_.answer = [this](const std::string& url) {
        return url.starts_with("http://one") ? says("nonsense") : says(tls::response_of(own_, tls::authority()));
    };
    keep();
    pass(seconds(1));
    EXPECT_TRUE(has_one());
    EXPECT_TRUE(told_.empty());
}

TEST_F(Staplers, WaitAsLongAsTheyAreAsked) {
    responders_.answer = [](const std::string&) {
        Answer answer;
        answer.status = 429;
        answer.retry_after = "7200";
        return Answered(answer);
    };
    keep();
    pass(minutes(119));
    EXPECT_THAT(responders_.questions, SizeIs(2)) << "one for each responder";
    pass(minutes(3));
    EXPECT_THAT(responders_.questions, SizeIs(4));
}

TEST_F(Staplers, EndWhenTheCertificateIsNotShownAnyMore) {
    keep();
    pass(minutes(2));
    EXPECT_EQ(keeping_.size(), 1U);
    place_.reset();
    pass(minutes(1));
    EXPECT_EQ(keeping_.size(), 0U);
}

TEST_F(Staplers, EndWithoutAWordWhenTheyAreStopped) {
    responders_.delay = minutes(1);
    keep();
    pass(seconds(1));
    keeping_.request_stop();
    pass(seconds(1));
    EXPECT_EQ(keeping_.size(), 0U);
    EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace portico::acme
