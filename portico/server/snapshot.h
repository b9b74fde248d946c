// portico/server/snapshot.h — what a server answers, and under which limits.
//
// Room server: see limits.h.
// Threads:   none. Immutable, shared by every core.
#pragma once

#include <memory>

#include "portico/route/routes.h"
#include "portico/server/limits.h"

namespace portico::server {

// One configuration of a running server. It never changes: a server gets another one (Server::replace). An exchange
// ends with the one that it began with, so no request is authorized by one and answered by another, or measured by a
// third. The limits of HTTP/2 itself (Limits: those of frames, heads and streams) are a connection's, from its
// beginning on; how long a connection that ends is read on is what the present one says.
struct Snapshot {
    std::shared_ptr<const route::Routes> routes;  // never null
    Limits limits;
    // Where clients without TLS are led to TLS. Null: nowhere.
    std::shared_ptr<const route::Routes> redirecting;
};

}  // namespace portico::server
