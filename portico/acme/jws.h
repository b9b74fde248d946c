// portico/acme/jws.h — signed requests (RFC 7515, RFC 8555 §6.2).
//
// Room acme: see base64url.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <string>
#include <string_view>

#include "portico/tls/signing_key.h"

namespace portico::acme {

// What the signature covers besides the payload.
struct Envelope {
    std::string_view url;      // to which the request goes
    std::string_view nonce;    // the authority's, used once
    std::string_view account;  // the account's URL; empty: the request carries the public key instead
};

// The public key as JSON, its members in the order of RFC 7638 §3.2 and without spaces.
[[nodiscard]] std::string public_jwk(const tls::SigningKey& key);
// The hash of that, which names the key (RFC 7638).
[[nodiscard]] std::string thumbprint(const tls::SigningKey& key);
// What proves that the owner of the account's key controls a name (RFC 8555 §8.1).
[[nodiscard]] std::string key_authorization(std::string_view token, const tls::SigningKey& key);

// A request's content: a JWS in flattened JSON, signed by ES256. An empty payload only asks for what is at the URL
// (RFC 8555 §6.3).
[[nodiscard]] std::string signed_request(const tls::SigningKey& key, const Envelope& envelope,
                                         std::string_view payload);

// An account that the user has with the authority's operator.
struct ExternalAccount {
    std::string id;
    std::string mac_key;  // octets: a secret
};
// The same key as a JWS that the external account has authenticated by HS256 (RFC 8555 §7.3.4). `url`: of newAccount.
[[nodiscard]] std::string bound_key(const ExternalAccount& external, std::string_view url, const tls::SigningKey& key);

}  // namespace portico::acme
