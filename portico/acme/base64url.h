// portico/acme/base64url.h — base64 for URLs, without padding (RFC 4648 §5, RFC 7515 appendix C).
//
// Room acme: certificates from an authority, ordered and renewed without anybody's doing (RFC 8555).
// May use:   base, http, io, tls, link, route.
// May not:   know which server the certificates are for, or print. OpenSSL stays in room tls.
// Threads:   none. Functions of their arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace portico::acme {

[[nodiscard]] std::string base64url(std::string_view octets);
// Nothing if it is not the one encoding of some octets: other characters, padding, bits that are not zero at the end.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace portico::acme
