// portico/app/certificates.h — the certificates of `portico serve`.
//
// Room app: see command.h.
// Threads:   any.
#pragma once

#include <chrono>
#include <string>

#include "portico/app/serve_plan.h"
#include "portico/server/certificates.h"

namespace portico::app {

// "2026-11-22", in UTC.
std::string day_of(std::chrono::sys_seconds time);

// Reads the files of the plan, or makes its local certificate.
[[nodiscard]] server::OpenedCertificates open_tls(const TlsPlan& plan);
// What to watch while the server runs. A local certificate is replaced long before it expires.
[[nodiscard]] server::CertificateWatch::Source source_of(const TlsPlan& plan);

}  // namespace portico::app
