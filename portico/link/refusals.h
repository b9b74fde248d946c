// portico/link/refusals.h — why the content of a request is refused, in any version of HTTP.
//
// Room link: see h1_inbound.h. Internal.
// Threads:   none. Values.
#pragma once

#include "portico/http/status.h"

namespace portico::link {

inline http::Refusal too_slow() { return {http::Status::request_timeout, "the request came too slowly"}; }
inline http::Refusal too_large() { return {http::Status::content_too_large, "content larger than content_octets_max"}; }
inline http::Refusal no_memory() { return {http::Status::service_unavailable, "memory is short: memory_max"}; }

}  // namespace portico::link
