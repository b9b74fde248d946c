// portico/server/web_endpoint.h — where to listen, and whether with TLS.
//
// Room server: see limits.h.
// Threads:   none. Values.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "portico/io/net/endpoint.h"

namespace portico::server {

// What is spoken at an endpoint.
enum class Speech : std::uint8_t {
    unsaid,  // "HOST:PORT": as the other options say
    plain,   // "http://HOST:PORT"
    tls,     // "https://HOST:PORT", "tls://HOST:PORT"
};

struct WebEndpoint {
    io::Endpoint endpoint;
    Speech speech = Speech::unsaid;
};

// An endpoint as io::parse_endpoint() takes it, perhaps with http://, https:// or tls:// before it, and
// a slash after it.
[[nodiscard]] std::expected<WebEndpoint, io::EndpointError> parse_web_endpoint(std::string_view text);

}  // namespace portico::server
