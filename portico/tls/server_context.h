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
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/tls/client_rules.h"
#include "portico/tls/credentials.h"
#include "portico/tls/early_data.h"
#include "portico/tls/session.h"
#include "portico/tls/staple.h"
#include "portico/tls/staples.h"
#include "portico/tls/ticket_keys.h"

namespace portico::tls {

// Which clients can connect: Mozilla's recommendations, version 5.7.
enum class Profile : std::uint8_t {
    intermediate,  // TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3: all clients since 2014
    modern,        // TLS 1.3 only: all clients since 2019
};

// What a client that asks for a name gets that no certificate has.
enum class UnknownNames : std::uint8_t {
    first_certificate,  // so that its user can see what is wrong
    refused,            // the alert unrecognized_name (RFC 6066 §3)
};

// Whether clients can resume their sessions.
enum class Tickets : std::uint8_t {
    issued,
    none,  // every handshake is a full one; for simulations: tickets don't all have the same length
};

// A certificate, and the clients that are let in by its names.
struct ServerIdentity {
    ServerIdentity(Credentials the_credentials, ClientRules the_clients = {})  // NOLINT(google-explicit-constructor)
        : credentials(std::move(the_credentials)), clients(std::move(the_clients)) {}
    Credentials credentials;
    ClientRules clients;
    std::optional<Staple> staple;  // that the certificate has not been revoked, for clients that ask
};

struct ServerTlsOptions {
    // At least one. A client gets one for the name that it asks for (SNI, RFC 6066 §3): with that name, or with a
    // wildcard that covers it. A client that asks for no name gets the first. Several for the same names, such as one
    // with an ECDSA key and one with an RSA key, are offered together, and have the same rules for clients.
    std::vector<ServerIdentity> credentials;
    UnknownNames unknown_names = UnknownNames::first_certificate;
    Profile profile = Profile::intermediate;
    // The protocols that ALPN offers, the preferred one first (RFC 7301); none: a client's offer is not answered.
    std::vector<std::string> applications{"h2", "http/1.1", "http/1.0"};
    // The certificate that proves to an authority that this server has the name, in lower case (RFC 8737): for a
    // client that offers the protocol acme-tls/1 and no other. Nothing: the handshake fails. Every core calls it.
    // Empty: no authority asks.
    std::function<std::optional<Credentials>(const std::string& name)> challenge = nullptr;
    Tickets tickets = Tickets::issued;
    // Null: a key that only this context has.
    std::shared_ptr<const TicketKeys> ticket_keys = nullptr;
    // Which early data is accepted (0-RTT, RFC 8446 §2.3), by all contexts that follow each other in one server; null:
    // none. Names that ask clients for certificates accept none in any case.
    std::shared_ptr<EarlyData> early_data = nullptr;
    // Where responses for credentials without a staple of their own come from; null: nowhere.
    std::shared_ptr<Staples> staples = nullptr;
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

    [[nodiscard]] const std::shared_ptr<const TicketKeys>& ticket_keys() const { return ticket_keys_; }
    // The same context with other keys for tickets.
    [[nodiscard]] std::shared_ptr<const ServerContext> with(std::shared_ptr<const TicketKeys> keys) const;

    struct Impl;
    ServerContext(std::shared_ptr<const Impl> impl, std::shared_ptr<const TicketKeys> keys);

private:
    std::shared_ptr<const Impl> impl_;  // each session keeps both
    std::shared_ptr<const TicketKeys> ticket_keys_;
};

// Whether a request for `host` (in lower case, without a port or a final dot) may be answered on the connection of this
// established session of a server: the client has been let in by the rules that hold for that host, and it has not
// asked for a name whose certificate does not cover it (RFC 9110 §7.4). A host without a certificate of its own, or no
// host, belongs to the first certificate; or it is refused like a client that asks for it. True for a client's session.
[[nodiscard]] bool may_serve(const Session& session, std::string_view host);

}  // namespace portico::tls
