// portico/app/own_certificate.cc — see own_certificate.h.
#include "portico/app/own_certificate.h"

#include <fmt/core.h>

#include <string>
#include <utility>

#include "portico/app/certificates.h"
#include "portico/app/retype.h"
#include "portico/server/ticket_keys.h"

namespace portico::app {

std::expected<std::optional<tls::Credentials>, Misuse> own_certificate(const Arguments& arguments,
                                                                       std::string_view example) {
    const auto chain = arguments.value("cert");
    const auto key = arguments.value("key");
    if (!chain && !key) return std::nullopt;
    if (!chain || !key) return std::unexpected(Misuse{"--cert and --key belong together", std::string(example)});
    const auto certificate = server::read_small_file(std::string(*chain));
    if (!certificate) return std::unexpected(Misuse{certificate.error().message, advice_of(certificate.error())});
    const auto secret = server::read_small_file(std::string(*key));
    if (!secret) return std::unexpected(Misuse{secret.error().message, advice_of(secret.error())});
    auto own = tls::Credentials::read(*certificate, *secret);
    if (own) return *std::move(own);
    return std::unexpected(Misuse{fmt::format("cannot use '{}' with '{}': {}", *chain, *key, own.error()),
                                  "openssl x509 -noout -subject -in " + shell_quoted(std::string(*chain))});
}

}  // namespace portico::app
