// portico/app/json_text_test.cc — the output of --json is JSON.
//
// Room app: see command.h.
#include "portico/app/json_text.h"

#include <gtest/gtest.h>

namespace portico::app {
namespace {

TEST(JsonText, WritesObjectsAndArraysInOrder) {
    EXPECT_EQ(JsonObject().done().text, "{}");
    EXPECT_EQ(JsonArray().done().text, "[]");
    JsonArray list;
    list.add(json_of(std::uint64_t{1}));
    list.add(json_of("a\"b"));
    EXPECT_EQ(
        JsonObject().add("name", "x").add("up", true).add("none", json_null()).add("list", list.done()).done().text,
        R"({"name": "x", "up": true, "none": null, "list": [1, "a\"b"]})");
    JsonArray lines;
    lines.add_line(json_of(false));
    lines.add_line(json_null());
    EXPECT_EQ(lines.done().text, "[\n  false,\n  null\n]");
}

TEST(JsonText, DescribesAnAddress) {
    EXPECT_EQ(json_object_of(io::IpAddress::loopback(io::Family::ipv6)).done().text,
              R"({"address": "::1", "family": "ipv6", "reach": "loopback"})");
}

}  // namespace
}  // namespace portico::app
