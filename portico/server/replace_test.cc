// portico/server/replace_test.cc — routes and limits are replaced while requests are in progress: each request is
// translated, authorized, measured and answered by one and the same snapshot.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/link/h2_octets_for_test.h"
#include "portico/server/world_for_test.h"

namespace portico::server {
namespace {

using std::chrono::milliseconds;

// A snapshot's limit tells its version.
std::uint64_t content_octets_max_of(int version) { return 100 + static_cast<std::uint64_t>(version); }

// Takes notes of which version is passed on the way, guards and answers, and reads the content. Each step may wait, so
// that replacements happen between steps too.
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
    void fill(link::Exchange& exchange, std::string_view content) const {
        const std::string text = "[" + exchange.notes().user + " " + exchange.notes().reason + " " +
                                 std::to_string(number_) + std::string(content) + "]\n";
        exchange.response().content.push_back(http::Piece::text(text));
    }
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override {
        if (exchange.request().has_content || waits()) return false;
        fill(exchange, {});
        return true;
    }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        co_await pause(exchange.core());
        link::ContentStep step{{}, link::ContentEnd::complete};
        if (exchange.request().has_content) {
            do step = co_await exchange.read_content();
            while (!step.octets.empty());
        }
        fill(exchange, step.end == link::ContentEnd::refused ? " refused" : "");
    }
    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
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

// What an answer says: "[3 3 3]", or "[3 3 3 refused]".
struct Answer {
    int version = 0;
    bool is_refused = false;
};

// The answers in what a connection has received. All versions in one of them must be the same.
std::vector<Answer> answers_in(const std::string& received) {
    std::vector<Answer> answers;
    for (std::size_t at = received.find('['); at != std::string::npos; at = received.find('[', at + 1)) {
        const std::string text = received.substr(at + 1, received.find(']', at) - at - 1);
        const std::string version = text.substr(0, text.find(' '));
        const std::string all = version + " " + version + " " + version;
        EXPECT_TRUE(text == all || text == all + " refused") << text;
        answers.push_back({std::stoi(version), text != all});
    }
    return answers;
}

struct Total {
    std::size_t answers = 0;
    std::size_t refused = 0;
    std::size_t overlaps = 0;  // times that several versions were alive
};

// A worker whose snapshots have numbers, which are replaced.
class Versions {
public:
    // `the_alive`: the versions that have not been destroyed.
    Versions(std::uint64_t seed, std::set<int>& the_alive) : alive(the_alive), world(seed) {
        world.limits.content_octets_max = content_octets_max_of(present);
        world.open_with(routes_of(world.kernel, present, alive));
    }

    void replace() {
        Limits limits = world.worker().limits();
        limits.content_octets_max = content_octets_max_of(++present);
        world.worker().replace(
            std::make_shared<const Snapshot>(Snapshot{routes_of(world.kernel, present, alive), limits, nullptr}));
        EXPECT_TRUE(alive.contains(present));
    }

    int present = 0;
    std::set<int>& alive;
    WorkerWorld world;
};

// A client of HTTP/1.1 asks pipelined questions.
class Asker {
public:
    explicit Asker(Versions& versions) : versions_(&versions), peer_(&versions.world.connect()) {}

    // The last question may have content, of which only some versions take as much: the connection ends with it.
    void ask(std::size_t questions) {
        std::string octets;
        for (std::size_t i = 0; i < questions; ++i) octets += get("/");
        asked_ += questions;
        io::Chance& chance = versions_->world.kernel.chance();
        if (chance.happens(0.3)) {
            content_ = content_octets_max_of(versions_->present) + chance.below(3);
            octets +=
                "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " + std::to_string(*content_) +
                "\r\n\r\n" + std::string(*content_, 'x');
            ++asked_;
        }
        versions_->world.send(*peer_, std::move(octets));
    }
    [[nodiscard]] bool is_over() const { return content_.has_value(); }
    // Versions are never older than those before: a pipelined request begins with the snapshot of its own time.
    void check(Total& total) const {
        const std::vector<Answer> answers = answers_in(peer_->received);
        EXPECT_EQ(answers.size(), asked_);
        EXPECT_TRUE(std::ranges::is_sorted(answers, {}, &Answer::version));
        if (is_over() && !answers.empty()) {
            EXPECT_EQ(answers.back().is_refused, *content_ > content_octets_max_of(answers.back().version));
            total.refused += answers.back().is_refused ? 1 : 0;
        }
        total.answers += answers.size();
    }
    [[nodiscard]] TestPeer& peer() { return *peer_; }

private:
    Versions* versions_;
    TestPeer* peer_;
    std::size_t asked_ = 0;
    std::optional<std::uint64_t> content_;  // of the last question
};

// A client of HTTP/2 asks questions at the same time, some of them with content. The next one may be carried by the
// exchange of one that was answered without waiting.
class H2Asker {
public:
    explicit H2Asker(Versions& versions) : versions_(&versions), peer_(&versions.world.connect(link::h2_beginning())) {}

