// portico/acme/jws.cc — see jws.h.
#include "portico/acme/jws.h"

#include "portico/acme/base64url.h"
#include "portico/http/json.h"

namespace portico::acme {
namespace {

using Writer = http::JsonWriter<std::string>;

void write_jwk(Writer& json, const tls::SigningKey& key) {
    const tls::SigningKey::Point point = key.point();
    json.open_object();
    json.member("crv", "P-256");
    json.member("kty", "EC");
    json.member("x", base64url(point.x));
    json.member("y", base64url(point.y));
    json.close_object();
}

std::string flattened(std::string_view head, std::string_view payload, std::string_view signature) {
    std::string text;
    Writer json(text);
    json.open_object();
    json.member("protected", head);
    json.member("payload", payload);
    json.member("signature", base64url(signature));
    json.close_object();
    return text;
}

}  // namespace

std::string public_jwk(const tls::SigningKey& key) {
    std::string text;
    Writer json(text);
    write_jwk(json, key);
    return text;
}

std::string thumbprint(const tls::SigningKey& key) { return base64url(tls::sha256(public_jwk(key))); }

std::string key_authorization(std::string_view token, const tls::SigningKey& key) {
    return std::string(token) + "." + thumbprint(key);
}

std::string signed_request(const tls::SigningKey& key, const Envelope& envelope, std::string_view payload) {
    std::string text;
    Writer json(text);
    json.open_object();
    json.member("alg", "ES256");
    if (envelope.account.empty()) {
        json.name("jwk");
        write_jwk(json, key);
    } else {
        json.member("kid", envelope.account);
    }
    json.member("nonce", envelope.nonce);
    json.member("url", envelope.url);
    json.close_object();
    const std::string head = base64url(text);
    const std::string content = base64url(payload);
    return flattened(head, content, key.sign(head + "." + content));
}

std::string bound_key(const ExternalAccount& external, std::string_view url, const tls::SigningKey& key) {
    std::string text;
    Writer json(text);
    json.open_object();
    json.member("alg", "HS256");
    json.member("kid", external.id);
    json.member("url", url);
    json.close_object();
    const std::string head = base64url(text);
    const std::string content = base64url(public_jwk(key));
    return flattened(head, content, tls::hmac_sha256(external.mac_key, head + "." + content));
}

}  // namespace portico::acme
