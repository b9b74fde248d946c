// portico/app/notation.cc — the values of options that this program defines: endpoints and limits.
//
// Room app: see command.h.
#include "portico/app/notation.h"

#include <fmt/core.h>

#include "portico/acme/names.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/net/endpoint_meant.h"
#include "portico/server/limits.h"
#include "portico/server/web_endpoint.h"

namespace portico::app {
namespace {

std::optional<std::string> why_no_endpoint(std::string_view value) {
    const auto endpoint = io::parse_endpoint(value);
    if (endpoint) return std::nullopt;
    return fmt::format("'{}' is not an endpoint: {}", value, endpoint.error().message);
}

std::optional<std::string> why_no_web_endpoint(std::string_view value) {
    const auto endpoint = server::parse_web_endpoint(value);
    if (endpoint) return std::nullopt;
    return fmt::format("'{}' is not an endpoint: {}", value, endpoint.error().message);
}

std::optional<std::string> why_no_service_endpoint(std::string_view value) {
    const auto endpoint = server::parse_web_endpoint(value);
    constexpr std::string_view scheme = "tls://";
    if (endpoint && (endpoint->speech == server::Speech::unsaid || value.starts_with(scheme))) {
        const bool is_stream = endpoint->endpoint.scheme == io::EndpointScheme::tcp ||
                               endpoint->endpoint.scheme == io::EndpointScheme::unix_stream;
        if (is_stream || endpoint->speech == server::Speech::unsaid) return std::nullopt;
        return fmt::format("'{}' is not an endpoint: TLS needs a stream", value);
    }
    return why_no_endpoint(value);
}

std::optional<std::string> endpoint_near(std::string_view value) { return io::endpoint_meant_by(value, standard_port); }

std::optional<std::string> why_no_limit(std::string_view value) {
    server::Limits scratch;
    auto set = server::set_limit(scratch, value);
    if (set) return std::nullopt;
    return std::move(set.error());
}

std::vector<std::string> limit_names() {
    std::vector<std::string> names;
    for (const server::LimitRow& row : server::limit_rows()) names.push_back(std::string(row.name) + "=");
    return names;
}

std::optional<std::string> why_no_acme_name(std::string_view value) {
    const auto name = acme::read_name(value);
    if (name) return std::nullopt;
    return fmt::format("'{}': {}", value, name.error());
}

}  // namespace

constinit const cli::Notation acme_name_notation{.why_refused = why_no_acme_name};
constinit const cli::Notation endpoint_notation{.why_refused = why_no_endpoint, .meant_by = endpoint_near};
constinit const cli::Notation service_notation{.why_refused = why_no_service_endpoint, .meant_by = endpoint_near};
constinit const cli::Notation web_notation{.why_refused = why_no_web_endpoint, .meant_by = endpoint_near};
constinit const cli::Notation limit_notation{
    .why_refused = why_no_limit, .explained_by = "portico help limits", .beginnings = limit_names};

}  // namespace portico::app
