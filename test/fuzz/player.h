// test/fuzz/player.h — plays a script of clients against a whole server on the simulated kernel.
#pragma once

#include <functional>
#include <memory>

#include "portico/io/core.h"
#include "portico/io/sim_kernel.h"
#include "portico/server/limits.h"
#include "portico/server/population.h"
#include "portico/server/worker.h"
#include "test/fuzz/script.h"

namespace portico::fuzz {

// What the played server runs on.
struct Machine {
    explicit Machine(std::uint64_t seed);

    io::SimKernel kernel;
    server::Limits limits;
    io::Core core;
    server::Population population;
};

// Makes the server: a worker without a listener.
using MakeWorker = std::function<std::unique_ptr<server::Worker>(Machine& machine)>;

// Plays all actions, lets every client leave, drains the server, and waits for its end. Aborts the program with a
// sentence on standard error where the server answers with anything but HTTP, does not end in time, or leaves something
// behind.
void play(const Script& script, const MakeWorker& make_worker);

// A folder in the machine's memory, and requests for it.
[[nodiscard]] std::unique_ptr<server::Worker> make_site_worker(Machine& machine);
[[nodiscard]] const Words& site_words();
// A program with handlers of every kind (test/sim/program.h), and requests for them.
[[nodiscard]] std::unique_ptr<server::Worker> make_program_worker(Machine& machine);
[[nodiscard]] const Words& program_words();

}  // namespace portico::fuzz
