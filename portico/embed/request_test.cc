// portico/embed/request_test.cc — what middleware leaves for handlers, and what a handler learns of its request.
#include "portico/embed/request.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/embed/middleware.h"
#include "portico/embed/server.h"
#include "portico/embed/test_client.h"

namespace portico {

// Both are what a program would write.
struct Guest {
    std::string name;
    std::shared_ptr<int> token;  // tells how many there are
};
struct Tenant {
    std::string name;
};

template <>
struct FromRequest<Guest> {
    static std::expected<Guest, Response> make(Request& request) {
        const Guest* const guest = request.find<Guest>();
        if (guest != nullptr) return *guest;
        return std::unexpected(Response(Status::unauthorized));
    }
};
template <>
struct FromRequest<Tenant> {
    static std::expected<Tenant, Response> make(Request& request) {
        const auto name = request.field("X-Tenant");
        if (name) return Tenant{std::string(*name)};
        return std::unexpected(Response(Status::bad_request, "which tenant?", "text/plain"));
    }
};

namespace {

class RequestData : public testing::Test {
protected:
    RequestData() {
        server_.use([this](Request& request, Next next) -> Task<Response> {
            const auto name = request.field("X-Guest");
            if (name) request.attach(Guest{std::string(*name), token_});
            Response response = co_await next(request);
            co_return std::move(response);
        });
    }
    [[nodiscard]] TestAnswer get(const std::string& path,
                                 std::vector<std::pair<std::string, std::string>> fields = {}) {
        if (!client_) client_ = std::make_unique<TestClient>(server_);
        return client_->request("GET", path, fields);
    }

    std::shared_ptr<int> token_ = std::make_shared<int>(0);
    Server server_;
    std::unique_ptr<TestClient> client_;
};

TEST_F(RequestData, OfMiddlewareIsFoundByTheHandler) {
    server_.get("/who", [](Request& request) {
        const Guest* const guest = request.find<Guest>();
        return guest == nullptr ? std::string("nobody") : guest->name;
    });
    EXPECT_EQ(get("/who", {{"X-Guest", "ann"}}).content, "ann");
    EXPECT_EQ(token_.use_count(), 1) << "it ended with the exchange";
    EXPECT_EQ(get("/who").content, "nobody");
}

TEST_F(RequestData, OfOneTypeIsThereOnce) {
    server_.get("/who", [this](Request& request) {
        request.attach(std::string("other"));
        request.attach(Guest{"bob", token_});
        EXPECT_EQ(token_.use_count(), 2) << "the first guest has gone";
        return request.find<Guest>()->name + " " + *request.find<std::string>();
    });
    EXPECT_EQ(get("/who", {{"X-Guest", "ann"}}).content, "bob other");
}

TEST_F(RequestData, LastsUntilAStreamHasEnded) {
    server_.get("/stream", [](Request& request) {
        // The request itself ends with the handler.
        Guest* const guest = request.find<Guest>();
        io::Core* const core = &request.core();
        return Response::stream("text/plain", [guest, core](ContentWriter& to) -> Task<bool> {
            const bool slept = co_await io::sleep_for(*core, std::chrono::seconds(1));
            const bool written = co_await to.write(guest->name);
            co_return slept&& written;
        });
    });
    EXPECT_EQ(get("/stream", {{"X-Guest", "ann"}}).content, "ann");
    EXPECT_EQ(token_.use_count(), 1);
}

TEST_F(RequestData, IsAnArgumentOfTheHandler) {
    server_.get("/notes/{id}", [](Guest guest, int id, Tenant tenant) {
        return guest.name + " " + std::to_string(id) + " " + tenant.name;
    });
    server_.post("/slow/{id}", [](Tenant tenant, Request& request, int id) -> Task<std::string> {
        const bool slept = co_await io::sleep_for(request.core(), std::chrono::seconds(1));
        co_return slept ? tenant.name + std::to_string(id) : std::string();
    });
    EXPECT_EQ(get("/notes/7", {{"X-Guest", "ann"}, {"X-Tenant", "t"}}).content, "ann 7 t");
    EXPECT_EQ(get("/notes/7", {{"X-Tenant", "t"}}).status, 401);
    EXPECT_EQ(get("/notes/7", {{"X-Guest", "ann"}}).content, "which tenant?");
    EXPECT_EQ(get("/notes/x").status, 404) << "the path comes first";
    EXPECT_EQ(client_->request("POST", "/slow/3", {{"X-Tenant", "t"}}).content, "t3");
    EXPECT_EQ(client_->request("POST", "/slow/3").status, 400);
}

TEST_F(RequestData, TellsPatternAndName) {
    server_.use(request_id());
    server_.use([](Request& request, Next next) -> Task<Response> {
        Response response = co_await next(request);
        response.set("X-Pattern", "'" + std::string(request.pattern()) + "'");
        co_return std::move(response);
    });
    server_.get("/notes/{id}", [](int, Request& request) { return std::string(request.id()); });
    const TestAnswer found = get("/notes/7", {{"X-Request-Id", "r-1"}});
    EXPECT_EQ(found.content, "r-1");
    EXPECT_EQ(found.field("X-Pattern"), "'/notes/{id}'");
    EXPECT_EQ(get("/nothing").field("X-Pattern"), "''");
    EXPECT_EQ(get("/notes/8").content.size(), 32U);
}

TEST_F(RequestData, OfTheQueryHasAType) {
    server_.get("/list", [](Request& request) -> std::expected<std::string, Response> {
        auto page = request.query<int>("page", 1);
        if (!page) return std::unexpected(std::move(page.error()));
        auto share = request.query<double>("share", 0.5);
        if (!share) return std::unexpected(std::move(share.error()));
        auto all = request.query<bool>("all", false);
        if (!all) return std::unexpected(std::move(all.error()));
        auto count = request.query<unsigned>("count", 10);
        if (!count) return std::unexpected(std::move(count.error()));
        const auto order = request.query<std::string>("order", "name");
        std::string text = std::to_string(*page) + (*share < 1 ? " part " : " more ") + (*all ? "all " : "some ") +
                           std::to_string(*count) + " " + *order;
        for (const std::string& tag : request.queries("tag")) text += " " + tag;
        return text;
    });
    EXPECT_EQ(get("/list").content, "1 part some 10 name");
    EXPECT_EQ(get("/list?page=-3&share=2.5&all=true&count=4&order=a+b&tag=x&tag=%79").content, "-3 more all 4 a b x y");
    const auto wrong = [this](const std::string& query) {
        const TestAnswer answer = get("/list?" + query);
        return std::to_string(answer.status) + " " + answer.content;
    };
    const std::string begin = "400 The parameter '";
    EXPECT_EQ(wrong("page=two"), begin + "page' of the query must be a whole number, not 'two'.\n");
    EXPECT_EQ(wrong("page=99999999999"), begin + "page' of the query must be a whole number, not '99999999999'.\n");
    EXPECT_EQ(wrong("page="), begin + "page' of the query must be a whole number, not ''.\n");
    EXPECT_EQ(wrong("share=nan"), begin + "share' of the query must be a number, not 'nan'.\n");
    EXPECT_EQ(wrong("all=yes"), begin + "all' of the query must be true or false, not 'yes'.\n");
    EXPECT_EQ(wrong("count=-1"), begin + "count' of the query must be a whole number, not less than 0, not '-1'.\n");
}

}  // namespace
}  // namespace portico
