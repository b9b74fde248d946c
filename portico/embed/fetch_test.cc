// portico/embed/fetch_test.cc — requests from a handler to another server.
#include "portico/embed/fetch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* other = "http://127.0.0.1:8080";

// Answers with what the other server answers.
Task<Result<Response>> pass_on(Request& request, FetchOptions options) {
    options.method = request.method_name();
    std::string uri = other + std::string(request.target());
    Result<std::string> content = co_await request.content();
    if (!content) co_return std::unexpected(content.error());
    if (!content->empty()) options.content = *std::move(content);
    auto response = co_await fetch(request.core(), std::move(uri), std::move(options));
    if (!response) co_return std::unexpected(response.error());
    auto all = co_await response->content();
    if (!all) co_return std::unexpected(all.error());
    Response answer(response->status());
    answer.set_content(*std::move(all));
    co_return std::move(answer);
}

// Negative: fails with an exception.
Task<bool> write_pieces(ContentWriter& writer, int pieces) {
    if (pieces < 0) throw std::runtime_error("no content");
    for (int i = 0; i < pieces; ++i) {
        const std::string piece(5'000, 'p');
        const bool goes_on = co_await writer.write(piece);
        if (!goes_on) co_return false;
    }
    co_return true;
}

class FetchTest : public testing::Test {
protected:
    FetchTest() {
        upstream_.get("/notes/{id}", [](int id) { return "note " + std::to_string(id); });
        upstream_.post("/notes", [](Request& request) { return request.content(); });
        upstream_.get("/large", [] { return std::string(2'000'000, 'x'); });
        upstream_.get("/old", [] { return Response::redirect("/notes/1"); });
        server_.get("/{rest...}", [this](Request& request, std::string_view) { return pass_on(request, options_); });
        server_.post("/{rest...}", [this](Request& request, std::string_view) { return pass_on(request, options_); });
    }
    TestClient& client() {
        if (!client_) {
            client_.emplace(server_);
            client_->add_upstream("127.0.0.1:8080", upstream_);
        }
        return *client_;
    }

    FetchOptions options_;
    Server upstream_;
    Server server_;
    std::optional<TestClient> client_;
};

TEST_F(FetchTest, GivesTheAnswerOfAnotherServer) {
    EXPECT_EQ(client().get("/notes/7").content, "note 7");
    EXPECT_EQ(client().get("/notes/8").content, "note 8");
    EXPECT_EQ(client().get("/nothing").status, 404);
    EXPECT_EQ(client().post("/notes", "milk").content, "milk");
}

TEST_F(FetchTest, LeavesOnlyIdleConnectionsBehind) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(client().get("/notes/7").status, 200);
    client().pass(seconds(40));
    EXPECT_EQ(client().connections(), 0U);
    EXPECT_EQ(client().octets_in_use(), 0U);
}

TEST_F(FetchTest, BoundsTheContent) {
    const TestAnswer answer = client().get("/large");
    EXPECT_EQ(answer.status, 502);
    options_.content_octets_max = 2'000'000;
    EXPECT_EQ(client().get("/large").content.size(), 2'000'000U);
}

TEST_F(FetchTest, FollowsRedirectsIfItIsAskedTo) {
    EXPECT_EQ(client().get("/old").status, 302);
    options_.redirects_max = 1;
    EXPECT_EQ(client().get("/old").content, "note 1");
}

TEST_F(FetchTest, ReportsABadRequestOfItsOwn) {
    options_.fields = {{"Content-Length", "7"}};
    EXPECT_EQ(client().get("/notes/7").status, 502);
    options_.fields.clear();
    options_.connect_to = "stdio";
    EXPECT_EQ(client().get("/notes/7").status, 502);
}

TEST_F(FetchTest, GivesUpInTime) {
    upstream_.get("/slow", [](Request& request) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), seconds(30));
        co_return slept ? "late" : "stopped";
    });
    options_.time_max = seconds(3);
    EXPECT_EQ(client().get("/slow").status, 504);
}

TEST_F(FetchTest, ConnectsWhereItIsTold) {
    Server local;
    local.get("/notes/{id}", [](Request& request, int) { return "local, for " + std::string(*request.field("Host")); });
    client().add_upstream("unix:/run/notes.sock", local);
    options_.connect_to = "unix:/run/notes.sock";
    EXPECT_EQ(client().get("/notes/7").content, "local, for 127.0.0.1:8080");
    client_.reset();
}

TEST(Fetch, ReportsThatNobodyListens) {
    Server server;
    server.get("/", [](Request& request) -> Task<std::string> {
        const auto response = co_await fetch(request.core(), "http://127.0.0.1:9/");
        EXPECT_FALSE(response);
        EXPECT_EQ(response.error().kind, FetchError::Kind::not_connected);
        co_return response.error().message;
    });
    TestClient client(server);
    EXPECT_EQ(client.get("/").content, "cannot connect to tcp://127.0.0.1:9: Connection refused");
}

// A request whose content is made while it is sent.
Task<std::string> send_pieces(Request& request, FetchVersion version, int pieces,
                              std::optional<std::uint64_t> announced) {
    FetchOptions options;
    options.method = "POST";
    options.version = version;
    options.content_octets_max = 1 << 20;
    options.producer_octets = announced;
    options.producer = [pieces](ContentWriter& writer) { return write_pieces(writer, pieces); };
    auto response = co_await fetch(request.core(), std::string(other) + "/notes", std::move(options));
    if (!response) co_return response.error().message;
    const bool is_second = response->version() == http::Version::http_2;
    const auto content = co_await response->content();
    if (!content) co_return content.error().message;
    co_return std::to_string(content->size()) + (is_second ? " over HTTP/2" : "");
}

