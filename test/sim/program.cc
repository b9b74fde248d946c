// test/sim/program.cc — see program.h.
#include "test/sim/program.h"

#include <algorithm>
#include <stdexcept>

#include "portico/embed/events.h"
#include "portico/embed/middleware.h"
#include "portico/io/core.h"
#include "portico/io/scope.h"

namespace portico::sim {
namespace {

using std::chrono::milliseconds;

constexpr unsigned wait_max = 20'000;
constexpr unsigned pieces_max = 200;

Task<bool> sleep(io::Core& core, unsigned time) {
    const bool slept = co_await io::sleep_for(core, milliseconds(std::min(time, wait_max)));
    co_return slept;
}

Task<std::string> wait(Request& request, unsigned time) {
    const bool slept = co_await sleep(request.core(), time);
    co_return slept ? "waited\n" : "stopped\n";
}

Task<std::string> offload(Request& request) {
    auto work = [] { return std::string("offloaded\n"); };
    const auto done = co_await io::offload(request.core(), std::move(work));
    co_return done.value_or("stopped\n");
}

Task<void> offload_twice(io::Core& core, std::string& result) {
    for (int i = 0; i < 2; ++i) {
        auto work = [] { return std::string("both\n"); };
        const auto done = co_await io::offload(core, std::move(work));
        result = done.value_or("stopped\n");
    }
}

Task<void> sleep_in_scope(io::Core& core, unsigned time) {
    const bool slept = co_await sleep(core, time);
    static_cast<void>(slept);
}

Task<std::string> wait_and_offload(Request& request, unsigned time) {
    std::string result;
    io::Scope scope;
    scope.start(sleep_in_scope(request.core(), time));
    scope.start(offload_twice(request.core(), result));
    const bool slept = co_await sleep(request.core(), time);
    static_cast<void>(slept);
    co_await scope.join();
    co_return result;
}

Task<std::string> throw_later(Request& request, unsigned time) {
    const bool slept = co_await sleep(request.core(), time);
    static_cast<void>(slept);
    throw std::runtime_error("later");
}

std::string piece(unsigned number) {
    return "piece " + std::to_string(number) + std::string(number % 7 * 50, '.') + "\n";
}

Task<bool> write_pieces(ContentWriter& to, io::Core& core, unsigned pieces, bool whole) {
    for (unsigned i = 0; i < std::min(pieces, pieces_max); ++i) {
        const std::string octets = piece(i);
        const bool written = co_await to.write(octets);
        if (!written) co_return false;
        if (i % 3 != 0) continue;
        const bool slept = co_await sleep(core, i % 40);
        if (!slept) co_return false;
    }
    co_return whole;
}

Response stream(Request& request, unsigned pieces, bool whole) {
    io::Core* const core = &request.core();
    return Response::stream(
        "text/plain", [core, pieces, whole](ContentWriter& to) { return write_pieces(to, *core, pieces, whole); });
}

Task<void> tell_for_ever(EventSender& events) {
    for (bool goes_on = true; goes_on;) {
        const bool sent = co_await events.send("tick");
        const bool slept = co_await sleep(events.core(), 700);
        goes_on = sent && slept;
    }
}

Task<Result<std::string>> count(Request& request) {
    std::size_t octets = 0;
    for (unsigned parts = 0;; ++parts) {
        const Result<std::string_view> part = co_await request.read();
        if (!part) co_return std::unexpected(part.error());
        if (part->empty()) break;
        octets += part->size();
        if (parts % 8 != 0) continue;  // thousands of chunks take less than program_wait_max
        const bool slept = co_await sleep(request.core(), 1);
        if (!slept) break;
    }
    co_return std::to_string(octets) + "\n";
}

Task<Result<std::string>> echo(Request& request) {
    Result<std::string> content = co_await request.content();
    co_return std::move(content);
}

}  // namespace

std::string stream_content(unsigned pieces) {
    std::string content;
    for (unsigned i = 0; i < std::min(pieces, pieces_max); ++i) content += piece(i);
    return content;
}

void add_handlers(Server& server) {
    server.get("/text", [] { return "text\n"; });
    server.get("/wait/{time}", wait);
    server.get("/offload", offload);
    server.get("/both/{time}", wait_and_offload);
    server.get("/throw", []() -> std::string { throw std::runtime_error("at once"); });
    server.get("/throw/{time}", throw_later);
    server.get("/stream/{pieces}", [](Request& request, unsigned pieces) { return stream(request, pieces, true); });
    server.get("/cut/{pieces}", [](Request& request, unsigned pieces) { return stream(request, pieces, false); });
    server.get("/events", [](Request& request) { return send_events(request, tell_for_ever); });
    server.post("/echo", echo);
    server.post("/count", count);
    server.post("/drop", [] { return "dropped\n"; });
    Group timed = server.group("/timed");
    timed.use(time_out(milliseconds(500)));
    timed.get("/wait/{time}", wait);
    timed.get("/offload", offload);
    timed.get("/both/{time}", wait_and_offload);
    timed.post("/echo", echo);
    Group compressed = server.group("/compressed");
    compressed.use(compression(100));
    compressed.use(request_id());
    compressed.get("/page", [] { return stream_content(20); });
    compressed.get("/stream/{pieces}", [](Request& request, unsigned pieces) { return stream(request, pieces, true); });
}

}  // namespace portico::sim
