// portico/app/notation.h — the values of options that this program defines: endpoints and limits.
//
// Room app: see command.h.
// Threads:   none. Constants.
#pragma once

#include <cstdint>

#include "portico/cli/command.h"

namespace portico::app {

// The port to listen on if the command line gives none.
inline constexpr std::uint16_t standard_port = 8080;

extern const cli::Notation acme_name_notation;  // as acme::read_name takes it
extern const cli::Notation endpoint_notation;   // as io::parse_endpoint takes it
extern const cli::Notation service_notation;    // the same, perhaps with tls:// before it
extern const cli::Notation web_notation;        // as server::parse_web_endpoint() takes it
extern const cli::Notation limit_notation;      // NAME=VALUE, as server::set_limit takes it

}  // namespace portico::app
