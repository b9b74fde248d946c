// portico/route/refuser.h — answers requests that are not served as asked.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <string_view>

#include "portico/http/status.h"
#include "portico/link/exchange.h"
#include "portico/route/handler.h"
#include "portico/route/refusal_page.h"

namespace portico::route {

// Answers with the refusal, the allowed methods and the challenge that the exchange's notes hold. As a handler, it is
// at the end of the way that a refused request takes.
class Refuser final : public Handler {
public:
    // `unstated`: the format of pages for clients that name none. `foreign_host_advice`: see Routes.
    Refuser(PageFormat unstated, ContentUse content_use, std::string_view foreign_host_advice)
        : unstated_(unstated), content_use_(content_use), foreign_host_advice_(foreign_host_advice) {}

    // Fills the response, and notes the reason for the access log. The request may be filled in part: its head could
    // not be read.
    void refuse(link::Exchange& exchange, const http::Refusal& refusal);

    [[nodiscard]] ContentUse content_use() const override { return content_use_; }
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override;

private:
    PageFormat unstated_;
    ContentUse content_use_;
    std::string_view foreign_host_advice_;
};

// Answers OPTIONS with the allowed methods (RFC 9110 §9.3.7).
class MethodsHandler final : public Handler {
public:
    explicit MethodsHandler(ContentUse content_use) : content_use_(content_use) {}

    [[nodiscard]] ContentUse content_use() const override { return content_use_; }
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override;

private:
    ContentUse content_use_;
};

}  // namespace portico::route
