// portico/wire/websocket/handshake.h — how a connection becomes one of the WebSocket protocol (RFC 6455 §4, RFC 8441).
//
// Room wire: see frame.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "portico/http/message.h"
#include "portico/http/status.h"

namespace portico::websocket {

// SHA-1 (FIPS 180-4). Only to show that the server understands the protocol: it protects nothing.
[[nodiscard]] std::array<unsigned char, 20> sha1(std::string_view octets);

// Whether the text is the base64 form of 16 octets (RFC 6455 §4.1).
[[nodiscard]] bool is_key(std::string_view text);

// The value of Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2).
[[nodiscard]] std::string accept_of_key(std::string_view key);

// Whether the request opens a WebSocket: by Upgrade over HTTP/1.1, by ":protocol" over HTTP/2 and later.
//
// Refusals: 426 it doesn't; Upgrade is to be sent                               (RFC 9110 §15.5.22)
//           426 another version; Sec-WebSocket-Version: 13 is to be sent        (RFC 6455 §4.4)
//           400 Sec-WebSocket-Key is missing, repeated or malformed, or there is content   (RFC 6455 §4.2.1)
//           501 another protocol than "websocket" by ":protocol"               (RFC 9220 §3)
[[nodiscard]] http::Result<void> check_opening(const http::Request& request, http::Version version);

// The values of all lines of a field, as one list (RFC 9110 §5.3).
[[nodiscard]] std::string list_of(const http::Request& request, std::string_view name);

// The first of the client's subprotocols that is among ours (RFC 6455 §4.2.2), as we spell it; empty if there is none.
[[nodiscard]] std::string_view choose_subprotocol(std::string_view theirs, std::span<const std::string> ours);

// Whether the origin of a page ("https://example.org:8443") is that of a request: the same host and port. A scheme's
// own port may be left out.
[[nodiscard]] bool is_same_origin(std::string_view origin, std::string_view authority, http::Scheme own_scheme);

}  // namespace portico::websocket
