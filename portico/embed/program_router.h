// portico/embed/program_router.h — the routes of a program, as the server sees them.
//
// Room embed: see response.h.
// Threads:   one core's; the routes are shared by all cores. Another thread may make it.
#pragma once

#include <memory>
#include <vector>

#include "portico/embed/router_state.h"
#include "portico/route/router.h"

namespace portico {

// translate() refuses nothing: a request without a route is answered by a handler too, so that it goes through
// middleware.
class ProgramRouter final : public route::Router {
public:
    // The core outlives the router.
    ProgramRouter(io::Core& core, std::shared_ptr<portico::Router::State> routes);
    ~ProgramRouter() override;

    [[nodiscard]] http::Result<route::Route> translate(link::Exchange& exchange) override;
    void refuse(const http::Refusal& refusal, link::Exchange& exchange) override;
    void forget_kept() override;

private:
    class WithRoute;
    class WithoutRoute;
    class WithoutPath;

    io::Core* core_;
    const std::shared_ptr<portico::Router::State> state_;
    std::vector<std::unique_ptr<route::Handler>> with_route_;  // by the route's number
    std::unique_ptr<route::Handler> without_route_;
    std::unique_ptr<route::Handler> without_path_;
};

}  // namespace portico
