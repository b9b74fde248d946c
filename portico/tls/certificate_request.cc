// portico/tls/certificate_request.cc — see certificate_request.h.
#include "portico/tls/certificate_request.h"

#include <openssl/objects.h>

#include <cassert>
#include <cstddef>

#include "portico/tls/credentials_parts.h"
#include "portico/tls/making.h"

namespace portico::tls {
namespace {

using std::chrono::days;
using Problem = std::unexpected<std::string>;

constexpr days self_signed_time{7};
constexpr const char* acme_identifier = "1.3.6.1.5.5.7.1.31";  // id-pe-acmeIdentifier (RFC 8737 §3)

template <class Object, class Write>
std::string as_der(Object* object, Write write) {
    unsigned char* octets = nullptr;
    const int length = write(object, &octets);
    if (length <= 0) return {};
    const Owned<unsigned char, [](unsigned char* made) { OPENSSL_free(made); }> owned(octets);
    return {reinterpret_cast<const char*>(octets), static_cast<std::size_t>(length)};
}

std::string_view octets_of(const ASN1_STRING& text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&text)),
            static_cast<std::size_t>(ASN1_STRING_length(&text))};
}

bool add_names(X509_REQ& request, const std::vector<std::string>& names) {
    using Extensions = Owned<STACK_OF(X509_EXTENSION), [](STACK_OF(X509_EXTENSION) * all) {
        sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    }>;
    const Extensions all(sk_X509_EXTENSION_new_null());
    X509_EXTENSION* const list =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_names(names).c_str());
    if (all == nullptr || list == nullptr || sk_X509_EXTENSION_push(all.get(), list) <= 0) {
        X509_EXTENSION_free(list);
        return false;
    }
    return X509_REQ_add_extensions(&request, all.get()) == 1;
}

// The hash as an octet string inside of the extension's own, which is critical (RFC 8737 §3).
bool add_acme_identifier(X509& certificate, std::string_view digest) {
    const Owned<ASN1_OBJECT, ASN1_OBJECT_free> kind(OBJ_txt2obj(acme_identifier, 1));
    const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
    if (kind == nullptr || value == nullptr) return false;
    const std::string der = std::string("\x04\x20") + std::string(digest);
    if (ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>(der.data()),
                              static_cast<int>(der.size())) != 1) {
        return false;
    }
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509_EXTENSION_create_by_OBJ(nullptr, kind.get(), 1, value.get()));
    return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

std::expected<PemPair, std::string> make_own(const std::vector<std::string>& names, std::chrono::sys_seconds now,
                                             std::string_view challenge_digest) {
    const auto checked = check_names(names);
    if (!checked) return Problem(checked.error());
    auto made = begin_certificate(names.front(), now - days(1), now + self_signed_time);
    if (!made) return Problem(made.error());
    X509& own = *made->certificate;
    const bool is_made = X509_set_issuer_name(&own, X509_get_subject_name(&own)) == 1 &&
                         add_extension(own, own, NID_basic_constraints, "critical,CA:FALSE") &&
                         add_extension(own, own, NID_subject_alt_name, alternative_names(names)) &&
                         (challenge_digest.empty() || add_acme_identifier(own, challenge_digest)) &&
                         X509_sign(&own, made->key.get(), EVP_sha256()) > 0;
    if (!is_made) return openssl_cannot("make a certificate for " + alternative_names(names));
    return PemPair{certificate_text(own), key_text(*made->key)};
}

}  // namespace

std::expected<CertificateRequest, std::string> make_request(const std::vector<std::string>& names) {
    const auto checked = check_names(names);
    if (!checked) return Problem(checked.error());
    const Owned<X509_REQ, X509_REQ_free> request(X509_REQ_new());
    const OwnedKey key(EVP_EC_gen("P-256"));
    // The subject stays empty: the names count (RFC 8555 §7.4).
    const bool is_made = request != nullptr && key != nullptr &&
                         X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
                         X509_REQ_set_pubkey(request.get(), key.get()) == 1 && add_names(*request, names) &&
                         X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0;
    if (!is_made) return openssl_cannot("make a request for " + alternative_names(names));
    CertificateRequest made{as_der(request.get(), i2d_X509_REQ), key_text(*key)};
    if (made.der.empty() || made.key.empty()) return openssl_cannot("write a request");
    return made;
}

std::expected<PemPair, std::string> make_self_signed(const std::vector<std::string>& names,
                                                     std::chrono::sys_seconds now) {
    return make_own(names, now, {});
}

std::expected<Credentials, std::string> make_challenge_certificate(const std::string& name, std::string_view digest,
                                                                   std::chrono::sys_seconds now) {
    assert(digest.size() == 32);
    const auto made = make_own({name}, now, digest);
    if (!made) return Problem(made.error());
    return Credentials::read(made->chain, made->key);
}

std::string der_of(const Credentials& credentials) { return as_der(credentials.parts().chain.front().get(), i2d_X509); }

std::optional<CertificateId> id_of(const Credentials& credentials) {
    X509* const certificate = credentials.parts().chain.front().get();
    const ASN1_OCTET_STRING* const authority = X509_get0_authority_key_id(certificate);
    if (authority == nullptr) return std::nullopt;
    const std::string number = as_der(X509_get0_serialNumber(certificate), i2d_ASN1_INTEGER);
    // A serial number has at most 20 octets (RFC 5280 §4.1.2.2): its head is the tag and one octet of length.
    if (number.size() < 3 || number.size() > 127) return std::nullopt;
    return CertificateId{std::string(octets_of(*authority)), number.substr(2)};
}

}  // namespace portico::tls
