// portico/route/basic_auth.h — asks for a user and a password (RFC 9110 §11, RFC 7617).
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/base/task.h"
#include "portico/http/basic_auth.h"
#include "portico/http/message.h"
#include "portico/route/guard.h"

namespace portico::route {

// Everything about Basic authentication except whether a password is right. It notes the user who is admitted or, with
// a 401, who tried; nobody if two were sent.
class BasicAuth : public Guard {
public:
    [[nodiscard]] std::optional<http::Result<void>> admit_at_once(link::Exchange& exchange) final;
    // Refusals: 401 no credentials, or wrong ones (RFC 9110 §15.5.2); those of check().
    [[nodiscard]] Task<http::Result<void>> admit(link::Exchange& exchange) final;

protected:
    // `realm`: the name that the browser shows. Printable ASCII.
    explicit BasicAuth(std::string_view realm) : challenge_(http::basic_challenge(realm)) {}

    // Whether the credentials are right. The first function never waits; if it returns nothing, call the second, with
    // the same exchange. A class whose first function always decides has no second (asserted).
    [[nodiscard]] virtual std::optional<http::Result<void>> check_at_once(const http::Credentials& credentials) = 0;
    [[nodiscard]] virtual Task<http::Result<void>> check(link::Exchange& exchange);

    [[nodiscard]] static std::unexpected<http::Refusal> wrong_credentials();

private:
    [[nodiscard]] http::Result<void> decided(link::Exchange& exchange, http::Result<void> allowed) const;

    std::string challenge_;
};

// Asks a function, which must not take long. Nothing: it has failed, and the request is refused with 500.
class PasswordFunction final : public BasicAuth {
public:
    using Check = std::function<std::optional<bool>(std::string_view user, std::string_view password)>;
    PasswordFunction(std::string_view realm, Check check) : BasicAuth(realm), check_(std::move(check)) {}

private:
    [[nodiscard]] std::optional<http::Result<void>> check_at_once(const http::Credentials& credentials) override;

    Check check_;
};

}  // namespace portico::route
