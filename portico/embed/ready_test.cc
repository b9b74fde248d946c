// portico/embed/ready_test.cc — ready-made middleware: bearer tokens, sessions, rate limits; clients of proxies.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/embed/bearer_auth.h"
#include "portico/embed/middleware.h"
#include "portico/embed/rate_limit.h"
#include "portico/embed/server.h"
#include "portico/embed/session.h"
#include "portico/embed/session_text.h"
#include "portico/embed/test_client.h"

namespace portico {
namespace {

using std::chrono::seconds;
using Fields = std::vector<std::pair<std::string, std::string>>;

struct Member {
    std::string name;
    int level;
};

// Knows "good-NAME", "forbidden" and "later-NAME".
Task<std::expected<std::optional<Member>, Status>> look_up(Request& request, std::string_view token) {
    if (token.starts_with("later-")) {
        const bool slept = co_await io::sleep_for(request.core(), seconds(1));
        if (!slept) co_return std::nullopt;
    }
    if (token == "forbidden") co_return std::unexpected(Status::forbidden);
    if (token == "expired") co_return std::unexpected(Status::unauthorized);
    const std::size_t dash = token.find('-');
    if (dash == std::string_view::npos) co_return std::nullopt;
    co_return Member{std::string(token.substr(dash + 1)), 7};
}

TEST(BearerAuth, AdmitsThoseWithAToken) {
    Server server;
    const auto who = [](Request& request) {
        const Member* const member = request.find<Member>();
        return std::string(request.user()) + " " + (member == nullptr ? "-" : std::to_string(member->level));
    };
    Group fixed = server.group("/fixed");
    fixed.use(bearer_auth("a \"realm\"", [](std::string_view token) { return constant_time_equal(token, "good-x"); }));
    fixed.get("/", who);
    Group named = server.group("/named");
    named.use(bearer_auth("r", [](std::string_view token) -> std::optional<std::string_view> {
        if (token.starts_with("good-")) return token.substr(5);
        return std::nullopt;
    }));
    named.get("/", who);
    Group found = server.group("/found");
    found.use(bearer_auth("r", look_up));
    found.get("/", who);
    Group thrown = server.group("/thrown");
    thrown.use(bearer_auth("r", [](std::string_view) -> bool { throw 42; }));
    thrown.get("/", who);

    const std::string wrong = "Bearer realm=\"r\", error=\"invalid_token\"";
    struct Row {
        const char* path;
        const char* authorization;
        int status;
        std::string result;  // the content, or the challenge
    };
    const Row rows[] = {
        {"/fixed/", "Bearer good-x", 200, " -"},
        {"/fixed/", "Bearer good-y", 401, "Bearer realm=\"a \\\"realm\\\"\", error=\"invalid_token\""},
        {"/fixed/", "", 401, "Bearer realm=\"a \\\"realm\\\"\""},
        {"/fixed/", "Basic YTpi", 401, "Bearer realm=\"a \\\"realm\\\"\""},
        {"/fixed/", "Bearer a b", 400, "Bearer realm=\"a \\\"realm\\\"\", error=\"invalid_request\""},
        {"/named/", "Bearer good-ada", 200, "ada -"},
        {"/named/", "Bearer bad-ada", 401, wrong},
        {"/found/", "Bearer good-ada", 200, "ada 7"},
        {"/found/", "Bearer later-bob", 200, "bob 7"},
        {"/found/", "Bearer unknown", 401, wrong},
        {"/found/", "Bearer forbidden", 403, ""},
        {"/found/", "Bearer expired", 401, wrong},
        {"/thrown/", "Bearer good-x", 500, ""},
    };
    TestClient client(server);
    for (const Row& row : rows) {
        Fields fields;
        if (*row.authorization != '\0') fields.emplace_back("Authorization", row.authorization);
        const TestAnswer answer = client.request("GET", row.path, fields);
        EXPECT_EQ(answer.status, row.status) << row.path << row.authorization;
        EXPECT_EQ(row.status == 200 ? answer.content : answer.field("WWW-Authenticate"), row.result);
    }
}

TEST(ReadyMade, SaysWhatIsWrongWithItsOptions) {
    Options wrong;
    wrong.trusted_proxies = {"x"};
    Server server(wrong);
    const auto use_sessions = [&](auto change) {
        SessionOptions options;
        change(options);
        server.use(sessions(options));
    };
    std::vector<std::string_view> wanted{"Options::trusted_proxies: 'x' is not an address, a network",
                                         " a realm has no"};
    server.use(bearer_auth("a\nb", [](std::string_view) { return true; }));
    use_sessions([](SessionOptions& options) { options.keys = {std::string(32, 'k'), std::string(31, 'k')}; });
    wanted.emplace_back(" a key of sessions has at least 32 octets");
    use_sessions([](SessionOptions& options) { options.time_max = seconds(0); });
    use_sessions([](SessionOptions& options) { options.time_max = seconds::max(); });
    wanted.insert(wanted.end(), 2, " a session lasts at least a second, and at most ten years");
    use_sessions([](SessionOptions& options) { options.name = "a b"; });
    use_sessions([](SessionOptions& options) { options.path = "a"; });
    use_sessions([](SessionOptions& options) { options.path = "/;"; });
    wanted.insert(wanted.end(), 3, " a session's cookie has a token as its name");
    server.use(rate_limit({0, seconds(1)}));
    server.use(rate_limit({1, seconds(0)}));
    server.use(rate_limit({1, std::chrono::hours(24 * 367)}));
    wanted.insert(wanted.end(), 3, " a rate limit is one request or more in a millisecond to a year");
    server.use(rate_limit({1'000'000'001, seconds(1)}));
    RateLimitOptions long_burst(1, std::chrono::hours(24 * 366));
    long_burst.burst = 2;
    server.use(rate_limit(long_burst));
    wanted.insert(wanted.end(), 2, " a rate limit is at most one request in a nanosecond");
    CorsOptions split;
    split.exposed_fields = "a\nb";
    server.use(cors(split));
    wanted.emplace_back(" a list for CORS contains a control character");
    CorsOptions past;
    past.preflight_time = seconds(-1);
    server.use(cors(past));
    wanted.emplace_back(" a preflight's answer can't be remembered for less than no time");
    server.get("/{id}", [](int) {}).parameter("name", "").content_schema("{");
    wanted.emplace_back("the path of GET /{id} has no parameter 'name': see ");
    wanted.emplace_back("the schema of the content of GET /{id} is not JSON: see ");
    const std::vector<std::string> errors = server.errors();
    ASSERT_EQ(errors.size(), wanted.size());
    for (std::size_t i = 0; i < errors.size(); ++i) {
        EXPECT_NE(errors[i].find(wanted[i]), std::string::npos) << errors[i];
        if (i > 0 && i + 2 < errors.size()) {
            EXPECT_TRUE(errors[i].starts_with("the middleware at ")) << errors[i];
        }
    }
}

// The cookie that an answer sets, as the browser sends it back; "-" if the answer removes it, empty if it sets none.
std::string cookie_of(const TestAnswer& answer) {
    const std::string_view set = answer.field("Set-Cookie");
    const std::string_view pair = set.substr(0, set.find(';'));
    return pair.ends_with('=') ? "-" : std::string(pair);
}

class SessionTest : public testing::Test {
protected:
    SessionTest() {
        options_.keys = {std::string(32, 'k')};
        options_.time_max = std::chrono::hours(1);
    }
    // A server with `options_`, and a client of it.
    void start(TestProtocol protocol = TestProtocol::http) {
        client_.reset();
        Options options;
        options.trusted_proxies = {"127.0.0.1"};
        server_ = std::make_unique<Server>(options);
        server_->get("/without", [](Session) { return "no"; });
        server_->use(sessions(options_));
        server_->use(sessions(options_));  // of no effect
        server_->get("/", [](Session session) { return std::string(session.get("user").value_or("nobody")); });
        server_->get("/unused", [](Session) { return "x"; });
        server_->get("/do/{what}/{value}", [this](std::string_view what, std::string value, Session session) {
            return change(what, std::move(value), std::move(session));
        });
        client_ = std::make_unique<TestClient>(*server_, 1, TestFaults(), protocol);
    }
    std::expected<Response, SessionError> change(std::string_view what, std::string value, Session session) {
        std::expected<void, SessionError> changed;
        if (what == "set") changed = session.set("user", std::move(value));
        if (what == "large") changed = session.set("user", std::string(std::stoul(value), 'x'));
        if (what == "erase") changed = session.erase("user");
        if (what == "clear") changed = session.clear();
        if (what == "renew") changed = session.renew();
        if (what == "twice") {
            changed = session.set("user", std::move(value));
            if (changed) changed = session.erase("user");
        }
        if (what == "stream") {
            return Response::stream("text/plain", [this, session](ContentWriter& to) mutable -> Task<bool> {
                late_ = session.set("user", "late");
                const bool written = co_await to.write("x");
                co_return written;
            });
        }
        if (!changed) return std::unexpected(changed.error());
        Response response("done");
        if (what == "set") response.set("X-Until", std::to_string(session.valid_until().time_since_epoch().count()));
        return response;
    }
    TestAnswer get(const std::string& target, const std::string& cookie = {}, Fields fields = {}) {
        if (!cookie.empty()) fields.emplace_back("Cookie", cookie);
        return client_->request("GET", target, fields);
    }

    SessionOptions options_;
    std::unique_ptr<Server> server_;
    std::unique_ptr<TestClient> client_;
    std::expected<void, SessionError> late_;
};

TEST(ASessionThatNobodyKeeps, IsToldToTheOperator) {
    std::vector<std::string> told;
    Options options;
    options.log = [&told](std::string_view sentence) { told.emplace_back(sentence); };
    Server server(options);
    server.get("/", [](Session session) { return std::string(session.get("user").value_or("nobody")); });
    TestClient client(server);
    EXPECT_EQ(client.get("/").status, 500);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_NE(told.front().find("the handler takes a Session, and its route does not use sessions()"),
              std::string::npos);
}

TEST_F(SessionTest, LastsFromRequestToRequest) {
    start();
    EXPECT_EQ(get("/without").status, 500);
    EXPECT_EQ(get("/").content, "nobody");
    EXPECT_EQ(get("/").field("Vary"), "Cookie");
    EXPECT_EQ(get("/unused").field("Vary"), "");
    const TestAnswer begun = get("/do/set/ada%20%2B%3B");
    const std::string cookie = cookie_of(begun);
    EXPECT_TRUE(begun.field("Set-Cookie").ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"));
    EXPECT_TRUE(cookie.starts_with("session=")) << cookie;
    EXPECT_EQ(begun.field("Cache-Control"), "private");
    EXPECT_EQ(get("/", "other=1; " + cookie).content, "ada +;");
    EXPECT_EQ(cookie_of(get("/", cookie)), "") << "it is set only if it changes";
    EXPECT_EQ(cookie_of(get("/do/set/ada%20%2B%3B", cookie)), "");
    EXPECT_EQ(cookie_of(get("/do/twice/bob")), "") << "there was none, and there is none";
    EXPECT_EQ(cookie_of(get("/do/erase/user", cookie)), "-");
    EXPECT_TRUE(get("/do/clear/x", cookie).field("Set-Cookie").starts_with("session=; Path=/; Max-Age=0;"));
    EXPECT_EQ(cookie_of(get("/do/clear/x")), "");
    EXPECT_EQ(cookie_of(get("/do/renew/x")), "");
}

TEST_F(SessionTest, EndsInTimeUnlessItIsRenewed) {
    start();
    const TestAnswer begun = get("/do/set/ada");
    const std::string first = cookie_of(begun);
    client_->pass(std::chrono::minutes(40));
    const TestAnswer changed = get("/do/set/bob", first);
    EXPECT_EQ(changed.field("X-Until"), begun.field("X-Until")) << "a change is no renewal";
    EXPECT_TRUE(changed.field("Set-Cookie").find("; Max-Age=1200;") != std::string::npos ||
                changed.field("Set-Cookie").find("; Max-Age=1199;") != std::string::npos);
    const std::string renewed = cookie_of(get("/do/renew/x", first));
    client_->pass(std::chrono::minutes(40));
    EXPECT_EQ(get("/", first).content, "nobody");
    EXPECT_EQ(get("/", renewed).content, "ada");
}

TEST_F(SessionTest, IsReadOnlyIfThisServerHasSignedIt) {
    options_.keys = {std::string(32, 'a'), std::string(32, 'b')};
    start();
    const std::string cookie = cookie_of(get("/do/set/ada"));
    EXPECT_EQ(get("/", cookie).content, "ada");
    for (std::size_t i = 8; i < cookie.size(); ++i) {
        std::string tampered = cookie;
        tampered[i] = tampered[i] == 'x' ? 'y' : 'x';
        const TestAnswer answer = get("/", tampered);
        EXPECT_EQ(answer.content, "nobody") << i;
        EXPECT_EQ(answer.status, 200);
    }
    for (const char* const text :
         {"session=", "session=.", "session=..", "session=1.a=b", "session=99999999999.user=a."}) {
        EXPECT_EQ(get("/", text).content, "nobody");
    }
    options_.keys = {std::string(32, 'n'), std::string(32, 'a')};  // a new key, and the one that has signed it
    start();
    EXPECT_EQ(get("/", cookie).content, "ada");
    EXPECT_NE(cookie_of(get("/do/renew/x", cookie)), cookie);
    options_.keys = {std::string(32, 'n'), std::string(32, 'b')};
    start();
    EXPECT_EQ(get("/", cookie).content, "nobody");
    options_.keys.clear();  // a key of its own
    start();
    const std::string own = cookie_of(get("/do/set/eve"));
    EXPECT_EQ(get("/", own).content, "eve");
    EXPECT_EQ(get("/", cookie).content, "nobody");
    start();
    EXPECT_EQ(get("/", own).content, "eve") << "other routes of the same process have the same key";
}

TEST_F(SessionTest, IsForOneCookie) {
    const SignedSession session{{{"user", "ada"}}, std::chrono::sys_seconds(seconds(std::int64_t{1} << 40))};
    start();
    EXPECT_EQ(get("/", "session=" + write_session(session, "session", options_.keys[0])).content, "ada");
    EXPECT_EQ(get("/", "session=" + write_session(session, "cart", options_.keys[0])).content, "nobody");
}

TEST_F(SessionTest, HasALimitedSize) {
    start();
    EXPECT_EQ(cookie_of(get("/do/large/3930")).size(), 8 + 10 + 1 + 5 + 3930 + 1 + 43U);
    const TestAnswer large = get("/do/large/3933");
    EXPECT_EQ(large.status, 500);
    EXPECT_EQ(cookie_of(large), "");
    const SignedSession session{{{"user", std::string(3940, 'x')}},
                                std::chrono::sys_seconds(std::chrono::hours(1 << 20))};
    EXPECT_EQ(get("/", "session=" + write_session(session, "session", options_.keys[0])).content, "nobody");
}

TEST_F(SessionTest, CantBeChangedByAStream) {
    start();
    const TestAnswer answer = get("/do/stream/x");
    EXPECT_EQ(answer.content, "x");
    EXPECT_EQ(cookie_of(answer), "");
    ASSERT_FALSE(late_);
    EXPECT_EQ(late_.error(), SessionError::too_late);
}

TEST_F(SessionTest, IsSecureWhereverItCanBe) {
    struct Row {
        SecureCookie secure;
        const char* path;
        TestProtocol protocol;
        const char* scheme;  // as a proxy says it
        std::string_view begins;
        bool is_secure;
    };
    const Row rows[] = {
        {SecureCookie::with_https, "/", TestProtocol::http, "", "session=", false},
        {SecureCookie::with_https, "/", TestProtocol::http, "https", "__Host-session=", true},
        {SecureCookie::with_https, "/do", TestProtocol::http, "https", "__Secure-session=", true},
        {SecureCookie::with_https, "/", TestProtocol::https, "", "__Host-session=", true},
        {SecureCookie::always, "/", TestProtocol::http, "", "__Host-session=", true},
    };
    for (const Row& row : rows) {
        options_.secure = row.secure;
        options_.path = row.path;
        start(row.protocol);
        Fields fields;
        if (*row.scheme != '\0') fields.emplace_back("X-Forwarded-Proto", row.scheme);
        const TestAnswer answer = get("/do/set/ada", {}, fields);
        const std::string cookie = cookie_of(answer);
        EXPECT_TRUE(cookie.starts_with(row.begins)) << cookie;
        EXPECT_EQ(answer.field("Set-Cookie").find("; Secure") != std::string::npos, row.is_secure) << row.begins;
        EXPECT_EQ(get("/", cookie, fields).content, "ada");
        if (*row.scheme != '\0') {
            EXPECT_EQ(get("/", cookie).content, "nobody") << "it is another session over HTTP";
        }
    }
}

// Asks as the client with this address, through a proxy.
TestAnswer ask_as(TestClient& client, const std::string& address, const char* path = "/") {
    return client.request("GET", path, {{"X-Forwarded-For", address}});
}

TEST(RateLimit, CountsEachClient) {
    Options options;
    options.trusted_proxies = {"127.0.0.1"};
    Server server(options);
    RateLimitOptions limit(6, std::chrono::minutes(1));
    limit.burst = 2;
    server.use(rate_limit(limit));
    server.get("/", [] { return "x"; });
    TestClient client(server);
    EXPECT_EQ(ask_as(client, "192.0.2.1").status, 200);
    EXPECT_EQ(ask_as(client, "192.0.2.1").status, 200);
    const TestAnswer refused = ask_as(client, "192.0.2.1");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.field("Retry-After"), "10");
    EXPECT_EQ(ask_as(client, "192.0.2.2").status, 200);
    EXPECT_EQ(ask_as(client, "2001:db8::1").status, 200);
    EXPECT_EQ(ask_as(client, "2001:db8::2").status, 200);
    EXPECT_EQ(ask_as(client, "2001:db8::3").status, 429) << "one customer has a /64";
    EXPECT_EQ(ask_as(client, "2001:db8:0:1::1").status, 200);
    client.pass(std::chrono::seconds(11));
    EXPECT_EQ(ask_as(client, "192.0.2.1").status, 200);
    EXPECT_EQ(ask_as(client, "192.0.2.1").status, 429);
    client.pass(std::chrono::minutes(10));  // the bucket never has more than the burst
    for (const int status : {200, 200, 429}) EXPECT_EQ(ask_as(client, "192.0.2.1").status, status);
}

TEST(RateLimit, MayCountUsers) {
    Server server;
    RateLimitOptions limit(1, std::chrono::hours(1));
    limit.key = [](const Request& request) { return std::string(request.field("X-User").value_or("")); };
    server.use(rate_limit(limit));
    server.get("/", [] { return "x"; });
    TestClient client(server);
    for (const int status : {200, 429}) {
        for (const char* const user : {"ada", "bob", "127"}) {
            EXPECT_EQ(client.request("GET", "/", {{"X-User", user}}).status, status) << user;
        }
        EXPECT_EQ(client.get("/").status, status);
    }
}

TEST(RateLimit, RemembersSoManyClients) {
    Options options;
    options.trusted_proxies = {"127.0.0.1"};
    Server server(options);
    RateLimitOptions limit(2, std::chrono::hours(1));
    limit.clients_max = 8;
    server.use(rate_limit(limit));
    server.get("/", [] { return "x"; });
    TestClient client(server);
    for (const int status : {200, 200, 429}) EXPECT_EQ(ask_as(client, "192.0.2.100").status, status);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ask_as(client, "192.0.2." + std::to_string(i)).status, 200);
    EXPECT_EQ(ask_as(client, "192.0.2.100").status, 429) << "its bucket is the emptiest";
    for (int i = 13; i < 20; ++i) EXPECT_EQ(ask_as(client, "192.0.2." + std::to_string(i)).status, 200);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(ask_as(client, "192.0.2." + std::to_string(i)).status, 200) << i;
}

TEST(TrustedProxy, NamesTheClient) {
    struct Row {
        std::vector<std::string> trusted;
        ForwardedFields fields;
        std::string_view content;
    };
    const Row rows[] = {
        {{}, ForwardedFields::x_forwarded, "127.0.0.1 http localhost"},
        {{"10.0.0.0/8"}, ForwardedFields::x_forwarded, "127.0.0.1 http localhost"},
        {{"127.0.0.0/8"}, ForwardedFields::x_forwarded, "203.0.113.9 https a.example"},
        {{"127.0.0.0/8"}, ForwardedFields::forwarded, "203.0.113.10 http localhost"},
    };
    for (const Row& row : rows) {
        Options options;
        options.trusted_proxies = row.trusted;
        options.forwarded_fields = row.fields;
        Server server(options);
        server.get("/", [](Request& request) {
            return request.client().ip.text() + " " + std::string(request.scheme()) + " " + std::string(request.host());
        });
        TestClient client(server);
        const Fields fields{{"X-Forwarded-For", "203.0.113.9"},
                            {"X-Forwarded-Proto", "https"},
                            {"X-Forwarded-Host", "a.example"},
                            {"Forwarded", "for=203.0.113.10"}};
        EXPECT_EQ(client.request("GET", "/", fields).content, row.content);
    }
}

TEST(CorsOptions, SayWhatScriptsMayRead) {
    CorsOptions options;
    options.origins = {"https://a.example"};
    options.exposed_fields = "ETag, X-Request-Id";
    options.methods = "GET, PUT";
    options.request_fields = "X-Token";
    options.preflight_time = std::chrono::minutes(10);
    Server server;
    server.use(cors(options));
    server.get("/", [] { return "x"; });
    TestClient client(server);
    const TestAnswer preflight =
        client.request("OPTIONS", "/", {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "DELETE"}});
    EXPECT_EQ(preflight.field("Access-Control-Allow-Methods"), "GET, PUT");
    EXPECT_EQ(preflight.field("Access-Control-Allow-Headers"), "X-Token");
    EXPECT_EQ(preflight.field("Access-Control-Max-Age"), "600");
    for (const bool is_own : {true, false}) {
        const char* const origin = is_own ? "https://a.example" : "https://b.example";
        EXPECT_EQ(client.request("GET", "/", {{"Origin", origin}}).field("Access-Control-Expose-Headers"),
                  is_own ? "ETag, X-Request-Id" : "");
    }
}

}  // namespace
}  // namespace portico
