// portico/app/certificates.h — the certificates of `portico serve`.
//
// Room app: see command.h.
// Threads:   any.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "portico/acme/service.h"
#include "portico/app/banner.h"
#include "portico/app/serve_plan.h"
#include "portico/server/certificates.h"

namespace portico::app {

// The command that goes with such news, ready for a shell; empty if there is none.
[[nodiscard]] std::string advice_of(const server::CertificateNews& news);

// The addresses of this machine's interfaces that are up.
[[nodiscard]] std::vector<OwnAddress> own_addresses();
// What a client on this machine or in its network may call it: names and addresses.
[[nodiscard]] std::vector<std::string> names_of_this_machine();

// Reads the files of the plan, or makes its local certificate.
[[nodiscard]] server::OpenedCertificates open_tls(const TlsPlan& plan);
// What to watch while the server runs. A local certificate is replaced long before it expires.
[[nodiscard]] server::CertificateWatch::Source source_of(const TlsPlan& plan);

// Begins to order the certificates of --acme; null if there are none to order. The error says why that is impossible.
[[nodiscard]] std::expected<std::unique_ptr<acme::Service>, std::string> start_orders(const TlsPlan& plan);

}  // namespace portico::app
