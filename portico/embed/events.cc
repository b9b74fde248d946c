// portico/embed/events.cc — see events.h.
#include "portico/embed/events.h"

#include <chrono>
#include <exception>
#include <utility>

#include "portico/io/core.h"
#include "portico/io/scope.h"

namespace portico {
namespace {

// A field of an event is one line. Line breaks, and NUL, which an id may not contain, are left out.
void append_field(std::string& event, std::string_view name, std::string_view value) {
    event += name;
    event += ": ";
    for (const char octet : value) {
        if (octet != '\r' && octet != '\n' && octet != '\0') event += octet;
    }
    event += '\n';
}

// Each line of the data becomes a line of its own. CR LF, LF and CR end a line.
void append_data(std::string& event, std::string_view data) {
    for (;;) {
        const std::size_t end = data.find_first_of("\r\n");
        event += "data: ";
        event += data.substr(0, end);
        event += '\n';
        if (end == std::string_view::npos) return;
        data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
    }
}

Task<void> run_source(const EventSource& source, EventSender& events, std::exception_ptr& exception, io::Scope& scope) {
    try {
        co_await source(events);
    } catch (...) {
        exception = std::current_exception();
    }
    // Let a heartbeat that is being sent go out whole.
    const bool is_free = co_await events.until_written();
    static_cast<void>(is_free);
    scope.request_stop();
}

Task<void> run_heartbeat(EventSender& events, std::chrono::milliseconds every, io::Scope& scope) {
    co_await events.beat(every);
    scope.request_stop();
}

Task<bool> produce(io::Core& core, const EventSource& source, std::chrono::milliseconds heartbeat,
                   ContentWriter& writer) {
    EventSender events(core, writer);
    std::exception_ptr exception;
    io::Scope scope;
    scope.start(run_source(source, events, exception, scope), AfterStop::ends);
    const bool beats = heartbeat > std::chrono::milliseconds::zero();
    if (beats && scope.size() > 0) scope.start(run_heartbeat(events, heartbeat, scope), AfterStop::ends);
    co_await scope.join();
    if (exception) std::rethrow_exception(exception);
    co_return !events.is_gone();
}

// True for as long as a task waits, also if the task is destroyed meanwhile.
class WhileWaiting {
public:
    explicit WhileWaiting(bool& flag) : flag_(&flag) { flag = true; }
    WhileWaiting(const WhileWaiting&) = delete;
    WhileWaiting& operator=(const WhileWaiting&) = delete;
    ~WhileWaiting() { *flag_ = false; }

private:
    bool* flag_;
};

}  // namespace

// Notes that something is being sent, also if the task that sends it is destroyed.
class EventSender::Writing {
public:
    explicit Writing(EventSender& events) : events_(&events) { events.phase_ = Phase::writing; }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    ~Writing() {
        if (events_->phase_ == Phase::writing) events_->phase_ = Phase::free;
    }

private:
    EventSender* events_;
};

Task<bool> EventSender::send(std::string_view name, std::string_view data, std::string_view id) {
    std::string event;
    if (!id.empty()) append_field(event, "id", id);
    if (!name.empty()) append_field(event, "event", name);
    append_data(event, data);
    event += '\n';
    return write_event(std::move(event));
}

Task<bool> EventSender::until_written() {
    if (phase_ != Phase::writing) co_return true;
    const WhileWaiting waiting(event_waits_);
    const io::Result<void> written = co_await written_.wait(*core_, io::never);
    co_return written.has_value();
}

Task<bool> EventSender::write_event(std::string text) {
    const bool is_free = co_await until_written();
    if (!is_free) co_return false;
    const bool sent = co_await write(text);
    co_return sent;
}

Task<bool> EventSender::write(std::string_view text) {
    if (phase_ == Phase::gone) co_return false;
    const Writing writing(*this);
    const bool sent = co_await writer_->write(text);
    last_sent_ = core_->now();
    if (!sent) phase_ = Phase::gone;
    co_return sent;
}

Task<void> EventSender::beat(std::chrono::milliseconds every) {
    for (;;) {
        // The head is sent with the first octets: a heartbeat at once tells the client that it is connected.
        if (phase_ != Phase::new_) {
            const bool slept = co_await io::sleep_until(*core_, io::later(last_sent_, every));
            if (!slept || phase_ == Phase::gone) co_return;
            if (phase_ == Phase::writing) {
                // The client has not taken the last event yet; the limits on responses say how long it may take.
                last_sent_ = core_->now();
                continue;
            }
            if (core_->now() < io::later(last_sent_, every)) continue;
        }
        const bool sent = co_await write(":\n\n");
        if (event_waits_) written_.open();
        if (!sent) co_return;
    }
}

Response send_events(Request& request, EventSource source, std::chrono::milliseconds heartbeat) {
    io::Core* const core = &request.core();
    Response response =
        Response::stream("text/event-stream", [core, source = std::move(source), heartbeat](ContentWriter& writer) {
            return produce(*core, source, heartbeat, writer);
        });
    response.set_endless();
    response.set("Cache-Control", "no-store");
    response.set("X-Accel-Buffering", "no");  // tells nginx not to buffer the events
    return response;
}

}  // namespace portico
