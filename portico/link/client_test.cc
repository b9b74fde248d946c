// portico/link/client_test.cc — requests to servers on the simulated kernel: connections, redirects, TLS, limits.
#include "portico/link/client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/link/link_for_test.h"
#include "portico/link/origin_for_test.h"
#include "portico/tls/pair_for_test.h"

namespace portico::link {
namespace {

using Kind = Failure::Kind;
using Then = Origin::Reply::Then;

Origin::Reply with_content(std::string_view content, std::string_view fields = {}) {
    std::string octets = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n";
    octets.append(fields).append("\r\n").append(content);
    return {.octets = std::move(octets)};
}

Origin::Reply redirect(int status, std::string_view location, std::string_view fields = {}) {
    std::string octets = "HTTP/1.1 " + std::to_string(status) + " Moved\r\nContent-Length: 0\r\nLocation: ";
    octets.append(location).append("\r\n").append(fields).append("\r\n");
    return {.octets = std::move(octets)};
}

std::shared_ptr<const tls::ServerContext> context_for(const std::vector<std::string>& names) {
    tls::ServerTlsOptions options;
    options.credentials.push_back(tls::credentials_for(names));
    options.applications = {"http/1.1"};
    return *tls::ServerContext::open(options);
}

// What became of a request.
struct Outcome {
    int status = 0;  // 0: see failure
    std::string content;
    std::optional<Failure> failure;
    Timeline timeline;
    std::string uri;
};

class ClientTest : public testing::Test {
protected:
    explicit ClientTest(const io::SimFaults& faults = punctual(), std::uint64_t seed = 1)
        : kernel_(seed, faults), core_(kernel_, 1 << 26) {}
    ~ClientTest() override {
        client_.reset();
        for (const auto& origin : origins_) {
            origin->stop();
            while (origin->serving().size() > 0) core_.run_once(io::never);
        }
        origins_.clear();
        EXPECT_EQ(core_.ledger().used(), 0U) << "something that was charged was not released";
        EXPECT_EQ(core_.timers().count(), 0U);
    }

    static io::SocketAddress address(std::uint16_t port) {
        return io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), port);
    }
    Origin& serve(std::uint16_t port, Origin::Answer answer,
                  std::shared_ptr<const tls::ServerContext> context = nullptr) {
        origins_.push_back(std::make_unique<Origin>(core_, address(port), std::move(answer), std::move(context)));
        return *origins_.back();
    }
    Client& client() {
        if (!client_) client_.emplace(core_, options_);
        return *client_;
    }
    Outcome send(ClientRequest request) {
        Outcome outcome;
        io::Scope scope;
        scope.start(exchange(client(), std::move(request), outcome));
        while (scope.size() > 0) core_.run_once(io::never);
        return outcome;
    }
    Outcome get(std::string uri) { return send(ClientRequest(std::move(uri))); }
    static Task<void> exchange(Client& client, ClientRequest request, Outcome& outcome) {
        Answered<ClientResponse> response = co_await client.send(std::move(request));
        if (!response) {
            outcome.failure = response.error();
            co_return;
        }
        Answered<std::string> content = co_await response->collect(1 << 20);
        if (!content) {
            outcome.failure = content.error();
            co_return;
        }
        outcome.status = http::code(response->status());
        outcome.content = *std::move(content);
        outcome.timeline = response->timeline();
        outcome.uri = response->uri().text();
    }
    void pass(io::Duration time) {
        const io::TimePoint until = core_.now() + time;
        while (core_.now() < until) core_.run_once(until);
    }

    io::SimKernel kernel_;
    io::Core core_;
    ClientOptions options_;
    std::vector<std::unique_ptr<Origin>> origins_;
    std::optional<Client> client_;
};

TEST_F(ClientTest, SendsARequestAndReadsItsAnswer) {
    Origin& origin = serve(80, [](std::string_view) { return with_content("hello"); });
    options_.user_agent = "test/1";
    const Outcome outcome = get("http://127.0.0.1/a?b=c#d");
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.content, "hello");
    ASSERT_EQ(origin.requests().size(), 1U);
    EXPECT_EQ(origin.requests()[0],
              "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: test/1\r\nAccept: */*\r\n\r\n");
}

