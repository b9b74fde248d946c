// portico/link/limits_in_force.h — the limits of inbound connections while anything goes on under them.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include "portico/base/buffer.h"
#include "portico/link/inbound_limits.h"
#include "portico/wire/h2/context.h"

namespace portico::link {

// Limits, and what the HTTP/2 connections that announced them share. Immutable but for the latter.
struct LimitsInForce {
    LimitsInForce(BufferPool& pool, const InboundLimits& the_limits) : limits(the_limits), h2(pool, limits.h2) {}

    const InboundLimits limits;
    h2::Context h2;
};

}  // namespace portico::link
