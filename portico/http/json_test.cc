// portico/http/json_test.cc — objects and arrays as JSON (RFC 8259). Strings are in text_test.cc.
//
// Room http: see status.h.
#include "portico/http/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace portico::http {
namespace {

using Write = void (*)(JsonWriter<std::string>&);

std::string written(Write write, JsonSpacing spacing = JsonSpacing::none) {
    std::string text;
    JsonWriter json(text, spacing);
    write(json);
    return text;
}

TEST(JsonWriter, WritesEmptyObjectsAndArrays) {
    EXPECT_EQ(written([](auto& json) {
                  json.open_object();
                  json.close_object();
              }),
              "{}");
    EXPECT_EQ(written([](auto& json) {
                  json.open_array();
                  json.close_array();
              }),
              "[]");
}

void write_object(JsonWriter<std::string>& json) {
    json.open_object();
    json.member("name", "x");
    json.member("up", true);
    json.member("none", std::optional<std::string>());
    json.member("some", std::optional<std::string>("y"));
    json.name("list");
    json.open_array();
    json.value(std::uint64_t{1});
    json.value("a\"b");
    json.open_object();
    json.close_object();
    json.close_array();
    json.member("most", UINT64_MAX);
    json.member("least", INT64_MIN);
    json.name("raw");
    json.raw_value("[1.5]");
    json.member("last", -1);
    json.close_object();
}

TEST(JsonWriter, WritesObjectsAndArraysInOrder) {
    EXPECT_EQ(written(write_object), R"({"name":"x","up":true,"none":null,"some":"y","list":[1,"a\"b",{}],)"
                                     R"("most":18446744073709551615,"least":-9223372036854775808,)"
                                     R"("raw":[1.5],"last":-1})");
    EXPECT_EQ(written(write_object, JsonSpacing::after_separators),
              R"({"name": "x", "up": true, "none": null, "some": "y", "list": [1, "a\"b", {}], )"
              R"("most": 18446744073709551615, "least": -9223372036854775808, "raw": [1.5], "last": -1})");
}

void write_lines(JsonWriter<std::string>& json) {
    json.open_array();
    json.break_line("  ");
    json.value(false);
    json.break_line("  ");
    json.open_array();
    json.value(1U);
    json.value(2U);
    json.close_array();
    json.break_line();
    json.close_array();
}

TEST(JsonWriter, PutsElementsOnTheirOwnLines) {
    EXPECT_EQ(written(write_lines), "[\n  false,\n  [1,2]\n]");
    EXPECT_EQ(written(write_lines, JsonSpacing::after_separators), "[\n  false,\n  [1, 2]\n]");
}

}  // namespace
}  // namespace portico::http
