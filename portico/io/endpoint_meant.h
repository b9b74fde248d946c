// portico/io/endpoint_meant.h — what was probably meant by a text that is not an endpoint.
//
// Room io: see error.h.
// Threads:   none. A function of its arguments, and of /etc/services.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "portico/io/endpoint.h"

namespace portico::io {

// The endpoint that `text` would be without its mistake, as the user would write it: "localhost" is localhost:8080,
// "http://localhost/" localhost:80, "::1" [::1]:8080, "/run/x.sock" unix:/run/x.sock. `port` stands where none was
// written. Nothing if there is no good guess.
std::optional<std::string> endpoint_meant_by(std::string_view text, std::uint16_t port,
                                             Transport unless_said = Transport::tcp);

}  // namespace portico::io
