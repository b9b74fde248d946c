// portico/server/requests.h — the requests of one connection, in the two ways in which connections carry them.
//
// Room server: see limits.h.
// Threads:   one core's.
#pragma once

#include <cstdint>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/io/net/address.h"
#include "portico/link/transport.h"
#include "portico/server/answering.h"

namespace portico::server {

class Worker;

// What to do after a request, or after all requests that have been received.
enum class Outcome : std::uint8_t {
    request,  // read the next one
    idle,     // wait: nothing more has been received
    close,    // half-close, drain, close: the last answer has been sent
    left,     // close: the peer has gone
    reset,    // reset: the answer is incomplete, and nothing else tells the peer
};

// HTTP/1.1 and 1.0: serves the requests that begin in `received`, and those that arrive until all of them have been
// answered. The references outlive the task.
Task<Outcome> serve_h1(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                       const Admittance& admittance, Buffer received, io::TimePoint head_deadline);

// HTTP/2: serves the connection, which begins with `received`, to its end. The references outlive the task.
Task<Outcome> serve_h2(Worker& worker, link::Transport& transport, const io::SocketAddress& peer,
                       const Admittance& admittance, Buffer received);

}  // namespace portico::server
