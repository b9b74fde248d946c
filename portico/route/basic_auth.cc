// portico/route/basic_auth.cc — see basic_auth.h.
#include "portico/route/basic_auth.h"

#include <cassert>
#include <utility>

#include "portico/route/secret.h"

namespace portico::route {

std::unexpected<http::Refusal> BasicAuth::wrong_credentials() {
    return http::refuse(http::Status::unauthorized, "wrong user or password");
}

// Fills in what the rest of the request's way needs to know.
http::Result<void> BasicAuth::decided(link::Exchange& exchange, http::Result<void> allowed) const {
    link::ExchangeNotes& notes = exchange.notes();
    if (allowed) notes.admitted = notes.user;
    if (!allowed && allowed.error().status == http::Status::unauthorized) notes.challenge = challenge_;
    return allowed;
}

std::optional<http::Result<void>> BasicAuth::admit_at_once(link::Exchange& exchange) {
    const http::FieldSection& fields = exchange.request().fields;
    auto sent = http::basic_credentials(fields);
    if (!sent) {
        const std::string_view reason =
            fields.has(http::FieldName::authorization) ? "Authorization is not one Basic credential" : "no credentials";
        return decided(exchange, http::refuse(http::Status::unauthorized, reason));
    }
    const Secret secret(*std::move(sent));
    wipe(sent->password);  // a short one is copied, not moved
    exchange.notes().user = (*secret).user;
    const std::optional<http::Result<void>> allowed = check_at_once(*secret);
    if (!allowed) return std::nullopt;
    return decided(exchange, *allowed);
}

Task<http::Result<void>> BasicAuth::check(link::Exchange& exchange) {
    assert(false && "check_at_once() decides");
    static_cast<void>(exchange);
    co_return wrong_credentials();
}

Task<http::Result<void>> BasicAuth::admit(link::Exchange& exchange) {
    const http::Result<void> allowed = co_await check(exchange);
    co_return decided(exchange, allowed);
}

std::optional<http::Result<void>> PasswordFunction::check_at_once(const http::Credentials& credentials) {
    const std::optional<bool> is_right = check_(credentials.user, credentials.password);
    if (!is_right) return http::refuse(http::Status::internal_server_error, "the check of the password failed");
    if (*is_right) return http::Result<void>{};
    return wrong_credentials();
}

}  // namespace portico::route
