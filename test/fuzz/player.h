// test/fuzz/player.h — plays a script of clients against a whole server on the simulated kernel.
#pragma once

#include <memory>

#include "portico/io/core.h"
#include "portico/io/sim/sim_kernel.h"
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

// A server to play against, and the words from which its clients make requests.
struct Played {
    std::unique_ptr<server::Worker> (*make_worker)(Machine& machine);  // without a listener
    const Words& (*words)();
};
extern const Played played_site;     // a folder in the machine's memory
extern const Played played_program;  // handlers of every kind (test/sim/program.h)

// Plays all actions, lets every client leave, drains the server, and waits for its end. Prints a sentence on standard
// error and aborts if the server answers with anything but HTTP, does not end in time, or leaves something open. The
// number of answers on a connection is checked only if all of its requests consist of the server's words.
void play(const Script& script, const Played& played);

}  // namespace portico::fuzz