TEST_F(ClientTest, SendsContentWithItsLength) {
    Origin& origin = serve(8080, [](std::string_view) { return with_content("ok"); });
    options_.user_agent = "test/1";
    ClientRequest request("http://127.0.0.1:8080/", "POST");
    request.fields = {{"Content-Type", "text/plain"}};
    request.content = "some words";
    EXPECT_EQ(send(std::move(request)).content, "ok");
    EXPECT_EQ(origin.requests().at(0),
              "POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: test/1\r\nAccept: */*\r\nContent-Type: "
              "text/plain\r\nContent-Length: 10\r\n\r\nsome words");
}

// RFC 9110 §8.6
// RFC 9110 §10.1.1. Content that is never made twice, of a length that is announced.
ClientRequest asking(std::size_t octets, AskFirst ask = AskFirst::always) {
    ClientRequest request("http://127.0.0.1:8080/", "POST");
    request.source.emplace();
    request.source->octets = octets;
    request.source->producer = [octets](http::ContentWriter& writer) {
        static const std::string content(2'000'000, 'c');
        return writer.write(std::string_view(content).substr(0, octets));
    };
    request.ask_first = ask;
    return request;
}

TEST_F(ClientTest, AsksBeforeItSendsLargeContent) {
    Origin& origin = serve(8080, [](std::string_view) { return with_content("ok"); });
    const auto asks = [&](ClientRequest request) {
        EXPECT_EQ(send(std::move(request)).content, "ok");
        return origin.requests().back().find("\r\nExpect: 100-continue\r\n") != std::string::npos;
    };
    EXPECT_FALSE(asks(asking(1'048'576, AskFirst::if_large)));
    EXPECT_EQ(time_of(core_, [&] { EXPECT_TRUE(asks(asking(1'048'577, AskFirst::if_large))); }), milliseconds(0));
    EXPECT_FALSE(asks(asking(1'048'577, AskFirst::never)));
    EXPECT_FALSE(asks(asking(0, AskFirst::always)));
    ClientRequest known("http://127.0.0.1:8080/", "PUT");
    known.content = "known";
    EXPECT_FALSE(asks(known));
    known.ask_first = AskFirst::always;
    EXPECT_TRUE(asks(known));
    EXPECT_TRUE(origin.requests().back().ends_with("\r\n\r\nknown"));
    EXPECT_EQ(origin.connections(), 1U);
}

TEST_F(ClientTest, SendsContentToAServerThatDoesNotSayWhetherItWantsIt) {
    Origin& origin = serve(8080, [](std::string_view) { return with_content("ok"); });
    origin.consent.clear();
    const milliseconds time = time_of(core_, [&] { EXPECT_EQ(send(asking(5)).content, "ok"); });
    EXPECT_EQ(time, seconds(1));
    EXPECT_TRUE(origin.requests().back().ends_with("\r\n\r\nccccc"));
}

TEST_F(ClientTest, AsksBeforeItSendsContentOfUnknownLength) {
    Origin& origin = serve(8080, [](std::string_view) { return with_content("ok"); });
    origin.consent = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
    ClientRequest request = asking(5, AskFirst::if_large);
    request.source->octets.reset();
    EXPECT_EQ(send(std::move(request)).content, "no");
}

TEST_F(ClientTest, SendsNoContentIfTheAnswerComesFirst) {
    Origin& origin = serve(8080, [](std::string_view) { return with_content("ok"); });
    for (const int status : {200, 403}) {
        origin.consent = "HTTP/1.1 " + std::to_string(status) + " Done\r\nContent-Length: 2\r\n\r\nno";
        Outcome outcome;
        const milliseconds time = time_of(core_, [&] { outcome = send(asking(5)); });
        EXPECT_EQ(time, milliseconds(0));
        EXPECT_EQ(outcome.status, status);
        EXPECT_EQ(outcome.content, "no");
        EXPECT_FALSE(outcome.timeline.sent);
        EXPECT_EQ(client().idle_connections(), 0U) << "the next request would be taken for the content";
        EXPECT_TRUE(origin.requests().back().ends_with("\r\n\r\n"));
    }
}

// RFC 9110 §15.5.18
TEST_F(ClientTest, AsksNoMoreIfTheQuestionIsRefused) {
    Origin& origin = serve(8080, [](std::string_view) { return with_content("ok"); });
    origin.consent = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(send(asking(5)).content, "ok") << "its content can't be made twice, and was not";
    ASSERT_EQ(origin.requests().size(), 2U);
    EXPECT_EQ(origin.requests()[1].find("Expect"), std::string::npos);
    EXPECT_TRUE(origin.requests()[1].ends_with("ccccc"));
}

