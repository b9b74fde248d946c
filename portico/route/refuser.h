// portico/route/refuser.h — answers requests that are not served as asked.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include "portico/http/status.h"
#include "portico/link/exchange.h"
#include "portico/route/handler.h"
#include "portico/route/refusal_page.h"

namespace portico::route {

// Answers with the refusal, the allowed methods and the challenge that the exchange's notes hold. As a handler, it is
// at the end of the way that a refused request takes.
class Refuser final : public Handler {
public:
    // `unstated`: the format of pages for clients that name none.
    explicit Refuser(PageFormat unstated) : unstated_(unstated) {}

    // Fills the response, and notes the reason for the access log. The request may be filled in part: its head could
    // not be read.
    void refuse(link::Exchange& exchange, const http::Refusal& refusal);

    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override;

private:
    PageFormat unstated_;
};

// Answers OPTIONS with the allowed methods (RFC 9110 §9.3.7).
class MethodsHandler final : public Handler {
public:
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override;
};

}  // namespace portico::route
