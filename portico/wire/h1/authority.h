// portico/wire/h1/authority.h — the host and port of a Host field or a request target (RFC 3986 §3.2).
//
// Room wire: see read_head.h.
#pragma once

#include <cstdint>
#include <string_view>

namespace portico::h1 {

enum class Port : std::uint8_t { optional, required };

// Whether `text` is uri-host [":" port] as in RFC 9110 §7.2: no userinfo, no path. The host must not be empty (RFC 9110
// §4.2.1) and the port at most 65535. If the port is optional, the colon may be followed by no digit.
bool is_authority(std::string_view text, Port port);

}  // namespace portico::h1
