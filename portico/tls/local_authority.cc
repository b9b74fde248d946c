// portico/tls/local_authority.cc — see local_authority.h.
#include "portico/tls/local_authority.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "portico/io/net/address.h"
#include "portico/tls/credentials_parts.h"

namespace portico::tls {
namespace {

using std::chrono::days;
using Problem = std::unexpected<std::string>;

constexpr days authority_time{10 * 365};
constexpr days server_time{90};

Problem failed(std::string_view doing) {
    return Problem("OpenSSL can't " + std::string(doing) + ": " + take_error("no reason"));
}

// 128 random bits, and not negative (RFC 5280 §4.1.2.2).
bool set_serial_number(X509& certificate) {
    std::array<unsigned char, 16> octets;
    if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) return false;
    octets.front() &= 0x7f;
    const Owned<BIGNUM, BN_free> number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool set_times(X509& certificate, std::chrono::sys_seconds begin, std::chrono::sys_seconds end) {
    return ASN1_TIME_set(X509_getm_notBefore(&certificate), begin.time_since_epoch().count()) != nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(&certificate), end.time_since_epoch().count()) != nullptr;
}

bool set_name(X509_NAME& subject, int kind, const std::string& text) {
    return X509_NAME_add_entry_by_NID(&subject, kind, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
}

bool add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

template <class Object, class Write>
std::string as_text(const Object& object, Write write) {
    const OwnedBio into(BIO_new(BIO_s_mem()));
    if (into == nullptr || write(into.get(), object) != 1) return {};
    char* octets = nullptr;
    const long length = BIO_get_mem_data(into.get(), &octets);
    return {octets, static_cast<std::size_t>(length)};
}

std::string certificate_text(X509& certificate) {
    return as_text(&certificate, [](BIO* into, X509* one) { return PEM_write_bio_X509(into, one); });
}

std::string key_text(EVP_PKEY& key) {
    return as_text(&key, [](BIO* into, EVP_PKEY* one) {
        return PEM_write_bio_PrivateKey(into, one, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

// "DNS:localhost,IP:127.0.0.1"
std::string alternative_names(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) {
        if (!list.empty()) list += ',';
        list += (io::IpAddress::parse(name) ? "IP:" : "DNS:") + name;
    }
    return list;
}

// A name with another octet could end the list of alternative names and begin something else.
bool is_plain(const std::string& name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               c == '_' || c == '*' || c == ':';
    });
}

struct Made {
    OwnedCertificate certificate;
    OwnedKey key;
};

// A certificate with a new key, without extensions and not signed yet.
std::expected<Made, std::string> begin_certificate(const std::string& name, std::chrono::sys_seconds begin,
                                                   std::chrono::sys_seconds end) {
    Made made{OwnedCertificate(X509_new()), OwnedKey(EVP_EC_gen("P-256"))};
    X509* const own = made.certificate.get();
    if (own == nullptr || made.key == nullptr) return failed("make a key");
    X509_NAME* const subject = X509_get_subject_name(own);
    const bool is_set = X509_set_version(own, X509_VERSION_3) == 1 && set_serial_number(*own) &&
                        set_times(*own, begin, end) && X509_set_pubkey(own, made.key.get()) == 1 &&
                        set_name(*subject, NID_organizationName, "Portico") && set_name(*subject, NID_commonName, name);
    if (!is_set) return failed("make a certificate");
    return made;
}

}  // namespace

std::expected<PemPair, std::string> make_authority(const std::string& name, std::chrono::sys_seconds now) {
    auto made = begin_certificate(name, now - days(1), now + authority_time);
    if (!made) return Problem(made.error());
    X509& own = *made->certificate;
    const bool is_made = X509_set_issuer_name(&own, X509_get_subject_name(&own)) == 1 &&
                         add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                         add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                         add_extension(own, own, NID_subject_key_identifier, "hash") &&
                         X509_sign(&own, made->key.get(), EVP_sha256()) > 0;
    if (!is_made) return failed("make an authority");
    return PemPair{certificate_text(own), key_text(*made->key)};
}

std::expected<PemPair, std::string> issue(const Credentials& authority, const std::vector<std::string>& names,
                                          std::chrono::sys_seconds now, Purpose purpose) {
    if (names.empty()) return Problem("a certificate needs a name");
    const auto odd = std::ranges::find_if_not(names, is_plain);
    if (odd != names.end()) return Problem("no certificate can be for the name '" + *odd + "'");
    X509& issuer = *authority.parts().chain.front();
    auto made = begin_certificate(names.front(), std::max(now - days(1), authority.begins()),
                                  std::min(now + server_time, authority.ends()));
    if (!made) return Problem(made.error());
    X509& own = *made->certificate;
    const bool is_made =
        X509_set_issuer_name(&own, X509_get_subject_name(&issuer)) == 1 &&
        add_extension(own, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(own, issuer, NID_key_usage, "critical,digitalSignature") &&
        add_extension(own, issuer, NID_ext_key_usage, purpose == Purpose::server ? "serverAuth" : "clientAuth") &&
        add_extension(own, issuer, NID_subject_alt_name, alternative_names(names)) &&
        add_extension(own, issuer, NID_subject_key_identifier, "hash") &&
        add_extension(own, issuer, NID_authority_key_identifier, "keyid:always") &&
        X509_sign(&own, authority.parts().key.get(), EVP_sha256()) > 0;
    if (!is_made) return failed("certify the names " + alternative_names(names));
    return PemPair{certificate_text(own), key_text(*made->key)};
}

std::string fingerprint(const Credentials& credentials) { return fingerprint_of(*credentials.parts().chain.front()); }

}  // namespace portico::tls
