// portico/app/certificates.h — the certificates of a command's server.
//
// Room app: see command.h.
// Threads:   any.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "portico/app/banner.h"
#include "portico/server/server_certificates.h"

namespace portico::app {

// The command that goes with such news, ready for a shell; empty if there is none.
[[nodiscard]] std::string advice_of(const server::CertificateNews& news);

// The addresses of this machine's interfaces that are up.
[[nodiscard]] std::vector<OwnAddress> own_addresses();

// Opens what the plan says; news are told as notes. `ticket_keys`: a file, or empty.
[[nodiscard]] std::expected<std::unique_ptr<server::ServerCertificates>, server::CertificateNews> open_certificates(
    const server::CertificatePlan& plan, const std::string& ticket_keys);

}  // namespace portico::app
