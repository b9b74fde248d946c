// portico/site/encode.h — content codings of a whole content (RFC 9110 §8.4.1).
//
// Room site: see options.h.
// Threads:   none; a call may take a tenth of a second of computing, so from a core go through io::offload.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "portico/http/negotiate.h"

namespace portico::site {

// The same octets in give the same octets out, so that all replicas of a site may use one entity tag for them. Nothing
// where the library failed; never for identity (asserted).
[[nodiscard]] std::optional<std::string> encode(http::Coding coding, std::string_view octets);

}  // namespace portico::site
