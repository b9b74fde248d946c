// portico/tls/server_name.h — the name that a client asks for (SNI, RFC 6066 §3).
//
// Room tls: see session.h.
// Threads:   none. A function of its argument.
#pragma once

#include <optional>
#include <string_view>

namespace portico::tls {

// Reads the content of a client's server_name extension. Nothing if there is no host name in it, or it is malformed:
// OpenSSL then refuses the message.
[[nodiscard]] std::optional<std::string_view> read_server_name(std::string_view extension);

}  // namespace portico::tls
