// test/sim/program.h — a program with handlers of every kind: they wait, offload, stream, throw, time out.
#pragma once

#include <string>

#include "portico/embed/server.h"

namespace portico::sim {

// Adds the routes below to `server`:
//
//   /text                    an answer at once
//   /wait/{ms}               "waited\n" after that time
//   /offload                 "offloaded\n" from a helper thread
//   /both/{ms}               a Scope: one task waits, one offloads, and the handler awaits something else: "both\n"
//   /throw, /throw/{ms}      an exception, at once or after that time
//   /stream/{pieces}         stream_content(pieces)
//   /cut/{pieces}            a stream that is aborted after this many pieces
//   /events                  server-sent events without an end
//   /echo, /count, /drop     POST: returns the content; its size, read piece by piece; reads none of it
//   /timed/wait/{ms} …       the same with 500 ms to answer, else 503: wait, offload, both, echo
//   /compressed/page …       a text, and a stream, with the middleware that compresses
void add_handlers(Server& server);

// The content that /stream answers with.
[[nodiscard]] std::string stream_content(unsigned pieces);

}  // namespace portico::sim
