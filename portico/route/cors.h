// portico/route/cors.h — lets scripts of other sites read the answers (WHATWG Fetch, "CORS protocol").
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "portico/route/cors_options.h"
#include "portico/route/middleware.h"

namespace portico::route {

class Cors final : public Middleware {
public:
    explicit Cors(CorsOptions options);

    [[nodiscard]] bool pass_at_once(link::Exchange& exchange, const Route& rest) override;
    [[nodiscard]] Task<void> pass(link::Exchange& exchange, Route rest) override;

private:
    [[nodiscard]] bool allows_all() const { return options_.origins.empty(); }
    [[nodiscard]] bool allows(std::optional<std::string_view> origin) const;
    [[nodiscard]] bool answer_preflight(link::Exchange& exchange) const;
    void add_fields(link::Exchange& exchange) const;

    CorsOptions options_;
    std::string preflight_seconds_;
};

}  // namespace portico::route
