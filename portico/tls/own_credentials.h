// portico/tls/own_credentials.h — the certificate that a client shows to servers.
//
// Room tls: see session.h.
// Threads:   none. A function of its arguments.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/tls/credentials.h"

namespace portico::tls {

// PEM text of both; nothing if both are empty. The error is a sentence.
inline std::expected<std::optional<Credentials>, std::string> own_credentials(std::string_view certificate,
                                                                              std::string_view key) {
    if (certificate.empty() && key.empty()) return std::nullopt;
    if (certificate.empty() || key.empty()) return std::unexpected("a certificate and its private key belong together");
    auto own = Credentials::read(certificate, key);
    if (!own) return std::unexpected("the program's own certificate cannot be used: " + own.error());
    return *std::move(own);
}

}  // namespace portico::tls
