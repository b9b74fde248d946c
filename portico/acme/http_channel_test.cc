// portico/acme/http_channel_test.cc — questions to servers, and what one of them may cost.
#include "portico/acme/http_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "portico/acme/staple_service.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/link/origin_for_test.h"

namespace portico::acme {
namespace {

using link::Origin;
using testing::HasSubstr;

class HttpChannels : public testing::Test {
protected:
    ~HttpChannels() override {
        origin_.stop();
        while (origin_.serving().size() > 0) core_.run_once(io::never);
    }
    std::expected<Answer, std::string> ask() {
        Question question;
        question.method = Method::post;
        question.url = "http://127.0.0.1/ocsp";
        question.content = "question";
        question.content_type = "application/ocsp-request";
        HttpChannel channel(core_, {}, responder_time_max, responder_octets_max);
        return io::run_task(core_, channel.ask(std::move(question)));
    }

    io::SimKernel kernel_{1};
    io::Core core_{kernel_, 1 << 26};
    std::string reply_;
    Origin origin_{core_, io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 80),
                   [this](std::string_view) { return Origin::Reply{.octets = reply_}; }};
};

std::string with_content(std::size_t octets) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(octets) + "\r\nRetry-After: 7\r\n\r\n" +
           std::string(octets, 'x');
}

TEST_F(HttpChannels, BringQuestionsAndAnswers) {
    reply_ = with_content(responder_octets_max);
    const auto answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error();
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(answer->content.size(), responder_octets_max);
    EXPECT_EQ(answer->retry_after, "7");
    ASSERT_EQ(origin_.requests().size(), 1U);
    EXPECT_THAT(origin_.requests()[0], testing::StartsWith("POST /ocsp HTTP/1.1\r\n"));
    EXPECT_THAT(origin_.requests()[0], HasSubstr("\r\nContent-Type: application/ocsp-request\r\n"));
    EXPECT_THAT(origin_.requests()[0], testing::EndsWith("\r\n\r\nquestion"));
}

TEST_F(HttpChannels, RefuseLongAnswers) {
    reply_ = with_content(responder_octets_max + 1);
    EXPECT_FALSE(ask().has_value());
}

TEST_F(HttpChannels, DoNotWaitForEver) {
    reply_ = with_content(100).substr(0, 70);
    const io::TimePoint began = core_.now();
    EXPECT_FALSE(ask().has_value());
    EXPECT_GE(core_.now() - began, responder_time_max);
    EXPECT_LE(core_.now() - began, responder_time_max + std::chrono::seconds(1));
}

}  // namespace
}  // namespace portico::acme
