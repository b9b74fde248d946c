// test/sim/world.cc — see world.h.
#include "test/sim/world.h"

#include <utility>

#include "portico/handler/files/folders.h"
#include "portico/io/stream.h"
#include "test/sim/clients.h"
#include "test/sim/line.h"
#include "test/sim/program.h"
#include "test/sim/questions.h"

namespace portico::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

Mood Mood::draw(io::Chance& chance) {
    Mood mood;
    if (chance.happens(0.3)) return mood;
    const auto sometimes = [&chance] { return chance.happens(0.3); };
    mood.resets = sometimes();
    mood.exhaustion = sometimes();
    mood.disk_failures = sometimes();
    mood.clock_jumps = sometimes();
    mood.changes = sometimes();
    mood.changes_in_calls = mood.changes && chance.happens(0.5);
    mood.few_connections = sometimes();
    mood.little_memory = sometimes();
    if (sometimes()) mood.ending = chance.happens(0.5) ? Ending::drain_midway : Ending::stop_midway;
    return mood;
}

io::SimFaults Mood::faults(io::Chance& chance) const {
    io::SimFaults faults;
    faults.late = chance.happens(0.3) ? 0 : 0.3;
    faults.cancel_late = chance.happens(0.3) ? 0 : 0.5;
    faults.delay_max = milliseconds(chance.happens(0.5) ? 1 : 50);
    faults.short_read = faults.short_write = chance.happens(0.5) ? 0.02 : 0.3;
    faults.buffer_octets_min = chance.happens(0.2) ? 1 : 4096;
    faults.buffer_octets_max = chance.happens(0.5) ? 8192 : 256 * 1024;
    if (resets) {
        faults.reset = 0.003;
        faults.accept_aborted = 0.05;
        faults.connect_failure = 0.05;
    }
    if (exhaustion) {
        faults.accept_failure = 0.2;
        faults.open_failure = 0.1;
        faults.descriptors_max = chance.happens(0.5) ? chance.between(10, 40) : faults.descriptors_max;
    }
    if (disk_failures) faults.disk_failure = 0.02;
    if (clock_jumps) {
        faults.wall_clock_jump = 0.01;
        faults.time_leap = 0.0005;
    }
    return faults;
}

std::string Mood::text() const {
    std::string text;
    for (const auto& [is_so, name] : {std::pair(program, "a program"),
                                      {tls, "TLS"},
                                      {resets, "resets"},
                                      {exhaustion, "exhaustion"},
                                      {disk_failures, "disk failures"},
                                      {clock_jumps, "clock jumps"},
                                      {changes, "changes"},
                                      {changes_in_calls, "changes in calls"},
                                      {few_connections, "few connections"},
                                      {little_memory, "little memory"},
                                      {ending == Ending::drain_midway, "drain"},
                                      {ending == Ending::stop_midway, "stop"}}) {
        if (is_so) text += (text.empty() ? "" : ", ") + std::string(name);
    }
    return is_calm() ? text + (text.empty() ? "calm" : ", calm") : text;
}

World::World(std::uint64_t seed) : kernel_(seed), disk_(kernel_) {
    mood_ = Mood::draw(chance());
    mood_.program = io::Chance(~seed).happens(0.3);
    mood_.tls = io::Chance(seed ^ 0x5ec0de).happens(0.4);
    mood_.changes = mood_.changes && !mood_.program;
    mood_.changes_in_calls = mood_.changes_in_calls && mood_.changes;
    lasts_ = chance().happens(0.5) ? seconds(1) : seconds(15);
    limits_.head_octets_max = 4096;
    limits_.target_octets_max = 2048;
    limits_.h2_header_list_octets_max = 4096;
    limits_.content_octets_max = 200'000;
    if (mood_.few_connections) limits_.connections_max = chance().between(1, 6);
    if (mood_.little_memory) limits_.memory_max = chance().between(100'000, 400'000);
    core_ = std::make_unique<io::Core>(kernel_, limits_.memory_max);
    population_ = std::make_unique<server::Population>(limits_.connections_max, limits_.connections_per_address_max);
    open_server();
    kernel_.faults() = mood_.faults(chance());
    transit_max_ = kernel_.faults().delay_max;
    if (!mood_.changes_in_calls) return;
    kernel_.sim_files().before_call = [this](const io::SimNode* file) {
        if (chance().happens(0.02)) disk_.change_something();
        if (file != nullptr && chance().happens(0.05)) disk_.change_file(*file);
    };
}

World::~World() = default;

