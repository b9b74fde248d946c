// portico/embed/connection_state.h — what a Connection is made of.
//
// Room embed: see response.h. Included by this room's .cc files only.
// Threads:   one core's.
#pragma once

#include <memory>
#include <utility>

#include "portico/embed/connection.h"
#include "portico/io/net/address.h"
#include "portico/link/transport.h"
#include "portico/services/secure.h"

namespace portico {

struct Connection::State {
    State(link::Transport the_transport, io::SocketAddress the_peer)
        : transport(std::move(the_transport)), peer(std::move(the_peer)) {}
    link::Transport transport;
    io::SocketAddress peer;
    bool is_finished = false;  // nothing more is sent
    // Shared with the server that ends connections on which nothing passes.
    std::shared_ptr<services::Traffic> traffic = std::make_shared<services::Traffic>();
};

}  // namespace portico
