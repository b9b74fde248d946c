// portico/tls/credentials.cc — see credentials.h.
#include "portico/tls/credentials.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <utility>

#include "portico/tls/credentials_parts.h"

namespace portico::tls {
namespace {

using Problem = std::unexpected<std::string>;

OwnedBio reading(std::string_view text) {
    return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Asked for the pass phrase of a key: there is nobody to ask.
int no_phrase(char* /*room*/, int /*octets*/, int /*is_writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

std::expected<std::vector<OwnedCertificate>, std::string> read_chain(std::string_view text) {
    const OwnedBio from = reading(text);
    std::vector<OwnedCertificate> chain;
    ERR_clear_error();
    while (X509* const certificate = PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)) {
        chain.emplace_back(certificate);
    }
    const unsigned long error = ERR_peek_last_error();
    const bool is_at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (chain.empty() && is_at_end) return Problem("there is no certificate in it (-----BEGIN CERTIFICATE-----)");
    if (!is_at_end) return Problem("certificate " + std::to_string(chain.size() + 1) + " in it can't be read");
    return chain;
}

std::expected<OwnedKey, std::string> read_key(std::string_view text) {
    const OwnedBio from = reading(text);
    bool has_phrase = false;
    ERR_clear_error();
    OwnedKey key(PEM_read_bio_PrivateKey(from.get(), nullptr, no_phrase, &has_phrase));
    ERR_clear_error();
    if (key != nullptr) return key;
    if (has_phrase) return Problem("the key has a pass phrase; remove it with: openssl pkey -in FILE -out NEW-FILE");
    return Problem("there is no private key in it (-----BEGIN PRIVATE KEY-----)");
}

std::string_view octets_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// "192.0.2.1" or "2001:db8:0:0:0:0:0:1", as X.509 has them: 4 octets or 16.
std::string address_text(std::string_view octets) {
    std::string text;
    std::array<char, 8> part;
    const bool is_v4 = octets.size() == 4;
    for (std::size_t i = 0; i + 1 < octets.size() + (is_v4 ? 1 : 0); i += is_v4 ? 1 : 2) {
        if (!text.empty()) text += is_v4 ? '.' : ':';
        const auto octet = [octets](std::size_t at) {
            return static_cast<unsigned>(static_cast<unsigned char>(octets[at]));
        };
        const unsigned value = is_v4 ? octet(i) : octet(i) * 256 + octet(i + 1);
        std::snprintf(part.data(), part.size(), is_v4 ? "%u" : "%x", value);
        text += part.data();
    }
    return text;
}

// Each certificate must be certified by the next one: a wrong order fails with some clients only, which is hard to
// find.
std::expected<void, std::string> check_order(const std::vector<OwnedCertificate>& chain) {
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
        if (X509_check_issued(chain[i + 1].get(), chain[i].get()) == X509_V_OK) continue;
        return Problem("certificate " + std::to_string(i + 1) + " in it is not certified by the one after it");
    }
    return {};
}

}  // namespace

std::vector<std::string> names_of(X509& certificate) {
    std::vector<std::string> names;
    const Owned<GENERAL_NAMES, GENERAL_NAMES_free> alternatives(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    const int count = alternatives == nullptr ? 0 : sk_GENERAL_NAME_num(alternatives.get());
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(alternatives.get(), i);
        if (name->type == GEN_DNS) names.push_back(in_lower_case(octets_of(name->d.dNSName)));
        if (name->type == GEN_IPADD) names.push_back(address_text(octets_of(name->d.iPAddress)));
    }
    if (!names.empty()) return names;
    X509_NAME* const subject = X509_get_subject_name(&certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) {
        names.push_back(in_lower_case(octets_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)))));
    }
    return names;
}

std::expected<void, std::string> use_credentials(SSL_CTX& context, const Credentials::Parts& parts) {
    if (SSL_CTX_use_certificate(&context, parts.chain.front().get()) != 1 ||
        SSL_CTX_use_PrivateKey(&context, parts.key.get()) != 1) {
        return Problem("OpenSSL refuses the certificate: " + take_error("no reason"));
    }
    SSL_CTX_clear_chain_certs(&context);  // of this type of key
    for (std::size_t i = 1; i < parts.chain.size(); ++i) {
        if (SSL_CTX_add1_chain_cert(&context, parts.chain[i].get()) == 1) continue;
        return Problem("OpenSSL refuses the chain: " + take_error("no reason"));
    }
    return {};
}

std::string fingerprint_of(const X509& certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned octets = 0;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &octets) != 1) return {};
    std::string text;
    std::array<char, 4> pair;
    for (unsigned i = 0; i < octets; ++i) {
        std::snprintf(pair.data(), pair.size(), "%s%02X", i == 0 ? "" : ":", digest.at(i));
        text += pair.data();
    }
    return text;
}

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower;
}

std::chrono::sys_seconds time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    using namespace std::chrono;
    const year_month_day day(year(parts.tm_year + 1900), month(static_cast<unsigned>(parts.tm_mon) + 1),
                             std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
    return sys_days(day) + hours(parts.tm_hour) + minutes(parts.tm_min) + seconds(parts.tm_sec);
}

std::expected<Credentials, std::string> Credentials::read(std::string_view chain, std::string_view key) {
    auto certificates = read_chain(chain);
    if (!certificates) return Problem("the certificate file: " + certificates.error());
    const auto ordered = check_order(*certificates);
    if (!ordered) return Problem("the certificate file: " + ordered.error());
    auto secret = read_key(key);
    if (!secret) return Problem("the key file: " + secret.error());
    X509& first = *certificates->front();
    if (X509_check_private_key(&first, secret->get()) != 1) {
        ERR_clear_error();
        return Problem("the key does not belong to the certificate");
    }
    auto parts = std::make_shared<Parts>();
    parts->names = names_of(first);
    parts->begins = time_of(X509_get0_notBefore(&first));
    parts->ends = time_of(X509_get0_notAfter(&first));
    parts->chain = std::move(*certificates);
    parts->key = std::move(*secret);
    return Credentials(std::move(parts));
}

const std::vector<std::string>& Credentials::names() const { return parts_->names; }
std::chrono::sys_seconds Credentials::begins() const { return parts_->begins; }
std::chrono::sys_seconds Credentials::ends() const { return parts_->ends; }

}  // namespace portico::tls
