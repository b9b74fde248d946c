// Names that need no resolver, the resolver's failures, and where to listen.
#include "portico/io/net/resolve.h"

#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"

namespace portico::io {
namespace {

using std::chrono::hours;

std::vector<std::string> texts_of(const Resolved<std::vector<SocketAddress>>& addresses) {
    std::vector<std::string> texts;
    if (!addresses) return {addresses.error().message};
    for (const SocketAddress& address : *addresses) texts.push_back(address.text());
    return texts;
}

struct KnownRow {
    const char* name;
    std::string host;
    std::optional<Family> family;
    std::vector<std::string> answer;
};
class KnownHost : public testing::TestWithParam<KnownRow> {};

TEST_P(KnownHost, IsAnsweredWithoutAResolver) {
    EXPECT_EQ(texts_of(resolve_now(GetParam().host, 80, GetParam().family)), GetParam().answer);
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    // The resolver could not answer in time.
    EXPECT_EQ(texts_of(run_task(core, resolve(core, GetParam().host, 80, GetParam().family, core.now() - hours(1)))),
              GetParam().answer);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc6761, KnownHost,
    testing::Values(KnownRow{"V4", "192.0.2.1", {}, {"192.0.2.1:80"}}, KnownRow{"V6", "::1", {}, {"[::1]:80"}},
                    KnownRow{"Zone", "fe80::1%lo", {}, {"[fe80::1%lo]:80"}},
                    KnownRow{"NoSuchZone", "fe80::1%nosuch0", {}, {"nosuch0: no such network interface"}},
                    KnownRow{"BadV6", "::g", {}, {"::g is not an IPv6 address"}},
                    KnownRow{"ShortV4", "127.1", {}, {"127.1 is not an IPv4 address"}},
                    KnownRow{"ThisMachine", "", {}, {"[::1]:80", "127.0.0.1:80"}},
                    KnownRow{"Localhost", "localhost", {}, {"[::1]:80", "127.0.0.1:80"}},
                    KnownRow{"LocalhostForTheRoot", "LocalHost.", {}, {"[::1]:80", "127.0.0.1:80"}},
                    KnownRow{"BelowLocalhost", "a.localhost", Family::ipv4, {"127.0.0.1:80"}},
                    KnownRow{"LocalhostV6", "localhost", Family::ipv6, {"[::1]:80"}},
                    KnownRow{"V4WantedAsV6", "192.0.2.1", Family::ipv6, {"192.0.2.1 is not an IPv6 address"}},
                    KnownRow{"V6WantedAsV4", "::1", Family::ipv4, {"::1 is not an IPv4 address"}},
                    KnownRow{"Invalid", "host.invalid", {}, {"host.invalid: no such host"}}),
    row_name);

Task<int> kind_of(Core& core, std::string host, TimePoint deadline) {
    const auto addresses = co_await resolve(core, std::move(host), 80, std::nullopt, deadline);
    co_return addresses ? -1 : static_cast<int>(addresses.error().kind);
}

// A label of 64 octets is invalid (RFC 1035 §2.3.4): the resolver says so without asking a server.
TEST(Resolve, HandsOnWhatTheResolverSays) {
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    const int kind = run_task(core, kind_of(core, std::string(64, 'a') + ".example", never));
    EXPECT_TRUE(kind == static_cast<int>(ResolveError::Kind::not_found) ||
                kind == static_cast<int>(ResolveError::Kind::failed));
}

TEST(Resolve, LeavesTheResolverBehindAtTheDeadline) {
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    const int kind = run_task(core, kind_of(core, std::string(64, 'b') + ".example", core.now() - hours(1)));
    // The answer may have arrived first.
    EXPECT_NE(kind, -1);
}

Task<void> keep_kind(Core& core, int& kind) {
    const int answer = co_await kind_of(core, std::string(64, 'c') + ".example", never);
    kind = answer;
}

TEST(Resolve, StopsWhenAsked) {
    const auto kernel = make_epoll_kernel();
    int kind = -1;
    {
        Core core(**kernel);
        Scope scope;
        scope.start(keep_kind(core, kind));
        scope.request_stop();
        EXPECT_EQ(scope.size(), 0U);
    }  // the core is destroyed before the resolver's thread finishes
    EXPECT_EQ(kind, static_cast<int>(ResolveError::Kind::stopped));
}

TEST(Resolve, FindsTheNameOfTheLoopback) {
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    const auto name = run_task(core, resolve_name(core, IpAddress::loopback(Family::ipv4)));
    // If the machine has /etc/hosts, the name is in it.
    const std::string said = name ? *name : name.error().message;
    EXPECT_FALSE(said.empty());
}

TEST(ListeningAddresses, AreWhatAnEndpointMeans) {
    EXPECT_EQ(texts_of(listening_addresses(*parse_endpoint("127.0.0.1:80"))), std::vector<std::string>{"127.0.0.1:80"});
    EXPECT_EQ(texts_of(listening_addresses(*parse_endpoint("localhost:80"))),
              (std::vector<std::string>{"127.0.0.1:80", "[::1]:80"}));
    EXPECT_EQ(texts_of(listening_addresses(*parse_endpoint("unix:/x"))), std::vector<std::string>{"unix:/x"});
    const auto every = texts_of(listening_addresses(*parse_endpoint(":80")));
    EXPECT_TRUE(every == std::vector<std::string>{"[::]:80"} || every == std::vector<std::string>{"0.0.0.0:80"});
    EXPECT_FALSE(listening_addresses(*parse_endpoint("host.invalid:80")));
}

}  // namespace
}  // namespace portico::io
