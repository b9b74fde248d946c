// portico/embed/bearer_auth.cc — see bearer_auth.h.
#include "portico/embed/bearer_auth.h"

#include <utility>

#include "portico/http/bearer_auth.h"
#include "portico/http/fields.h"

namespace portico {
namespace {

Response refused(Status status, std::string challenge, std::string reason) {
    Response response(status);
    response.set("WWW-Authenticate", std::move(challenge));
    response.set_reason(std::move(reason));
    return response;
}

// RFC 6750 §3.1: there is no error code for a request without any token.
Response no_token(const std::string& realm, http::NoBearer why) {
    if (why == http::NoBearer::absent) {
        return refused(Status::unauthorized, http::bearer_challenge(realm), "no bearer token");
    }
    return refused(Status::bad_request, http::bearer_challenge(realm, "invalid_request"),
                   "Authorization is not one bearer token");
}

// RFC 9110 §15.5.2: a 401 has a challenge.
Response not_admitted(const std::string& realm, std::optional<Response> answer) {
    std::string challenge = http::bearer_challenge(realm, "invalid_token");
    if (!answer) return refused(Status::unauthorized, std::move(challenge), "wrong bearer token");
    if (answer->status() == Status::unauthorized && !answer->field("WWW-Authenticate")) {
        answer->set("WWW-Authenticate", std::move(challenge));
    }
    return *std::move(answer);
}

}  // namespace

Middleware detail::bearer_middleware(std::string realm, TokenCheck check) {
    if (!http::is_field_value(realm)) return Middleware::unusable("a realm has no control characters");
    const std::string text = realm.empty() ? "" : "Realm: " + realm;
    Middleware made = [realm = std::move(realm), check = std::move(check)](Request& request,
                                                                           Next next) mutable -> Task<Response> {
        const auto token = http::bearer_token(request.message().fields);
        if (!token) co_return no_token(realm, token.error());
        Admission admitted = co_await check(request, *token);
        if (!admitted) co_return not_admitted(realm, std::move(admitted.error()));
        Response response = co_await next(request);
        co_return std::move(response);
    };
    return made.describe_security(SecurityScheme::bearer(text))
        .describe_answer(Status::bad_request)
        .describe_answer(Status::unauthorized, {}, {AnswerField::of("WWW-Authenticate")});
}

}  // namespace portico
