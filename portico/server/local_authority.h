// portico/server/local_authority.h — the certificate authority of this user, for servers that need no public one.
//
// Room server: see limits.h.
// Threads:   any. Reads and writes files.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "portico/server/ticket_keys.h"
#include "portico/tls/credentials.h"

namespace portico::server {

// Where the authority is kept: in $XDG_DATA_HOME/portico, or in ~/.local/share/portico. Empty if neither is known.
[[nodiscard]] std::string authority_folder();
// Where certificates from public authorities are kept: in acme beside it, or in /var/lib/portico/acme if there is no
// such folder.
[[nodiscard]] std::string acme_folder();
// The authority's certificate, which browsers and other machines have to trust. It holds no secret.
[[nodiscard]] std::string authority_path(const std::string& folder);

// Reads the authority in `folder`, and makes it if there is none. The key can be read by its owner only. Two processes
// that make it at the same time end with the same one.
[[nodiscard]] std::expected<tls::Credentials, CertificateNews> local_authority(const std::string& folder);

// Certificates for a server with these names, from the authority in authority_folder().
[[nodiscard]] std::expected<tls::Credentials, CertificateNews> local_credentials(const std::vector<std::string>& names);

}  // namespace portico::server
