// portico/link/beginning.h — whether the beginning of a connection is that of HTTP/2.
//
// Room link: see h1_inbound.h.
// Threads:   none. Functions of their arguments.
#pragma once

#include <cstdint>
#include <string_view>

#include "portico/tls/session.h"

namespace portico::link {

// What a connection's first octets begin.
enum class Beginning : std::uint8_t {
    other,    // not HTTP/2
    unclear,  // more octets are needed
    h2,       // HTTP/2, by a client that knows that the server speaks it (RFC 9113 §3.3)
};
[[nodiscard]] Beginning beginning_of(std::string_view octets);

// Whether client and server have chosen HTTP/2 in the TLS handshake (RFC 9113 §3.2), which is complete.
[[nodiscard]] inline bool has_chosen_h2(const tls::Session& session) { return session.application() == "h2"; }

}  // namespace portico::link