Task<bool> write_and_count(ContentWriter& writer, int& calls) {
    ++calls;
    const bool is_sent = co_await writer.write("content");
    co_return is_sent;
}

Task<std::string> send_to_nobody(Request& request, FetchAskFirst ask_first, int& calls) {
    FetchOptions options;
    options.method = "POST";
    options.ask_first = ask_first;
    options.producer = [&calls](ContentWriter& writer) { return write_and_count(writer, calls); };
    const auto response = co_await fetch(request.core(), std::string(other) + "/nothing", std::move(options));
    co_return response ? std::to_string(http::code(response->status())) : response.error().message;
}

TEST_F(FetchTest, MakesNoContentThatIsRefused) {
    auto ask_first = FetchAskFirst::if_large;
    int calls = 0;
    Server server;
    server.get("/", [&](Request& request) { return send_to_nobody(request, ask_first, calls); });
    TestClient sending(server);
    sending.add_upstream("127.0.0.1:8080", upstream_);
    EXPECT_EQ(sending.get("/").content, "404");
    ask_first = FetchAskFirst::always;
    EXPECT_EQ(sending.get("/").content, "404");
    EXPECT_EQ(calls, 0) << "the server was asked, and did not want it";
    ask_first = FetchAskFirst::never;
    EXPECT_EQ(sending.get("/").content, "404");
    EXPECT_EQ(calls, 1);
}

TEST_F(FetchTest, SendsContentAsItIsMade) {
    FetchVersion version = FetchVersion::negotiated;
    int pieces = 20;
    std::optional<std::uint64_t> announced;
    Server server;
    server.get("/", [&](Request& request) { return send_pieces(request, version, pieces, announced); });
    TestClient sending(server);
    sending.add_upstream("127.0.0.1:8080", upstream_);
    EXPECT_EQ(sending.get("/").content, "100000");
    version = FetchVersion::http_2_prior_knowledge;
    EXPECT_EQ(sending.get("/").content, "100000 over HTTP/2");
    announced = 100'000;
    EXPECT_EQ(sending.get("/").content, "100000 over HTTP/2");
    version = FetchVersion::http_1_1;
    EXPECT_EQ(sending.get("/").content, "100000");
    for (const FetchVersion wrong : {FetchVersion::http_1_1, FetchVersion::http_2_prior_knowledge}) {
        version = wrong;
        announced = 100'001;
        EXPECT_EQ(sending.get("/").content, "the content of the request could not be completed");
        announced = std::nullopt;
        pieces = -1;
        EXPECT_EQ(sending.get("/").content, "the content of the request could not be completed");
        pieces = 20;
    }
}

TEST_F(FetchTest, SharesAConnectionOfHttp2) {
    options_.version = FetchVersion::http_2_prior_knowledge;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(client().get("/notes/7").content, "note 7");
    EXPECT_EQ(client().get("/large").status, 502);
    options_.content_octets_max = 2'000'000;
    EXPECT_EQ(client().get("/large").content.size(), 2'000'000U);
    client().pass(seconds(40));
    EXPECT_EQ(client().connections(), 0U);
    EXPECT_EQ(client().octets_in_use(), 0U);
}

Task<std::string> read_in_steps(Request& request, std::uint64_t most) {
    FetchOptions options;
    options.stream_octets_max = most;
    auto response = co_await fetch(request.core(), std::string(other) + "/large", std::move(options));
    if (!response) co_return response.error().message;
    std::size_t received = 0;
    for (;;) {
        const auto octets = co_await response->read();
        if (!octets) co_return octets.error().message;
        if (octets->empty()) co_return std::to_string(received);
        received += octets->size();
    }
}

TEST_F(FetchTest, StreamsContent) {
    std::uint64_t most = 2'000'000;
    Server server;
    server.get("/", [&](Request& request) { return read_in_steps(request, most); });
    TestClient streaming(server);
    streaming.add_upstream("127.0.0.1:8080", upstream_);
    EXPECT_EQ(streaming.get("/").content, "2000000");
    most = 1'999'999;
    EXPECT_EQ(streaming.get("/").content, "the content is larger than stream_octets_max");
}

// Whatever breaks, the answer is right or an error.
TEST(Fetch, IsRightOrAnErrorWhateverBreaks) {
    TestFaults faults;
    faults.reset = 0.02;
    std::size_t right = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Server upstream;
        upstream.get("/a", [] { return std::string(50'000, 'a'); });
        Server server;
        server.get("/a", [](Request& request) { return pass_on(request, FetchOptions()); });
        TestClient client(server, seed, faults);
        client.add_upstream("127.0.0.1:8080", upstream);
        for (int i = 0; i < 5; ++i) {
            const TestAnswer answer = client.get("/a");
            EXPECT_TRUE(answer.status == 0 || answer.status == 200 || answer.status == 502) << answer.status;
            if (answer.status != 200) continue;
            EXPECT_EQ(answer.content, std::string(50'000, 'a'));
            ++right;
        }
    }
    EXPECT_GT(right, 10U);
}

}  // namespace
}  // namespace portico
