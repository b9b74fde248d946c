// portico/embed/broadcast.h — one value to many, as server-sent events.
//
//   portico::Broadcast<std::string> news;
//   server.get("/news", [&](portico::Request& request) { return portico::send_events(request, news); });
//   news.publish("it rains");
//
// Room embed: see response.h.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "portico/base/task.h"
#include "portico/embed/events.h"
#include "portico/io/broadcast.h"

namespace portico {

namespace detail {

template <class T>
Task<void> send_published(Broadcast<T>& broadcast, EventSender& events) {
    Subscription<T> subscription = broadcast.subscribe(events.core());
    for (;;) {
        const std::optional<T> value = co_await subscription.next();
        if (!value) co_return;
        const bool sent = co_await events.send(*value);
        if (!sent) co_return;
    }
}

}  // namespace detail

// Server-sent events whose data is what is published. The broadcast outlives the server.
[[nodiscard]] inline Response send_events(Request& request, Broadcast<std::string>& broadcast) {
    EventSource source = [&broadcast](EventSender& events) { return detail::send_published(broadcast, events); };
    return send_events(request, std::move(source));
}

}  // namespace portico
