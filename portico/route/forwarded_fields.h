// portico/route/forwarded_fields.h — where proxies name their clients.
//
// Room route: see handler.h.
// Threads:   none; a value.
#pragma once

#include <cstdint>

namespace portico::route {

// The fields in which the proxies in front of a server name its clients. Those of the other kind are ignored: proxies
// pass on what clients have written there.
enum class ForwardedFields : std::uint8_t {
    x_forwarded,  // X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host
    forwarded,    // Forwarded (RFC 7239)
};

}  // namespace portico::route
