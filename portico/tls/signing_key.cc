// portico/tls/signing_key.cc — see signing_key.h.
#include "portico/tls/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <cassert>
#include <cstddef>

#include "portico/tls/making.h"
#include "portico/tls/secrets.h"

namespace portico::tls {
namespace {

using Problem = std::unexpected<std::string>;

constexpr std::size_t coordinate_octets = 32;  // of P-256

const unsigned char* octets_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// A number in as many octets as the curve's numbers have (RFC 7518 §6.2.1.2).
std::string in_full_length(const BIGNUM* number) {
    std::string octets(coordinate_octets, '\0');
    const int written =
        BN_bn2binpad(number, reinterpret_cast<unsigned char*>(octets.data()), static_cast<int>(octets.size()));
    assert(written == static_cast<int>(coordinate_octets));
    return octets;
}

std::string coordinate(const EVP_PKEY& key, const char* name) {
    BIGNUM* number = nullptr;
    const int got = EVP_PKEY_get_bn_param(&key, name, &number);
    assert(got == 1);
    const Owned<BIGNUM, BN_free> owned(number);
    return in_full_length(number);
}

// Asked for the pass phrase of a key: there is nobody to ask.
int no_pass_phrase(char* /*room*/, int /*octets*/, int /*is_writing*/, void* /*nothing*/) { return -1; }

bool is_p256(const EVP_PKEY& key) {
    std::array<char, 32> name{};
    if (EVP_PKEY_get_base_id(&key) != EVP_PKEY_EC) return false;
    if (EVP_PKEY_get_group_name(&key, name.data(), name.size(), nullptr) != 1) return false;
    return std::string_view(name.data()) == "prime256v1";
}

}  // namespace

struct SigningKey::Parts {
    OwnedKey key;
};

std::expected<SigningKey, std::string> SigningKey::make() {
    auto parts = std::make_shared<Parts>();
    parts->key.reset(EVP_EC_gen("P-256"));
    if (parts->key == nullptr) return openssl_cannot("make a key");
    return SigningKey(std::move(parts));
}

std::expected<SigningKey, std::string> SigningKey::read(std::string_view text) {
    const OwnedBio from(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    auto parts = std::make_shared<Parts>();
    parts->key.reset(PEM_read_bio_PrivateKey(from.get(), nullptr, no_pass_phrase, nullptr));
    ERR_clear_error();
    if (parts->key == nullptr) return Problem("there is no private key in it (-----BEGIN PRIVATE KEY-----)");
    if (!is_p256(*parts->key)) return Problem("its key is not one of the curve P-256");
    return SigningKey(std::move(parts));
}

std::string SigningKey::text() const { return key_text(*parts_->key); }

SigningKey::Point SigningKey::point() const {
    return {coordinate(*parts_->key, OSSL_PKEY_PARAM_EC_PUB_X), coordinate(*parts_->key, OSSL_PKEY_PARAM_EC_PUB_Y)};
}

std::string SigningKey::sign(std::string_view message) const {
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> signing(EVP_MD_CTX_new());
    std::array<unsigned char, 80> der;  // room for two numbers of 33 octets and their heads
    std::size_t length = der.size();
    const bool is_signed = signing != nullptr &&
                           EVP_DigestSignInit(signing.get(), nullptr, EVP_sha256(), nullptr, parts_->key.get()) == 1 &&
                           EVP_DigestSign(signing.get(), der.data(), &length, octets_of(message), message.size()) == 1;
    if (!is_signed) {
        ERR_clear_error();
        return {};
    }
    // OpenSSL writes the two numbers in DER; JWS has them one after the other in full length.
    const unsigned char* at = der.data();
    const Owned<ECDSA_SIG, ECDSA_SIG_free> numbers(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)));
    if (numbers == nullptr) return {};
    return in_full_length(ECDSA_SIG_get0_r(numbers.get())) + in_full_length(ECDSA_SIG_get0_s(numbers.get()));
}

std::string sha256(std::string_view message) {
    std::string digest(32, '\0');
    const int made = EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(digest.data()),
                                nullptr, EVP_sha256(), nullptr);
    assert(made == 1);
    return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
    std::string digest(32, '\0');
    unsigned length = 0;
    const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets_of(message), message.size(),
                            reinterpret_cast<unsigned char*>(digest.data()), &length);
    assert(made != nullptr && length == digest.size());
    return digest;
}

}  // namespace portico::tls
