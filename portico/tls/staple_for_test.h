// portico/tls/staple_for_test.h — certificates that name responders, and what these say.
//
// Room tls: see session.h. Included by tests alone.
#pragma once

#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "portico/tls/credentials_parts.h"
#include "portico/tls/making.h"
#include "portico/tls/pair_for_test.h"

namespace portico::tls {

// A certificate of the tests' authority, with its chain. `responders`: what it says of them (RFC 5280 §4.2.2.1), in the
// notation of openssl.cnf.
inline Credentials with_issuer(const std::vector<std::string>& names, const std::string& responders = {}) {
    const Credentials by = authority();
    X509& issuer = *by.parts().chain.front();
    const auto made =
        begin_certificate(names.front(), today() - std::chrono::hours(1), today() + std::chrono::hours(1));
    X509& own = *made->certificate;
    X509_set_issuer_name(&own, X509_get_subject_name(&issuer));
    EXPECT_TRUE(add_extension(own, issuer, NID_subject_alt_name, alternative_names(names)));
    if (!responders.empty()) {
        EXPECT_TRUE(add_extension(own, issuer, NID_info_access, responders));
    }
    EXPECT_GT(X509_sign(&own, by.parts().key.get(), EVP_sha256()), 0);
    return *Credentials::read(certificate_text(own) + authority_text().chain, key_text(*made->key));
}

// Whether the response names the hash that most responders use.
enum class Hash : std::uint8_t { sha1, sha256 };

struct Saying {
    int status = V_OCSP_CERTSTATUS_GOOD;
    long begins = -60;  // seconds from now
    long ends = 3600;   // 0: the response does not say
    Hash hash = Hash::sha1;
};

using Time = Owned<ASN1_TIME, ASN1_TIME_free>;

// What an authority's responder says about a certificate.
inline std::string response_of(const Credentials& about, const Credentials& signer, const Saying& saying = {}) {
    const Owned<OCSP_BASICRESP, OCSP_BASICRESP_free> basic(OCSP_BASICRESP_new());
    const EVP_MD* const hash = saying.hash == Hash::sha1 ? EVP_sha1() : EVP_sha256();
    const Owned<OCSP_CERTID, OCSP_CERTID_free> id(
        OCSP_cert_to_id(hash, about.parts().chain[0].get(), authority().parts().chain[0].get()));
    const Time begins(X509_gmtime_adj(nullptr, saying.begins));
    const Time ends(saying.ends == 0 ? nullptr : X509_gmtime_adj(nullptr, saying.ends));
    const bool is_revoked = saying.status == V_OCSP_CERTSTATUS_REVOKED;
    EXPECT_NE(OCSP_basic_add1_status(basic.get(), id.get(), saying.status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                     is_revoked ? begins.get() : nullptr, begins.get(), ends.get()),
              nullptr);
    EXPECT_EQ(
        OCSP_basic_sign(basic.get(), signer.parts().chain[0].get(), signer.parts().key.get(), EVP_sha256(), nullptr, 0),
        1);
    const Owned<OCSP_RESPONSE, OCSP_RESPONSE_free> whole(
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    unsigned char* octets = nullptr;
    const int length = i2d_OCSP_RESPONSE(whole.get(), &octets);
    std::string der(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(length));
    OPENSSL_free(octets);
    return der;
}

}  // namespace portico::tls
