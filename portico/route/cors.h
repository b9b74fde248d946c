// portico/route/cors.h — lets scripts of other sites read the answers (WHATWG Fetch, "CORS protocol").
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/route/middleware.h"

namespace portico::route {

// Whether scripts of other sites may send cookies and passwords, and so read answers that are meant for the user.
enum class CorsCredentials : std::uint8_t { none, allowed };

struct CorsOptions {
    // As browsers send them: "https://app.example". If the list is empty or contains "*", every site is allowed, but
    // never with credentials.
    std::vector<std::string> origins;
    CorsCredentials credentials = CorsCredentials::none;
    // What the answer to a preflight request allows: methods, and fields of requests. Empty: what it asks for.
    std::string methods;
    std::string request_fields;
    // The fields that scripts may read besides the usual ones. Empty: no others.
    std::string exposed_fields;
};

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
};

}  // namespace portico::route
