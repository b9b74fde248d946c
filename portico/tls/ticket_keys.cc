// portico/tls/ticket_keys.cc — see ticket_keys.h.
#include "portico/tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "portico/tls/ticket_keys_parts.h"

namespace portico::tls {
namespace {

constexpr std::size_t name_octets = 16;
constexpr std::size_t secret_octets = 32;
// The newest ones of those before.
constexpr std::size_t kept_in_rotation = 2;

struct Key {
    std::array<unsigned char, name_octets> name;
    std::array<unsigned char, secret_octets> hmac;
    std::array<unsigned char, secret_octets> aes;
};
static_assert(sizeof(Key) == TicketKeys::key_octets);

}  // namespace

struct TicketKeys::Parts {
    Parts() = default;
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts() { OPENSSL_cleanse(keys.data(), keys.size() * sizeof(Key)); }

    // `keys` has room for all of them from the beginning: growing would leave copies of secrets behind.
    std::vector<Key> keys;
};

namespace {

void add_new(std::vector<Key>& keys) {
    Key key;
    if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key) != 1) throw std::bad_alloc();
    keys.push_back(key);
    OPENSSL_cleanse(&key, sizeof key);
}

// Fetched once: looking an algorithm up costs more than using it.
const EVP_CIPHER* cipher() {
    static const EVP_CIPHER* const only = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
    return only;
}

int index_of_keys() {
    static const int only = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return only;
}

bool begin_mac(EVP_MAC_CTX* mac, const Key& key) {
    char digest[] = "SHA256";
    const std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.hmac.data()),
                                          key.hmac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

// What OpenSSL takes for an answer.
enum : int { key_failed = -1, key_unknown = 0, key_usable = 1, key_is_old = 2 };

int make_ticket(const std::vector<Key>& keys, unsigned char* name, unsigned char* start, EVP_CIPHER_CTX* encryption,
                EVP_MAC_CTX* mac) {
    const Key& newest = keys.front();
    if (RAND_bytes(start, EVP_CIPHER_get_iv_length(cipher())) != 1) return key_failed;
    std::memcpy(name, newest.name.data(), name_octets);
    const bool is_begun =
        EVP_EncryptInit_ex2(encryption, cipher(), newest.aes.data(), start, nullptr) == 1 && begin_mac(mac, newest);
    return is_begun ? key_usable : key_failed;
}

int open_ticket(const std::vector<Key>& keys, const unsigned char* name, const unsigned char* start,
                EVP_CIPHER_CTX* encryption, EVP_MAC_CTX* mac) {
    const auto own = std::ranges::find_if(
        keys, [name](const Key& key) { return std::memcmp(key.name.data(), name, name_octets) == 0; });
    if (own == keys.end()) return key_unknown;
    const bool is_begun =
        EVP_DecryptInit_ex2(encryption, cipher(), own->aes.data(), start, nullptr) == 1 && begin_mac(mac, *own);
    if (!is_begun) return key_failed;
    return own == keys.begin() ? key_usable : key_is_old;
}

int use_key(SSL* session, unsigned char* name, unsigned char* start, EVP_CIPHER_CTX* encryption, EVP_MAC_CTX* mac,
            int is_made) {
    const auto* const keys = static_cast<const TicketKeys*>(SSL_get_ex_data(session, index_of_keys()));
    assert(keys != nullptr && "every session of a server has keys");
    const std::vector<Key>& all = keys->parts().keys;
    return is_made != 0 ? make_ticket(all, name, start, encryption, mac)
                        : open_ticket(all, name, start, encryption, mac);
}

}  // namespace

TicketKeys::TicketKeys(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
TicketKeys::~TicketKeys() = default;

std::shared_ptr<const TicketKeys> TicketKeys::make() {
    auto parts = std::make_unique<Parts>();
    parts->keys.reserve(1);
    add_new(parts->keys);
    return std::make_shared<const TicketKeys>(std::move(parts));
}

std::expected<std::shared_ptr<const TicketKeys>, std::string> TicketKeys::read(std::string_view octets) {
    const std::size_t count = octets.size() / key_octets;
    if (count == 0 || octets.size() % key_octets != 0) {
        return std::unexpected("it has " + std::to_string(octets.size()) + " bytes; a key has 80, all of them random");
    }
    if (count > keys_max) {
        return std::unexpected("it has " + std::to_string(count) + " keys; the most are " + std::to_string(keys_max));
    }
    auto parts = std::make_unique<Parts>();
    parts->keys.resize(count);
    std::memcpy(parts->keys.data(), octets.data(), octets.size());
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (parts->keys[i].name != parts->keys[j].name) continue;
            return std::unexpected("keys " + std::to_string(j + 1) + " and " + std::to_string(i + 1) +
                                   " in it have the same name, their first 16 bytes");
        }
    }
    return std::make_shared<const TicketKeys>(std::move(parts));
}

std::shared_ptr<const TicketKeys> TicketKeys::rotated() const {
    auto parts = std::make_unique<Parts>();
    const std::vector<Key>& old = parts_->keys;
    const std::size_t kept = std::min(old.size(), kept_in_rotation);
    parts->keys.reserve(kept + 1);
    add_new(parts->keys);
    parts->keys.insert(parts->keys.end(), old.begin(), old.begin() + static_cast<std::ptrdiff_t>(kept));
    return std::make_shared<const TicketKeys>(std::move(parts));
}

std::size_t TicketKeys::count() const { return parts_->keys.size(); }

void use_ticket_keys(SSL_CTX& context) { SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, use_key); }

void set_ticket_keys(SSL& session, const TicketKeys& keys) {
    if (SSL_set_ex_data(&session, index_of_keys(), const_cast<TicketKeys*>(&keys)) != 1) throw std::bad_alloc();
}

}  // namespace portico::tls
