// portico/http/forwarded_test.cc — elements and nodes of Forwarded (RFC 7239).
#include "portico/http/forwarded.h"

#include <gtest/gtest.h>

namespace portico::http {
namespace {

struct ElementRow {
    std::string_view text;
    bool is_read;
    std::string_view node, scheme, host;
};

TEST(ForwardedElements, AreReadWholeOrNotAtAll) {
    const ElementRow rows[] = {
        {"for=192.0.2.43", true, "192.0.2.43", "", ""},
        {"For=\"[2001:db8::1]:80\";Proto=https; HOST=example.org", true, "[2001:db8::1]:80", "https", "example.org"},
        {"by=203.0.113.60", true, "", "", ""},
        {"for=\"a\\\"b\"", true, "a\"b", "", ""},
        {"", true, "", "", ""},
        {"for", false, "", "", ""},
        {"for=", false, "", "", ""},
        {"=a", false, "", "", ""},
        {"for =a", false, "", "", ""},
        {"for= a", false, "", "", ""},
        {"for=a;for=b", false, "", "", ""},
        {"host=a;host=b", false, "", "", ""},
        {"proto=a;proto=a", false, "", "", ""},
        {"for=[2001:db8::1]", false, "", "", ""},
        {"for=\"a", false, "", "", ""},
        {"for=\"a\"b", false, "", "", ""},
        {"for=\"a\\", false, "", "", ""},
        {"for=\"a\x01\"", false, "", "", ""},
    };
    for (const ElementRow& row : rows) {
        const auto element = parse_forwarded_element(row.text);
        ASSERT_EQ(element.has_value(), row.is_read) << row.text;
        if (!element) continue;
        EXPECT_EQ(element->node, row.node) << row.text;
        EXPECT_EQ(element->scheme, row.scheme) << row.text;
        EXPECT_EQ(element->host, row.host) << row.text;
    }
}

struct NodeRow {
    std::string_view text;
    std::string_view address;  // empty: it has none
    int port;
};

TEST(ForwardedNodes, HaveAnAddressOrAreNotRead) {
    const NodeRow rows[] = {
        {"192.0.2.43", "192.0.2.43", 0},
        {"192.0.2.43:65535", "192.0.2.43", 65535},
        {"192.0.2.43:_hidden", "192.0.2.43", 0},
        {"[2001:db8::1]", "2001:db8::1", 0},
        {"[2001:db8::1]:80", "2001:db8::1", 80},
        {"2001:DB8::1", "2001:DB8::1", 0},
        {"", "", 0},
        {"unknown", "", 0},
        {"_proxy", "", 0},
        {"192.0.2.43:65536", "", 0},
        {"192.0.2.43:", "", 0},
        {"192.0.2.43:_", "", 0},
        {"192.0.2.43:_a b", "", 0},
        {"192.0.2.43:+8", "", 0},
        {"[2001:db8::1", "", 0},
        {"[2001:db8::1]80", "", 0},
        {"[192.0.2.43]", "", 0},
        {"fe80::1%eth0", "", 0},
        {"[fe80::1%2]", "", 0},
    };
    for (const NodeRow& row : rows) {
        const auto node = parse_forwarded_node(row.text);
        EXPECT_EQ(node ? node->address : "", row.address) << row.text;
        EXPECT_EQ(node ? node->port : 0, row.port) << row.text;
    }
}

TEST(ForwardedHosts, HaveNoOtherOctets) {
    EXPECT_TRUE(is_forwarded_host("example.org:8080"));
    EXPECT_TRUE(is_forwarded_host("[::1]"));
    for (const char* const text : {"", "a b", "a/b", "a@b", "a,b", "a?b"}) EXPECT_FALSE(is_forwarded_host(text));
}

}  // namespace
}  // namespace portico::http
