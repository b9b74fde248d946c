// portico/app/own_certificate.h — the certificate of a client: --cert and --key.
//
// Room app: see command.h.
// Threads:   none. A function of its arguments, which reads files.
#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "portico/app/command.h"
#include "portico/tls/credentials.h"

namespace portico::app {

// What a client shows to a server that asks for it; nothing without --cert. `example` is a command line with both.
[[nodiscard]] std::expected<std::optional<tls::Credentials>, Misuse> own_certificate(const Arguments& arguments,
                                                                                     std::string_view example);

}  // namespace portico::app
