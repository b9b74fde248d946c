// portico/embed/functions.h — a program's functions, as routers see them.
//
// Room embed: see response.h.
// Threads:   one core's; the functions are shared by all cores.
#pragma once

#include <memory>
#include <utility>

#include "portico/embed/next.h"
#include "portico/embed/route.h"
#include "portico/route/handler.h"
#include "portico/route/middleware.h"

namespace portico {

// Both catch what the functions throw: it becomes an answer with the status 500, so that the middleware around them
// sees a response like any other.
class FunctionHandler final : public route::Handler {
public:
    explicit FunctionHandler(std::shared_ptr<BoundHandler> function) : function_(std::move(function)) {}

    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override;

private:
    std::shared_ptr<BoundHandler> function_;
};

class FunctionMiddleware final : public route::Middleware {
public:
    explicit FunctionMiddleware(std::shared_ptr<portico::Middleware::Function> function)
        : function_(std::move(function)) {}

    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
    [[nodiscard]] Task<void> pass(link::Exchange& exchange, route::Route rest) override;

private:
    std::shared_ptr<portico::Middleware::Function> function_;
};

}  // namespace portico
