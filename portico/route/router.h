// portico/route/router.h — finds what answers a request. The only router: folders, programs and configurations use it.
//
// Room route: see handler.h.
// Threads:   one core's: each core has its own router, with its own handlers and middleware.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/link/exchange.h"
#include "portico/route/hosts.h"
#include "portico/route/middleware.h"
#include "portico/route/refuser.h"
#include "portico/route/routes.h"

namespace portico::route {

// A core's snapshot of what the server answers: an exchange holds the router with which it began.
class Router {
public:
    // Makes the core's handlers, guards and middleware. `core` outlives the router.
    Router(io::Core& core, std::shared_ptr<const Routes> routes);
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Step 3 of 5, translate: checks the host, as the place of the listener demands, decodes the exchange's path and
    // finds its route. A request that can't be served has a route too, which ends in a refusal, so that it goes through
    // middleware:
    //   400 a path that can't be decoded; "*" for another method than OPTIONS  (RFC 9112 §3.2.4)
    //   404 no route has the path
    //   405 the path has other methods                                         (RFC 9110 §15.5.6)
    //   421 this server does not answer for the host; without middleware       (RFC 9110 §15.5.20)
    //   501 a method that is neither RFC 9110's nor any route's                 (RFC 9110 §9.1)
    [[nodiscard]] Route translate(link::Exchange& exchange, ListenerPlace listener);
    // Fills the response to a request whose head or content could not be read. The request may be filled in part.
    void refuse(link::Exchange& exchange, const http::Refusal& refusal);

    // Memory is short: drops everything that is only cached.
    void forget_kept();
    // The routes have been replaced. Call it once the next router has been made.
    void retire();

private:
    // A route as this core has it.
    struct Own {
        std::shared_ptr<Guard> guard;
        std::shared_ptr<Handler> handler;
        std::span<Middleware* const> way;
    };

    [[nodiscard]] Middleware* make(const std::shared_ptr<const ForCore<Middleware>>& source);
    std::span<Middleware* const> make_way(const Way& way);
    [[nodiscard]] Route on_way(const Way& way, Handler& handler);
    [[nodiscard]] Route refused(link::Exchange& exchange, const Way& way, http::Status status, std::string_view reason);
    [[nodiscard]] Route translate_server_wide(link::Exchange& exchange, const Routes::Tree& tree);
    [[nodiscard]] Route wrong_method(link::Exchange& exchange, const Routes::Tree& tree, const Definition& other);

    io::Core* core_;
    std::shared_ptr<const Routes> routes_;
    Hosts hosts_;
    Refuser refuser_;
    MethodsHandler methods_;
    std::unordered_map<const Definition*, Own> own_;
    std::vector<std::shared_ptr<Handler>> kept_;
    std::shared_ptr<Handler> first_;  // of the routes' precedence; null: there is none
    std::map<const ForCore<Middleware>*, std::shared_ptr<Middleware>> middleware_;
    std::unordered_map<const Way*, std::vector<Middleware*>> ways_;
};

}  // namespace portico::route
