// portico/app/service_command.h — what hello and echo share: endpoints, lines about clients, an orderly shutdown.
//
// Room app: see command.h.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "portico/app/command.h"
#include "portico/io/net/endpoint.h"
#include "portico/server/server_certificates.h"
#include "portico/server/web_endpoint.h"
#include "portico/services/serve.h"
#include "portico/services/service.h"

namespace portico::app {

// --listen, --connections and --quiet.
std::vector<Option> service_options();
// The names of these options in other programs.
std::vector<OtherName> service_other_names();

// Explains why an endpoint could not be opened. Returns the exit code.
int complain_of_opening(const Arguments& arguments, const io::Endpoint& endpoint, const services::OpenFailure& failure);

// What endpoints with TLS show their clients, as --cert and --key say; null if there are none.
std::expected<std::unique_ptr<server::ServerCertificates>, Misuse> certificates_for(
    const Arguments& arguments, const std::vector<server::WebEndpoint>& endpoints);

using MakeService = std::function<std::unique_ptr<services::Service>(io::Core& core)>;

// Serves on the endpoints of --listen until SIGTERM or SIGINT, or until every endpoint has ended, as stdio does.
// Returns the exit code.
int run_service(const Arguments& arguments, const MakeService& make_service);

}  // namespace portico::app
