// portico/embed/events.h — server-sent events: an answer that goes on for as long as there is something to tell.
//
//   portico::Task<void> tick(portico::EventSender& events) {
//       for (int i = 0;; ++i) {
//           const bool sent = co_await events.send(std::to_string(i));
//           if (!sent) co_return;
//           const bool slept = co_await portico::io::sleep_for(events.core(), std::chrono::seconds(1));
//           if (!slept) co_return;
//       }
//   }
//   server.get("/ticks", [](portico::Request& request) { return portico::send_events(request, tick); });
//
// Room embed: see response.h.
// Threads:   one core's.
// Source:    WHATWG HTML §9.2.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "portico/base/task.h"
#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/io/gate.h"

namespace portico {

// Sends the events of one response. One task uses it.
class EventSender {
public:
    // Both outlive it.
    EventSender(io::Core& core, ContentWriter& writer) : core_(&core), writer_(&writer) {}
    EventSender(const EventSender&) = delete;
    EventSender& operator=(const EventSender&) = delete;

    // An event with this data, which may have several lines; with a name for addEventListener(), and with an id that
    // the client says in Last-Event-ID when it connects again. The task goes on once the client takes it, or the kernel
    // keeps it. False: the client is gone. What is passed need not outlive the call.
    [[nodiscard]] Task<bool> send(std::string_view data) { return send("", data); }
    [[nodiscard]] Task<bool> send(std::string_view name, std::string_view data, std::string_view id = {});

    // Where the source runs: for timers and the like.
    [[nodiscard]] io::Core& core() const { return *core_; }

    // --- for send_events()
    // Sends a comment whenever nothing else was sent for this long, so that nobody on the way closes the connection and
    // a client that has gone is noticed; and one at once where there is no event to begin with.
    [[nodiscard]] Task<void> beat(io::Duration every);
    // Waits for the heartbeat that is being sent, if one is. False where the task was asked to stop before.
    [[nodiscard]] Task<bool> until_written();
    // Whether the client has gone, as far as what was sent tells.
    [[nodiscard]] bool is_gone() const { return is_gone_; }

private:
    [[nodiscard]] Task<bool> write_event(std::string text);
    [[nodiscard]] Task<bool> write(std::string_view text);

    io::Core* core_;
    ContentWriter* writer_;
    io::Gate written_;  // opened by the heartbeat, for an event that waits
    bool has_begun_ = false;
    bool is_writing_ = false;
    bool event_waits_ = false;
    bool is_gone_ = false;
    io::TimePoint last_sent_ = core_->now();
};

// What sends the events: the response ends when the task does. It is destroyed where it waits once the client is gone.
using EventSource = std::function<Task<void>(EventSender& events)>;

// The response that `source` makes, text/event-stream. Heartbeats keep it alive where there is nothing to tell.
[[nodiscard]] Response send_events(Request& request, EventSource source,
                                   std::chrono::milliseconds heartbeat = std::chrono::seconds(15));

}  // namespace portico
