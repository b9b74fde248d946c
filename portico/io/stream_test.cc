// What streams add to the kernel's operations: how long they pause after a failed accept, and how a connection ends.
#include "portico/io/stream.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>

#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(AcceptPause, IsTakenWhereTheMachineLacksSomething) {
    for (const int number : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
        EXPECT_GE(accept_pause(Error{number, "accept"}), milliseconds(10)) << number;
        EXPECT_LE(accept_pause(Error{number, "accept"}), seconds(1)) << number;
    }
    for (const int number : {ECANCELED, ETIMEDOUT, EAGAIN, EINVAL, ECONNREFUSED}) {
        EXPECT_EQ(accept_pause(Error{number, "accept"}), Duration::zero()) << number;
    }
}

// The outcome of a server's drain_and_close().
struct Drained {
    Duration time{};
    std::string client_has_read = {};
    int client_failure = 0;
};

Task<void> drain(Stream stream, std::string last_words, Duration time_max, std::size_t octets_max, Drained& drained) {
    Core& core = stream.core();
    const Result<void> sent = co_await stream.write_all(last_words, never);
    EXPECT_TRUE(sent);
    const TimePoint begun = core.now();
    co_await drain_and_close(std::move(stream), time_max, octets_max);
    drained.time = core.now() - begun;
}

using Client = Task<void> (*)(Stream& stream, Drained& drained);

Task<void> drain_and_talk(Core& core, std::string last_words, Client client, std::size_t octets_max, Drained& drained) {
    auto listener = Listener::open(core, SocketAddress::of(IpAddress::loopback(Family::ipv4), 0));
    Result<Stream> stream = co_await connect(core, listener->local(), never);
    Result<Accepted> accepted = co_await listener->accept();
    Scope scope;
    scope.start(drain(std::move(accepted->stream), std::move(last_words), seconds(10), octets_max, drained));
    co_await client(*stream, drained);
    co_await scope.join();
}

Drained drained_with(std::uint64_t seed, Client client, std::size_t octets_max, std::size_t last_words = 5) {
    SimFaults faults;
    faults.window_octets = 3000;
    faults.unread_lost = 0;
    SimKernel kernel(seed, faults);
    Core core(kernel);
    Drained drained;
    Scope scope;
    scope.start(drain_and_talk(core, std::string(last_words, 'w'), client, octets_max, drained));
    while (scope.size() > 0) core.run_once(never);
    return drained;
}

Task<void> stay_silent(Stream& stream, Drained& /*drained*/) {
    const bool slept = co_await sleep_for(stream.core(), seconds(100));
    EXPECT_TRUE(slept);
}

Task<void> leave(Stream& stream, Drained& drained) {
    EXPECT_TRUE(stream.finish_sending());
    co_await stay_silent(stream, drained);
}

Task<void> send_for_ever(Stream& stream, Drained& drained) {
    const std::string octets(1000, 'x');
    for (;;) {
        const Result<void> sent = co_await stream.write_all(octets, never);
        if (!sent) {
            drained.client_failure = sent.error().number;
            co_return;
        }
        const bool slept = co_await sleep_for(stream.core(), milliseconds(1));
        EXPECT_TRUE(slept);
    }
}

Task<void> send_much_and_read_late(Stream& stream, Drained& drained) {
    const std::string octets(2000, 'x');
    const Result<void> sent = co_await stream.write_all(octets, never);
    EXPECT_TRUE(sent);
    const bool slept = co_await sleep_for(stream.core(), seconds(2));
    EXPECT_TRUE(slept);
    std::array<char, 1000> room;
    for (;;) {
        const Result<std::size_t> got = co_await stream.read(room, never);
        if (!got || *got == 0) co_return;
        drained.client_has_read.append(room.data(), *got);
    }
}

TEST(DrainAndClose, EndsWithTheClient) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_LT(drained_with(seed, leave, 1000).time, seconds(1));
}

TEST(DrainAndClose, WaitsForASilentClientUntilTheTimeIsOver) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Drained drained = drained_with(seed, stay_silent, 1000);
        EXPECT_GE(drained.time, seconds(10));
        EXPECT_LT(drained.time, seconds(11));
    }
}

TEST(DrainAndClose, ReadsSoManyOctetsAndNoMore) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Drained drained = drained_with(seed, send_for_ever, 20'000);
        EXPECT_LT(drained.time, seconds(9));
        EXPECT_NE(drained.client_failure, 0);
    }
}

// An immediate reset would discard octets that the client has not received.
TEST(DrainAndClose, WaitsUntilTheClientHasWhatWasSent) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Drained drained = drained_with(seed, send_much_and_read_late, 500, 10'000);
        EXPECT_EQ(drained.client_has_read.size(), 10'000U) << seed;
    }
}

}  // namespace
}  // namespace portico::io
