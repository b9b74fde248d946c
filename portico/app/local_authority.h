// portico/app/local_authority.h — the certificate authority of this user, for --tls and `portico cert`.
//
// Room app: see command.h.
// Threads:   any. Reads and writes files.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "portico/app/command.h"
#include "portico/tls/credentials.h"

namespace portico::app {

// Where the authority is kept: in $XDG_DATA_HOME/portico, or in ~/.local/share/portico. Empty if neither is known.
std::string authority_folder();
// Its certificate, which browsers and other machines have to trust. It holds no secret.
std::string authority_path(const std::string& folder);

// Reads the authority in `folder`, and makes it if there is none. The key can be read by its owner only. Two processes
// that make it at the same time end with the same one.
[[nodiscard]] std::expected<tls::Credentials, Misuse> local_authority(const std::string& folder);

// Certificates for a server with these names, from the authority.
[[nodiscard]] std::expected<tls::Credentials, Misuse> local_credentials(const std::vector<std::string>& names);

}  // namespace portico::app
