// portico/embed/validation_test.cc — checks of what a client has sent.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "portico/json.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

std::string errors_of(const Validation& check) {
    std::string all;
    for (const Validation::Error& error : check.errors()) all += error.field + ": " + error.message + "\n";
    return all;
}

TEST(AValidation, CollectsTheFirstErrorOfEachField) {
    Validation check;
    EXPECT_TRUE(check.in_range("age", 150, 0, 150) && check.in_range("age", 0U, 0, 150));
    EXPECT_TRUE(check.has_length("title", "äö", 2, 2));
    EXPECT_TRUE(check.that(true, "name", "must not be empty"));
    EXPECT_TRUE(check);
    EXPECT_FALSE(check.in_range("age", 151, 0, 150));
    EXPECT_FALSE(check.in_range("size", -1, 0, 150));
    EXPECT_FALSE(check.in_range("price", 2.75, 0.5, 2.5));
    EXPECT_FALSE(check.has_length("title", "äöü", 1, 2));
    EXPECT_FALSE(check.has_length("text", "\xff", 0, 2));
    EXPECT_FALSE(check.that(false, "name", "must not be empty"));
    EXPECT_FALSE(check.that(false, "name", "must not be known"));
    EXPECT_FALSE(check);
    EXPECT_EQ(errors_of(check),
              "age: must be from 0 to 150\nsize: must be from 0 to 150\nprice: must be from 0.5 to 2.5\n"
              "title: must have 1 to 2 characters\ntext: must be UTF-8\nname: must not be empty\n");
}

TEST(AValidation, HasSoManyErrors) {
    Validation check;
    for (std::size_t i = 0; i < 2 * Validation::errors_max; ++i) check.add(std::to_string(i), "is wrong");
    EXPECT_EQ(check.errors().size(), Validation::errors_max);
    EXPECT_FALSE(check);
}

TEST(AValidation, ReadsMembersOfJson) {
    const Json note{{"title", "a"}, {"count", 300}, {"large", std::numeric_limits<std::uint64_t>::max()},
                    {"done", true}, {"price", 1},   {"tags", {1, 2}}};
    Validation check;
    EXPECT_EQ(read_member<std::string>(check, note, "title"), "a");
    EXPECT_EQ(read_member<int>(check, note, "count"), 300);
    EXPECT_EQ(read_member<std::uint64_t>(check, note, "large"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_TRUE(read_member<bool>(check, note, "done"));
    EXPECT_EQ(read_member<double>(check, note, "price"), 1.0);
    EXPECT_EQ(read_member<Json>(check, note, "tags").size(), 2U);
    EXPECT_EQ(read_member<int>(check, note, "missing", 7), 7);
    EXPECT_EQ(errors_of(check), "");
    EXPECT_EQ(read_member<std::int8_t>(check, note, "count"), 0);
    EXPECT_EQ(read_member<std::int64_t>(check, note, "large"), 0);
    EXPECT_EQ(read_member<std::string>(check, note, "done"), "");
    EXPECT_EQ(read_member<bool>(check, note, "price", true), false);
    EXPECT_EQ(read_member<int>(check, note, "missing"), 0);
    EXPECT_EQ(read_member<int>(check, Json(5), "number"), 0) << "not an object";
    EXPECT_EQ(errors_of(check),
              "count: must be a whole number\nlarge: must be a whole number\ndone: must be text\n"
              "price: must be true or false\nmissing: is missing\nnumber: is missing\n");
}

TEST(AValidation, IsAnAnswer) {
    Server server;
    server.get("/list", [](Request& request) -> std::expected<std::string, Response> {
        Validation check;
        const int page = check.query(request, "page", 1);
        check.in_range("page", page, 1, 9);
        const auto order = check.query<std::string>(request, "order", "up");
        check.that(order == "up" || order == "down", "order", "must be \"up\" or \"down\"");
        if (!check) return std::unexpected(check.response());
        return order + std::to_string(page);
    });
    TestClient client(server);
    EXPECT_EQ(client.get("/list").content, "up1");
    EXPECT_EQ(client.get("/list?page=9&order=down").content, "down9");
    const TestAnswer wrong = client.get("/list?page=x&order=left");
    EXPECT_EQ(wrong.status, 422);
    EXPECT_EQ(wrong.field("Content-Type"), "application/problem+json");
    EXPECT_EQ(wrong.content, R"({"type":"about:blank","title":"Unprocessable Content","status":422,)"
                             R"("detail":"Some of what was sent is not as it must be.","errors":[)"
                             R"({"field":"page","message":"must be a whole number"},)"
                             R"({"field":"order","message":"must be \"up\" or \"down\""}]})");
    EXPECT_EQ(client.get("/list?page=10").status, 422);
}

}  // namespace
}  // namespace portico
