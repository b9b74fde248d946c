// portico/tls/client_context.h — what all sessions of a client share: whom it trusts.
//
// Room tls: see session.h.
// Threads:   never changes after open(); every core makes sessions from it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/tls/credentials.h"
#include "portico/tls/session.h"

namespace portico::tls {

// Whether the server has to prove who it is.
enum class Verification : std::uint8_t {
    required,  // by a certificate for the name that was asked for, which leads to a trusted authority
    none,      // whoever answers is believed: for tests only
};

struct ClientTlsOptions {
    Verification verification = Verification::required;
    // PEM text of the authorities to trust. Empty: those of the system.
    std::string authorities;
    // The protocols that ALPN offers, the preferred one first (RFC 7301); none: no ALPN.
    std::vector<std::string> applications;
    // What the client shows to a server that asks for it (RFC 8446 §4.4.2).
    std::optional<Credentials> own;
};

class ClientContext {
public:
    // The error says what is wrong with the options.
    [[nodiscard]] static std::expected<std::shared_ptr<const ClientContext>, std::string> open(
        const ClientTlsOptions& options);
    ClientContext(const ClientContext&) = delete;
    ClientContext& operator=(const ClientContext&) = delete;
    ~ClientContext();

    // The client's end of a new connection to `host`, a name or an IP address, whose handshake has not begun. The error
    // says why there can be no such session. The pool outlives the session.
    [[nodiscard]] std::expected<std::unique_ptr<Session>, std::string> make_session(const std::string& host,
                                                                                    BufferPool& pool) const;

private:
    struct Impl;
    explicit ClientContext(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;  // each session keeps it
};

}  // namespace portico::tls
