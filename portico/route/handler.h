// portico/route/handler.h — what answers requests.
//
// Room route: from a request to what answers it.
// May use:   base, http, io, link.
// May not:   know which kinds of handlers there are, or which version of HTTP carried a request.
// Threads:   one core's.
#pragma once

#include <cstdint>

#include "portico/base/task.h"
#include "portico/link/exchange.h"

namespace portico::route {

// What a handler does with a request's content.
enum class ContentUse : std::uint8_t {
    none,   // the connection reads it to its end and drops it before the handler answers
    reads,  // the handler reads it, or leaves it
};

// Step 5 of 5, respond. A handler answers many exchanges at the same time, and outlives them.
class Handler {
public:
    virtual ~Handler() = default;

    [[nodiscard]] virtual ContentUse content_use() const { return ContentUse::none; }
    // Fills the exchange's response if that needs no waiting. False: nothing has been filled; call answer().
    [[nodiscard]] virtual bool answer_at_once(link::Exchange& exchange) {
        static_cast<void>(exchange);
        return false;
    }
    // Fills the exchange's response, which the connection then sends, unless the handler has sent it early
    // (Exchange::send_early). If the client leaves in the meantime or the server stops, the task is destroyed at the
    // point where it waits.
    [[nodiscard]] virtual Task<void> answer(link::Exchange& exchange) = 0;
    // Memory is short: drops everything that is only cached.
    virtual void forget_kept() {}
    // The routes have been replaced: only exchanges that have begun still use it. Drops what is only cached, unless the
    // new routes use that too.
    virtual void retire() {}
};

}  // namespace portico::route
