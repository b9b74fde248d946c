// The echo and hello services on the simulated kernel, by seed. PORTICO_SIM_SEED=N runs only one seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/services/datagrams.h"
#include "portico/services/echo.h"
#include "portico/services/hello.h"
#include "portico/services/serve.h"

namespace portico::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string greeting = "Hello, whoever you are!\n";
constexpr seconds service_patience{100};

class Watcher final : public services::ServiceWatcher {
public:
    void came(const io::SocketAddress&) override { ++came_; }
    void could_not_accept(const io::Error&) override {}
    [[nodiscard]] std::size_t count() const { return came_; }

private:
    std::size_t came_ = 0;
};

io::SimFaults draw_faults(io::Chance& chance, bool is_calm) {
    io::SimFaults faults;
    faults.late = chance.happens(0.3) ? 0 : 0.3;
    faults.cancel_late = chance.happens(0.3) ? 0 : 0.5;
    faults.short_read = faults.short_write = chance.happens(0.5) ? 0.02 : 0.4;
    faults.buffer_octets_min = chance.happens(0.2) ? 1 : 1000;
    faults.buffer_octets_max = chance.happens(0.5) ? 2000 : 100'000;
    if (is_calm) return faults;
    faults.reset = chance.happens(0.5) ? 0.01 : 0;
    faults.accept_failure = chance.happens(0.5) ? 0.3 : 0;
    faults.accept_aborted = chance.happens(0.5) ? 0.1 : 0;
    faults.datagram_lost = chance.happens(0.5) ? 0.2 : 0;
    faults.datagram_doubled = chance.happens(0.5) ? 0.2 : 0;
    faults.datagram_refused = chance.happens(0.5) ? 0.2 : 0;
    faults.wall_clock_jump = 0.01;
    return faults;
}

