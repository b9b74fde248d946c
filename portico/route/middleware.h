// portico/route/middleware.h — what requests pass on their way to a handler.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "portico/base/task.h"
#include "portico/http/status.h"
#include "portico/link/exchange.h"
#include "portico/route/guard.h"
#include "portico/route/handler.h"
#include "portico/route/refuser.h"

namespace portico::route {

class Middleware;

// What a request has found, or what is left of its way to a handler: middleware, the outermost first, and then the
// handler. A value; the router owns everything that it refers to, and outlives the exchange.
struct Route {
    Guard* guard = nullptr;  // asked before the middleware; null: everyone is admitted
    std::span<Middleware* const> way;
    Handler* handler = nullptr;   // never null once the route is found
    Refuser* refuser = nullptr;   // neither is this
    bool has_precedence = false;  // see Precedence

    // What the handler and the middleware do with the content, together.
    [[nodiscard]] ContentUse content_use() const;
    // Answers, like the handler's functions of the same names.
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) const;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) const;
    // The same way, with a refusal at its end.
    [[nodiscard]] Route refused(link::Exchange& exchange, const http::Refusal& refusal) const;
    // The rest of the way, after the outermost middleware.
    [[nodiscard]] Route rest() const { return {nullptr, way.subspan(1), handler, refuser}; }
};

// Changes requests on their way to a handler, or the responses on their way back. One object serves many exchanges at
// the same time, and outlives them.
class Middleware {
public:
    virtual ~Middleware() = default;

    [[nodiscard]] virtual ContentUse content_use() const { return ContentUse::none; }
    // Like pass(), if that needs no waiting. False: nothing has been filled, and the handler has not been asked; call
    // pass().
    [[nodiscard]] virtual bool pass_at_once(link::Exchange& exchange, const Route& rest) {
        static_cast<void>(exchange);
        static_cast<void>(rest);
        return false;
    }
    // Fills the response itself, or awaits rest.answer(exchange) and may change the response afterwards.
    [[nodiscard]] virtual Task<void> pass(link::Exchange& exchange, Route rest) = 0;
    // Memory is short: drops everything that is only cached.
    virtual void forget_kept() {}
};

// Asks a guard on the way, after the middleware that is further out.
class Guarded final : public Middleware {
public:
    explicit Guarded(std::shared_ptr<Guard> guard) : guard_(std::move(guard)) {}
    // There is no pass_at_once(): if the rest had to wait, the guard would be asked twice.
    [[nodiscard]] Task<void> pass(link::Exchange& exchange, Route rest) override;

private:
    std::shared_ptr<Guard> guard_;
};

}  // namespace portico::route
