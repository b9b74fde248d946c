// portico/tls/server_context.h — what all sessions of a server share: certificates, versions, tickets.
//
// Room tls: see session.h.
// Threads:   never changes after open(); every core makes sessions from it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/tls/credentials.h"
#include "portico/tls/session.h"

namespace portico::tls {

// Which clients can connect: Mozilla's recommendations, version 5.7.
enum class Profile : std::uint8_t {
    intermediate,  // TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3: all clients since 2014
    modern,        // TLS 1.3 only: all clients since 2019
};

struct ServerTlsOptions {
    // At least one. A client gets one for the name that it asks for (SNI, RFC 6066 §3): with that name, or with a
    // wildcard that covers it. A client that asks for no name, or for another one, gets the first. Several for the same
    // names, such as one with an ECDSA key and one with an RSA key, are offered together.
    std::vector<Credentials> credentials;
    Profile profile = Profile::intermediate;
    // The protocols that ALPN offers, the preferred one first (RFC 7301).
    std::vector<std::string> applications{"http/1.1", "http/1.0"};
    // The certificate that proves to an authority that this server has the name, in lower case (RFC 8737): for a
    // client that offers the protocol acme-tls/1 and no other. Nothing: the handshake fails. Every core calls it.
    // Empty: no authority asks.
    std::function<std::optional<Credentials>(const std::string& name)> challenge;
};

class ServerContext {
public:
    // The error says what is wrong with the options.
    [[nodiscard]] static std::expected<std::shared_ptr<const ServerContext>, std::string> open(
        const ServerTlsOptions& options);
    ServerContext(const ServerContext&) = delete;
    ServerContext& operator=(const ServerContext&) = delete;
    ~ServerContext();

    // The server's end of a new connection, whose handshake has not begun. The context may end before the session does;
    // the pool outlives the session.
    [[nodiscard]] std::unique_ptr<Session> make_session(BufferPool& pool) const;

private:
    struct Impl;
    explicit ServerContext(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;  // each session keeps it
};

}  // namespace portico::tls