    void ask(std::size_t questions) {
        std::string octets;
        for (std::size_t i = 0; i < questions; ++i) {
            const auto stream = static_cast<std::uint32_t>(2 * contents_.size() + 1);
            io::Chance& chance = versions_->world.kernel.chance();
            const bool has_content = chance.happens(0.5);
            contents_.push_back(has_content ? content_octets_max_of(versions_->present) + chance.below(3) : 0);
            octets += has_content ? link::h2_post(stream, std::string(contents_.back(), 'x')) : link::h2_get(stream);
        }
        versions_->world.send(*peer_, std::move(octets));
    }
    void check(Total& total) const {
        std::size_t answered = 0;
        for (const auto& [stream, text] : link::h2_contents(peer_->received)) {
            const std::vector<Answer> answers = answers_in(text);
            ASSERT_EQ(answers.size(), 1U);
            const std::uint64_t content = contents_.at((stream - 1) / 2);
            EXPECT_EQ(answers[0].is_refused, content > content_octets_max_of(answers[0].version));
            total.refused += answers[0].is_refused ? 1 : 0;
            ++answered;
        }
        EXPECT_EQ(answered, contents_.size());
        total.answers += answered;
    }

private:
    Versions* versions_;
    TestPeer* peer_;
    std::vector<std::uint64_t> contents_;  // of the questions, in octets
};

// Clients ask one series of questions after another, while the snapshot is replaced at random moments.
void replace_at_random(std::uint64_t seed, std::set<int>& alive, Total& total) {
    Versions versions(seed, alive);
    io::Chance& chance = versions.world.kernel.chance();
    std::list<Asker> all;
    std::vector<Asker*> askers;
    for (int i = 0; i < 3; ++i) askers.push_back(&all.emplace_back(versions));
    H2Asker h2_asker(versions);
    for (int round = 0; round < 8; ++round) {
        Asker*& asker = askers[chance.below(askers.size())];
        if (asker->is_over()) asker = &all.emplace_back(versions);
        asker->ask(chance.between(1, 4));
        h2_asker.ask(chance.between(1, 3));
        for (auto left = chance.below(3); left > 0; --left) {
            versions.world.pass(chance.some_time(milliseconds(15)));
            versions.replace();
            if (versions.alive.size() > 1) ++total.overlaps;
        }
    }
    versions.world.pass(std::chrono::seconds(1));
    // What is asked now is answered by the present version.
    Asker& last = all.emplace_back(versions);
    last.ask(2);
    versions.world.pass(std::chrono::seconds(1));
    EXPECT_EQ(answers_in(last.peer().received).front().version, versions.present);
    EXPECT_EQ(versions.alive, std::set<int>{versions.present})
        << "those before are destroyed with their last exchanges";
    for (const Asker& asker : all) asker.check(total);
    h2_asker.check(total);
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
    world.worker().replace(std::make_shared<const Snapshot>(Snapshot{routes, limits, nullptr}));
}

// Also for a connection that was accepted before.
TEST(Replacing, HostsAreCheckedFromTheNextRequestOn) {
    WorkerWorld world;
    const auto take = [](io::Core& core) { return std::make_shared<TestHandler>(core); };
    world.open_with(one_route(take));
    const std::string foreign = "GET /a HTTP/1.1\r\nHost: foreign.example\r\n\r\n";
    TestPeer& peer = world.connect(foreign);
    EXPECT_TRUE(peer.has(" 200 ")) << peer.received;
    auto routes = std::make_shared<route::Routes>();
    routes->hosts.checked = route::HostsChecked::on_loopback;
    world.worker().replace(routes);
    world.send(peer, foreign);
    EXPECT_TRUE(peer.has(" 421 ")) << peer.received;
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

TEST(Replacing, LeavesEachRequestToTheSnapshotThatItBeganWith) {
    Total total;
    for (std::uint64_t seed = 1; seed <= 1000 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::set<int> alive;
        replace_at_random(seed, alive, total);
        EXPECT_EQ(alive, std::set<int>());
    }
    EXPECT_GT(total.answers, 30'000U);
    EXPECT_GT(total.refused, 1'000U);
    EXPECT_GT(total.overlaps, 1'000U);
}

}  // namespace
}  // namespace portico::server
