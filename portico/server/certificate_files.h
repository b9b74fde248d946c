// portico/server/certificate_files.h — where a server's certificates are.
//
// Room server: see limits.h.
// Threads:   none. Values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace portico::server {

// Whether clients have to show a certificate (RFC 8446 §4.3.2).
enum class ClientCertificates : std::uint8_t {
    optional,  // they may show none; a bad one ends the handshake
    required,
};

// A certificate and its key, as PEM files (RFC 7468).
class CertificateFiles {
public:
    // `chain`: the server's certificate, then those that lead to its root, such as certbot's fullchain.pem. `key`: the
    // private key of the first, without a pass phrase. If there is a file with the name of `chain` and ".ocsp" after
    // it, it is the authority's OCSP response (DER, RFC 6960), which clients are shown that ask for it.
    CertificateFiles(std::string the_chain, std::string the_key)
        : chain(std::move(the_chain)), key(std::move(the_key)) {}

    std::string chain;  // a path
    std::string key;    // a path
    // The authorities whose certificates clients show, if they are asked for any: a path. Empty: they are not asked.
    std::string client_authorities;
    // What clients have to show then.
    ClientCertificates clients = ClientCertificates::required;
};

// Where the OCSP responses come from that clients are shown with a certificate (stapling, RFC 6066 §8).
enum class Stapling : std::uint8_t {
    fetched,     // from the file beside the certificate, or else from the responder that the certificate names, if any
    from_files,  // nothing is fetched
};

}  // namespace portico::server
