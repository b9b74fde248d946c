// portico/handler/redirect.cc — see redirect.h.
#include "portico/handler/redirect.h"

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace portico::handler {
namespace {

constexpr std::uint16_t usual_port = 443;

// A cached redirect outlives the server that sent it, which is a nuisance on a developer's machine.
constexpr std::string_view caching = "max-age=600";

}  // namespace

std::optional<std::string> https_location(const http::Request& request, std::uint16_t port) {
    const std::string_view authority = request.authority;
    // The last colon begins the port, unless it is within the brackets of an address.
    const std::size_t colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
    const std::string_view host = has_port ? authority.substr(0, colon) : authority;
    if (host.empty()) return std::nullopt;
    std::string location = "https://";
    location += host;
    if (port != usual_port) location += fmt::format(":{}", port);
    location += request.path;
    if (request.has_query) location.append("?").append(request.query);
    return location;
}

bool ToHttps::answer_at_once(link::Exchange& exchange) {
    fill(exchange);
    return true;
}

Task<void> ToHttps::answer(link::Exchange& exchange) {
    fill(exchange);
    co_return;
}

void ToHttps::fill(link::Exchange& exchange) const {
    const http::Request& request = exchange.request();
    http::Response& response = exchange.response();
    auto location = https_location(request, port_);
    if (!location) {
        exchange.notes().reason = "HTTP without TLS, and no host to redirect to";
        response.status = http::Status::bad_request;
        return;
    }
    const bool is_read_only = request.method == http::Method::get || request.method == http::Method::head;
    response.status = is_read_only ? http::Status::moved_permanently : http::Status::permanent_redirect;
    response.add_made(http::FieldName::location, *std::move(location));
    response.fields.add(http::FieldName::cache_control, caching);
}

std::shared_ptr<const route::Routes> routes_to_https(std::uint16_t port, const route::Routes& secure) {
    auto routes = std::make_shared<route::Routes>();
    routes->hosts = secure.all_hosts();
    routes->precedence = secure.precedence;
    route::Definition all;
    all.pattern = "/{path...}";
    all.handler = [port](io::Core&) { return std::make_shared<ToHttps>(port); };
    routes->add(std::move(all));
    return routes;
}

}  // namespace portico::handler
