// portico/app/cert_serve.h — the authority's certificate for phones: a server that has nothing else.
//
// Room app: see command.h.
#pragma once

#include <cstdint>
#include <string>

#include "portico/tls/credentials.h"

namespace portico::app {

// Serves the certificate in the file `path` over HTTP, on every address at `port` (0: any free one), until SIGTERM or
// SIGINT, and says where, also as a QR code. The certificate is no secret; the key is not touched. Returns the exit
// status.
int serve_authority(const tls::Credentials& authority, const std::string& path, std::uint16_t port);

}  // namespace portico::app