TEST_F(ClientTest, SendsALengthOfZeroWhereContentIsExpected) {
    Origin& origin = serve(80, [](std::string_view) { return with_content("ok"); });
    for (const char* const method : {"POST", "PUT", "PATCH", "DELETE"}) {
        EXPECT_EQ(send(ClientRequest("http://127.0.0.1/", method)).status, 200);
        const bool has_length = origin.requests().back().find("Content-Length: 0\r\n") != std::string::npos;
        EXPECT_EQ(has_length, std::string_view(method) != "DELETE");
    }
}

TEST_F(ClientTest, SpeaksTls) {
    Origin& origin = serve(443, [](std::string_view) { return with_content("hello"); }, context_for({"localhost"}));
    options_.tls.authorities = tls::authority_text().chain;
    const Outcome outcome = get("https://localhost/");
    EXPECT_EQ(outcome.content, "hello");
    EXPECT_TRUE(outcome.timeline.secured);
    ASSERT_EQ(origin.requests().size(), 1U);
    EXPECT_NE(origin.requests()[0].find("Host: localhost\r\n"), std::string::npos);
    client_.reset();
    pass(seconds(1));
    EXPECT_EQ(origin.open(), 0U);
}

Task<void> end(Client& client) { co_await client.close(); }

TEST_F(ClientTest, TellsServersThatItLeaves) {
    Origin& origin = serve(443, [](std::string_view) { return with_content("hello"); }, context_for({"localhost"}));
    options_.tls.authorities = tls::authority_text().chain;
    EXPECT_EQ(get("https://localhost/").status, 200);
    io::Scope scope;
    scope.start(end(client()));
    while (scope.size() > 0 || origin.open() > 0) core_.run_once(io::never);
    EXPECT_EQ(origin.farewells(), 1U);
}