// One machine with one service on a TCP port, a Unix path, a UDP port and standard input and output.
class Town {
public:
    Town(std::uint64_t seed, bool is_hello) : kernel_(seed), core_(kernel_), is_hello_(is_hello) {
        is_calm_ = kernel_.chance().happens(0.4);
        if (is_hello) {
            service_ = std::make_unique<services::Hello>(core_, greeting);
        } else {
            service_ = std::make_unique<services::Echo>(core_);
        }
        script_ = content(20'000);
        kernel_.script_stdin(script_);
    }

    void run();

private:
    Task<void> live();
    Task<void> visit();
    Task<void> talk_to_echo(io::Stream& stream);
    Task<void> listen_to_hello(io::Stream& stream);
    Task<void> send_datagrams();
    Task<void> do_not_read();
    Task<void> check_no_more_is_held();
    std::string content(std::size_t octets);

    io::SimKernel kernel_;
    io::Core core_;
    bool is_hello_;
    bool is_calm_ = false;
    std::unique_ptr<services::Service> service_;
    Watcher watcher_;
    std::vector<services::OpenEndpoint> endpoints_;
    std::vector<io::SocketAddress> streams_;
    io::SocketAddress datagrams_;
    std::string script_;
    std::size_t connected_ = 0;
};

std::string Town::content(std::size_t octets) {
    std::string made(octets, '\0');
    for (char& octet : made) octet = static_cast<char>(kernel_.chance().next());
    return made;
}

Task<void> write_and_finish(io::Stream& stream, std::string_view octets, io::TimePoint deadline, bool& whole) {
    const io::Result<void> written = co_await stream.write_all(octets, deadline);
    whole = written.has_value();
    static_cast<void>(stream.finish_sending());
}

// Reads until the end or an error. Returns whether it was the end.
Task<bool> read_all(io::Stream& stream, std::string& all) {
    std::array<char, 3000> room;
    for (;;) {
        const io::Result<std::size_t> got = co_await stream.read(room, stream.core().now() + service_patience);
        if (!got) {
            EXPECT_NE(got.error().number, ETIMEDOUT);
            co_return false;
        }
        if (*got == 0) co_return true;
        all.append(room.data(), *got);
    }
}

Task<void> Town::talk_to_echo(io::Stream& stream) {
    const std::string sent = content(kernel_.chance().below(kernel_.chance().happens(0.2) ? 300'000 : 5'000));
    io::Scope writing;
    bool whole = false;
    writing.start(write_and_finish(stream, sent, core_.now() + 10 * service_patience, whole));
    std::string back;
    const bool ended = co_await read_all(stream, back);
    co_await writing.join();
    EXPECT_TRUE(sent.starts_with(back)) << "what came back was never sent";
    if (is_calm_) {
        EXPECT_TRUE(whole && ended);
        EXPECT_EQ(back.size(), sent.size());
    }
}

Task<void> Town::listen_to_hello(io::Stream& stream) {
    // The client keeps sending octets; this must not make it lose the greeting.
    const std::string sent = content(kernel_.chance().happens(0.5) ? 0 : kernel_.chance().below(50'000));
    io::Scope writing;
    bool whole = false;
    writing.start(write_and_finish(stream, sent, core_.now() + 10 * service_patience, whole));
    std::string heard;
    const bool ended = co_await read_all(stream, heard);
    co_await writing.join();
    EXPECT_TRUE(greeting.starts_with(heard));
    if (is_calm_) {
        EXPECT_TRUE(ended);
        EXPECT_EQ(heard, greeting);
    }
}

Task<void> Town::visit() {
    const io::Duration before = kernel_.chance().some_time(seconds(3));
    const bool slept = co_await io::sleep_for(core_, before);
    EXPECT_TRUE(slept);
    const io::SocketAddress& peer = streams_[kernel_.chance().below(streams_.size())];
    io::Result<io::Stream> stream = co_await io::connect(core_, peer, core_.now() + service_patience);
    if (is_calm_) {
        EXPECT_TRUE(stream.has_value());
    }
    if (!stream) co_return;
    ++connected_;
    if (kernel_.chance().happens(0.1)) {
        stream->abort_on_close();
    } else if (is_hello_) {
        co_await listen_to_hello(*stream);
    } else {
        co_await talk_to_echo(*stream);
    }
}

Task<void> Town::send_datagrams() {
    auto socket = io::Datagram::open(core_, io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0));
    std::vector<char> room(70'000);
    for (int i = 0; i < 10; ++i) {
        std::string sent =
            content(kernel_.chance().happens(0.3) ? 0 : kernel_.chance().below(io::datagram_octets_max + 1));
        std::array<io::DatagramSlot, 1> slots;
        slots[0].octets = sent;
        slots[0].peer = datagrams_;
        const io::Result<std::size_t> taken = co_await socket->send(slots, core_.now() + service_patience);
        EXPECT_EQ(taken.value_or(0), 1U);
        slots[0].octets = room;
        const io::Result<std::size_t> got = co_await socket->receive(slots, core_.now() + seconds(1));
        if (is_calm_) {
            EXPECT_TRUE(got.has_value());
        }
        if (!got) continue;
        const std::string_view back(slots[0].octets.data(), slots[0].octets.size());
        if (is_calm_) {
            EXPECT_TRUE(back == (is_hello_ ? std::string_view(greeting) : sent));
        }
    }
}

// A client of the echo service that writes and never reads costs one buffer, and is then no longer read from.
Task<void> Town::do_not_read() {
    io::Result<io::Stream> stream = co_await io::connect(core_, streams_.front(), core_.now() + service_patience);
    if (!stream) co_return;
    const std::string flood(2'000'000, 'x');
    const io::Result<void> written = co_await stream->write_all(flood, core_.now() + seconds(20));
    EXPECT_FALSE(written.has_value());
}

// The most that may be held at any time: one buffer for each client, including the one on standard input, and those for
// datagrams.
Task<void> Town::check_no_more_is_held() {
    const std::size_t room = is_hello_ ? BufferPool::usual_octets : services::datagram_room;
    const std::size_t datagrams = services::DatagramBatch::datagrams_max * room;
    for (;;) {
        const bool slept = co_await io::sleep_for(core_, milliseconds(5));
        if (!slept) co_return;
        EXPECT_LE(core_.ledger().used(), datagrams + (watcher_.count() + 1) * BufferPool::usual_octets);
    }
}

Task<void> Town::live() {
    io::Scope serving;
    io::Scope clients;
    io::Scope checks;
    serving.start(
        services::serve_endpoints(core_, *service_, std::move(endpoints_), services::ServeLimits(), watcher_));
    for (auto left = kernel_.chance().between(3, 15); left > 0; --left) clients.start(visit());
    clients.start(send_datagrams());
    if (!is_hello_) clients.start(do_not_read());
    checks.start(check_no_more_is_held());
    co_await clients.join();
    checks.request_stop();
    co_await checks.join();
    serving.request_stop();
    co_await serving.join();
}

void Town::run() {
    const auto loopback = io::IpAddress::loopback(io::Family::ipv4);
    for (const io::SocketAddress& address :
         {io::SocketAddress::of(loopback, 0), io::SocketAddress::of(io::IpAddress::any(io::Family::ipv6), 0),
          io::SocketAddress::unix_path_of("/run/service.sock")}) {
        auto listener = io::Listener::open(core_, address);
        streams_.push_back(listener->local());
        if (streams_.back().ip == io::IpAddress::any(io::Family::ipv6)) streams_.back().ip = loopback;
        endpoints_.emplace_back(std::move(*listener));
    }
    auto socket = io::Datagram::open(core_, io::SocketAddress::of(loopback, 0));
    datagrams_ = socket->local();
    endpoints_.emplace_back(std::move(*socket));
    auto stdio = io::open_stdio(core_);
    endpoints_.emplace_back(std::move(*stdio));
    kernel_.faults() = draw_faults(kernel_.chance(), is_calm_);
    io::Scope scope;
    scope.start(live());
    while (scope.size() > 0) core_.run_once(io::never);
    EXPECT_LE(watcher_.count(), connected_ + 20);
    if (is_calm_) {
        EXPECT_GT(watcher_.count(), 0U);
    }
    EXPECT_EQ(core_.ledger().used(), 0U);
    EXPECT_EQ(core_.timers().count(), 0U);
    EXPECT_EQ(kernel_.operations_pending(), 0U);
    EXPECT_EQ(kernel_.descriptors_open(), 0U);
    const std::string& out = kernel_.stdout_octets();
    EXPECT_TRUE(is_hello_ ? greeting.starts_with(out) : script_.starts_with(out));
    if (is_calm_) {
        EXPECT_EQ(out.size(), is_hello_ ? greeting.size() : script_.size());
    }
}

#ifdef PORTICO_SANITIZED
constexpr std::uint64_t seeds = 50;  // such a build is several times slower
#else
constexpr std::uint64_t seeds = 150;
#endif

class ServicesSimulation : public testing::TestWithParam<bool> {};

TEST_P(ServicesSimulation, GiveBackWhatTheyPromiseAndLeaveNothingBehind) {
    const char* const one = std::getenv("PORTICO_SIM_SEED");
    const std::uint64_t first = one == nullptr ? 1 : std::strtoull(one, nullptr, 10);
    const std::uint64_t last = one == nullptr ? seeds : first;
    for (std::uint64_t seed = first; seed <= last && !HasFailure(); ++seed) {
        SCOPED_TRACE("PORTICO_SIM_SEED=" + std::to_string(seed));
        Town(seed, GetParam()).run();
    }
}
INSTANTIATE_TEST_SUITE_P(Services, ServicesSimulation, testing::Bool(),
                         [](const auto& row) { return row.param ? "Hello" : "Echo"; });

}  // namespace
}  // namespace portico::sim
