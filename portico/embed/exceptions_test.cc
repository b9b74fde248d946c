// portico/embed/exceptions_test.cc — what a program's own functions throw costs nobody but its own client anything.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "portico/json.h"
#include "portico/portico.h"

namespace portico {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<std::string> throw_later(Request& request) {
    const bool slept = co_await io::sleep_for(request.core(), milliseconds(5));
    if (slept) throw std::runtime_error("later");
    co_return "woken";
}

Task<void> throw_among_events(EventSender& events) {
    const bool sent = co_await events.send("one");
    if (sent) throw std::runtime_error("events");
}

class Exceptions : public testing::TestWithParam<std::uint64_t> {
protected:
    Exceptions() {
        server_.get("/at-once", []() -> std::string { throw std::runtime_error("at\nonce"); });
        server_.get("/later", throw_later);
        server_.get("/deep", [](Request& request) -> Task<std::string> {
            std::string text = co_await throw_later(request);
            co_return text;
        });
        server_.get("/no-exception", []() -> std::string { throw 42; });
        server_.get("/offload", [](Request& request) -> Task<std::string> {
            auto work = []() -> std::string { throw std::runtime_error("offload"); };
            const std::optional<std::string> done = co_await io::offload(request.core(), std::move(work));
            co_return done.value_or("");
        });
        server_.get("/caught", [](Request& request) -> Task<std::string> {
            std::string caught;
            try {
                caught = co_await throw_later(request);
            } catch (const std::runtime_error& error) {
                caught = error.what();
            }
            co_return "caught " + caught;
        });
        server_.post("/json", [](Json value) { return value.value("name", "nobody"); });
        server_.get("/stream", [](Request&) {
            return Response::stream("text/plain", [](ContentWriter& to) -> Task<bool> {
                const bool written = co_await to.write("some");
                if (written) throw std::runtime_error("stream");
                co_return true;
            });
        });
        server_.get("/events", [](Request& request) { return send_events(request, throw_among_events); });
        Group slow = server_.group("/timed");
        slow.use(time_out(seconds(10)));
        slow.get("/later", throw_later);
        server_.get("/fine", [] { return "fine"; });
    }
    Server server_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, Exceptions, testing::Range<std::uint64_t>(1, 11));

TEST_P(Exceptions, OfAHandlerAreAnsweredWith500) {
    TestClient client(server_, GetParam());
    for (const char* const target : {"/at-once", "/later", "/deep", "/no-exception", "/offload", "/timed/later"}) {
        testing::internal::CaptureStderr();
        EXPECT_EQ(client.get(target).status, 500) << target;
        EXPECT_NE(testing::internal::GetCapturedStderr().find("GET " + std::string(target)), std::string::npos);
    }
    EXPECT_EQ(client.get("/caught").content, "caught later");
    EXPECT_EQ(client.post("/json", "[1]", "application/json").status, 500);
    EXPECT_EQ(client.post("/json", "{\"name\": \"Ada\"}", "application/json").content, "Ada");
    EXPECT_EQ(client.get("/fine").content, "fine");
}

TEST_P(Exceptions, AreToldInOneLine) {
    TestClient client(server_, GetParam());
    testing::internal::CaptureStderr();
    EXPECT_EQ(client.get("/at-once").status, 500);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "error: GET /at-once threw an exception: at\\x0aonce\n");
}

TEST_P(Exceptions, OfAStreamBreakItOff) {
    TestClient client(server_, GetParam());
    EXPECT_EQ(client.get("/stream").status, 0);
    EXPECT_EQ(client.get("/events").status, 0);
    EXPECT_EQ(client.get("/fine").content, "fine");
    client.pass(seconds(5));
    EXPECT_EQ(client.connections(), 0U);
}

TEST_P(Exceptions, DoNotEndTheConnection) {
    TestClient client(server_, GetParam());
    const std::string answers = client.exchange(
        "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /fine HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(answers.starts_with("HTTP/1.1 500 "));
    EXPECT_TRUE(answers.ends_with("\r\n\r\nfine")) << answers;
}

}  // namespace
}  // namespace portico
