// portico/acme/challenges.h — what a server shows to authorities that come to look.
//
// Room acme: see base64url.h.
// Threads:   Challenges: any; the provers: one core's.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/acme/prover.h"
#include "portico/io/core.h"
#include "portico/tls/credentials.h"

namespace portico::acme {

// "/.well-known/acme-challenge/" (RFC 8555 §8.3)
inline constexpr std::string_view challenge_path = "/.well-known/acme-challenge/";

// The proofs that are being shown. All cores of a server read them, but only for an authority's requests and
// handshakes, so that the lock delays nobody else.
class Challenges {
public:
    // The content of challenge_path with this token; nothing if no such proof is shown.
    [[nodiscard]] std::optional<std::string> content(std::string_view token) const;
    // The certificate for a handshake that asks for the name (RFC 8737 §3).
    [[nodiscard]] std::optional<tls::Credentials> certificate(std::string_view name) const;

    void show_content(std::string token, std::string content);
    void show_certificate(std::string name, std::string token, tls::Credentials credentials);
    // Either kind. `token`: of the proof.
    void take_back(std::string_view token) noexcept;

private:
    struct Shown {
        std::string token;
        std::string name;                             // of the certificate
        std::string content;                          // or of a path
        std::optional<tls::Credentials> credentials;  // if it is a certificate
    };

    mutable std::mutex lock_;
    std::vector<Shown> shown_;  // guarded by lock_
};

// Proves by http-01 and tls-alpn-01, to authorities that reach this server.
class ServerProver final : public Prover {
public:
    // `challenges` and `core` outlive it. `types`: of these two, the preferred one first.
    ServerProver(io::Core& core, Challenges& challenges, std::vector<std::string> types);

    [[nodiscard]] std::vector<std::string> types(unsigned attempt) const override;
    [[nodiscard]] Task<Result<void>> show(Proof proof) override;
    void take_back(const Proof& proof) noexcept override;

private:
    io::Core* core_;
    Challenges* challenges_;
    std::vector<std::string> types_;
};

}  // namespace portico::acme
