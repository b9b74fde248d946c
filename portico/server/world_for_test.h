// portico/server/world_for_test.h — one worker on a quiet simulated kernel, with clients that a test controls step by
// step.
//
// Time passes only in pass(), and costs nothing. Only the faults that the test asks for occur.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/io/core.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/server/worker.h"

namespace portico::server {

inline io::SimFaults no_faults() {
    io::SimFaults faults;
    faults.late = faults.short_read = faults.short_write = faults.cold = faults.cancel_late = 0;
    faults.unread_lost = 0;
    faults.delay_max = std::chrono::microseconds(1);
    faults.buffer_octets_min = faults.buffer_octets_max = 64 * 1024;
    return faults;
}

// Answers "GET /NAME" with NAME and a newline. "/slow" waits for ten seconds first, "/events" is an endless stream,
// "/cut" breaks off after five octets, "/large" has a megabyte, "/take" reads the content and reports its size.
// "/early" reads it too, but gives up after a second.
class TestHandler final : public route::Handler {
public:
    explicit TestHandler(io::Core& core) : core_(&core) {}
    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
    Task<void> answer(link::Exchange& exchange) override {
        const std::string target(exchange.request().target);
        if (target == "/slow") {
            const bool slept = co_await io::sleep_for(*core_, std::chrono::seconds(10));
            if (!slept) co_return;
        }
        if (target == "/events") {
            exchange.response().producer = [this](http::ContentWriter& to) { return tell(to); };
            exchange.response().is_endless = true;
            co_return;
        }
        if (target == "/cut") {
            exchange.response().producer = [](http::ContentWriter& to) { return break_off(to); };
            co_return;
        }
        std::string content = target.substr(1) + "\n";
        if (target == "/large") content.assign(1'000'000, 'x');
        if (target == "/take") {
            const std::size_t taken = co_await take(exchange);
            content = std::to_string(taken);
        }
        exchange.response().content.push_back(http::Piece::text(std::move(content)));
        if (target == "/early") co_await give_up_reading(exchange);
    }

private:
    Task<bool> tell(http::ContentWriter& to) {
        for (;;) {
            const bool written = co_await to.write("event\n");
            const bool slept = co_await io::sleep_for(*core_, std::chrono::milliseconds(100));
            if (!written || !slept) co_return false;
        }
    }
    static Task<bool> break_off(http::ContentWriter& to) {
        const bool written = co_await to.write("hello");
        static_cast<void>(written);
        co_return false;
    }
    static Task<std::size_t> take(link::Exchange& exchange) {
        std::size_t taken = 0;
        for (;;) {
            const link::ContentStep step = co_await exchange.read_content();
            if (step.end == link::ContentEnd::refused) exchange.response().status = exchange.refusal().status;
            if (step.octets.empty()) co_return taken;
            taken += step.octets.size();
        }
    }
    static Task<void> read(link::Exchange& exchange) {
        const link::ContentStep step = co_await exchange.read_content();
        static_cast<void>(step);
    }
    Task<void> give_up_reading(link::Exchange& exchange) {
        io::Scope reading;
        reading.start(read(exchange));
        const bool slept = co_await io::sleep_for(*core_, std::chrono::seconds(1));
        if (!slept) co_return;
        reading.request_stop();
        co_await exchange.send_early();
        co_await reading.join();
    }
    io::Core* core_;
};

// Leads every path, with any method, to the handler.
inline std::shared_ptr<route::Routes> one_route(route::ForCore<route::Handler> handler) {
    auto routes = std::make_shared<route::Routes>();
    route::Definition all;
    all.pattern = "/{path...}";
    all.handler = std::move(handler);
    routes->add(std::move(all));
    return routes;
}

// What one client has received. It reads everything that arrives, unless the test stops it.
struct TestPeer {
    std::optional<io::Stream> stream;
    std::string received;
    bool has_ended = false;  // the server has ended its side, or broken the connection
    int failure = 0;         // errno: the connection was broken or could not be made
    bool reads = true;

    // How many answers have arrived, counted by their status lines.
    [[nodiscard]] std::size_t answers() const {
        std::size_t count = 0;
        for (auto at = received.find("HTTP/1.1 "); at != std::string::npos; at = received.find("HTTP/1.1 ", at + 1)) {
            ++count;
        }
        return count;
    }
    [[nodiscard]] bool has(std::string_view what) const { return received.find(what) != std::string::npos; }
};

class WorkerWorld {
public:
    explicit WorkerWorld(std::uint64_t seed = 1) : kernel(seed, no_faults()) {}

    // The test may change these before it opens the worker.
    Limits limits;
    io::SimKernel kernel;
    io::SocketAddress address = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 80);

