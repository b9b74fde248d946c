// portico/server/replace_test.cc — routes and limits are replaced while requests are in progress: each request is
// translated, authorized and answered by one and the same router, and measured by the limits that it began with.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "portico/server/world_for_test.h"

namespace portico::server {
namespace {

using std::chrono::milliseconds;

// Takes notes of which version is passed on the way, guards and answers. Each step may wait, so that replacements
// happen between steps too.
class Version final : public route::Guard, public route::Middleware, public route::Handler {
public:
    Version(io::SimKernel& kernel, int number, std::set<int>& alive)
        : kernel_(&kernel), number_(number), alive_(&alive) {
        alive_->insert(number_);
    }
    ~Version() override { alive_->erase(number_); }

private:
    [[nodiscard]] bool waits() { return kernel_->chance().happens(0.5); }
    [[nodiscard]] Task<void> pause(io::Core& core) {
        const io::Duration time = kernel_->chance().some_time(milliseconds(20));
        const bool slept = co_await io::sleep_for(core, time);
        static_cast<void>(slept);
    }
    [[nodiscard]] std::optional<http::Result<void>> admit_at_once(link::Exchange& exchange) override {
        if (waits()) return std::nullopt;
        exchange.notes().reason = std::to_string(number_);
        return http::Result<void>{};
    }
    [[nodiscard]] Task<http::Result<void>> admit(link::Exchange& exchange) override {
        co_await pause(exchange.core());
        exchange.notes().reason = std::to_string(number_);
        co_return http::Result<void>{};
    }
    [[nodiscard]] bool pass_at_once(link::Exchange& exchange, const route::Route& rest) override {
        exchange.notes().user = std::to_string(number_);
        return rest.answer_at_once(exchange);
    }
    [[nodiscard]] Task<void> pass(link::Exchange& exchange, route::Route rest) override {
        exchange.notes().user = std::to_string(number_);
        co_await pause(exchange.core());
        co_await rest.answer(exchange);
    }
    void fill(link::Exchange& exchange) const {
        const std::string text =
            "[" + exchange.notes().user + " " + exchange.notes().reason + " " + std::to_string(number_) + "]\n";
        exchange.response().content.push_back(http::Piece::text(text));
    }
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override {
        if (waits()) return false;
        fill(exchange);
        return true;
    }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        co_await pause(exchange.core());
        fill(exchange);
    }
    void forget_kept() override {}