TEST_F(ClientTest, TrustsNobodyElse) {
    Origin& origin = serve(443, [](std::string_view) { return with_content("hello"); }, context_for({"example.org"}));
    options_.tls.authorities = tls::authority_text().chain;
    const Outcome outcome = get("https://localhost/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::not_trusted);
    EXPECT_TRUE(origin.requests().empty());
}

TEST_F(ClientTest, KeepsConnections) {
    Origin& origin = serve(80, [](std::string_view) { return with_content("hello"); });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(get("http://127.0.0.1/").status, 200);
    EXPECT_EQ(origin.requests().size(), 3U);
    EXPECT_EQ(origin.connections(), 1U);
    EXPECT_EQ(client().idle_connections(), 1U);
    EXPECT_EQ(core_.ledger().used(), 0U) << "an idle connection holds no buffer";
}

TEST_F(ClientTest, ClosesIdleConnectionsInTime) {
    Origin& origin = serve(80, [](std::string_view) { return with_content("hello"); });
    options_.idle.time_max = seconds(5);
    EXPECT_EQ(get("http://127.0.0.1/").status, 200);
    pass(milliseconds(4900));
    EXPECT_EQ(origin.open(), 1U);
    pass(milliseconds(200));
    EXPECT_EQ(origin.open(), 0U);
    EXPECT_EQ(client().idle_connections(), 0U);
}

TEST_F(ClientTest, KeepsNoMoreConnectionsThanItsLimits) {
    std::vector<Origin*> origins;
    for (std::uint16_t port = 81; port < 84; ++port) {
        origins.push_back(&serve(port, [](std::string_view) { return with_content("hello"); }));
    }
    options_.idle.count_max = 2;
    for (std::uint16_t port = 81; port < 84; ++port) {
        EXPECT_EQ(get("http://127.0.0.1:" + std::to_string(port) + "/").status, 200);
    }
    pass(seconds(1));
    EXPECT_EQ(client().idle_connections(), 2U);
    EXPECT_EQ(origins[0]->open(), 0U) << "the oldest makes room";
    EXPECT_EQ(origins[2]->open(), 1U);
}

TEST_F(ClientTest, KeepsNoMoreConnectionsToOneOriginThanItsLimit) {
    Origin& origin = serve(80, [](std::string_view) { return with_content("hello"); });
    options_.idle.count_per_origin_max = 2;
    std::vector<Outcome> outcomes(4);
    io::Scope scope;
    for (Outcome& outcome : outcomes) scope.start(exchange(client(), ClientRequest("http://127.0.0.1/"), outcome));
    while (scope.size() > 0) core_.run_once(io::never);
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(origin.connections(), 4U);
    EXPECT_EQ(client().idle_connections(), 2U);
    pass(seconds(1));
    EXPECT_EQ(origin.open(), 2U);
}

TEST_F(ClientTest, DropsAConnectionThatTheServerHasClosed) {
    Origin& origin = serve(80, [](std::string_view) {
        Origin::Reply reply = with_content("hello");
        reply.then = Then::closes;
        return reply;
    });
    for (std::size_t i = 1; i < 4; ++i) {
        ClientRequest request("http://127.0.0.1/", "POST");
        EXPECT_EQ(send(std::move(request)).content, "hello");
        pass(seconds(1));
        EXPECT_EQ(origin.connections(), i);
    }
}

// RFC 9112 §9.2: such octets are no answer to the next request.
TEST_F(ClientTest, DropsAConnectionOnWhichTheServerHasSentMore) {
    for (const bool is_at_once : {true, false}) {
        origins_.clear();
        Origin* origin = nullptr;
        origin = &serve(static_cast<std::uint16_t>(is_at_once ? 81 : 82), [&](std::string_view) {
            Origin::Reply reply = with_content("hello");
            reply.octets += "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
            if (!is_at_once) reply.octets.insert(0, "HTTP/1.1 103 Early Hints\r\n\r\n");
            return reply;
        });
        const std::string uri = "http://127.0.0.1:" + std::to_string(origin->port()) + "/";
        for (std::size_t i = 1; i < 4; ++i) {
            EXPECT_EQ(get(uri).content, "hello");
            EXPECT_EQ(origin->connections(), i);
        }
        client_.reset();
        origin->stop();
        while (origin->serving().size() > 0) core_.run_once(io::never);
    }
}

struct RetryRow {
    const char* name;
    const char* method;
    bool is_retried;
};
class Retry : public ClientTest, public testing::WithParamInterface<RetryRow> {};

// The connection breaks with the second request on it, before an octet of the answer.
TEST_P(Retry, OnlyIfTheMethodIsIdempotent) {
    for (const Then then : {Then::resets, Then::closes_rudely}) {
        std::size_t answered = 0;
        client_.reset();
        Origin& origin = serve(static_cast<std::uint16_t>(81 + static_cast<int>(then)), [&](std::string_view) {
            if (++answered == 2) return Origin::Reply{.octets = {}, .then = then};
            return with_content("hello");
        });
        const std::string uri = "http://127.0.0.1:" + std::to_string(origin.port()) + "/";
        EXPECT_EQ(get(uri).status, 200);
        const Outcome second = send(ClientRequest(uri, GetParam().method));
        EXPECT_EQ(origin.requests().size(), GetParam().is_retried ? 3U : 2U);
        EXPECT_EQ(second.status, GetParam().is_retried ? 200 : 0);
        if (GetParam().is_retried) {
            EXPECT_EQ(origin.connections(), 2U);
            continue;
        }
        ASSERT_TRUE(second.failure);
        EXPECT_EQ(second.failure->kind, then == Then::resets ? Kind::not_received : Kind::no_answer);
    }
}
INSTANTIATE_TEST_SUITE_P(Rfc9110Section9_2_2, Retry,
                         testing::Values(RetryRow{"Get", "GET", true}, RetryRow{"Put", "PUT", true},
                                         RetryRow{"Delete", "DELETE", true}, RetryRow{"Options", "OPTIONS", true},
                                         RetryRow{"Post", "POST", false}, RetryRow{"Patch", "PATCH", false},
                                         RetryRow{"Other", "MERGE", false}),
                         row_name);

TEST_F(ClientTest, RetriesOnce) {
    bool is_broken = false;
    Origin& origin = serve(80, [&](std::string_view) {
        return is_broken ? Origin::Reply{.octets = {}, .then = Then::closes_rudely} : with_content("hello");
    });
    EXPECT_EQ(get("http://127.0.0.1/").status, 200);
    is_broken = true;
    const Outcome outcome = get("http://127.0.0.1/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::no_answer);
    EXPECT_EQ(origin.requests().size(), 3U);
}

TEST_F(ClientTest, RetriesNothingOnceAnAnswerHasBegun) {
    std::size_t answered = 0;
    Origin& origin = serve(80, [&](std::string_view) {
        if (++answered == 2) return Origin::Reply{.octets = "HTTP/1.1 200", .then = Then::closes_rudely};
        return with_content("hello");
    });
    EXPECT_EQ(get("http://127.0.0.1/").status, 200);
    const Outcome outcome = get("http://127.0.0.1/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::not_received);
    EXPECT_EQ(origin.requests().size(), 2U);
}

TEST_F(ClientTest, RetriesNothingOnANewConnection) {
    Origin& origin =
        serve(80, [&](std::string_view) { return Origin::Reply{.octets = {}, .then = Then::closes_rudely}; });
    const Outcome outcome = get("http://127.0.0.1/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::no_answer);
    EXPECT_EQ(origin.requests().size(), 1U);
}

struct RedirectRow {
    const char* name;
    int status;
    const char* method;
    const char* later_method;  // null: it is not followed
    bool keeps_content = false;
};
class Redirect : public ClientTest, public testing::WithParamInterface<RedirectRow> {};

TEST_P(Redirect, IsFollowedAsItsStatusSays) {
    const RedirectRow& row = GetParam();
    Origin& origin = serve(80, [&](std::string_view request) {
        if (request.find(" /old HTTP") != std::string_view::npos) return redirect(row.status, "/new?x");
        return with_content(request.starts_with("HEAD") ? "" : "hello");
    });
    ClientRequest request("http://127.0.0.1/old", row.method);
    request.redirects_max = 10;
    const bool has_content = std::string_view(row.method) == "POST" || std::string_view(row.method) == "PUT";
    if (has_content) {
        request.content = "words";
        request.fields = {{"Content-Type", "text/plain"}, {"X-Kept", "yes"}};
    }
    const Outcome outcome = send(std::move(request));
    if (row.later_method == nullptr) {
        EXPECT_EQ(outcome.status, row.status);
        EXPECT_EQ(origin.requests().size(), 1U);
        return;
    }
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.uri, "http://127.0.0.1/new?x");
    ASSERT_EQ(origin.requests().size(), 2U);
    EXPECT_EQ(origin.connections(), 1U);
    const std::string& later = origin.requests()[1];
    EXPECT_TRUE(later.starts_with(std::string(row.later_method) + " /new?x HTTP/1.1\r\n")) << later;
    EXPECT_EQ(later.ends_with("words"), row.keeps_content);
    EXPECT_EQ(later.find("Content-Type") != std::string::npos, row.keeps_content);
    EXPECT_EQ(later.find("X-Kept") != std::string::npos, has_content);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc9110Section15_4, Redirect,
    testing::Values(RedirectRow{"Moved", 301, "GET", "GET"}, RedirectRow{"Found", 302, "GET", "GET"},
                    RedirectRow{"SeeOther", 303, "GET", "GET"}, RedirectRow{"Temporary", 307, "GET", "GET"},
                    RedirectRow{"Permanent", 308, "GET", "GET"}, RedirectRow{"Choices", 300, "GET", nullptr},
                    RedirectRow{"NotModified", 304, "GET", nullptr}, RedirectRow{"PostMoved", 301, "POST", "GET"},
                    RedirectRow{"PostFound", 302, "POST", "GET"}, RedirectRow{"PostSeeOther", 303, "POST", "GET"},
                    RedirectRow{"PostTemporary", 307, "POST", "POST", true},
                    RedirectRow{"PostPermanent", 308, "POST", "POST", true},
                    RedirectRow{"PutMoved", 301, "PUT", "PUT", true}, RedirectRow{"PutSeeOther", 303, "PUT", "GET"},
                    RedirectRow{"HeadSeeOther", 303, "HEAD", "HEAD"}),
    row_name);

TEST_F(ClientTest, FollowsNoRedirectUnasked) {
    serve(80, [&](std::string_view) { return redirect(302, "/new"); });
    EXPECT_EQ(get("http://127.0.0.1/old").status, 302);
}

TEST_F(ClientTest, FollowsSoManyRedirects) {
    Origin& origin = serve(80, [&](std::string_view) { return redirect(302, "/again"); });
    ClientRequest request("http://127.0.0.1/");
    request.redirects_max = 10;
    const Outcome outcome = send(std::move(request));
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::too_many_redirects);
    EXPECT_EQ(origin.requests().size(), 11U);
}

TEST_F(ClientTest, FollowsNoRedirectThatLeadsNowhere) {
    for (const char* const location : {"ftp://127.0.0.1/", "http://", "javascript:alert(1)", "http://[::1/"}) {
        origins_.clear();
        Origin& origin = serve(0, [&](std::string_view) { return redirect(302, location); });
        ClientRequest request("http://127.0.0.1:" + std::to_string(origin.port()) + "/");
        request.redirects_max = 10;
        const Outcome outcome = send(std::move(request));
        ASSERT_TRUE(outcome.failure) << location;
        EXPECT_EQ(outcome.failure->kind, Kind::malformed);
        client_.reset();
        origin.stop();
        while (origin.serving().size() > 0) core_.run_once(io::never);
    }
}

TEST_F(ClientTest, GivesCredentialsToTheirOriginOnly) {
    Origin& first = serve(80, [&](std::string_view request) {
        if (request.find(" /1 ") != std::string_view::npos) return redirect(302, "/2");
        return redirect(307, "http://eve:secret@127.0.0.1:81/3");
    });
    Origin& second = serve(81, [&](std::string_view) { return with_content("hello"); });
    ClientRequest request("http://user:pass@127.0.0.1/1");
    request.redirects_max = 10;
    request.fields = {{"Cookie", "a=b"}, {"Proxy-Authorization", "x"}, {"Host", "own.example"}, {"X-Kept", "yes"}};
    EXPECT_EQ(send(std::move(request)).status, 200);
    ASSERT_EQ(first.requests().size(), 2U);
    for (const std::string& sent : first.requests()) {
        EXPECT_NE(sent.find("Authorization: Basic dXNlcjpwYXNz\r\n"), std::string::npos) << sent;
        EXPECT_NE(sent.find("Cookie: a=b\r\n"), std::string::npos);
        EXPECT_NE(sent.find("Host: own.example\r\n"), std::string::npos);
    }
    ASSERT_EQ(second.requests().size(), 1U);
    const std::string& sent = second.requests()[0];
    for (const char* const secret : {"Authorization", "Cookie", "own.example"}) {
        EXPECT_EQ(sent.find(secret), std::string::npos) << sent;
    }
    EXPECT_NE(sent.find("X-Kept: yes\r\n"), std::string::npos);
    EXPECT_NE(sent.find("Host: 127.0.0.1:81\r\n"), std::string::npos);
}

struct MisuseRow {
    const char* name;
    const char* method;
    const char* uri;
    std::vector<std::pair<std::string, std::string>> fields;
};
class Misuse : public ClientTest, public testing::WithParamInterface<MisuseRow> {};

TEST_P(Misuse, IsNotSent) {
    Origin& origin = serve(80, [](std::string_view) { return with_content("hello"); });
    ClientRequest request(GetParam().uri, GetParam().method);
    request.fields = GetParam().fields;
    const Outcome outcome = send(std::move(request));
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::misuse);
    EXPECT_EQ(origin.connections(), 0U);
}
constexpr const char* here = "http://127.0.0.1/";
INSTANTIATE_TEST_SUITE_P(Requests, Misuse,
                         testing::Values(MisuseRow{"Method", "G ET", here, {}}, MisuseRow{"NoMethod", "", here, {}},
                                         MisuseRow{"Connect", "CONNECT", here, {}},
                                         MisuseRow{"Uri", "GET", "127.0.0.1", {}},
                                         MisuseRow{"SplitUri", "GET", "http://127.0.0.1/\r\nX: y", {}},
                                         MisuseRow{"SplitValue", "GET", here, {{"A", "b\r\nX: y"}}},
                                         MisuseRow{"Name", "GET", here, {{"A b", "c"}}},
                                         MisuseRow{"White", "GET", here, {{"A", "b "}}},
                                         MisuseRow{"Length", "POST", here, {{"content-length", "3"}}},
                                         MisuseRow{"Coding", "POST", here, {{"Transfer-Encoding", "chunked"}}},
                                         MisuseRow{"Upgrade", "GET", here, {{"Upgrade", "h2c"}}},
                                         MisuseRow{"Connection", "GET", here, {{"Connection", "upgrade"}}},
                                         MisuseRow{"Host", "GET", here, {{"Host", "a/b"}}},
                                         MisuseRow{"TwoHosts", "GET", here, {{"Host", "a"}, {"host", "b"}}}),
                         row_name);

TEST_F(ClientTest, ClosesTheConnectionIfItIsAskedTo) {
    Origin& origin = serve(80, [](std::string_view) { return with_content("hello"); });
    ClientRequest request("http://127.0.0.1/");
    request.fields = {{"Connection", "close"}};
    EXPECT_EQ(send(std::move(request)).status, 200);
    EXPECT_NE(origin.requests().at(0).find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(client().idle_connections(), 0U);
}

TEST_F(ClientTest, ConnectsToAnotherAddressIfItIsToldTo) {
    Origin& origin = serve(8080, [](std::string_view) { return with_content("hello"); }, context_for({"example.org"}));
    options_.tls.authorities = tls::authority_text().chain;
    options_.connect_to = io::Endpoint(io::EndpointScheme::tcp, "127.0.0.1", 8080);
    EXPECT_EQ(get("https://example.org/").content, "hello");
    EXPECT_NE(origin.requests().at(0).find("Host: example.org\r\n"), std::string::npos);
}

TEST_F(ClientTest, ConnectsToUnixSockets) {
    origins_.push_back(std::make_unique<Origin>(core_, io::SocketAddress::unix_path_of("/run/x.sock"),
                                                [](std::string_view) { return with_content("hello"); }));
    options_.connect_to = io::Endpoint::unix_stream("/run/x.sock");
    EXPECT_EQ(get("http://localhost/").content, "hello");
}

TEST_F(ClientTest, ReportsThatNobodyListens) {
    const Outcome outcome = get("http://127.0.0.1:9/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::not_connected);
    EXPECT_EQ(outcome.failure->message, "cannot connect to tcp://127.0.0.1:9: Connection refused");
}

TEST_F(ClientTest, ReportsThatThereIsNoSuchHost) {
    const Outcome outcome = get("http://nowhere.invalid/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::not_resolved);
}

// RFC 9112 §9.8: without close_notify, an attacker may have cut the content.
TEST_F(ClientTest, ContentToTheEndOfTheConnectionMustEndWithTls) {
    for (const Then then : {Then::closes, Then::closes_rudely}) {
        const auto port = static_cast<std::uint16_t>(440 + static_cast<int>(then));
        serve(
            port,
            [then](std::string_view) { return Origin::Reply{.octets = "HTTP/1.1 200 OK\r\n\r\nhello", .then = then}; },
            context_for({"localhost"}));
        options_.tls.authorities = tls::authority_text().chain;
        const Outcome outcome = get("https://localhost:" + std::to_string(port) + "/");
        EXPECT_EQ(outcome.status, then == Then::closes ? 200 : 0);
        if (outcome.failure) {
            EXPECT_EQ(outcome.failure->kind, Kind::incomplete);
        }
    }
}

TEST_F(ClientTest, ConnectingHasItsTime) {
    serve(80, [](std::string_view) { return with_content("hello"); });
    options_.limits.connect_time_max = seconds(3);
    kernel_.faults().late = 1;
    kernel_.faults().delay_max = std::chrono::hours(1000);
    const io::TimePoint began = core_.now();
    const Outcome outcome = get("http://127.0.0.1/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::timed_out);
    EXPECT_EQ(outcome.failure->message, "cannot connect to tcp://127.0.0.1:80: no answer in time");
    EXPECT_LT(core_.now() - began, seconds(4));
    kernel_.faults() = punctual();
}

TEST_F(ClientTest, AHandshakeHasItsTime) {
    // A server that never answers, whatever it receives: the hello has no empty line.
    serve(443, [](std::string_view) { return Origin::Reply{}; });
    options_.tls.authorities = tls::authority_text().chain;
    options_.limits.handshake_time_max = seconds(3);
    const io::TimePoint began = core_.now();
    const Outcome outcome = get("https://localhost/");
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::timed_out);
    EXPECT_GE(core_.now() - began, seconds(3));
    EXPECT_LT(core_.now() - began, seconds(4));
}

TEST_F(ClientTest, ARequestHasItsDeadline) {
    serve(80,
          [](std::string_view) { return Origin::Reply{.octets = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}; });
    ClientRequest request("http://127.0.0.1/");
    const io::TimePoint began = core_.now();
    request.deadline = began + seconds(7);
    const Outcome outcome = send(std::move(request));
    ASSERT_TRUE(outcome.failure);
    EXPECT_EQ(outcome.failure->kind, Kind::timed_out);
    EXPECT_GE(core_.now() - began, seconds(7));
    EXPECT_LT(core_.now() - began, seconds(8));
}

TEST_F(ClientTest, ATimelineHasItsOrder) {
    serve(443, [](std::string_view) { return with_content("hello"); }, context_for({"localhost"}));
    options_.tls.authorities = tls::authority_text().chain;
    const Timeline first = get("https://localhost/").timeline;
    ASSERT_TRUE(first.resolved && first.connected && first.secured && first.sent && first.first_octet &&
                first.last_octet);
    EXPECT_LE(first.began, *first.resolved);
    EXPECT_LE(*first.resolved, *first.connected);
    EXPECT_LE(*first.connected, *first.secured);
    EXPECT_LE(*first.secured, *first.sent);
    EXPECT_LE(*first.sent, *first.first_octet);
    EXPECT_LE(*first.first_octet, *first.last_octet);
    const Timeline second = get("https://localhost/").timeline;
    EXPECT_FALSE(second.resolved || second.connected || second.secured);
}

Task<void> collect(Client& client, std::string uri, std::size_t most, std::optional<Answered<std::string>>& content) {
    ClientRequest request(std::move(uri));
    Answered<ClientResponse> response = co_await client.send(std::move(request));
    if (!response) co_return;
    Answered<std::string> all = co_await response->collect(most);
    content.emplace(std::move(all));
}

TEST_F(ClientTest, CollectsNoMoreThanItIsAllowedTo) {
    serve(80, [](std::string_view request) {
        if (request.find("/known") != std::string_view::npos) return with_content("hello");
        return Origin::Reply{
            .octets = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"};
    });
    for (const char* const path : {"known", "chunked"}) {
        for (const std::size_t most : {5U, 4U, 0U}) {
            std::optional<Answered<std::string>> content;
            io::Scope scope;
            scope.start(collect(client(), std::string(here) + path, most, content));
            while (scope.size() > 0) core_.run_once(io::never);
            ASSERT_TRUE(content);
            EXPECT_EQ(content->has_value(), most == 5);
            if (!*content) {
                EXPECT_EQ(content->error().kind, Kind::too_large);
            }
        }
    }
}

// A client whose task is ended while it waits leaves nothing open.
TEST_F(ClientTest, CanBeStoppedAnywhere) {
    std::size_t stopped = 0;
    Origin& origin =
        serve(443, [](std::string_view) { return with_content(std::string(20'000, 'x')); }, context_for({"localhost"}));
    options_.tls.authorities = tls::authority_text().chain;
    for (int steps = 0; steps < 40; ++steps) {
        Outcome outcome;
        client_.reset();
        io::Scope scope;
        scope.start(exchange(client(), ClientRequest("https://localhost/"), outcome));
        for (int i = 0; i < steps && scope.size() > 0; ++i) core_.run_once(io::never);
        scope.request_stop();
        while (scope.size() > 0) core_.run_once(io::never);
        if (!outcome.failure) continue;
        EXPECT_EQ(outcome.failure->kind, Kind::stopped) << outcome.failure->message;
        ++stopped;
    }
    EXPECT_GT(stopped, 3U);
    EXPECT_GT(origin.requests().size(), 0U);
}

// Whatever fails, the outcome is the whole content or a failure, and nothing is left over.
class ClientFaults : public ClientTest, public testing::WithParamInterface<std::uint64_t> {
protected:
    static io::SimFaults faulty() {
        io::SimFaults faults;
        faults.reset = 0.01;
        faults.connect_failure = 0.05;
        faults.open_failure = 0.02;
        faults.window_octets = 4096;
        return faults;
    }
    ClientFaults() : ClientTest({}, GetParam()) {}
};

TEST_P(ClientFaults, GiveTheWholeContentOrAFailure) {
    const std::string large(100'000, 'y');
    const auto answer = [&](std::string_view request) {
        if (request.find("/close ") != std::string_view::npos) {
            return Origin::Reply{.octets = "HTTP/1.1 200 OK\r\n\r\n" + large, .then = Then::closes};
        }
        return with_content(large);
    };
    serve(443, answer, context_for({"localhost"}));
    serve(80, answer);
    options_.tls.authorities = tls::authority_text().chain;
    kernel_.faults() = faulty();
    std::size_t whole = 0;
    constexpr std::size_t count = 30;
    for (std::size_t i = 0; i < count; ++i) {
        ClientRequest request(i % 2 == 0   ? "http://127.0.0.1/"
                              : i % 3 == 0 ? "https://localhost/close"
                                           : "https://localhost/",
                              i % 5 == 0 ? "POST" : "GET");
        if (i % 5 == 0) request.content = std::string(50'000, 'z');
        const Outcome outcome = send(std::move(request));
        if (outcome.failure) continue;
        EXPECT_EQ(outcome.content, large);
        ++whole;
    }
    EXPECT_GT(whole, count / 6);
    kernel_.faults() = punctual();
}
INSTANTIATE_TEST_SUITE_P(Seeds, ClientFaults, testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace portico::link
