// portico/handler/redirect.h — leads clients to HTTPS.
//
// Room handler: what can answer. See files/options.h.
// Threads:   one core's, except for routes_to_https().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "portico/http/message.h"
#include "portico/route/handler.h"
#include "portico/route/hosts.h"
#include "portico/route/routes.h"

namespace portico::handler {

// Where a client finds what it asks for with HTTPS, at another port of the same host: "https://example.org:8443/a?b".
// Nothing if the request names no host.
[[nodiscard]] std::optional<std::string> https_location(const http::Request& request, std::uint16_t port);

// Redirects every request to the same host and target with HTTPS, at `port`. GET and HEAD get 301 (Moved Permanently),
// other methods 308 (Permanent Redirect), after which the client repeats the content (RFC 9110 §15.4.9).
class ToHttps final : public route::Handler {
public:
    explicit ToHttps(std::uint16_t port) : port_(port) {}
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override;

private:
    void fill(link::Exchange& exchange) const;

    std::uint16_t port_;
};

// The routes of a listener without TLS beside one with TLS, at `port`, which has the routes `secure`: every path is
// redirected, for the same hosts. What has precedence there is answered here too, such as the proofs below
// /.well-known/acme-challenge/, where a certificate authority looks before there is a certificate (RFC 8555 §8.3).
[[nodiscard]] std::shared_ptr<const route::Routes> routes_to_https(std::uint16_t port, const route::Routes& secure);

}  // namespace portico::handler
