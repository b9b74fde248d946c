// portico/route/encode.h — applies content codings to a whole content (RFC 9110 §8.4.1).
//
// Room route: see handler.h.
// Threads:   none; a call may compute for a tenth of a second, so from a core go through io::offload.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "portico/http/negotiate.h"

namespace portico::route {

// The same input gives the same output, so that all replicas of a site may use one entity tag for it. Returns nothing
// if the library failed, or memory is short. Never for identity (asserted).
[[nodiscard]] std::optional<std::string> encode(http::Coding coding, std::string_view octets);

}  // namespace portico::route
