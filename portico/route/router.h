// portico/route/router.h — finds what answers a request, and whether the request is allowed.
//
// Room route: see handler.h.
// Threads:   one core's: each core has its own router.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/link/exchange.h"
#include "portico/route/handler.h"

namespace portico::route {

// Step 4 of 5, authorize: whether the client may have what it asks for (RFC 9110 §11).
class Guard {
public:
    virtual ~Guard() = default;
    // Decides without waiting if it can; otherwise returns nothing: then call admit().
    [[nodiscard]] virtual std::optional<http::Result<void>> admit_at_once(link::Exchange& exchange) = 0;
    [[nodiscard]] virtual Task<http::Result<void>> admit(link::Exchange& exchange) = 0;
};

// What a request leads to. The router owns both, and outlives the exchange.
struct Route {
    Guard* guard = nullptr;      // null: everyone is admitted
    Handler* handler = nullptr;  // never null once it is found
};

class Router {
public:
    virtual ~Router() = default;

    // Step 3 of 5, translate: decodes the exchange's path and finds its route. Refusals: see the router's own comment.
    [[nodiscard]] virtual http::Result<Route> translate(link::Exchange& exchange) = 0;
    // Fills the response to a request that was refused, by step 3 or 4, or because its head or content could not be
    // read. The request may then be partly filled.
    virtual void refuse(const http::Refusal& refusal, link::Exchange& exchange) = 0;
    // Memory is short: drops everything that is only cached.
    virtual void forget_kept() {}
};

// Makes a router for each core, on the thread that opens the server.
using MakeRouter = std::function<std::unique_ptr<Router>(io::Core& core)>;

}  // namespace portico::route
