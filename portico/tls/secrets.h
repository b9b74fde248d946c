// portico/tls/secrets.h — the OpenSSL objects of this room; included in its .cc files only.
//
// Room tls: see session.h.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "portico/tls/session.h"

namespace portico::tls {

template <auto free_function>
struct Freeing {
    template <class Object>
    void operator()(Object* object) const {
        free_function(object);
    }
};
template <class Object, auto free_function>
using Owned = std::unique_ptr<Object, Freeing<free_function>>;

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedCertificate = Owned<X509, X509_free>;
using OwnedContext = Owned<SSL_CTX, SSL_CTX_free>;
using OwnedSsl = Owned<SSL, SSL_free>;

class Watching;

struct Session::Secrets {
    // `the_context`, `the_keys`: what the callbacks of `the_ssl` refer to; a client's session has no keys.
    Secrets(OwnedSsl the_ssl, std::shared_ptr<const void> the_context, std::shared_ptr<const void> the_keys = nullptr);
    ~Secrets();

    // OpenSSL reads the session's input and writes its output through these.
    static int read(BIO* bio, char* room, int octets);
    static int write(BIO* bio, const char* from, int octets);
    // Counts messages that a peer can send for nothing, such as KeyUpdate.
    static void see_message(int is_written, int version, int content_type, const void* octets, std::size_t length,
                            SSL* ssl, void* session);

    std::shared_ptr<const void> context;  // both outlive `ssl`
    std::shared_ptr<const void> keys;
    OwnedSsl ssl;
    std::unique_ptr<Watching> watching;  // null: nobody watches
    unsigned idle_messages = 0;          // that the peer has sent since its last octet of content
};

// A time in a certificate; 1970-01-01 if it can't be read.
[[nodiscard]] std::chrono::sys_seconds time_of(const ASN1_TIME* time);

// The reason of OpenSSL's oldest error on this thread, whose errors are then cleared; `otherwise` if there is none.
[[nodiscard]] std::string take_error(std::string_view otherwise);

}  // namespace portico::tls
