// portico/route/cors.cc — see cors.h.
#include "portico/route/cors.h"

#include <algorithm>
#include <string>
#include <utility>

namespace portico::route {
namespace {

using http::FieldName;

void set(http::Response& response, FieldName name, std::string_view value) {
    response.fields.remove(name);
    response.fields.add(name, value);
}

}  // namespace

Cors::Cors(CorsOptions options)
    : options_(std::move(options)), preflight_seconds_(std::to_string(options_.preflight_time.count())) {
    if (std::ranges::find(options_.origins, "*") != options_.origins.end()) options_.origins.clear();
}

bool Cors::allows(std::optional<std::string_view> origin) const {
    return origin && (allows_all() || std::ranges::find(options_.origins, *origin) != options_.origins.end());
}

// A browser asks whether a script may read an answer before it sends the script's credentials, and without them. So
// this answer comes before any check of a password, if this middleware is further out.
bool Cors::answer_preflight(link::Exchange& exchange) const {
    const http::Request& request = exchange.request();
    const auto wanted = request.fields.find(FieldName::access_control_request_method);
    if (request.method != http::Method::options || !wanted) return false;
    if (!allows_all() && !allows(request.fields.find(FieldName::origin))) return false;
    http::Response& response = exchange.response();
    response.status = http::Status::no_content;
    add_fields(exchange);
    const bool asks = options_.methods.empty();
    response.fields.add(FieldName::access_control_allow_methods, asks ? *wanted : std::string_view(options_.methods));
    const auto fields = request.fields.find(FieldName::access_control_request_headers);
    if (!options_.request_fields.empty()) {
        response.fields.add(FieldName::access_control_allow_headers, options_.request_fields);
    } else if (fields) {
        response.fields.add(FieldName::access_control_allow_headers, *fields);
    }
    response.fields.add(FieldName::access_control_max_age, preflight_seconds_);
    return true;
}

// An answer that may depend on Origin says so to caches, even if this request has none (Fetch standard, "CORS protocol
// and HTTP caches").
void Cors::add_fields(link::Exchange& exchange) const {
    http::Response& response = exchange.response();
    const auto origin = exchange.request().fields.find(FieldName::origin);
    if (!allows_all()) response.fields.add(FieldName::vary, "Origin");
    if (!allows_all() && !allows(origin)) return;
    set(response, FieldName::access_control_allow_origin, allows_all() ? std::string_view("*") : *origin);
    if (options_.credentials == CorsCredentials::allowed && !allows_all()) {
        constexpr std::string_view name = "Access-Control-Allow-Credentials";
        response.fields.remove(name);
        response.fields.add(name, "true");
    }
    if (!options_.exposed_fields.empty()) {
        response.fields.add(FieldName::access_control_expose_headers, options_.exposed_fields);
    }
}

bool Cors::pass_at_once(link::Exchange& exchange, const Route& rest) {
    if (answer_preflight(exchange)) return true;
    if (!rest.answer_at_once(exchange)) return false;
    add_fields(exchange);
    return true;
}

Task<void> Cors::pass(link::Exchange& exchange, Route rest) {
    if (answer_preflight(exchange)) co_return;
    co_await rest.answer(exchange);
    add_fields(exchange);
}

}  // namespace portico::route
