// portico/embed/router_state.h — the routes that a router and its groups have collected.
//
// Room embed: see response.h.
// Threads:   one thread fills it; once a server answers with it, every core reads it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "portico/embed/pages.h"
#include "portico/embed/route_description.h"
#include "portico/embed/router.h"
#include "portico/embed/tell.h"
#include "portico/route/pattern.h"
#include "portico/route/routes.h"

namespace portico {

struct Router::State {
    // Whether a server answers with the routes: then its threads read them, and nothing can be added. Reports that on
    // standard error.
    [[nodiscard]] bool is_too_late(std::string_view what, std::source_location where) const {
        if (!is_in_use) return false;
        tell_of_error(log.get(), std::string(what) + " at " + route::place_of(where) +
                                     " is ignored: add it before a server answers with these routes");
        return true;
    }
    // Sentences that say why the routes can't be served.
    [[nodiscard]] std::vector<std::string> all_errors() const {
        std::vector<std::string> all = errors;
        for (const std::string& error : routes.errors()) {
            if (std::ranges::find(all, error) == all.end()) all.push_back(error);
        }
        for (const auto& route : descriptions) {
            for (const std::string& error : route->errors) {
                all.push_back(error + ": see " + route::place_of(route->where));
            }
        }
        return all;
    }

    std::atomic<bool> is_in_use = false;
    std::atomic<std::uint64_t> server = 0;  // the number of the one that has taken a RouteSet; 0: none
    route::Routes routes;
    std::vector<std::string> errors;
    std::vector<std::shared_ptr<RouteNotes::Description>> descriptions;  // of the routes, in their order
    std::shared_ptr<const Hooks> hooks;                                  // for every request; null: there are none
    std::shared_ptr<const Log> log;  // of the server that answers with the routes; null: standard error
};

}  // namespace portico
