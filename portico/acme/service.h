// portico/acme/service.h — keeps a server's certificates, on a thread of its own.
//
// Room acme: see base64url.h.
// Threads:   the service has one of its own; its functions are for the thread that made it.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/acme/authority.h"
#include "portico/acme/challenges.h"
#include "portico/acme/failure.h"
#include "portico/acme/keeper.h"
#include "portico/tls/credentials.h"

namespace portico::acme {

// What a server's certificates are ordered with.
struct ServiceOptions {
    std::vector<std::string> names;             // in lower case; each gets a certificate of its own
    std::string folder;                         // where accounts and certificates are kept
    std::vector<AuthorityOptions> authorities;  // at least one; the next one is asked if the one before fails
    std::string trusted;                        // whom to trust as authorities' servers, PEM text; empty: the system's
    // How to prove that the names are this server's: by these types, the preferred one first; or, if there is a
    // program, by dns-01.
    std::vector<std::string> types{"http-01", "tls-alpn-01"};
    std::string dns_hook;
};

// Orders and renews the certificates as long as it exists. They appear in the folder: see stored_credentials().
class Service {
public:
    // `challenges`: what the server shows. `tell` is called on the service's thread. The error says why no thread can
    // be started.
    [[nodiscard]] static std::expected<std::unique_ptr<Service>, std::string> start(
        ServiceOptions options, std::shared_ptr<Challenges> challenges, Keeper::Tell tell);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    // Ends what is under way, and waits for it.
    ~Service();

private:
    struct Impl;
    explicit Service(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Revokes the certificate in the folder, and takes it out of there: see Keeper::revoke(). On the calling thread; a
// server that keeps it may run meanwhile, and orders another one.
[[nodiscard]] Result<void> revoke_now(const ServiceOptions& options, const std::string& name);

// The certificate in the folder; nothing if there is none that can be used.
[[nodiscard]] Result<std::optional<tls::Credentials>> stored_credentials(const std::string& folder,
                                                                         const std::string& name);

}  // namespace portico::acme
