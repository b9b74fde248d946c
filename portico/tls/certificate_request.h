// portico/tls/certificate_request.h — what a client of a certificate authority makes for itself, and reads.
//
// Room tls: see session.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/tls/credentials.h"
#include "portico/tls/local_authority.h"

namespace portico::tls {

// A request for a certificate, and the new key that the certificate will be for.
struct CertificateRequest {
    std::string der;  // PKCS #10 (RFC 2986)
    std::string key;  // PEM text, a secret: ECDSA, P-256
};

// Asks for a certificate with these names, at least one (RFC 8555 §7.4).
[[nodiscard]] std::expected<CertificateRequest, std::string> make_request(const std::vector<std::string>& names);

// A certificate that nobody vouches for, for a server that has no better one yet. Valid for a week from `now`.
[[nodiscard]] std::expected<PemPair, std::string> make_self_signed(const std::vector<std::string>& names,
                                                                   std::chrono::sys_seconds now);

// The certificate that proves to an authority, by the challenge tls-alpn-01, that this server is `name`
// (RFC 8737 §3). `digest`: the SHA-256 hash of the key authorization.
[[nodiscard]] std::expected<Credentials, std::string> make_challenge_certificate(const std::string& name,
                                                                                 std::string_view digest,
                                                                                 std::chrono::sys_seconds now);

// The certificate, without its chain, in DER.
[[nodiscard]] std::string der_of(const Credentials& credentials);

// What identifies a certificate besides itself: octets, as the certificate has them (RFC 9773 §4.1).
struct CertificateId {
    std::string authority_key;  // of the extension Authority Key Identifier
    std::string serial_number;  // the content of its DER encoding
};
// Nothing if the certificate does not name its authority's key.
[[nodiscard]] std::optional<CertificateId> id_of(const Credentials& credentials);

}  // namespace portico::tls
