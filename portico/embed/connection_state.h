// portico/embed/connection_state.h — what a Connection is made of.
//
// Room embed: see response.h. Included by this room's .cc files only.
// Threads:   one core's.
#pragma once

#include <utility>

#include "portico/embed/connection.h"
#include "portico/link/transport.h"

namespace portico {

struct Connection::State {
    explicit State(link::Transport the_transport) : transport(std::move(the_transport)) {}
    link::Transport transport;
    bool is_finished = false;  // nothing more is sent
};

}  // namespace portico
