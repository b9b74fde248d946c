// portico/server/certificate_files.h — where a server's certificates are.
//
// Room server: see limits.h.
// Threads:   none. Values.
#pragma once

#include <string>
#include <utility>

namespace portico::server {

// A certificate and its key, as PEM files (RFC 7468).
class CertificateFiles {
public:
    // `chain`: the server's certificate, then those that lead to its root, such as certbot's fullchain.pem. `key`: the
    // private key of the first, without a pass phrase.
    CertificateFiles(std::string the_chain, std::string the_key)
        : chain(std::move(the_chain)), key(std::move(the_key)) {}

    std::string chain;  // a path
    std::string key;    // a path
};

}  // namespace portico::server
