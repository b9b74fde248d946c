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

// The machine on which the played server runs.
struct Machine {
    explicit Machine(std::uint64_t seed);

    io::SimKernel kernel;
    server::Limits limits;
    io::Core core;
    server::Population population;
};

// Creates the server: a worker without a listener.
using MakeWorker = std::function<std::unique_ptr<server::Worker>(Machine& machine)>;

// Plays all actions, lets every client leave, drains the server, and waits for its end. Prints a sentence on standard
// error and aborts if the server answers with anything but HTTP, does not end in time, or leaves something open.
void play(const Script& script, const MakeWorker& make_worker);

// Creates a server for a folder in the machine's memory. Its words are requests for that folder.
[[nodiscard]] std::unique_ptr<server::Worker> make_site_worker(Machine& machine);
[[nodiscard]] const Words& site_words();
// Creates a program with handlers of every kind (test/sim/program.h). Its words are requests for them.
[[nodiscard]] std::unique_ptr<server::Worker> make_program_worker(Machine& machine);
[[nodiscard]] const Words& program_words();

}  // namespace portico::fuzz
