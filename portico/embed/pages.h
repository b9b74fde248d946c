// portico/embed/pages.h — asks a program's hooks, on the way of requests: see Router::on_refusal().
//
// Room embed: see response.h.
// Threads:   one core's; the hooks are shared by all cores.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "portico/embed/hooks.h"
#include "portico/route/for_core.h"
#include "portico/route/middleware.h"

namespace portico {

// Each may be empty.
struct Hooks {
    ErrorHook error;
    RefusalHook refusal;
};

// What the page that is an exchange's response says to the client's user, if the program has said it: see
// Response::error(). It is attached to the exchange.
struct PageDetail {
    std::string text;
};

// Sees what comes back from the rest of the way, and waits for nothing else.
class Pages final : public route::Middleware {
public:
    explicit Pages(std::shared_ptr<const Hooks> hooks) : hooks_(std::move(hooks)) {}

    [[nodiscard]] bool pass_at_once(link::Exchange& exchange, const route::Route& rest) override;
    [[nodiscard]] Task<void> pass(link::Exchange& exchange, route::Route rest) override;

private:
    void look_at(link::Exchange& exchange) const;

    std::shared_ptr<const Hooks> hooks_;
};

// The middleware for hooks that may still be filled in.
[[nodiscard]] route::ForCore<route::Middleware> pages_of(std::shared_ptr<const Hooks> hooks);

// What comes before everything else on the way of a server's requests; null if there are no hooks.
[[nodiscard]] std::shared_ptr<const route::ForCore<route::Middleware>> outermost_of(std::shared_ptr<const Hooks> hooks);

}  // namespace portico
