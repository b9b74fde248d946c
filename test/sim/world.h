// test/sim/world.h — one simulated machine: the server, the disk, the faults, and the failures that were found.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/embed/server.h"
#include "portico/handler/files/folder.h"
#include "portico/io/core.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/server/limits.h"
#include "portico/server/population.h"
#include "portico/server/worker.h"
#include "portico/tls/server_context.h"
#include "test/sim/disk.h"

namespace portico::sim {

// The faults of a run, drawn from its seed. A third of all runs are calm: then every answer must be complete.
struct Mood {
    bool tls = false;      // some clients have TLS
    bool program = false;  // a program's handlers answer, not a folder
    bool resets = false;
    bool exhaustion = false;  // of the kernel's descriptors and memory
    bool disk_failures = false;
    bool clock_jumps = false;
    bool changes = false;           // of the files, now and then
    bool changes_in_calls = false;  // and between two system calls
    bool few_connections = false;   // connections_max is reached
    bool little_memory = false;     // memory_max is reached
    enum class Ending : std::uint8_t { after_clients, drain_midway, stop_midway } ending = Ending::after_clients;

    static Mood draw(io::Chance& chance);
    [[nodiscard]] io::SimFaults faults(io::Chance& chance) const;
    // Returns whether a connection may end without an answer, or within one. Draining is not a reason: see
    // World::must_answer().
    [[nodiscard]] bool may_go_unanswered() const {
        return may_be_cut() || exhaustion || few_connections || little_memory;
    }
    [[nodiscard]] bool may_be_cut() const {
        // A file that changes while it is sent breaks the connection, and so may a lack of memory.
        return resets || clock_jumps || disk_failures || changes || little_memory || ending == Ending::stop_midway;
    }
    // Returns whether the server may answer that it can't serve a request now (500, 503).
    [[nodiscard]] bool may_fail() const { return exhaustion || disk_failures || changes_in_calls || little_memory; }
    // Returns whether the machine may be so short of descriptors that nothing progresses: the clients hold descriptors
    // too.
    [[nodiscard]] bool may_starve() const { return exhaustion || clock_jumps; }
    // Returns whether an answer may be older than the server promises.
    [[nodiscard]] bool may_be_stale() const { return exhaustion || disk_failures || clock_jumps; }
    [[nodiscard]] bool is_calm() const {
        return !may_go_unanswered() && !may_fail() && ending == Ending::after_clients;
    }
    [[nodiscard]] std::string text() const;
};

class World {
public:
    explicit World(std::uint64_t seed);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    // Runs until the server has ended and all clients are gone, and checks that nothing is left.
    void run();

    [[nodiscard]] io::Core& core() { return *core_; }
    [[nodiscard]] io::SimKernel& kernel() { return kernel_; }
    [[nodiscard]] io::Chance& chance() { return kernel_.chance(); }
    [[nodiscard]] Disk& disk() { return disk_; }
    [[nodiscard]] const Mood& mood() const { return mood_; }
    // For what clients need that TLS makes.
    [[nodiscard]] BufferPool& clients_memory() { return clients_memory_; }
    [[nodiscard]] const server::Limits& limits() const { return limits_; }
    [[nodiscard]] bool is_ending() const { return is_ending_; }
    // Returns whether a request sent at this time had reached the machine when the server was asked to end.
    [[nodiscard]] bool must_answer(io::TimePoint sent_at) const {
        return sent_at != io::never && (!is_ending_ || sent_at + transit_max_ < ending_at_);
    }
    // All clients connect within this time.
    [[nodiscard]] io::Duration lasts() const { return lasts_; }
    // Returns how old an answer may be.
    [[nodiscard]] io::Duration staleness_max() const;

    void fail(std::string what) { failures_.push_back(std::move(what)); }
    [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }
    void count(const std::string& what) { ++counts_[what]; }
    [[nodiscard]] const std::map<std::string, std::size_t>& counts() const { return counts_; }

    // The content that each entity tag of a path stood for when it was first seen.
    std::map<std::pair<std::string, std::string>, Content> etags;

private:
    Task<void> live();
    Task<void> change_files();
    Task<void> end_midway();
    void open_server();
    void listen(const io::SocketAddress& address, const std::shared_ptr<const tls::ServerContext>& certificates);
    void check_calm();
    void check_end(io::TimePoint left_at);
    void look_for_leaks();
    std::unique_ptr<server::Worker> make_worker();

    Mood mood_;
    io::SimKernel kernel_;
    Disk disk_;
    server::Limits limits_;
    Ledger clients_ledger_{std::size_t{1} << 30};
    BufferPool clients_memory_{clients_ledger_};
    Server program_;
    std::unique_ptr<io::Core> core_;
    std::unique_ptr<server::Population> population_;
    std::unique_ptr<server::Worker> worker_;
    std::chrono::milliseconds revalidate_{1000};
    io::Duration lasts_{};
    io::Duration transit_max_{};  // the longest time an octet takes from one end to the other
    bool is_ending_ = false;
    io::TimePoint ending_at_ = io::never;
    std::vector<std::string> failures_;
    std::map<std::string, std::size_t> counts_;
};

}  // namespace portico::sim
