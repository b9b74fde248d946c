// portico/server/misdirected.h — requests on connections where they don't belong (RFC 9110 §7.4).
//
// Room server: see limits.h.
// Threads:   none. A function of its arguments.
#pragma once

#include "portico/http/message.h"
#include "portico/tls/session.h"

namespace portico::server {

// Whether the request's authority is outside what the connection was set up for: its host has other rules for clients
// than the name that the client asked for, or the certificate that it was shown does not cover the host. Such a request
// is answered with 421 (RFC 9110 §15.5.20), and the client repeats it on a connection of its own. `session`: the
// connection's; without TLS (null) nothing is misdirected.
[[nodiscard]] bool is_misdirected(const tls::Session* session, const http::Request& request);

}  // namespace portico::server
