// portico/route/guard.h — whether a client may have what it asks for.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <optional>

#include "portico/base/task.h"
#include "portico/link/exchange.h"

namespace portico::route {

// Step 4 of 5, authorize (RFC 9110 §11). A guard that refuses with 401 sets ExchangeNotes::challenge.
class Guard {
public:
    virtual ~Guard() = default;
    // Decides without waiting if it can; otherwise returns nothing: then call admit().
    [[nodiscard]] virtual std::optional<http::Result<void>> admit_at_once(link::Exchange& exchange) = 0;
    // If the client leaves in the meantime, the task is destroyed at the point where it waits.
    [[nodiscard]] virtual Task<http::Result<void>> admit(link::Exchange& exchange) = 0;
};

}  // namespace portico::route
