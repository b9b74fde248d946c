// portico/app/service_command.h — what hello and echo share: endpoints, lines about clients, an orderly shutdown.
//
// Room app: see command.h.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "portico/app/command.h"
#include "portico/services/service.h"

namespace portico::app {

// --listen, --connections and --quiet.
std::vector<Option> service_options();
// The names of these options in other programs.
std::vector<OtherName> service_other_names();

using MakeService = std::function<std::unique_ptr<services::Service>(io::Core& core)>;

// Serves on the endpoints of --listen until SIGTERM or SIGINT, or until every endpoint has ended, as stdio does.
// Returns the exit code.
int run_service(const Arguments& arguments, const MakeService& make_service);

}  // namespace portico::app
