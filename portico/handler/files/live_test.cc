// portico/handler/files/live_test.cc — pages with the script that reloads them, and the news that it gets.
#include "portico/handler/files/live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"
#include "portico/handler/files/responder_for_test.h"

namespace portico::files {
namespace {

using http::FieldName;
using http::Status;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class LiveSite : public ResponderTest {
protected:
    LiveSite() {
        options.live = Live::on;
        options.revalidate = std::chrono::milliseconds(0);
    }
    const std::string tag{live_script_tag};
};

TEST_F(LiveSite, HasTheScriptInEachPageAndNowhereElse) {
    const std::string large = "<p>" + std::string(100'000, 'x');
    root.write("a.html", "<p>a");
    root.write("empty.html", "");
    root.write("large.html", large);
    root.write("a.txt", "<p>a");
    root.write("404.html", "<p>none");
    options.cache_limits.read_file_octets_max = 0;  // the large page would be sent from its descriptor
    EXPECT_EQ(get("/a.html").content(), "<p>a" + tag);
    EXPECT_EQ(get("/empty.html").content(), tag);
    EXPECT_EQ(get("/large.html").content(), large + tag);
    EXPECT_EQ(get("/a.txt").content(), "<p>a");
    EXPECT_EQ(get("/none").content(), "<p>none" + tag);
    const Answer listing = get("/");
    EXPECT_THAT(listing.content(), EndsWith(tag));
    EXPECT_THAT(listing.field(FieldName::content_security_policy), HasSubstr("connect-src 'self'; script-src"));
    EXPECT_THAT(get("/", {{FieldName::accept, "application/json"}}).content(), Not(HasSubstr("script")));
    options.live = Live::off;
    serve();
    EXPECT_EQ(get("/a.html").content(), "<p>a");
    EXPECT_THAT(get("/").content(), Not(HasSubstr(tag)));
}

TEST_F(LiveSite, LeavesLargePagesAsTheyAre) {
    options.live_limits.page_octets_max = 4;
    root.write("a.html", "<p>a");
    root.write("b.html", "<p>bb");
    EXPECT_EQ(get("/a.html").content(), "<p>a" + tag);
    EXPECT_EQ(get("/b.html").content(), "<p>bb");
}

TEST_F(LiveSite, AnswersConditionsRangesAndCodingsForThePageWithTheScript) {
    const std::string text(2'000, 'x');
    root.write("a.html", text);
    root.write("a.html.gz", "without the script");
    const Answer whole = get("/a.html");
    const std::string tagged = whole.field(FieldName::etag);
    EXPECT_EQ(whole.response.content_octets(), text.size() + tag.size());
    EXPECT_EQ(get("/a.html", {{FieldName::if_none_match, tagged}}).status, Status::not_modified);
    EXPECT_EQ(get("/a.html", {{FieldName::range, "bytes=1998-2008"}}).content(), "xx" + tag.substr(0, 9));
    const Answer encoded = get("/a.html", {{FieldName::accept_encoding, "gzip"}});
    EXPECT_EQ(encoded.field(FieldName::content_encoding), "gzip");
    EXPECT_NE(encoded.content(), "without the script");
    options.live = Live::off;
    serve();
    EXPECT_NE(get("/a.html").field(FieldName::etag), tagged) << "a browser could keep the page without the script";
    EXPECT_EQ(get("/a.html", {{FieldName::accept_encoding, "gzip"}}).content(), "without the script");
}

struct NewsRow {
    const char* name;
    io::FolderChanges changes;
    std::string_view styles;
};
class News : public testing::TestWithParam<NewsRow> {};
TEST_P(News, NamesStyleSheetsIfNothingElseHasChanged) {
    LiveReload live(1);
    const auto kernel = std::move(*io::make_epoll_kernel());
    io::Core core(*kernel);
    Subscription<LiveNews> subscription = live.news().subscribe(core);
    live.set_name(0xabc);
    live.set_name(0xdef);
    live.tell(GetParam().changes);
    EXPECT_EQ(live.now().state, 2U);
    std::optional<LiveNews> news;
    auto take = [](Subscription<LiveNews>& from, std::optional<LiveNews>& into) -> Task<bool> {
        into = co_await from.next();
        co_return true;
    };
    EXPECT_TRUE(io::run_task(core, take(subscription, news)));
    EXPECT_EQ(live.event(*news), "{\"state\":\"0000000000000abc-2\",\"before\":\"0000000000000abc-1\",\"styles\":" +
                                     std::string(GetParam().styles) + "}");
}
using Listed = io::FolderChanges::Listed;
INSTANTIATE_TEST_SUITE_P(
    Live, News,
    testing::Values(NewsRow{"Styles", {.names = {"a \"b\".css", "c/d.css"}}, R"(["/a%20%22b%22.css","/c/d.css"])"},
                    NewsRow{"APageToo", {.names = {"a.css", "a.html"}}, "[]"},
                    NewsRow{"Unknown", {.names = {}, .listed = Listed::too_many}, "[]"},
                    NewsRow{"Many", {.names = std::vector<std::string>(17, "a.css")}, "[]"}),
    row_name);

struct Collected final : http::ContentWriter {
    Task<bool> write(std::string_view octets) override {
        all += octets;
        co_return false;  // the browser leaves after the first event
    }
    std::string all;
};

TEST_F(LiveSite, StreamsEventsToSoManyPages) {
    root.write(".portico-live/events", "a file");
    options.dotfiles = Dotfiles::served;
    LiveReload live(1);
    route::Router router(core, routes_for(open_site(), {}, {}, live.handler()));
    const auto ask_live = [&](std::string_view target, const FieldList& fields = {}) {
        auto asked = std::make_unique<AskedExchange>(core, usual_peer, make_request(target, fields));
        EXPECT_TRUE(io::run_task(core, take_steps(router, asked->exchange)));
        return asked;
    };
    const auto events = ask_live("/.portico-live/events");
    const http::Response& response = events->exchange.response();
    EXPECT_EQ(response.status, Status::ok);
    EXPECT_EQ(response.fields.find(FieldName::content_type), "text/event-stream");
    EXPECT_TRUE(response.is_endless);
    EXPECT_EQ(response.fields.find(FieldName::cache_control), "no-store");
    const auto script = ask_live("/.portico-live/script.js");
    EXPECT_THAT(std::string(script->exchange.response().content.front().octets),
                MatchesRegex("\"use strict\";\n.*\nlet state = \"[0-9a-f]{16}-1\";\n(.|\n)*"));
    EXPECT_EQ(ask_live("/.portico-live/other")->exchange.response().status, Status::not_found);
    const FieldList foreign{{FieldName::origin, "http://other.example"}};
    EXPECT_EQ(ask_live("/.portico-live/events", foreign)->exchange.response().status, Status::forbidden);
    {
        const Subscription<LiveNews> page = live.news().subscribe(core);
        EXPECT_EQ(ask_live("/.portico-live/events")->exchange.response().status, Status::service_unavailable);
        Collected nothing;
        EXPECT_FALSE(io::run_task(core, response.producer(nothing))) << "it was answered before the other one came";
        EXPECT_EQ(nothing.all, "");
    }
    Collected first;
    EXPECT_FALSE(io::run_task(core, response.producer(first)));
    EXPECT_THAT(first.all, MatchesRegex("data: \\{\"state\":\"[0-9a-f]{16}-1\",.*\"styles\":\\[\\]\\}\n\n"));
    EXPECT_EQ(live.news().subscribers(), 0U);
    EXPECT_EQ(ask_live("/.portico-live/events")->exchange.response().status, Status::ok);
}

}  // namespace
}  // namespace portico::files
