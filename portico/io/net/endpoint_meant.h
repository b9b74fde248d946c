// portico/io/net/endpoint_meant.h — guesses which endpoint a wrong text was meant to be.
//
// Room io: see error.h.
// Threads:   none. The result depends on the arguments and on /etc/services.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "portico/io/net/endpoint.h"

namespace portico::io {

// Returns the endpoint that `text` would be without its mistake, as a user would write it: "localhost" gives
// localhost:8080, "http://localhost/" localhost:80, "::1" [::1]:8080, "/run/x.sock" unix:/run/x.sock. `port` is used if
// the text has none. Returns nothing if there is no good guess.
std::optional<std::string> endpoint_meant_by(std::string_view text, std::uint16_t port,
                                             EndpointScheme unless_said = EndpointScheme::tcp);

}  // namespace portico::io