    io::SimKernel* kernel_;
    int number_;
    std::set<int>* alive_;
};

std::shared_ptr<const route::Routes> routes_of(io::SimKernel& kernel, int number, std::set<int>& alive) {
    // One object for all three: the core's router makes each of them once.
    const auto made = std::make_shared<std::weak_ptr<Version>>();
    const auto obtain = [&kernel, number, &alive, made](io::Core&) {
        std::shared_ptr<Version> version = made->lock();
        if (version == nullptr) version = std::make_shared<Version>(kernel, number, alive);
        *made = version;
        return version;
    };
    auto routes = std::make_shared<route::Routes>();
    route::Definition all;
    all.pattern = "/{path...}";
    all.guard = obtain;
    all.handler = obtain;
    all.way.push_back(std::make_shared<const route::ForCore<route::Middleware>>(obtain));
    routes->add(std::move(all));
    return routes;
}

// The versions in an answer, "[3 3 3]", must be the same, and never older than those before: a pipelined request begins
// with the routes of its own time. Returns how many answers there are.
std::size_t check_versions(const std::string& received) {
    std::size_t count = 0;
    int oldest = 0;
    for (std::size_t at = received.find('['); at != std::string::npos; at = received.find('[', at + 1)) {
        const std::string text = received.substr(at + 1, received.find(']', at) - at - 1);
        const std::string first = text.substr(0, text.find(' '));
        EXPECT_EQ(text, first + " " + first + " " + first);
        EXPECT_GE(std::stoi(first), oldest);
        oldest = std::stoi(first);
        ++count;
    }
    return count;
}

struct Total {
    std::size_t answers = 0;
    std::size_t overlaps = 0;  // times that several versions were alive
};

// Some clients ask one pipelined series of questions after another, while the router is replaced at random moments.
void replace_at_random(std::uint64_t seed, Total& total) {
    std::set<int> alive;
    int version = 0;
    {
        WorkerWorld world(seed);
        const auto make = [&](int number) { return routes_of(world.kernel, number, alive); };
        world.open_with(make(version));
        std::vector<TestPeer*> peers;
        std::size_t asked = 0;
        for (int i = 0; i < 3; ++i) peers.push_back(&world.connect());
        for (int round = 0; round < 8; ++round) {
            io::Chance& chance = world.kernel.chance();
            TestPeer& peer = *peers[chance.below(peers.size())];
            const std::size_t questions = chance.between(1, 4);
            std::string octets;
            for (std::size_t i = 0; i < questions; ++i) octets += get("/");
            asked += questions;
            world.send(peer, octets);
            for (auto left = chance.below(3); left > 0; --left) {
                world.pass(chance.some_time(milliseconds(15)));
                Limits limits = world.worker().limits();
                limits.head_octets_max += 1;
                world.worker().replace(std::make_shared<const Snapshot>(Snapshot{make(++version), limits}));
                if (alive.size() > 1) ++total.overlaps;
                EXPECT_TRUE(alive.contains(version));
            }
        }
        world.pass(std::chrono::seconds(1));
        // What is asked now is answered by the present version.
        for (TestPeer* const peer : peers) {
            world.send(*peer, get("/"));
            world.pass(std::chrono::seconds(1));
            const std::string present = std::to_string(version);
            EXPECT_TRUE(peer->received.ends_with("[" + present + " " + present + " " + present + "]\n"));
            ++asked;
        }
        EXPECT_EQ(alive, std::set<int>{version}) << "those before are destroyed with their last exchanges";
        std::size_t answered = 0;
        for (const TestPeer* const peer : peers) answered += check_versions(peer->received);
        EXPECT_EQ(answered, asked);
        total.answers += answered;
    }
    EXPECT_EQ(alive, std::set<int>());
}

TEST(Replacing, DoesNotWaitForAConnectionBetweenItsRequests) {
    std::set<int> alive;
    WorkerWorld world;
    world.open_with(routes_of(world.kernel, 0, alive));
    TestPeer& peer = world.connect(get("/") + "GET / HT");
    world.pass(std::chrono::seconds(1));
    EXPECT_EQ(peer.answers(), 1U);
    world.worker().replace(routes_of(world.kernel, 1, alive));
    EXPECT_EQ(alive, std::set<int>{1});
}

std::string post(std::string_view content, std::size_t octets) {
    return "POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(octets) + "\r\n\r\n" +
           std::string(content);
}

// The worker has the same routes from now on, and these limits.
void replace_limits(WorkerWorld& world, const Limits& limits, const std::shared_ptr<const route::Routes>& routes) {
    world.worker().replace(std::make_shared<const Snapshot>(Snapshot{routes, limits}));
}

TEST(Replacing, LimitsHoldFromTheNextRequestOn) {
    WorkerWorld world;
    const auto routes = one_route([](io::Core& core) { return std::make_shared<TestHandler>(core); });
    world.limits.content_octets_max = 10;
    world.open_with(routes);
    TestPeer& peer = world.connect(post("12345", 10));
    Limits limits = world.limits;
    limits.content_octets_max = 4;
    replace_limits(world, limits, routes);
    world.send(peer, "67890");
    EXPECT_TRUE(peer.has("\r\n\r\n10")) << "begun with the limits before: " << peer.received;
    EXPECT_FALSE(peer.has(" 413 "));
    world.send(peer, post("12345", 5));
    EXPECT_TRUE(peer.has(" 413 ")) << peer.received;
}

TEST(Replacing, LimitsHoldForAHeadThatIsBeingReceived) {
    WorkerWorld world;
    const auto routes = one_route([](io::Core& core) { return std::make_shared<TestHandler>(core); });
    world.open_with(routes);
    TestPeer& peer = world.connect("GET /a HTTP/1.1\r\nHost: a\r\n");
    Limits limits = world.limits;
    limits.target_octets_max = 1;
    replace_limits(world, limits, routes);
    world.send(peer, "\r\n");
    EXPECT_TRUE(peer.has(" 414 ")) << "an exchange begins when its head is complete: " << peer.received;
}

TEST(Replacing, LimitsHoldForIdleConnections) {
    WorkerWorld world;
    const auto routes = one_route([](io::Core& core) { return std::make_shared<TestHandler>(core); });
    world.open_with(routes);
    TestPeer& peer = world.connect(get("/a"));
    Limits limits = world.limits;
    limits.keep_alive_max = milliseconds(200);
    replace_limits(world, limits, routes);
    world.send(peer, get("/b"));
    world.pass(milliseconds(300));
    EXPECT_EQ(peer.answers(), 2U);
    EXPECT_TRUE(peer.has_ended);
}

TEST(Replacing, AClientOfHttp2KeepsTheLimitsThatItWasTold) {
    WorkerWorld world;
    const auto routes = one_route([](io::Core& core) { return std::make_shared<TestHandler>(core); });
    world.open_with(routes);
    const std::string beginning =
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(3, '\0') + '\4' + std::string(5, '\0');
    TestPeer& before = world.connect(beginning);
    Limits limits = world.limits;
    limits.h2_settings_time_max = milliseconds(500);  // which nobody here acknowledges
    replace_limits(world, limits, routes);
    TestPeer& after = world.connect(beginning);
    world.pass(std::chrono::seconds(1));
    EXPECT_FALSE(before.has_ended);
    EXPECT_TRUE(after.has_ended);
}

TEST(Replacing, LeavesEachRequestToTheRouterThatItBeganWith) {
    Total total;
    for (std::uint64_t seed = 1; seed <= 1000 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        replace_at_random(seed, total);
    }
    EXPECT_GT(total.answers, 10'000U);
    EXPECT_GT(total.overlaps, 1'000U);
}

}  // namespace
}  // namespace portico::server
