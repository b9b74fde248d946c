// portico/wire/h2/connection.cc — how streams and connections begin and end: see connection.h. What frames do is in
// receive.cc, and what is written in send.cc.
#include "portico/wire/h2/connection.h"

#include <algorithm>
#include <cassert>

namespace portico::h2 {
namespace {

// In our only PING, which measures when the peer has seen the first GOAWAY.
constexpr std::string_view shutdown_ping = "shutdown";

// What a connection holds apart from streams and buffers, which are charged by themselves: itself, and the dynamic
// tables of both directions at their largest.
constexpr std::size_t octets_of_connection = sizeof(Connection) + 2 * hpack::initial_table_octets_max;

}  // namespace

Connection::Connection(Context& context, http::Scheme scheme, Role role)
    : context_(&context),
      charge_(context.pool().ledger(), octets_of_connection),
      scheme_(scheme),
      role_(role),
      reader_(context.pool(), context.limits(), context.counters(), role),
      output_(context.pool()),
      receive_window_(static_cast<std::int64_t>(context.limits().connection_window_octets)),
      control_pace_(
          Duration(std::chrono::seconds(1)) / static_cast<Duration::rep>(context.limits().control_frames_rate_max),
          context.limits().control_frames_burst_max),
      reset_pace_(Duration(context.limits().reset_time) / static_cast<Duration::rep>(context.limits().resets_max),
                  context.limits().resets_max) {
    write_settings();
}

Connection::~Connection() {
    for (auto& stream : live_) context_->give_back(std::move(stream));
}

void Connection::receive(std::string_view octets, TimePoint now) {
    assert(input_.empty());
    now_ = now;
    if (phase_ == Phase::ended) return;
    input_ = octets;
    if (!octets.empty() && !are_settings_acknowledged_ && !settings_sent_at_) settings_sent_at_ = now;
}

std::optional<Event> Connection::next_event() {
    while (phase_ != Phase::ended) {
        if (auto event = take_refusal()) return event;
        const Step step = reader_.next(input_);
        if (step.kind == Step::Kind::more) break;
        if (auto event = handle(step)) return event;
    }
    if (auto event = check_deadlines()) return event;
    if (phase_ == Phase::draining && live_.empty()) phase_ = Phase::ended;
    if (phase_ != Phase::ended || is_end_told_) return std::nullopt;
    is_end_told_ = true;
    input_ = {};
    reader_.release_memory();
    return Event(Event::Kind::ended, connection_stream, fault_);
}

Stream* Connection::find(StreamId id) const {
    // Most requests are answered at once, and nearly all calls are for the newest stream.
    if (!live_.empty() && live_.back()->id == id) return live_.back().get();
    const auto found = std::ranges::lower_bound(live_, id, {}, [](const auto& stream) { return stream->id; });
    return found != live_.end() && (*found)->id == id ? found->get() : nullptr;
}

// The stream, if something can still be sent on it.
Stream* Connection::find_sendable(StreamId id) const {
    Stream* const stream = find(id);
    const bool is_done =
        stream == nullptr || stream->state == StreamState::closed || stream->sending == Sending::complete;
    return is_done ? nullptr : stream;
}

// Nothing for a stream that was closed long ago, or never open.
std::optional<Closing> Connection::how_closed(StreamId id) const {
    if (const Stream* const stream = find(id)) return stream->closing;
    const auto found = std::ranges::find(closed_, id, &Closed::id);
    return found == closed_.end() ? std::nullopt : std::optional(found->closing);
}

void Connection::remember(StreamId id, Closing closing) {
    if (closed_.size() < limits().streams_max) {
        closed_.push_back(Closed{id, closing});
        return;
    }
    closed_[closed_next_] = Closed{id, closing};
    closed_next_ = (closed_next_ + 1) % closed_.size();
}

void Connection::close(Stream& stream, Closing closing) {
    if (stream.state == StreamState::closed) return;
    order_.remove(stream);
    stream.state = StreamState::closed;
    stream.closing = closing;
}

void Connection::free(Stream& stream) {
    remember(stream.id, stream.closing);
    const auto found = std::ranges::lower_bound(live_, stream.id, {}, [](const auto& live) { return live->id; });
    auto freed = std::move(*found);
    live_.erase(found);
    context_->give_back(std::move(freed));
}

// RFC 9113 §5.4.2. The fault is the peer's. An idle stream can't be reset (§6.4), so its fault is the connection's.
Connection::Handled Connection::fail_stream(StreamId id, Fault fault) {
    if (!is_clients(id) || id > last_id_) {
        end(fault);
        return std::nullopt;
    }
    last_fault_ = fault;
    Stream* const stream = find(id);
    const bool is_open = stream != nullptr && stream->state != StreamState::closed;
    // One RST_STREAM is enough. But a client that goes on after the end of its request is told each time.
    if (is_open || how_closed(id) != Closing::reset_by_us) write_reset(id, fault.error);
    if (is_open) close(*stream, Closing::reset_by_us);
    if (!reset_pace_.allow(now_)) {
        ++counters().resets_floods;
        end({ErrorCode::enhance_your_calm, "too many streams had to be reset"});
    }
    if (!is_open) return std::nullopt;  // nobody works on it, or the caller knows that it is closed
    return Event(Event::Kind::reset, id, fault);
}

void Connection::reset(StreamId id, ErrorCode error) {
    Stream* const stream = find(id);
    if (stream == nullptr || stream->state == StreamState::closed) return;
    close(*stream, Closing::reset_by_us);
    write_reset(id, error);
}

void Connection::released(StreamId id) {
    Stream* const stream = find(id);
    if (stream == nullptr) return;
    credit_connection(stream->unused);
    stream->unused = 0;
    // After a complete response, this only asks the peer to stop sending: RFC 9113 §8.1.
    const bool is_answered = stream->sending == Sending::complete;
    const ErrorCode given_up = is_answered ? ErrorCode::no_error : ErrorCode::internal_error;
    reset(id, role_ == Role::client ? ErrorCode::cancel : given_up);
    free(*stream);
}

void Connection::shut_down(TimePoint now) {
    if (phase_ != Phase::open) return;
    phase_ = Phase::announced;
    announced_at_ = now;
    write_goaway(stream_id_max, {ErrorCode::no_error, {}});
    write_control({.length = 8, .type = FrameType::ping}, shutdown_ping);
}

void Connection::send_last_goaway() {
    phase_ = Phase::draining;
    last_accepted_ = last_processed_;
    write_goaway(last_accepted_, {ErrorCode::no_error, {}});
}

// RFC 9113 §5.4.1
void Connection::end(Fault fault) {
    if (phase_ == Phase::ended) return;
    phase_ = Phase::ended;
    fault_ = last_fault_ = fault;
    if (fault.error != ErrorCode::no_error) ++counters().connection_errors;
    for (const auto& stream : live_) close(*stream, Closing::reset_by_us);
    write_goaway(std::min(last_processed_, last_accepted_), fault);
}

// While something could be sent but for the connection's window, the peer stalls.
void Connection::note_stall() {
    if (send_window_ > 0 || order_.next() == nullptr) {
        window_closed_since_.reset();
    } else if (!window_closed_since_) {
        window_closed_since_ = now_;
    }
}

std::optional<TimePoint> Connection::deadline() const {
    if (phase_ == Phase::ended) return std::nullopt;
    std::optional<TimePoint> earliest;
    const auto add = [&earliest](TimePoint time) { earliest = std::min(earliest.value_or(time), time); };
    if (settings_sent_at_) add(*settings_sent_at_ + limits().settings_time_max);
    if (incomplete_ != 0) add(incomplete_since_ + limits().block_time_max);
    if (phase_ == Phase::announced) add(announced_at_ + limits().shutdown_time_max);
    if (window_closed_since_) add(*window_closed_since_ + limits().stall_time_max);
    if (const Stream* const stream = order_.longest_stalled()) add(stream->stalled_since + limits().stall_time_max);
    return earliest;
}

// Ends what has taken too long. To be called when everything that was received has been read.
Connection::Handled Connection::check_deadlines() {
    if (phase_ == Phase::ended) return std::nullopt;
    const std::uint64_t incomplete = reader_.incomplete();
    if (incomplete != incomplete_) incomplete_since_ = now_;
    incomplete_ = incomplete;
    note_stall();
    if (settings_sent_at_ && now_ >= *settings_sent_at_ + limits().settings_time_max) {
        ++counters().settings_timeouts;
        end({ErrorCode::settings_timeout, "settings were not acknowledged in time"});
    } else if (incomplete_ != 0 && now_ >= incomplete_since_ + limits().block_time_max) {
        ++counters().blocks_too_slow;
        end({ErrorCode::enhance_your_calm, "a frame or field block took too long"});
    } else if (phase_ == Phase::announced && now_ >= announced_at_ + limits().shutdown_time_max) {
        send_last_goaway();
    }
    if (phase_ == Phase::ended) return std::nullopt;
    const Stream* stalled = order_.longest_stalled();
    if (stalled != nullptr && now_ < stalled->stalled_since + limits().stall_time_max) stalled = nullptr;
    if (window_closed_since_ && now_ >= *window_closed_since_ + limits().stall_time_max) stalled = order_.next();
    if (stalled == nullptr) return std::nullopt;
    ++counters().streams_stalled;
    return fail_stream(stalled->id, {ErrorCode::cancel, "the flow-control window stayed closed"});
}

}  // namespace portico::h2