    ~WorkerWorld() {
        if (!worker_) return;
        worker_->stop();
        run_to_end();
        EXPECT_EQ(worker_->connections(), 0U);
        EXPECT_EQ(population_->count(), 0U);
        peers_.clear();
        worker_.reset();
        EXPECT_EQ(core_->ledger().used(), 0U);
    }

    void open(const io::ListenOptions& options = {}) {
        open_with(one_route([](io::Core& core) { return std::make_shared<TestHandler>(core); }), options);
    }
    void open_with(std::shared_ptr<const route::Routes> routes, const io::ListenOptions& options = {}) {
        core_.emplace(kernel, limits.memory_max);
        population_.emplace(limits.connections_max, limits.connections_per_address_max);
        worker_ = std::make_unique<Worker>(*core_, std::move(routes), limits, *population_, nullptr, 0);
        auto listener = io::Listener::open(*core_, address, options);
        ASSERT_TRUE(listener.has_value());
        worker_->serve(std::move(*listener));
    }

    io::Core& core() { return *core_; }
    Worker& worker() { return *worker_; }
    [[nodiscard]] const Counters& counters() const { return worker_->counters(); }
    [[nodiscard]] std::size_t population() const { return population_->count(); }

    // A client that connects from `ip` and sends `octets`, as soon as time passes.
    TestPeer& connect_soon(std::string octets = {}, std::string_view ip = "127.0.0.1") {
        TestPeer& peer = peers_.emplace_back();
        kernel.set_client_address(*io::IpAddress::parse(ip));
        clients_.start(live(peer, std::move(octets)));
        return peer;
    }
    // Like connect_soon(), and waits for everything that follows.
    TestPeer& connect(std::string octets = {}, std::string_view ip = "127.0.0.1") {
        TestPeer& peer = connect_soon(std::move(octets), ip);
        settle();
        return peer;
    }
    void send(TestPeer& peer, std::string octets) {
        clients_.start(write(peer, std::move(octets)));
        settle();
    }
    // Makes a client that has stopped reading read again.
    void read_on(TestPeer& peer) {
        peer.reads = true;
        clients_.start(read(peer));
        settle();
    }
    void half_close(TestPeer& peer) {
        EXPECT_TRUE(peer.stream->finish_sending().has_value());
        settle();
    }
    // Lets `time` pass.
    void pass(io::Duration time) {
        const io::TimePoint until = core_->now() + time;
        while (core_->now() < until) core_->run_once(until);
        settle();
    }
    // Lets everything happen that takes hardly any time.
    void settle() {
        const io::TimePoint until = core_->now() + std::chrono::milliseconds(1);
        while (core_->now() < until) core_->run_once(until);
    }
    // Returns how long the worker takes to end; at most an hour.
    io::Duration run_to_end() {
        const io::TimePoint began = core_->now();
        bool has_ended = false;
        io::Scope ending;
        ending.start(wait_for_end(has_ended));
        while (!has_ended && core_->now() - began < std::chrono::hours(1)) {
            core_->run_once(core_->now() + std::chrono::minutes(1));
        }
        EXPECT_TRUE(has_ended);
        const io::Duration took = core_->now() - began;
        settle();
        clients_.request_stop();
        while (clients_.size() > 0) core_->run_once(core_->now());
        return took;
    }

private:
    Task<void> live(TestPeer& peer, std::string octets) {
        io::Result<io::Stream> stream = co_await io::connect(*core_, address, io::never);
        if (!stream) {
            peer.failure = stream.error().number;
            peer.has_ended = true;
            co_return;
        }
        peer.stream.emplace(std::move(*stream));
        if (!octets.empty()) {
            const io::Result<void> written = co_await peer.stream->write_all(octets, io::never);
            if (!written) peer.failure = written.error().number;
        }
        co_await read(peer);
    }
    Task<void> read(TestPeer& peer) {
        while (peer.reads) {
            const io::Result<Buffer> got = co_await peer.stream->read(core_->buffers(), io::never);
            if (!got && got.error().number == ECANCELED) co_return;
            if (!got) peer.failure = got.error().number;
            if (!got || got->empty()) break;
            peer.received += got->octets();
        }
        peer.has_ended = peer.reads;
    }
    static Task<void> write(TestPeer& peer, std::string octets) {
        const io::Result<void> written = co_await peer.stream->write_all(octets, io::never);
        if (!written) peer.failure = written.error().number;
    }
    Task<void> wait_for_end(bool& has_ended) {
        co_await worker_->ended();
        has_ended = true;
    }

    std::optional<io::Core> core_;
    std::optional<Population> population_;
    std::unique_ptr<Worker> worker_;
    std::list<TestPeer> peers_;
    io::Scope clients_;
};

inline std::string get(std::string_view target, std::string_view fields = {}) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

}  // namespace portico::server
