// portico/handler/files/responder_for_test.h — a handler with its own folder, for one test.
//
// Room handler: see options.h. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "portico/handler/files/root_for_test.h"

namespace portico::files {

// A core and a handler with their own root.
class ResponderTest : public testing::Test {
protected:
    ResponderTest() {
        options.root = root.path().string();
        options.clock_tick_max = std::chrono::milliseconds(0);  // or files just written would not be cached
    }
    ~ResponderTest() override {
        handler.reset();
        EXPECT_EQ(core.ledger().used(), 0U) << "something that was charged was not released";
    }

    std::shared_ptr<const Folder> open_site() {
        auto folder = Folder::open(io::real_file_system(), options);
        EXPECT_TRUE(folder.has_value());
        return *folder;
    }
    // Call it once the options are set; otherwise get() calls it.
    void serve() { handler = std::make_unique<ServedSite>(core, open_site()); }

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
        AskedExchange asked(core, usual_peer, make_request(target, fields));
        const route::Route route = handler->router().translate(asked.exchange, route::ListenerPlace::loopback);
        return route.answer_at_once(asked.exchange);
    }

    RootForTest root;
    FolderOptions options;
    std::unique_ptr<io::Kernel> kernel = std::move(*io::make_epoll_kernel());
    io::Core core{*kernel};
    std::unique_ptr<ServedSite> handler;
};

}  // namespace portico::files
