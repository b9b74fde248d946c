// portico/embed/program_router.cc — see program_router.h.
#include "portico/embed/program_router.h"

#include <string>
#include <utility>

namespace portico {
namespace {

// Sends the response before the tasks that still refer to the request have ended.
Task<void> send_before_it_ends(Request& request, link::Exchange& exchange) {
    request.unfinished().request_stop();
    // Most tasks end as soon as they are asked to and the stack is empty.
    const bool waited = co_await io::sleep_until(exchange.core(), exchange.core().now());
    if (waited && request.unfinished().size() > 0) co_await exchange.send_early();
    co_await request.unfinished().join();
}

// Passes the request on to the middleware, and from there to the handler.
Task<void> answer_through(const Way& way, Handle& handle, link::Exchange& exchange) {
    Request request(exchange, exchange.path().empty() ? std::string_view("/") : exchange.path());
    const Next next(way, handle, 0);
    Response response = co_await next(request);
    std::move(response).move_into(exchange.response(), exchange.notes().reason);
    if (request.unfinished().size() > 0) co_await send_before_it_ends(request, exchange);
}

Task<void> answer_at_the_end_of(const Way& way, Handle handle, link::Exchange& exchange) {
    co_await answer_through(way, handle, exchange);
}

}  // namespace

class ProgramRouter::WithRoute final : public route::Handler {
public:
    explicit WithRoute(Route& route) : route_(&route) {}
    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        return answer_through(route_->way, route_->handle, exchange);
    }

private:
    Route* route_;
};

// The answer to a request that no route takes: 404, or 405 or OPTIONS with the methods of the routes that have its
// path.
class ProgramRouter::WithoutRoute final : public route::Handler {
public:
    explicit WithoutRoute(const Routes& routes) : routes_(&routes) {}
    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        Routes::Found found = routes_->find(exchange.request().method_token, exchange.path());
        const Way& way = *found.way;
        Handle handle = [allow = std::move(found.allow)](Request& request) { return respond(request, allow); };
        return answer_at_the_end_of(way, std::move(handle), exchange);
    }

private:
    static Task<Response> respond(Request& request, std::string allow) {
        if (allow.empty()) co_return Response(Status::not_found);
        Response response(request.method() == Method::options ? Status::no_content : Status::method_not_allowed);
        response.set("Allow", std::move(allow));
        co_return std::move(response);
    }
    const Routes* routes_;
};

// The answer to a request for the server as a whole (RFC 9112 §3.2.4), and to a path that can't be decoded.
class ProgramRouter::WithoutPath final : public route::Handler {
public:
    explicit WithoutPath(const Routes& routes) : routes_(&routes) {}
    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        const http::Result<void> decoded = exchange.decode_path();
        Handle handle = [decoded](Request&) { return respond(decoded); };
        return answer_at_the_end_of(routes_->way_of_server(), std::move(handle), exchange);
    }

private:
    static Task<Response> respond(http::Result<void> decoded) {
        co_return decoded ? Response(Status::no_content) : Response(decoded.error());
    }
    const Routes* routes_;
};

ProgramRouter::ProgramRouter(io::Core& core, std::shared_ptr<portico::Router::State> routes)
    : core_(&core),
      state_(std::move(routes)),
      without_route_(std::make_unique<WithoutRoute>(state_->routes)),
      without_path_(std::make_unique<WithoutPath>(state_->routes)) {
    for (const auto& route : state_->routes.all()) with_route_.push_back(std::make_unique<WithRoute>(*route));
    for (const auto& folder : state_->files) folder->add_core(core);
}

ProgramRouter::~ProgramRouter() {
    for (const auto& folder : state_->files) folder->remove_core(*core_);
}

http::Result<route::Route> ProgramRouter::translate(link::Exchange& exchange) {
    route::Route found;
    const http::Result<void> decoded = exchange.decode_path();
    if (!decoded || exchange.request().form == http::TargetForm::asterisk) {
        found.handler = without_path_.get();
        return found;
    }
    Routes::Found on_path = state_->routes.find(exchange.request().method_token, exchange.path());
    exchange.parameters() = std::move(on_path.parameters);
    found.handler = on_path.route != nullptr ? with_route_[on_path.route->number].get() : without_route_.get();
    return found;
}

void ProgramRouter::refuse(const http::Refusal& refusal, link::Exchange& exchange) {
    Response(refusal).move_into(exchange.response(), exchange.notes().reason);
}

void ProgramRouter::forget_kept() {
    for (const auto& folder : state_->files) folder->forget_kept(*core_);
}

}  // namespace portico
