// portico/tls/making.h — how certificates and requests for them are made; included in this room's .cc files only.
//
// Room tls: see session.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <openssl/x509v3.h>

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "portico/tls/local_authority.h"
#include "portico/tls/secrets.h"

namespace portico::tls {

// The error for a call that OpenSSL refuses: "OpenSSL can't make a key: …".
[[nodiscard]] std::unexpected<std::string> openssl_cannot(std::string_view doing);

struct MadeCertificate {
    OwnedCertificate certificate;
    OwnedKey key;
};

// A certificate with a new key, without issuer and extensions, and not signed yet. `name`: at most 64
// octets of it become the common name.
[[nodiscard]] std::expected<MadeCertificate, std::string> begin_certificate(const std::string& name,
                                                                            std::chrono::sys_seconds begin,
                                                                            std::chrono::sys_seconds end,
                                                                            KeyKind kind = KeyKind::ecdsa);
// False: OpenSSL refuses it.
[[nodiscard]] bool sign(X509& certificate, EVP_PKEY& key);
// False: OpenSSL refuses it. `value` is in the notation of openssl.cnf.
[[nodiscard]] bool add_extension(X509& certificate, X509& issuer, int kind, const std::string& value);

// Nothing, or which of the names no certificate can be for. A name with an odd octet could end the list of alternative
// names and begin something else.
[[nodiscard]] std::expected<void, std::string> check_names(const std::vector<std::string>& names);
// "DNS:localhost,IP:127.0.0.1"
[[nodiscard]] std::string alternative_names(const std::vector<std::string>& names);

// As PEM text (RFC 7468).
[[nodiscard]] std::string certificate_text(X509& certificate);
[[nodiscard]] std::string key_text(const EVP_PKEY& key);

}  // namespace portico::tls
