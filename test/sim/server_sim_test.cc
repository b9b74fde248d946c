// The whole server on the simulated kernel: by seed, mixed load, what can go wrong going wrong.
//
// PORTICO_SIM_SEED=N runs one seed alone and tells what happened; PORTICO_SIM_SEEDS=N changes how many are run.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>

#include "test/sim/world.h"

namespace portico::sim {
namespace {

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds_of_a_shard = 800;
#else
constexpr std::uint64_t seeds_of_a_shard = 80;  // ten times slower
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

Outcome run_seed(std::uint64_t seed, bool tell = false) {
    World world(seed);
    if (tell) std::cout << "seed " << seed << ": " << world.mood().text() << std::endl;
    world.run();
    for (const std::string& failure : world.failures()) {
        ADD_FAILURE() << "PORTICO_SIM_SEED=" << seed << " (" << world.mood().text() << ")\n" << failure;
    }
    return {world.kernel().trace(), world.counts()};
}

class ServerSimulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ServerSimulation, AnswersRightOrNotAtAllAndLeavesNothingBehind) {
    if (const auto one = number_in_environment("PORTICO_SIM_SEED")) {
        const Outcome outcome = run_seed(*one, true);
        for (const auto& [what, count] : outcome.counts) std::cout << count << " " << what << '\n';
        return;
    }
    const std::uint64_t seeds = number_in_environment("PORTICO_SIM_SEEDS").value_or(seeds_of_a_shard * shards);
    std::map<std::string, std::size_t> counts;
    for (std::uint64_t seed = 1 + GetParam(); seed <= seeds && !HasFailure(); seed += shards) {
        const Outcome outcome = run_seed(seed);
        for (const auto& [what, count] : outcome.counts) counts[what] += count;
        if (seed % 16 <= 1) {
            EXPECT_EQ(run_seed(seed).trace, outcome.trace) << "seed " << seed << " is not the same run twice";
        }
    }
    for (const auto& [what, count] : counts) std::cout << count << " " << what << '\n';
    // Simulations that only ever met one kind of answer would prove little.
    for (const char* what : {"status 200", "status 206", "status 304", "status 400", "status 404", "status 405"}) {
        EXPECT_GT(counts[what], 0U) << what;
    }
}
INSTANTIATE_TEST_SUITE_P(Shards, ServerSimulation, testing::Range<std::uint64_t>(0, shards));

}  // namespace
}  // namespace portico::sim
