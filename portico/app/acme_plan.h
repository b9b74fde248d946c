// portico/app/acme_plan.h — the options of `portico serve` for certificates from an authority.
//
// Room app: see command.h.
// Threads:   none. Functions of their arguments, and of the environment.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "portico/acme/service.h"
#include "portico/app/command.h"

namespace portico::app {

// For the table of `serve`.
std::vector<Option> acme_options();

// What to order certificates with; without names if there is no --acme.
std::expected<acme::ServiceOptions, Misuse> acme_plan(const Arguments& arguments);

}  // namespace portico::app
