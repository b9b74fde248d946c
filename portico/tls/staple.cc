// portico/tls/staple.cc — see staple.h.
#include "portico/tls/staple.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <new>

#include "portico/tls/credentials_parts.h"
#include "portico/tls/staple_parts.h"

namespace portico::tls {
namespace {

using Problem = std::unexpected<std::string>;

using OwnedResponse = Owned<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using OwnedBasicResponse = Owned<OCSP_BASICRESP, OCSP_BASICRESP_free>;
// Frees the stack, and not what is in it.
struct FreeingStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using OwnedCertificates = std::unique_ptr<STACK_OF(X509), FreeingStack>;
struct FreeingUris {
    void operator()(STACK_OF(OPENSSL_STRING) * uris) const { X509_email_free(uris); }
};
using OwnedUris = std::unique_ptr<STACK_OF(OPENSSL_STRING), FreeingUris>;
using OwnedStore = Owned<X509_STORE, X509_STORE_free>;

// How far the clocks of the responder and of this machine may differ, in seconds.
constexpr long clock_difference_max = 300;

// How many of the responders that a certificate names are of interest.
constexpr std::size_t responders_max = 4;

// What the response says about the certificate.
struct Status {
    int status = V_OCSP_CERTSTATUS_UNKNOWN;
    const ASN1_GENERALIZEDTIME* begins = nullptr;
    const ASN1_GENERALIZEDTIME* ends = nullptr;  // null: it is not known
};

// False: it says nothing. The responder chooses the hash with which it names certificates.
bool find_status(OCSP_BASICRESP& response, const X509& certificate, const X509& issuer, Status& found) {
    for (const EVP_MD* const hash : {EVP_sha1(), EVP_sha256()}) {
        const Owned<OCSP_CERTID, OCSP_CERTID_free> id(OCSP_cert_to_id(hash, &certificate, &issuer));
        int reason = 0;
        ASN1_GENERALIZEDTIME* revoked = nullptr;
        ASN1_GENERALIZEDTIME* begins = nullptr;
        ASN1_GENERALIZEDTIME* ends = nullptr;
        if (id == nullptr) continue;
        if (OCSP_resp_find_status(&response, id.get(), &found.status, &reason, &revoked, &begins, &ends) != 1) continue;
        found.begins = begins;
        found.ends = ends;
        return true;
    }
    return false;
}

// Whether the issuer has signed the response, or a responder that it has certified (RFC 6960 §4.2.2.2).
bool is_signed(OCSP_BASICRESP& response, X509& issuer) {
    const OwnedStore trusted(X509_STORE_new());
    if (trusted == nullptr || X509_STORE_add_cert(trusted.get(), &issuer) != 1) throw std::bad_alloc();
    // The issuer need not be a root.
    X509_STORE_set_flags(trusted.get(), X509_V_FLAG_PARTIAL_CHAIN);
    const OwnedCertificates known(sk_X509_new_null());
    if (known == nullptr || sk_X509_push(known.get(), &issuer) == 0) throw std::bad_alloc();
    return OCSP_basic_verify(&response, known.get(), trusted.get(), 0) == 1;
}

OwnedTime copy_of(const ASN1_GENERALIZEDTIME* time) {
    OwnedTime copy(ASN1_STRING_dup(time));
    if (copy == nullptr) throw std::bad_alloc();
    return copy;
}

std::expected<Status, std::string> judge(OCSP_BASICRESP& response, const Credentials::Parts& own) {
    if (own.chain.size() < 2) return Problem("the certificate's chain lacks its issuer, who signs the response");
    X509& issuer = *own.chain[1];
    Status found;
    if (!find_status(response, *own.chain.front(), issuer, found)) return Problem("it is for another certificate");
    if (found.status == V_OCSP_CERTSTATUS_REVOKED) return Problem("it says that the certificate has been revoked");
    if (found.status != V_OCSP_CERTSTATUS_GOOD) return Problem("it says that the certificate is unknown");
    if (found.ends == nullptr) return Problem("it does not say how long it is valid");
    if (OCSP_check_validity(const_cast<ASN1_GENERALIZEDTIME*>(found.begins),
                            const_cast<ASN1_GENERALIZEDTIME*>(found.ends), clock_difference_max, -1) != 1) {
        return Problem("it is not valid now");
    }
    if (!is_signed(response, issuer)) return Problem("the certificate's issuer has not signed it");
    return found;
}

}  // namespace

std::expected<Staple, std::string> Staple::read(std::string_view response, const Credentials& credentials) {
    const auto* at = reinterpret_cast<const unsigned char*>(response.data());
    const unsigned char* const end = at + response.size();
    ERR_clear_error();
    const OwnedResponse outer(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size())));
    if (outer == nullptr || at != end) {
        ERR_clear_error();
        return Problem("it is no OCSP response in DER");
    }
    if (OCSP_response_status(outer.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return Problem("the responder has given no answer");
    }
    const OwnedBasicResponse basic(OCSP_response_get1_basic(outer.get()));
    if (basic == nullptr) {
        ERR_clear_error();
        return Problem("it is no basic OCSP response");
    }
    const auto status = judge(*basic, credentials.parts());
    ERR_clear_error();
    if (!status) return Problem(status.error());
    auto parts = std::make_shared<Parts>();
    parts->response = std::string(response);
    parts->begins = copy_of(status->begins);
    parts->ends = copy_of(status->ends);
    return Staple(std::move(parts));
}

std::chrono::sys_seconds Staple::begins() const { return time_of(parts_->begins.get()); }

std::chrono::sys_seconds Staple::ends() const { return time_of(parts_->ends.get()); }

std::vector<std::string> responders_of(const Credentials& credentials) {
    const auto& chain = credentials.parts().chain;
    std::vector<std::string> responders;
    if (chain.size() < 2) return responders;
    const OwnedUris all(X509_get1_ocsp(chain.front().get()));
    const int count = all == nullptr ? 0 : sk_OPENSSL_STRING_num(all.get());
    for (int i = 0; i < count && responders.size() < responders_max; ++i) {
        const std::string_view uri(sk_OPENSSL_STRING_value(all.get(), i));
        if (uri.starts_with("http://") || uri.starts_with("https://")) responders.emplace_back(uri);
    }
    return responders;
}

std::string status_request(const Credentials& credentials) {
    const auto& chain = credentials.parts().chain;
    if (chain.size() < 2) return {};
    const Owned<OCSP_REQUEST, OCSP_REQUEST_free> request(OCSP_REQUEST_new());
    // The hash that every responder knows (RFC 5019 §2.1.1). It protects nothing: the response is signed.
    OCSP_CERTID* const id = OCSP_cert_to_id(EVP_sha1(), chain[0].get(), chain[1].get());
    if (request == nullptr || OCSP_request_add0_id(request.get(), id) == nullptr) throw std::bad_alloc();
    unsigned char* octets = nullptr;
    const int length = i2d_OCSP_REQUEST(request.get(), &octets);
    if (length < 0) throw std::bad_alloc();
    std::string der(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(length));
    OPENSSL_free(octets);
    return der;
}

}  // namespace portico::tls
