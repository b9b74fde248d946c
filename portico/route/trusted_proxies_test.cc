// portico/route/trusted_proxies_test.cc — whom proxies name, and which of them are believed.
#include "portico/route/trusted_proxies.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico::route {
namespace {

io::SocketAddress address(std::string_view ip) { return io::SocketAddress::of(*io::IpAddress::parse(ip), 1234); }

struct ProxyRow {
    const char* name;
    std::string_view peer;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string_view client;  // empty: the fields prove nothing
    std::string_view scheme;  // empty: not said
    std::string_view host;
};

void check(ForwardedFields kind, std::span<const ProxyRow> rows) {
    const auto proxies = TrustedProxies::make({"10.0.0.0/9", "192.0.2.7", "2001:db8::/33", "unix"}, kind);
    ASSERT_TRUE(proxies);
    for (const ProxyRow& row : rows) {
        http::Request request;
        for (const auto& [name, value] : row.fields) request.fields.add(name, value);
        const io::SocketAddress peer = row.peer == "unix" ? io::SocketAddress::unix_path_of("") : address(row.peer);
        const auto client = (*proxies)->client_of(request, peer);
        ASSERT_EQ(client.has_value(), !row.client.empty()) << row.name;
        if (!client) continue;
        EXPECT_EQ(client->address.text(), row.client) << row.name;
        const std::string_view scheme =
            !client->scheme ? "" : (*client->scheme == http::Scheme::https ? "https" : "http");
        EXPECT_EQ(scheme, row.scheme) << row.name;
        EXPECT_EQ(client->host, row.host) << row.name;
    }
}

TEST(TrustedProxies, AreBelievedFromTheRight) {
    std::string long_chain;
    for (int i = 0; i < 40; ++i) long_chain += "10.0.0." + std::to_string(i) + ", ";
    const ProxyRow rows[] = {
        {"not trusted", "198.51.100.1", {{"X-Forwarded-For", "203.0.113.9"}}, "", "", ""},
        {"just outside of the network", "10.128.0.0", {{"X-Forwarded-For", "203.0.113.9"}}, "", "", ""},
        {"just outside of an IPv6 network", "2001:db8:8000::1", {{"X-Forwarded-For", "203.0.113.9"}}, "", "", ""},
        {"nothing said", "10.127.0.1", {}, "10.127.0.1:1234", "", ""},
        {"one hop", "10.127.255.255", {{"X-Forwarded-For", "203.0.113.9"}}, "203.0.113.9:0", "", ""},
        {"a Unix socket", "unix", {{"X-Forwarded-For", "203.0.113.9:80"}}, "203.0.113.9:80", "", ""},
        {"mapped", "::ffff:10.1.2.3", {{"X-Forwarded-For", "::ffff:203.0.113.9"}}, "203.0.113.9:0", "", ""},
        {"IPv6", "2001:db8::1", {{"X-Forwarded-For", "[2001:db9::2]:99"}}, "[2001:db9::2]:99", "", ""},
        {"the client's own word", "10.0.0.1", {{"X-Forwarded-For", "1.1.1.1, 203.0.113.9"}}, "203.0.113.9:0", "", ""},
        {"two hops", "10.0.0.1", {{"X-Forwarded-For", "1.1.1.1, 203.0.113.9, 192.0.2.7"}}, "203.0.113.9:0", "", ""},
        {"two lines",
         "10.0.0.1",
         {{"X-Forwarded-For", "1.1.1.1, 203.0.113.9"}, {"X-Forwarded-For", "192.0.2.7"}},
         "203.0.113.9:0",
         "",
         ""},
        {"only proxies", "10.0.0.1", {{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}, "10.0.0.3:0", "", ""},
        {"malformed", "10.0.0.1", {{"X-Forwarded-For", "203.0.113.9, nobody"}}, "10.0.0.1:1234", "", ""},
        {"malformed further on", "10.0.0.1", {{"X-Forwarded-For", "what?, 10.0.0.2"}}, "10.0.0.2:0", "", ""},
        {"no address", "10.0.0.1", {{"X-Forwarded-For", "999.0.0.1"}}, "10.0.0.1:1234", "", ""},
        {"an open quotation", "10.0.0.1", {{"X-Forwarded-For", "\"x, 203.0.113.9"}}, "203.0.113.9:0", "", ""},
        {"a long chain", "10.0.0.1", {{"X-Forwarded-For", "203.0.113.9, " + long_chain}}, "10.0.0.8:0", "", ""},
        {"the other field", "10.0.0.1", {{"Forwarded", "for=203.0.113.9;proto=https"}}, "10.0.0.1:1234", "", ""},
        {"scheme and host",
         "10.0.0.1",
         {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "HTTPS"}, {"X-Forwarded-Host", "a.example:8"}},
         "203.0.113.9:0",
         "https",
         "a.example:8"},
        {"a list of schemes",
         "10.0.0.1",
         {{"X-Forwarded-For", "203.0.113.9, 10.0.0.2"}, {"X-Forwarded-Proto", "https, http"}},
         "203.0.113.9:0",
         "https",
         ""},
        {"a list of other length",
         "10.0.0.1",
         {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https, http"}},
         "203.0.113.9:0",
         "http",
         ""},
        {"wrong scheme and host",
         "10.0.0.1",
         {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "ftp"}, {"X-Forwarded-Host", "a b"}},
         "203.0.113.9:0",
         "",
         ""},
    };
    check(ForwardedFields::x_forwarded, rows);
}

TEST(TrustedProxies, MayUseTheStandardField) {
    const ProxyRow rows[] = {
        {"one hop",
         "10.0.0.1",
         {{"Forwarded", "for=203.0.113.9;proto=https;host=a.example"}},
         "203.0.113.9:0",
         "https",
         "a.example"},
        {"two hops",
         "10.0.0.1",
         {{"Forwarded", "for=1.1.1.1;proto=http, for=\"[2001:db9::2]:99\";proto=https, for=10.0.0.2;proto=http"}},
         "[2001:db9::2]:99",
         "https",
         ""},
        {"hidden", "10.0.0.1", {{"Forwarded", "for=_hidden;proto=https"}}, "10.0.0.1:1234", "", ""},
        {"malformed", "10.0.0.1", {{"Forwarded", "for=203.0.113.9, for=\"x"}}, "10.0.0.1:1234", "", ""},
        {"an open quotation", "10.0.0.1", {{"Forwarded", "for=\"x, for=203.0.113.9"}}, "203.0.113.9:0", "", ""},
        {"an open quotation before a whole one",
         "10.0.0.1",
         {{"Forwarded", "for=\"x, for=\"203.0.113.9:80\";proto=https"}},
         "203.0.113.9:80",
         "https",
         ""},
        {"a comma in a quotation",
         "10.0.0.1",
         {{"Forwarded", "for=203.0.113.9;host=\"a\\\",b\""}},
         "203.0.113.9:0",
         "",
         ""},
        {"wrong host", "10.0.0.1", {{"Forwarded", "for=203.0.113.9;host=\"a b\""}}, "203.0.113.9:0", "", ""},
        {"the other field", "10.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}}, "10.0.0.1:1234", "", ""},
    };
    check(ForwardedFields::forwarded, rows);
}

TEST(TrustedProxies, AreAddressesAndNetworks) {
    for (const char* const text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "example.org", "fe80::1%1",
                                   "10.0.0.0/8/8", "unix:"}) {
        const auto made = TrustedProxies::make({"10.0.0.0/8", text}, ForwardedFields::x_forwarded);
        ASSERT_FALSE(made) << text;
        EXPECT_EQ(made.error(), "'" + std::string(text) + "' is not an address, a network such as 10.0.0.0/8, or unix");
    }
    const auto all = TrustedProxies::make({"0.0.0.0/0"}, ForwardedFields::x_forwarded);
    ASSERT_TRUE(all);
    EXPECT_TRUE((*all)->trusts(address("203.0.113.9")));
    EXPECT_FALSE((*all)->trusts(address("2001:db8::1")));
    EXPECT_EQ(TrustedProxies::make({}, ForwardedFields::x_forwarded).value(), nullptr);
}

}  // namespace
}  // namespace portico::route
