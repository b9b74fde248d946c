// portico/tls/signing_key.h — a key that signs messages, and digests of them.
//
// Room tls: see session.h.
// Threads:   none. Values that never change.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace portico::tls {

// An ECDSA key on the curve P-256. Copies share it.
class SigningKey {
public:
    // Makes a new one.
    [[nodiscard]] static std::expected<SigningKey, std::string> make();
    // Reads PEM text, as text() returns it. The error says what is wrong with it.
    [[nodiscard]] static std::expected<SigningKey, std::string> read(std::string_view text);

    // The private key as PEM text: a secret.
    [[nodiscard]] std::string text() const;
    // The public key: the point's coordinates, 32 octets each (RFC 7518 §6.2.1).
    struct Point {
        std::string x;
        std::string y;
    };
    [[nodiscard]] Point point() const;
    // The signature of `message` as ES256 has it: 64 octets (RFC 7518 §3.4). Empty if OpenSSL fails, which only lack of
    // memory can cause.
    [[nodiscard]] std::string sign(std::string_view message) const;

    struct Parts;
    explicit SigningKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

private:
    std::shared_ptr<const Parts> parts_;
};

// 32 octets.
[[nodiscard]] std::string sha256(std::string_view message);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);

}  // namespace portico::tls
