// portico/acme/chance.h — when not everybody should come at the same time.
//
// Room acme: see base64url.h.
// Threads:   one core's.
#pragma once

#include "portico/io/core.h"

namespace portico::acme {

// 0 to 1, at random.
[[nodiscard]] double fraction(io::Core& core);

}  // namespace portico::acme
