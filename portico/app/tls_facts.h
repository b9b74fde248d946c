// portico/app/tls_facts.h — what TLS agreed on, and the certificates of the peer, for people.
//
// Room app: see command.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <string>
#include <vector>

#include "portico/tls/session.h"

namespace portico::app {

// Lines without line ends, safe for a terminal: "TLSv1.3 with TLS_AES_128_GCM_SHA256, ALPN http/1.1", and two for each
// certificate, the server's own first. The session is established.
std::vector<std::string> tls_facts(const tls::Session& session);

}  // namespace portico::app
