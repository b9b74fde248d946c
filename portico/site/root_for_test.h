// portico/site/root_for_test.h — a folder to be served, made for one test, and a handler that serves it.
//
// Room site: see options.h. For tests and benchmarks only.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "portico/io/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/site/handler.h"

namespace portico::site {

// A folder that goes with the test.
class RootForTest {
public:
    RootForTest() {
        std::string pattern = testing::TempDir() + "portico-site-XXXXXX";
        place_ = ::mkdtemp(pattern.data());
        std::filesystem::create_directories(place_ / "root");
    }
    RootForTest(const RootForTest&) = delete;
    RootForTest& operator=(const RootForTest&) = delete;
    ~RootForTest() { std::filesystem::remove_all(place_); }

    [[nodiscard]] std::filesystem::path path() const { return place_ / "root"; }
    [[nodiscard]] std::filesystem::path outside() const { return place_; }

    // Written an hour ago, so that no answer depends on how fast the test is.
    void write(const std::string& name, std::string_view content) { write_at(name, content, std::chrono::hours(-1)); }
    void write_at(const std::string& name, std::string_view content, std::chrono::nanoseconds from_now) {
        std::filesystem::create_directories((path() / name).parent_path());
        std::ofstream(path() / name, std::ios::binary) << content;
        set_time(name, from_now);
    }
    void set_time(const std::string& name, std::chrono::nanoseconds from_now) {
        const auto time = std::chrono::system_clock::now().time_since_epoch() + from_now;
        const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
        const timespec at{seconds.count(), std::chrono::nanoseconds(time - seconds).count()};
        const timespec times[2] = {at, at};
        ASSERT_EQ(::utimensat(AT_FDCWD, (path() / name).c_str(), times, 0), 0);
    }

private:
    std::filesystem::path place_;
};

// What came of a request.
struct Answer {
    http::Status status = http::Status::ok;
    http::Response response;  // its views live as long as it does

    [[nodiscard]] std::string field(http::FieldName name) const {
        return std::string(response.fields.find(name).value_or("(none)"));
    }
    [[nodiscard]] std::string content() const {
        std::string all;
        for (const http::Piece& piece : response.content) {
            if (!piece.file) {
                all += piece.octets;
                continue;
            }
            std::string octets(piece.length, '\0');
            const auto read = io::real_file_system().read_at(*piece.file, piece.offset, octets);
            octets.resize(read.value_or(0));
            all += octets;
        }
        return all;
    }
};

using FieldList = std::vector<std::pair<http::FieldName, std::string_view>>;

// A request without the octets it is read from.
inline http::Request make_request(std::string_view target, const FieldList& fields = {},
                                  http::Method method = http::Method::get) {
    http::Request request;
    request.method = method;
    request.method_token = http::spelling(method);
    request.target = target;
    request.form = target == "*" ? http::TargetForm::asterisk : http::TargetForm::origin;
    request.path = target.substr(0, target.find('?'));
    request.has_query = request.path.size() != target.size();
    if (request.has_query) request.query = target.substr(request.path.size() + 1);
    for (const auto& [name, value] : fields) request.fields.add(name, value);
    return request;
}

// Steps 3 to 5 for one request, as the server takes them.
inline Task<bool> take_steps(Handler& handler, const http::Request& request, Answer& answer) {
    std::string scratch;
    auto resource = translate(request, *handler.store().site(), scratch);
    if (resource) {
        auto allowed = handler.authorize(request, *resource);
        if (!allowed) allowed = co_await handler.authorize_slowly(request, *resource);
        if (!*allowed) resource = std::unexpected(allowed->error());
    }
    if (!resource) {
        co_await handler.respond_refusal(request, resource.error(), answer.response);
    } else if (!handler.respond_at_once(request, *resource, answer.response)) {
        co_await handler.respond(request, *resource, answer.response);
    }
    answer.status = answer.response.status;
    co_return true;
}

// A core and a handler on a root of their own.
class HandlerTest : public testing::Test {
protected:
    HandlerTest() { options.root = root.path().string(); }
    ~HandlerTest() override {
        handler.reset();
        EXPECT_EQ(core.ledger().used(), 0U) << "something that was charged was not released";
    }

    std::shared_ptr<const Site> open_site() {
        auto site = Site::open(io::real_file_system(), options);
        EXPECT_TRUE(site.has_value());
        return *site;
    }
    // To be called when the options are set; get() calls it otherwise.
    void serve() { handler = std::make_unique<Handler>(core, open_site()); }

    Answer ask(const http::Request& request) {
        if (!handler) serve();
        Answer answer;
        const bool done = io::run_task(core, take_steps(*handler, request, answer));
        EXPECT_TRUE(done);
        return answer;
    }
    Answer get(std::string_view target, const FieldList& fields = {}) { return ask(make_request(target, fields)); }
    // Whether a request is answered without waiting.
    bool is_answered_at_once(std::string_view target, const FieldList& fields = {}) {
        const http::Request request = make_request(target, fields);
        Answer answer;
        std::string scratch;
        const auto resource = translate(request, *handler->store().site(), scratch);
        return resource && handler->respond_at_once(request, *resource, answer.response);
    }

    RootForTest root;
    SiteOptions options;
    std::unique_ptr<io::Kernel> kernel = std::move(*io::make_epoll_kernel());
    io::Core core{*kernel};
    std::unique_ptr<Handler> handler;
};

}  // namespace portico::site
