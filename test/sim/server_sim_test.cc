// The whole server on the simulated kernel, under a mixed load and faults that the seed determines.
//
// PORTICO_SIM_SEED=N runs only one seed and prints what happened; PORTICO_SIM_SEEDS=N changes how many are run;
// PORTICO_SIM_RANGE=FIRST-LAST runs this range and goes on after a failure (script/simulate).
#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>

#include "test/sim/world.h"

namespace portico::sim {
namespace {

#ifdef PORTICO_SANITIZED
constexpr std::uint64_t seeds_of_a_shard = 50;  // such a build is several times slower
#else
constexpr std::uint64_t seeds_of_a_shard = 200;
#endif
constexpr std::uint64_t shards = 2;

std::optional<std::uint64_t> number_in_environment(const char* name) {
    const char* const text = std::getenv(name);
    if (text == nullptr) return std::nullopt;
    return std::strtoull(text, nullptr, 10);
}

struct Outcome {
    std::uint64_t trace;
    std::map<std::string, std::size_t> counts;
};

enum class Told : std::uint8_t { failures, everything };
Outcome run_seed(std::uint64_t seed, Told told = Told::failures) {
    World world(seed);
    if (told == Told::everything) std::cout << "seed " << seed << ": " << world.mood().text() << std::endl;
    world.run();
    for (const std::string& failure : world.failures()) {
        ADD_FAILURE() << "PORTICO_SIM_SEED=" << seed << " (" << world.mood().text() << ")\n" << failure;
    }
    return {world.kernel().trace(), world.counts()};
}

class ServerSimulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ServerSimulation, AnswersRightOrNotAtAllAndLeavesNothingBehind) {
    if (const auto one = number_in_environment("PORTICO_SIM_SEED")) {
        const Outcome outcome = run_seed(*one, Told::everything);
        for (const auto& [what, count] : outcome.counts) std::cout << count << " " << what << '\n';
        std::cout << "trace " << outcome.trace << '\n';  // the same in every process
        return;
    }
    const std::uint64_t seeds = number_in_environment("PORTICO_SIM_SEEDS").value_or(seeds_of_a_shard * shards);
    std::map<std::string, std::size_t> counts;
    for (std::uint64_t seed = 1 + GetParam(); seed <= seeds && !HasFailure(); seed += shards) {
        const Outcome outcome = run_seed(seed);
        for (const auto& [what, count] : outcome.counts) counts[what] += count;
        if (seed % 16 <= 1) {
            EXPECT_EQ(run_seed(seed).trace, outcome.trace) << "two runs of seed " << seed << " differ";
        }
    }
    for (const auto& [what, count] : counts) std::cout << count << " " << what << '\n';
    // Simulations that only meet one kind of answer would prove little.
    for (const char* what : {"status 200", "status 206", "status 304", "status 400", "status 404", "status 405",
                             "over TLS", "fetched by HTTP/1.1", "fetched by HTTP/2"}) {
        EXPECT_GT(counts[what], 0U) << what;
    }
}
INSTANTIATE_TEST_SUITE_P(Shards, ServerSimulation, testing::Range<std::uint64_t>(0, shards));

// Seeds that once failed. A change of the simulation changes what a seed does, so a row reproduces its failure only for
// a while. The reason says where to look for that failure again.
struct FailedSeed {
    std::uint64_t seed;
    const char* reason;
};
class FailedOnce : public testing::TestWithParam<FailedSeed> {};

TEST_P(FailedOnce, Holds) { run_seed(GetParam().seed); }

INSTANTIATE_TEST_SUITE_P(
    Seeds, FailedOnce,
    testing::Values(
        FailedSeed{36'763, "buffers of few octets: an answer slower than rate_min is cut after rate_grace"},
        FailedSeed{23'694, "the same"},
        FailedSeed{98, "memory is short: a wait that had already ended was asked to end"},
        FailedSeed{849, "memory is short: awaited content was taken for a client that had left"},
        FailedSeed{53'754, "memory is short: an answer to HEAD was left out, and the next one took its place"},
        FailedSeed{64'165, "memory is short: the invitation of content was taken for a client that had left"},
        FailedSeed{117'465, "a time-out answered while the task that it ended was still sending"},
        FailedSeed{129'576, "the test's own: /count waited after each of 9,000 chunks, for a client that had left"},
        FailedSeed{558'304, "the test's own: a head through buffers of a few octets took longer than head_time_max"},
        FailedSeed{580'299,
                   "drain: a pipelined head, of which a part was still in the kernel, was not read to its end"},
        FailedSeed{658'489, "a HEAD request whose head came too slowly was refused with content"},
        FailedSeed{795'152, "the test's own: a file was truncated and lengthened while the server sent from it"},
        FailedSeed{894'870, "the test's own: content was sent for longer than drain_time_max after its answer"}),
    [](const auto& row) { return std::to_string(row.param.seed); });

// script/simulate starts this test and reads the lines that it prints.
TEST(SeedsInARange, Hold) {
    const char* const range = std::getenv("PORTICO_SIM_RANGE");
    if (range == nullptr) GTEST_SKIP() << "PORTICO_SIM_RANGE is not set";
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    const char* const end = range + std::strlen(range);
    const auto [dash, failure] = std::from_chars(range, end, first);
    ASSERT_TRUE(failure == std::errc{} && *dash == '-' && std::from_chars(dash + 1, end, last).ptr == end) << range;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        std::cout << "seed " << seed << std::endl;
        run_seed(seed);
    }
}

}  // namespace
}  // namespace portico::sim
