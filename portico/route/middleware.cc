// portico/route/middleware.cc — see middleware.h.
#include "portico/route/middleware.h"

#include <algorithm>

namespace portico::route {

ContentUse Route::content_use() const {
    const auto reads = [](const Middleware* middleware) { return middleware->content_use() == ContentUse::reads; };
    return std::ranges::any_of(way, reads) ? ContentUse::reads : handler->content_use();
}

bool Route::answer_at_once(link::Exchange& exchange) const {
    return way.empty() ? handler->answer_at_once(exchange) : way.front()->pass_at_once(exchange, rest());
}

Task<void> Route::answer(link::Exchange& exchange) const {
    return way.empty() ? handler->answer(exchange) : way.front()->pass(exchange, rest());
}

Route Route::refused(link::Exchange& exchange, const http::Refusal& refusal) const {
    exchange.notes().refusal = refusal;
    return {nullptr, way, refuser, refuser};
}

Task<void> Guarded::pass(link::Exchange& exchange, Route rest) {
    std::optional<http::Result<void>> allowed = guard_->admit_at_once(exchange);
    if (!allowed) allowed = co_await guard_->admit(exchange);
    if (*allowed) {
        co_await rest.answer(exchange);
    } else {
        rest.refuser->refuse(exchange, allowed->error());
    }
}

}  // namespace portico::route
