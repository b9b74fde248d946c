// portico/embed/leaving_test.cc — clients leave at every point of a request, and nothing of theirs is left over.
//
// At the end of each test, the simulated kernel asserts that no descriptor is open and no operation is in flight.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "portico/io/scope.h"
#include "portico/io/sim/sim_chance.h"
#include "portico/json.h"
#include "portico/portico.h"
#include "portico/testing.h"

namespace portico {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Counts the frames that are alive. Each frame holds one of these objects.
class Alive {
public:
    explicit Alive(int& count) : count_(&count) { ++*count_; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() { --*count_; }

private:
    int* count_;
};

Task<void> sleep_among_others(io::Core& core, int& alive) {
    const Alive here(alive);
    const bool slept = co_await io::sleep_for(core, seconds(20));
    static_cast<void>(slept);
}

Task<void> offload_among_others(io::Core& core, int& alive) {
    const Alive here(alive);
    for (int i = 0; i < 100; ++i) {
        auto work = [i] { return i; };
        const std::optional<int> done = co_await io::offload(core, work);
        static_cast<void>(done);
    }
}

Task<void> tell_slowly(EventSender& events, int& alive) {
    const Alive here(alive);
    for (int i = 0; i < 20; ++i) {
        const bool slept = co_await io::sleep_for(events.core(), milliseconds(300));
        const bool sent = co_await events.send(std::string(3000, 'e'));
        if (!slept || !sent) co_return;
    }
}

void add_waiting(Server& server, int& alive) {
    server.post("/wait", [&alive](Request& request) -> Task<std::string> {
        const Alive here(alive);
        const bool slept = co_await io::sleep_for(request.core(), seconds(2));
        co_return slept ? "waited" : "";
    });
    server.post("/read-late", [&alive](Request& request) -> Task<Result<std::string>> {
        const Alive here(alive);
        const bool slept = co_await io::sleep_for(request.core(), milliseconds(500));
        static_cast<void>(slept);
        Result<std::string> content = co_await request.content();
        co_return std::move(content);
    });
    server.post("/pieces", [&alive](Request& request) -> Task<Result<std::string>> {
        const Alive here(alive);
        for (;;) {
            const Result<std::string_view> piece = co_await request.read();
            if (!piece) co_return std::unexpected(piece.error());
            if (piece->empty()) co_return "read";
            const bool slept = co_await io::sleep_for(request.core(), milliseconds(100));
            static_cast<void>(slept);
        }
    });
    server.post("/offload", [&alive](Request& request) -> Task<std::string> {
        const Alive here(alive);
        for (int i = 0; i < 50; ++i) {
            auto work = [i] { return std::string(1000, static_cast<char>('a' + i % 26)); };
            const std::optional<std::string> done = co_await io::offload(request.core(), work);
            if (!done) break;
        }
        co_return "worked";
    });
    server.post("/throw", [&alive](Request& request) -> Task<std::string> {
        const Alive here(alive);
        const bool slept = co_await io::sleep_for(request.core(), milliseconds(500));
        if (slept) throw std::runtime_error("late");
        co_return "";
    });
    Group timed = server.group("/timed");
    timed.use(time_out(seconds(1)));
    timed.post("/sleep", [&alive](Request& request) -> Task<std::string> {
        const Alive here(alive);
        const bool slept = co_await io::sleep_for(request.core(), seconds(30));
        co_return slept ? "slept" : "";
    });
    timed.post("/offload", [&alive](Request& request) -> Task<std::string> {
        const Alive here(alive);
        for (;;) {
            auto work = [] { return 1; };
            const std::optional<int> done = co_await io::offload(request.core(), work);
            if (!done) co_return "";
        }
    });
}

void add_streaming(Server& server, int& alive) {
    server.post("/stream", [&alive](Request& request) {
        return Response::stream("text/plain", [&alive, &core = request.core()](ContentWriter& to) -> Task<bool> {
            const Alive here(alive);
            for (int i = 0; i < 30; ++i) {
                const bool slept = co_await io::sleep_for(core, milliseconds(100));
                const bool written = co_await to.write(std::string_view("0123456789abcdef"));
                if (!slept || !written) co_return false;
            }
            co_return true;
        });
    });
    server.post("/stream-throws", [&alive](Request& request) {
        return Response::stream("text/plain", [&alive, &core = request.core()](ContentWriter& to) -> Task<bool> {
            const Alive here(alive);
            const bool slept = co_await io::sleep_for(core, milliseconds(300));
            if (!slept) co_return false;
            const bool written = co_await to.write("some");
            if (written) throw std::runtime_error("in the middle");
            co_return false;
        });
    });
    server.post("/much", [&alive](Request&) {
        return Response::stream("text/plain", [&alive](ContentWriter& to) -> Task<bool> {
            const Alive here(alive);
            const std::string octets(20'000, 'm');
            for (int i = 0; i < 20; ++i) {
                const bool written = co_await to.write(octets);
                if (!written) co_return false;
            }
            co_return true;
        });
    });
    server.post("/events", [&alive](Request& request) {
        return send_events(
            request, [&alive](EventSender& events) { return tell_slowly(events, alive); }, milliseconds(200));
    });
}

// Handlers with their own tasks, in a Scope that ends with them.
void add_scopes(Server& server, int& alive) {
    server.post("/scope-joins", [&alive](Request& request) -> Task<std::string> {
        const Alive here(alive);
        io::Scope scope;
        for (int i = 0; i < 3; ++i) scope.start(sleep_among_others(request.core(), alive));
        co_await scope.join();
        co_return "joined";
    });
    server.post("/scope-sleeps", [&alive](Request& request) -> Task<std::string> {
        const Alive here(alive);
        io::Scope scope;
        for (int i = 0; i < 3; ++i) scope.start(sleep_among_others(request.core(), alive));
        const bool slept = co_await io::sleep_for(request.core(), seconds(1));
        co_return slept ? "left" : "";
    });
    server.post("/scope-throws", [&alive](Request& request) -> Task<std::string> {
        const Alive here(alive);
        io::Scope scope;
        scope.start(sleep_among_others(request.core(), alive));
        const bool slept = co_await io::sleep_for(request.core(), seconds(1));
        if (slept) throw std::runtime_error("among tasks");
        co_return "";
    });
}

// Sends the beginning of a request; then the client leaves.
class Leaving : public testing::TestWithParam<std::uint64_t> {
protected:
    Leaving() {
        add_waiting(server_, alive_);
        add_streaming(server_, alive_);
        add_scopes(server_, alive_);
        server_.get("/fine", [] { return "fine"; });
    }
    static std::string request_for(const std::string& target, bool chunked) {
        const std::string head = "POST " + target + " HTTP/1.1\r\nHost: a\r\n";
        const std::string content = "0123456789abcdef";
        if (!chunked) return head + "Content-Length: 16\r\n\r\n" + content;
        return head + "Transfer-Encoding: chunked\r\n\r\n10\r\n" + content + "\r\n0\r\n\r\n";
    }
    // Leaves after the head, in the middle of the content, after all of it, and in the middle of the next request; at a
    // random time, which is at once, while the handler is working, or after its answer.
    void leave_everywhere(TestClient& client, const std::string& target) {
        io::Chance chance(GetParam());
        for (const bool chunked : {false, true}) {
            const std::string whole = request_for(target, chunked);
            const std::size_t head = whole.find("\r\n\r\n") + 4;
            const std::string pipelined = whole + whole;
            for (const std::size_t octets : {head / 2, head, head + chance.below(whole.size() - head), whole.size(),
                                             whole.size() + head / 2, pipelined.size()}) {
                const milliseconds longest(chance.happens(0.5) ? 1500 : 100);
                const milliseconds time(chance.below(static_cast<std::uint64_t>(longest.count())));
                client.send_and_leave(std::string_view(pipelined).substr(0, octets), time);
                if (chance.happens(0.3)) client.pass(milliseconds(chance.below(200)));
            }
        }
    }
    void expect_nothing_left(TestClient& client) {
        client.pass(std::chrono::minutes(3));  // longer than any time-out involved
        EXPECT_EQ(client.connections(), 0U);
        EXPECT_EQ(client.octets_in_use(), 0U);
        EXPECT_EQ(alive_, 0);
        EXPECT_EQ(client.get("/fine").content, "fine");
    }

    int alive_ = 0;
    Server server_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, Leaving, testing::Range<std::uint64_t>(1, 31));

TEST_P(Leaving, LeavesNothingBehind) {
    TestClient client(server_, GetParam());
    testing::internal::CaptureStderr();
    for (const char* const target :
         {"/wait", "/read-late", "/pieces", "/offload", "/throw", "/timed/sleep", "/timed/offload", "/stream",
          "/stream-throws", "/much", "/events", "/scope-joins", "/scope-sleeps", "/scope-throws"}) {
        leave_everywhere(client, target);
    }
    expect_nothing_left(client);
    testing::internal::GetCapturedStderr();
}

// The same, with connections that may be reset at any time.
TEST_P(Leaving, LeavesNothingBehindWhereConnectionsAreReset) {
    TestFaults faults;
    faults.reset = 0.03;
    {
        TestClient client(server_, GetParam(), faults);
        testing::internal::CaptureStderr();
        for (const char* const target : {"/wait", "/pieces", "/offload", "/timed/offload", "/stream", "/much",
                                         "/events", "/scope-joins", "/scope-sleeps"}) {
            leave_everywhere(client, target);
        }
        client.pass(std::chrono::minutes(3));
        EXPECT_EQ(client.connections(), 0U);
        EXPECT_EQ(client.octets_in_use(), 0U);
        testing::internal::GetCapturedStderr();
    }
    EXPECT_EQ(alive_, 0);
}

// The server ends while its handlers are working.
TEST_P(Leaving, OfTheServerLeavesNothingBehind) {
    for (const char* const target : {"/wait", "/pieces", "/offload", "/timed/sleep", "/timed/offload", "/stream",
                                     "/much", "/events", "/scope-joins", "/scope-sleeps"}) {
        {
            TestClient client(server_, GetParam());
            client.send_and_stay(request_for(target, false), milliseconds(GetParam() * 37));
        }
        EXPECT_EQ(alive_, 0) << target;
    }
}

// A handler whose Scope has a task inside offload() awaits something else at the same time.
class LeavingDuringOffloads : public Leaving {
protected:
    LeavingDuringOffloads() {
        server_.post("/scope-offloads", [this](Request& request) -> Task<std::string> {
            const Alive here(alive_);
            io::Scope scope;
            for (int i = 0; i < 3; ++i) scope.start(offload_among_others(request.core(), alive_));
            const bool slept = co_await io::sleep_for(request.core(), milliseconds(300));
            co_return slept ? "left" : "";
        });
        server_.post("/scope-offloads-and-throws", [this](Request& request) -> Task<std::string> {
            const Alive here(alive_);
            io::Scope scope;
            scope.start(offload_among_others(request.core(), alive_));
            const bool slept = co_await io::sleep_for(request.core(), milliseconds(50));
            if (slept) throw std::runtime_error("among offloads");
            co_return "";
        });
    }
};
INSTANTIATE_TEST_SUITE_P(Seeds, LeavingDuringOffloads, testing::Range<std::uint64_t>(1, 31));

TEST_P(LeavingDuringOffloads, LeavesNothingBehind) {
    TestClient client(server_, GetParam());
    testing::internal::CaptureStderr();
    for (const char* const target : {"/scope-offloads", "/scope-offloads-and-throws"}) leave_everywhere(client, target);
    EXPECT_EQ(client.request("POST", "/scope-offloads", {}, "x").status, 200);
    EXPECT_EQ(client.request("POST", "/scope-offloads-and-throws", {}, "x").status, 500);
    expect_nothing_left(client);
    testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace portico
