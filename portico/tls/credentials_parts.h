// portico/tls/credentials_parts.h — what Credentials share; included in this room's .cc files only.
//
// Room tls: see session.h.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "portico/tls/credentials.h"
#include "portico/tls/secrets.h"

namespace portico::tls {

// A name as certificates are compared by: ASCII letters have no case (RFC 6125 §6.4.1).
[[nodiscard]] std::string in_lower_case(std::string_view text);

// The names that a certificate is for: see Credentials::names().
[[nodiscard]] std::vector<std::string> names_of(X509& certificate);
// Its SHA-256 hash, "AB:CD:…".
[[nodiscard]] std::string fingerprint_of(const X509& certificate);

struct Credentials::Parts {
    std::vector<OwnedCertificate> chain;  // the server's own certificate first
    OwnedKey key;
    std::vector<std::string> names;
    std::chrono::sys_seconds begins;
    std::chrono::sys_seconds ends;
};

// The sessions of this context show these. The error is OpenSSL's reason.
[[nodiscard]] std::expected<void, std::string> use_credentials(SSL_CTX& context, const Credentials::Parts& parts);

}  // namespace portico::tls
