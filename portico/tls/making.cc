// portico/tls/making.cc — see making.h.
#include "portico/tls/making.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "portico/io/net/address.h"

namespace portico::tls {
namespace {

using Problem = std::unexpected<std::string>;

// The longest common name (RFC 5280 appendix A.1, ub-common-name). Names that count are among the alternative names.
constexpr std::size_t common_name_octets_max = 64;

// 126 random bits, and not negative (RFC 5280 §4.1.2.2).
bool set_serial_number(X509& certificate) {
    std::array<unsigned char, 16> octets;
    if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) return false;
    octets.front() = static_cast<unsigned char>((octets.front() & 0x3f) | 0x40);  // as long each time
    const Owned<BIGNUM, BN_free> number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool set_times(X509& certificate, std::chrono::sys_seconds begin, std::chrono::sys_seconds end) {
    return ASN1_TIME_set(X509_getm_notBefore(&certificate), begin.time_since_epoch().count()) != nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(&certificate), end.time_since_epoch().count()) != nullptr;
}

bool set_name(X509_NAME& subject, int kind, std::string_view text) {
    return X509_NAME_add_entry_by_NID(&subject, kind, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
}

template <class Object, class Write>
std::string as_text(const Object& object, Write write) {
    const OwnedBio into(BIO_new(BIO_s_mem()));
    if (into == nullptr || write(into.get(), object) != 1) return {};
    char* octets = nullptr;
    const long length = BIO_get_mem_data(into.get(), &octets);
    return {octets, static_cast<std::size_t>(length)};
}

bool is_plain(const std::string& name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_' || c == '*' || c == ':';
    });
}

}  // namespace

std::unexpected<std::string> openssl_cannot(std::string_view doing) {
    return Problem("OpenSSL can't " + std::string(doing) + ": " + take_error("no reason"));
}

std::expected<MadeCertificate, std::string> begin_certificate(const std::string& name, std::chrono::sys_seconds begin,
                                                              std::chrono::sys_seconds end, KeyKind kind) {
    EVP_PKEY* const key = kind == KeyKind::ecdsa ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    MadeCertificate made{OwnedCertificate(X509_new()), OwnedKey(key)};
    X509* const own = made.certificate.get();
    if (own == nullptr || made.key == nullptr) return openssl_cannot("make a key");
    X509_NAME* const subject = X509_get_subject_name(own);
    const std::string_view common_name = std::string_view(name).substr(0, common_name_octets_max);
    const bool is_set = X509_set_version(own, X509_VERSION_3) == 1 && set_serial_number(*own) &&
                        set_times(*own, begin, end) && X509_set_pubkey(own, made.key.get()) == 1 &&
                        set_name(*subject, NID_organizationName, "Portico") &&
                        set_name(*subject, NID_commonName, common_name);
    if (!is_set) return openssl_cannot("make a certificate");
    return made;
}

bool sign(X509& certificate, EVP_PKEY& key) {
    // The hash is a part of Ed25519 (RFC 8032).
    const EVP_MD* const digest = EVP_PKEY_get_base_id(&key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
    return X509_sign(&certificate, &key, digest) > 0;
}

bool add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

std::expected<void, std::string> check_names(const std::vector<std::string>& names) {
    if (names.empty()) return Problem("a certificate needs a name");
    const auto odd = std::ranges::find_if_not(names, is_plain);
    if (odd != names.end()) return Problem("no certificate can be for the name '" + *odd + "'");
    return {};
}

std::string alternative_names(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) {
        if (!list.empty()) list += ',';
        list += (io::IpAddress::parse(name) ? "IP:" : "DNS:") + name;
    }
    return list;
}

std::string certificate_text(X509& certificate) {
    return as_text(&certificate, [](BIO* into, X509* one) { return PEM_write_bio_X509(into, one); });
}

std::string key_text(const EVP_PKEY& key) {
    return as_text(&key, [](BIO* into, const EVP_PKEY* one) {
        return PEM_write_bio_PrivateKey(into, one, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

}  // namespace portico::tls
