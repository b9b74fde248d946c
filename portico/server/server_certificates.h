// portico/server/server_certificates.h — a server's certificates: where they come from, and that they stay valid.
//
// Room server: see limits.h.
// Threads:   one at a time; those that it starts are its own.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/acme/challenges.h"
#include "portico/acme/service.h"
#include "portico/route/routes.h"
#include "portico/server/certificate_files.h"
#include "portico/server/certificates.h"
#include "portico/server/ticket_keys.h"
#include "portico/tls/early_data.h"
#include "portico/tls/server_context.h"

namespace portico::server {

// Whether connections are protected, and by which certificates.
enum class CertificateUse : std::uint8_t {
    none,
    files,  // that somebody else renews
    local,  // from the authority of this user
    acme,   // from a public authority
};

// Which protocols ALPN offers.
enum class Applications : std::uint8_t {
    http,
    listed,  // CertificatePlan::applications
};

struct CertificatePlan {
    CertificateUse use = CertificateUse::none;
    std::vector<CertificateFiles> files;
    std::vector<std::string> names;  // of the local certificate: names and addresses, at least one
    acme::ServiceOptions acme;
    // What the server shows to ACME's authorities. Null: made when it is needed.
    std::shared_ptr<acme::Challenges> challenges;
    tls::Profile profile = tls::Profile::intermediate;
    tls::UnknownNames unknown_names = tls::UnknownNames::first_certificate;
    std::shared_ptr<tls::EarlyData> early_data;  // null: none is accepted
    Stapling stapling = Stapling::fetched;       // of the certificates that are not local
    Applications offer = Applications::http;
    std::vector<std::string> applications;  // none: whatever a client offers is left unanswered
    // Of local certificates and ACME's; files have their own.
    std::string client_authorities;  // a file; empty: clients are not asked for certificates
    ClientCertificates clients = ClientCertificates::required;
};

// The certificates of one server, from before it is opened until after its end.
class ServerCertificates {
public:
    // Reads the files of the plan, makes its local certificate, or reads what ACME has issued so far; `plan.use` is not
    // `none` (asserted). `tell` learns of everything that goes wrong later, on any thread.
    [[nodiscard]] static std::expected<std::unique_ptr<ServerCertificates>, CertificateNews> open(
        CertificatePlan plan, TicketKeySource ticket_keys, TellOperator tell);
    ServerCertificates(const ServerCertificates&) = delete;
    ServerCertificates& operator=(const ServerCertificates&) = delete;
    ~ServerCertificates();  // ends the watch, and orders that are under way

    // With which the server begins.
    [[nodiscard]] const std::shared_ptr<const tls::ServerContext>& context() const { return context_; }
    // What the server answers before everything else: the authorities' requests, if there are any.
    [[nodiscard]] route::Precedence precedence() const;
    // From now on `replace` is told of renewed certificates and ticket keys, on another thread; and certificates are
    // ordered. Once.
    void keep(CertificateWatch::Replace replace);

private:
    class Opener;
    ServerCertificates(std::shared_ptr<Opener> opener, std::shared_ptr<const tls::ServerContext> context,
                       TicketKeySource ticket_keys);

    std::shared_ptr<Opener> opener_;
    std::shared_ptr<const tls::ServerContext> context_;
    std::optional<TicketKeySource> ticket_keys_;  // nothing once the watch has them
    std::optional<CertificateWatch> watch_;
    std::unique_ptr<acme::Service> orders_;
};

}  // namespace portico::server
