// portico/tls/local_authority.h — a certificate authority of one machine's own, for development.
//
// Room tls: see session.h.
// Threads:   none. Values that never change.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portico/tls/credentials.h"

namespace portico::tls {

// A certificate and its key, as PEM text (RFC 7468).
struct PemPair {
    std::string chain;
    std::string key;  // a secret
};

// The kind of a new key.
enum class KeyKind : std::uint8_t {
    ecdsa,    // P-256: for every client
    ed25519,  // for simulations: all signatures have the same length, so that two runs exchange as many octets
};

// Makes the certificate and the key of a new authority, valid for ten years from `now`. `name`: as people see it in
// their browser.
[[nodiscard]] std::expected<PemPair, std::string> make_authority(const std::string& name, std::chrono::sys_seconds now,
                                                                 KeyKind kind = KeyKind::ecdsa);

// Which end of a connection a certificate is for (RFC 5280 §4.2.1.12).
enum class Purpose : std::uint8_t { server, client };

// Makes a certificate for a server, or a client, that has these names and IP addresses, at least one, certified by
// `authority`. It is valid from a day before `now` (clocks differ) for 90 days, but never longer than the authority.
[[nodiscard]] std::expected<PemPair, std::string> issue(const Credentials& authority,
                                                        const std::vector<std::string>& names,
                                                        std::chrono::sys_seconds now, Purpose purpose = Purpose::server,
                                                        KeyKind kind = KeyKind::ecdsa);

// The SHA-256 hash of the first certificate, "AB:CD:…", with which people compare certificates.
[[nodiscard]] std::string fingerprint(const Credentials& credentials);

}  // namespace portico::tls
