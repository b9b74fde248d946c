// portico/route/router.cc — see router.h.
#include "portico/route/router.h"

#include <cassert>
#include <string>
#include <string_view>
#include <utility>

#include "portico/route/trusted_proxies.h"

namespace portico::route {
namespace {

const Way no_middleware;

}  // namespace

Router::Router(io::Core& core, std::shared_ptr<const Routes> routes)
    : core_(&core),
      routes_(std::move(routes)),
      hosts_(routes_->all_hosts()),
      refuser_(routes_->unstated_format, routes_->content_of_refused, routes_->foreign_host_advice),
      methods_(routes_->content_of_refused) {
    for (const Way* way : routes_->ways_below()) static_cast<void>(make_way(*way));
    static_cast<void>(make_way(no_middleware));
    for (const auto& route : routes_->all()) {
        own_[route.get()] =
            Own{route->guard ? route->guard(core) : nullptr, route->handler(core), make_way(route->way)};
    }
    for (const ForCore<Handler>& handler : routes_->kept()) kept_.push_back(handler(core));
    if (routes_->precedence.takes) first_ = routes_->precedence.handler(core);
}

std::span<Middleware* const> Router::make_way(const Way& way) {
    std::vector<Middleware*>& made = ways_[&way];
    if (routes_->outermost != nullptr) made.push_back(make(routes_->outermost));
    for (const auto& source : way) made.push_back(make(source));
    return made;
}

Middleware* Router::make(const std::shared_ptr<const ForCore<Middleware>>& source) {
    std::shared_ptr<Middleware>& made = middleware_[source.get()];
    if (made == nullptr) made = (*source)(*core_);
    return made.get();
}

void Router::refuse(link::Exchange& exchange, const http::Refusal& refusal) {
    const Route route = on_way(no_middleware, refuser_).refused(exchange, refusal);
    const bool is_answered = route.answer_at_once(exchange);
    assert(is_answered && "the outermost middleware does not wait by itself");
}

Route Router::on_way(const Way& way, Handler& handler) {
    return {nullptr, ways_.find(&way)->second, &handler, &refuser_};
}

Route Router::refused(link::Exchange& exchange, const Way& way, http::Status status, std::string_view reason) {
    return on_way(way, refuser_).refused(exchange, http::Refusal{status, reason});
}

Route Router::translate(link::Exchange& exchange, ListenerPlace listener) {
    const http::Request& request = exchange.request();
    if (routes_->proxies != nullptr) {
        exchange.notes().forwarded = routes_->proxies->client_of(request, exchange.peer());
    }
    if (first_ != nullptr && routes_->precedence.takes(request)) {
        Route first = on_way(no_middleware, *first_);
        first.has_precedence = true;
        return first;
    }
    // The authority form names the tunnel's destination, not the server that is asked for it (RFC 9112 §3.2.3).
    const bool names_server = request.form != http::TargetForm::authority;
    if (names_server && !hosts_.admits(request.authority, hosts_.check_at(listener))) {
        return refused(exchange, no_middleware, http::Status::misdirected_request,
                       "this server does not answer for that host");
    }
    const Routes::Tree& tree = routes_->tree_of(names_server ? request.authority : std::string_view());
    if (!names_server || request.form == http::TargetForm::asterisk) return translate_server_wide(exchange, tree);
    const http::Result<void> decoded = exchange.decode_path();
    if (!decoded) {
        return refused(exchange, Routes::way_below(tree, {}), decoded.error().status, decoded.error().reason);
    }
    const Routes::Found found = Routes::find(tree, request.method_token, exchange.path(), exchange.parameters());
    if (found.route != nullptr) {
        exchange.notes().pattern = found.route->pattern;
        const Own& own = own_.find(found.route)->second;
        return {own.guard.get(), own.way, own.handler.get(), &refuser_};
    }
    if (found.other_method != nullptr) return wrong_method(exchange, tree, *found.other_method);
    return refused(exchange, Routes::way_below(tree, exchange.path()), http::Status::not_found,
                   "no route has the path");
}

// CONNECT and OPTIONS *: there is no path.
Route Router::translate_server_wide(link::Exchange& exchange, const Routes::Tree& tree) {
    const Way& way = Routes::way_below(tree, {});
    const http::Request& request = exchange.request();
    Routes::list_methods(tree, "*", exchange.notes().allow);
    if (request.form == http::TargetForm::authority) {
        return refused(exchange, way, http::Status::method_not_allowed, "no route is a tunnel");
    }
    if (request.method != http::Method::options) {
        return refused(exchange, way, http::Status::bad_request, "the target * is for OPTIONS");
    }
    static_cast<void>(exchange.decode_path());  // it is "*"
    Route route = on_way(way, methods_);
    const Definition* const guarded = Routes::guarded(tree);
    if (guarded != nullptr) route.guard = own_.find(guarded)->second.guard.get();
    return route;
}

Route Router::wrong_method(link::Exchange& exchange, const Routes::Tree& tree, const Definition& other) {
    const http::Request& request = exchange.request();
    if (request.method == http::Method::other && !Routes::knows_method(tree, request.method_token)) {
        return refused(exchange, other.way, http::Status::not_implemented, "unknown method");
    }
    Routes::list_methods(tree, exchange.path(), exchange.notes().allow);
    if (request.method != http::Method::options) {
        return refused(exchange, other.way, http::Status::method_not_allowed, "the path has other methods");
    }
    const Own& own = own_.find(&other)->second;
    return {own.guard.get(), own.way, &methods_, &refuser_};
}

void Router::forget_kept() {
    for (const auto& [definition, own] : own_) own.handler->forget_kept();
    for (const auto& handler : kept_) handler->forget_kept();
    for (const auto& [source, middleware] : middleware_) middleware->forget_kept();
}

void Router::retire() {
    for (const auto& [definition, own] : own_) own.handler->retire();
    for (const auto& handler : kept_) handler->retire();
    for (const auto& [source, middleware] : middleware_) middleware->forget_kept();
}

}  // namespace portico::route