std::unique_ptr<server::Worker> World::make_worker() {
    if (mood_.program) {
        add_handlers(program_);
        for (const std::string& error : program_.errors()) fail(error);
        return std::make_unique<server::Worker>(*core_, program_.routes(), limits_, *population_, nullptr, 0);
    }
    files::FolderOptions options;
    options.root = std::string(Disk::root);
    revalidate_ = milliseconds(chance().happens(0.5) ? 1000 : chance().below(300));
    options.revalidate = revalidate_;
    if (chance().happens(0.3)) options.cache_limits.small_file_octets_max = chance().between(0, 5000);
    if (chance().happens(0.3)) options.cache_limits.octets_max = chance().between(0, 100'000);
    if (chance().happens(0.3)) options.cache_limits.descriptors_max = chance().below(3);
    disk_.set_kept_octets_max(options.cache_limits.small_file_octets_max);
    auto folder = files::Folder::open(kernel_.files(), std::move(options));
    if (!folder) return nullptr;
    return std::make_unique<server::Worker>(*core_, files::routes_for(*folder), limits_, *population_, nullptr, 0);
}

void World::open_server() {
    worker_ = make_worker();
    if (worker_ == nullptr) return fail("the server can't be opened");
    listen(server_address(), nullptr);
    if (mood_.tls) listen(secure_address(), server_certificates());
}

void World::listen(const io::SocketAddress& address, const std::shared_ptr<const tls::ServerContext>& certificates) {
    io::ListenOptions options;
    if (chance().happens(0.3)) options.backlog = static_cast<int>(chance().between(1, 5));
    if (chance().happens(0.3)) options.defer_accept = seconds(1);
    auto listener = io::Listener::open(*core_, address, options);
    if (!listener) return fail("the server can't listen");
    worker_->serve(std::move(*listener), certificates);
}

io::Duration World::staleness_max() const { return revalidate_ + milliseconds(200); }

Task<void> World::change_files() {
    for (;;) {
        const io::Duration pause = milliseconds(20) + chance().some_time(seconds(2));
        const bool slept = co_await io::sleep_for(*core_, pause);
        if (!slept) co_return;
        disk_.change_something();
    }
}

Task<void> World::end_midway() {
    const io::Duration pause = chance().some_time(seconds(chance().happens(0.5) ? 1 : 10));
    const bool slept = co_await io::sleep_for(*core_, pause);
    if (!slept) co_return;
    is_ending_ = true;
    ending_at_ = core_->now();
    if (mood_.ending == Mood::Ending::drain_midway) {
        worker_->drain();
    } else {
        worker_->stop();
    }
}

Task<void> World::live() {
    io::Scope clients;
    io::Scope chores;
    if (mood_.changes) chores.start(change_files());
    if (mood_.ending != Mood::Ending::after_clients) chores.start(end_midway());
    const std::size_t count = chance().between(5, 50);
    for (std::size_t i = 0; i < count; ++i) clients.start(run_client(*this));
    co_await clients.join();
    chores.request_stop();
    co_await chores.join();
    const io::TimePoint left_at = core_->now();
    is_ending_ = true;
    if (chance().happens(0.5)) worker_->drain();
    if (!worker_->is_draining()) worker_->stop();
    co_await worker_->ended();
    check_end(left_at);
}

// Once all clients have left, only a handler may still delay the server's end.
void World::check_end(io::TimePoint left_at) {
    const io::Duration longest = seconds(1) + (mood_.program ? program_wait_max : seconds(0));
    const auto took = std::chrono::duration_cast<milliseconds>(core_->now() - left_at);
    if (mood_.exhaustion || mood_.clock_jumps || took <= longest) return;
    fail("the server took " + std::to_string(took.count()) + " ms to end after its last client had left");
}

void World::run() {
    if (!failures_.empty()) return;
    io::Scope scope;
    scope.start(live());
    while (scope.size() > 0) core_->run_once(io::never);
    check_calm();
    look_for_leaks();
}

// If there are no faults, every answer is complete. The only exception is counted as "too slow": a connection with
// buffers of a few octets cannot keep the minimum rate.
void World::check_calm() {
    if (!mood_.is_calm()) return;
    for (const char* what : {"unanswered", "cut", "mixed", "failed handshake", "cut at its end"}) {
        if (counts_.contains(what)) fail(std::to_string(counts_[what]) + " " + what + " in a calm run");
    }
}

void World::look_for_leaks() {
    if (population_->count() != 0) fail("connections are still counted");
    if (worker_->connections() != 0) fail("connections are left");
    worker_.reset();
    if (core_->ledger().used() != 0) fail("octets are still charged: " + std::to_string(core_->ledger().used()));
    if (core_->timers().count() != 0) fail("timers are still set");
    if (kernel_.operations_pending() != 0) fail("operations are in flight");
    if (clients_ledger_.used() != 0) fail("clients still have octets");
    if (kernel_.descriptors_open() != 0) fail("descriptors are open");
}

}  // namespace portico::sim
