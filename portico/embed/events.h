// portico/embed/events.h — server-sent events: an answer that goes on for as long as there are events.
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
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "portico/base/task.h"
#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/io/gate.h"

namespace portico {

// Sends the events of one response. Only one task may use it.
class EventSender {
public:
    // Both outlive it.
    EventSender(io::Core& core, ContentWriter& writer) : core_(&core), writer_(&writer) {}
    EventSender(const EventSender&) = delete;
    EventSender& operator=(const EventSender&) = delete;

    // Sends an event with this data, which may have several lines; with a name for addEventListener(), and an id that
    // the client sends in Last-Event-ID when it reconnects. Returns once the kernel has taken the event; false if the
    // client has gone. The arguments need not outlive the call.
    [[nodiscard]] Task<bool> send(std::string_view data) { return send("", data); }
    [[nodiscard]] Task<bool> send(std::string_view name, std::string_view data, std::string_view id = {});

    // The core that the source runs on: for timers and the like.
    [[nodiscard]] io::Core& core() const { return *core_; }

    // --- for send_events()
    // Sends a comment whenever nothing else has been sent for this long, so that proxies keep the connection open and a
    // client that has gone is noticed; and one at once if there is no event to begin with.
    [[nodiscard]] Task<void> beat(std::chrono::milliseconds every);
    // Waits for the heartbeat that is being sent, if there is one. False if the task was asked to stop meanwhile.
    [[nodiscard]] Task<bool> until_written();
    // Whether sending has shown that the client has gone.
    [[nodiscard]] bool is_gone() const { return phase_ == Phase::gone; }

private:
    enum class Phase : std::uint8_t {
        new_,     // nothing has been sent, not even the head
        free,     // nothing is being sent
        writing,  // an event or a heartbeat is being sent
        gone,     // sending has shown that the client has gone
    };
    class Writing;

    [[nodiscard]] Task<bool> write_event(std::string text);
    [[nodiscard]] Task<bool> write(std::string_view text);

    io::Core* core_;
    ContentWriter* writer_;
    io::Gate written_;  // opened after a heartbeat, for an event that waits
    Phase phase_ = Phase::new_;
    bool event_waits_ = false;  // while a heartbeat is being sent
    io::TimePoint last_sent_ = core_->now();
};

// The function that sends the events. The response ends when its task does. Once the client has gone, the task is
// destroyed at the point where it waits.
using EventSource = std::function<Task<void>(EventSender& events)>;

// A response of the type text/event-stream with the events that `source` sends. Heartbeats keep it alive between
// events. Zero: there are none, and the response's head is sent with the first event. milliseconds::max(): the first
// one only, which sends the head at once.
[[nodiscard]] Response send_events(Request& request, EventSource source,
                                   std::chrono::milliseconds heartbeat = std::chrono::seconds(15));

}  // namespace portico
