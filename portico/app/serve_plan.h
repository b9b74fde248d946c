// portico/app/serve_plan.h — what `portico serve` was asked to do.
//
// Room app: see command.h.
// Threads:   none. Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/acme/challenges.h"
#include "portico/acme/service.h"
#include "portico/acme/staple_service.h"
#include "portico/app/command.h"
#include "portico/app/notice.h"
#include "portico/handler/files/options.h"
#include "portico/io/net/address.h"
#include "portico/io/net/endpoint.h"
#include "portico/server/access_log.h"
#include "portico/server/certificate_files.h"
#include "portico/server/limits.h"
#include "portico/tls/server_context.h"

namespace portico::app {

// Whether the user gave the port. If not, the server uses another port when the default one is taken.
enum class PortChoice : std::uint8_t { asked, ours };
enum class Talk : std::uint8_t { banner, quiet };
// Where the banner goes. If the access log goes to standard output, its readers must find nothing else there.
enum class BannerTo : std::uint8_t { standard_output, standard_error };
enum class ShowQr : std::uint8_t { no, yes };
enum class OpenBrowser : std::uint8_t { no, yes };
enum class Audience : std::uint8_t { as_listened, lan };

// Whether connections are protected, and by which certificates.
enum class TlsUse : std::uint8_t {
    none,
    files,  // --cert and --key
    local,  // --tls: from the authority of this user
    acme,   // --acme: from a public authority
};

// Which protocols ALPN offers.
enum class Applications : std::uint8_t {
    http,
    any,  // whatever a client offers is left unanswered
};

// Where OCSP responses come from.
enum class Stapling : std::uint8_t {
    from_files,  // beside the certificates
    fetched,     // from the responders that certificates name, too
};

struct TlsPlan {
    TlsUse use = TlsUse::none;
    std::vector<server::CertificateFiles> files;
    std::vector<std::string> names;  // of the local certificate: names and addresses
    tls::Profile profile = tls::Profile::intermediate;
    acme::ServiceOptions acme;
    // What the server shows to authorities; made for --acme when the server starts.
    std::shared_ptr<acme::Challenges> challenges;
    tls::UnknownNames unknown_names = tls::UnknownNames::first_certificate;
    Applications applications = Applications::http;
    std::shared_ptr<tls::EarlyData> early_data;  // null: none is accepted
    Stapling stapling = Stapling::fetched;
    // Fetches OCSP responses; made when the server starts. Null: none are fetched.
    std::shared_ptr<acme::StapleService> staples;
    std::string ticket_keys;         // a file; empty: keys of our own
    std::string client_authorities;  // a file; empty: clients are not asked for certificates
    server::ClientCertificates clients = server::ClientCertificates::required;
    std::optional<std::chrono::seconds> strict_transport_security;
};

struct ServePlan {
    files::FolderOptions folder;
    server::Limits limits;
    TlsPlan tls;
    std::vector<std::string> hosts;  // names that --host adds to this machine's own
    server::AccessLogOptions log;
    std::vector<io::Endpoint> listen;           // at least one
    std::vector<io::Endpoint> redirect;         // without TLS: leads to HTTPS
    PortChoice port_choice = PortChoice::ours;  // applies to listen.front(), which is then the only one
    Audience audience = Audience::as_listened;
    unsigned threads = 0;  // 0: as many as the machine allows
    Talk talk = Talk::banner;
    BannerTo banner_to = BannerTo::standard_output;
    ShowQr qr = ShowQr::no;
    OpenBrowser browser = OpenBrowser::no;
    Colouring colouring = Colouring::automatic;
};

// The table for `serve`.
Command serve_table();

std::expected<ServePlan, Misuse> plan_from(const Arguments& arguments);

}  // namespace portico::app
