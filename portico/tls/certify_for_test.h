// portico/tls/certify_for_test.h — an authority that certifies requests, as a public one does.
//
// Room tls: see session.h. Included by tests alone.
#pragma once

#include <openssl/x509v3.h>

#include <chrono>
#include <string>
#include <string_view>

#include "portico/tls/credentials_parts.h"
#include "portico/tls/making.h"

namespace portico::tls {

// The certificate, in PEM, for the key and the names of a request in DER; empty if the request or its signature can't
// be read.
inline std::string certify(const Credentials& authority, std::string_view request, std::chrono::sys_seconds begin,
                           std::chrono::sys_seconds end) {
    const auto* octets = reinterpret_cast<const unsigned char*>(request.data());
    const Owned<X509_REQ, X509_REQ_free> asked(d2i_X509_REQ(nullptr, &octets, static_cast<long>(request.size())));
    if (asked == nullptr || X509_REQ_verify(asked.get(), X509_REQ_get0_pubkey(asked.get())) != 1) return {};
    auto made = begin_certificate("made", begin, end);
    X509& own = *made->certificate;
    X509& issuer = *authority.parts().chain.front();
    X509_set_pubkey(&own, X509_REQ_get0_pubkey(asked.get()));
    X509_set_issuer_name(&own, X509_get_subject_name(&issuer));
    STACK_OF(X509_EXTENSION)* const extensions = X509_REQ_get_extensions(asked.get());
    for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i) {
        X509_add_ext(&own, sk_X509_EXTENSION_value(extensions, i), -1);
    }
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    static_cast<void>(add_extension(own, issuer, NID_authority_key_identifier, "keyid:always"));
    X509_sign(&own, authority.parts().key.get(), EVP_sha256());
    return certificate_text(own);
}

}  // namespace portico::tls
