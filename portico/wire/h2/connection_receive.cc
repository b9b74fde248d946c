// portico/wire/h2/connection_receive.cc — what the frames of the peer do: see connection.h.
#include <algorithm>
#include <utility>

#include "portico/wire/h2/connection.h"
#include "portico/wire/h2/read_response.h"

namespace portico::h2 {
namespace {

// Whether the peer may still send something of its message.
bool is_receiving(const Stream& stream) {
    return stream.state == StreamState::open || stream.state == StreamState::half_closed_local;
}

}  // namespace

Connection::Handled Connection::handle(const Step& step) {
    switch (step.kind) {
        case Step::Kind::more: break;
        case Step::Kind::frame: return handle_frame(step);
        case Step::Kind::headers: return handle_headers(step);
        case Step::Kind::data_begin: return begin_data(step);
        case Step::Kind::data: return take_data(step);
        case Step::Kind::data_end: return end_data(step);
        case Step::Kind::fault: end(step.fault); break;
    }
    return std::nullopt;
}

Connection::Handled Connection::handle_frame(const Step& step) {
    switch (step.header.type) {
        case FrameType::priority: return handle_priority(step);
        case FrameType::rst_stream: return handle_rst_stream(step);
        case FrameType::settings: handle_settings(step); return std::nullopt;
        case FrameType::ping: handle_ping(step); return std::nullopt;
        case FrameType::goaway: return handle_goaway(step);
        case FrameType::window_update: return handle_window_update(step);
        case FrameType::priority_update: handle_priority_update(step); return std::nullopt;
        case FrameType::data:  // the reader passes these on otherwise, or not at all
        case FrameType::headers:
        case FrameType::push_promise:
        case FrameType::continuation: break;
    }
    count_control_frame();  // an unknown type: RFC 9113 §5.5
    return std::nullopt;
}

void Connection::count_control_frame() {
    ++counters().control_frames;
    if (control_pace_.allow(now_)) return;
    ++counters().control_floods;
    end({ErrorCode::enhance_your_calm, "too many control frames"});
}

// --- HEADERS: RFC 9113 §6.2, §8.1

Connection::Handled Connection::handle_headers(const Step& step) {
    const StreamId id = step.header.stream;
    if (id > last_id_) {
        if (role_ == Role::server) return open_stream(step);
        end({ErrorCode::protocol_error, "HEADERS on an idle stream"});  // RFC 9113 §5.1
        return std::nullopt;
    }
    Stream* const stream = find(id);
    if (stream != nullptr && is_receiving(*stream)) {
        return stream->awaits_head ? take_response(*stream, step) : end_with_trailers(*stream, step);
    }
    const bool is_half_closed = stream != nullptr && stream->state == StreamState::half_closed_remote;
    const auto closing = how_closed(id);
    const bool is_ignored = id > last_accepted_ || closing == Closing::reset_by_us;
    if (!is_half_closed && !is_ignored) {
        // An identifier that was skipped, or used very long ago: RFC 9113 §5.1.1. Or else a closed stream: §5.1.
        end(closing ? Fault{ErrorCode::stream_closed, "HEADERS on a closed stream"}
                    : Fault{ErrorCode::protocol_error, "HEADERS with a lower stream identifier"});
        return std::nullopt;
    }
    if (!decode(step.payload, Section::none) || !is_half_closed) return std::nullopt;
    return fail_stream(id, {ErrorCode::stream_closed, "HEADERS after the end"});  // RFC 9113 §5.1
}

// False if the connection has ended.
bool Connection::decode(std::string_view block, Section section) {
    const auto failure = context_->fields().decode(decoder_, block, section);
    if (failure) end({ErrorCode::compression_error, failure->reason});  // RFC 9113 §4.3
    return !failure;
}

Connection::Handled Connection::open_stream(const Step& step) {
    const StreamId id = step.header.stream;
    last_id_ = id;
    const bool is_too_late = id > last_accepted_;  // RFC 9113 §6.8
    const bool has_room = live_.size() < limits().streams_max && !context_->pool().ledger().is_full();
    const bool is_taken = has_room && !is_too_late;
    if (!decode(step.payload, is_taken ? Section::request : Section::none) || is_too_late) return std::nullopt;
    if (!has_room) {
        ++counters().streams_refused;
        auto handled = fail_stream(id, {ErrorCode::refused_stream, "too many streams"});  // RFC 9113 §5.1.2
        remember(id, Closing::reset_by_us);
        return handled;
    }
    FieldList& fields = context_->fields();
    auto owned = context_->borrow();
    Stream& stream = *owned;
    fields.moved(stream.keep(fields.octets(), context_->pool().ledger()));
    http::Request& request = context_->request();
    const Ending ending = step.header.has(flag_end_stream) ? Ending::last : Ending::more;
    ReadRequest read = read_request(fields, ending, limits(), request);
    // RFC 7540 §5.3.1. RFC 9113 has no dependencies, but a client that sends this has lost count of its streams.
    if (step.has_dependency && step.depends_on == id) read.malformation = "stream depends on itself";
    if (!read.malformation.empty()) {
        ++counters().malformed;
        context_->give_back(std::move(owned));
        auto handled = fail_stream(id, {ErrorCode::protocol_error, read.malformation});
        remember(id, Closing::reset_by_us);
        return handled;
    }
    if (request.form == http::TargetForm::authority) request.scheme = scheme_;
    stream.id = id;
    stream.state = ending == Ending::last ? StreamState::half_closed_remote : StreamState::open;
    stream.form = request.form;
    stream.priority = take_announced_priority(id, fields.priority());
    stream.send_window = peer_.initial_window_octets;
    stream.receive_window = static_cast<std::int64_t>(limits().stream_window_octets);
    if (request.content_length) stream.content_left = request.content_length;
    live_.push_back(std::move(owned));
    last_processed_ = id;
    ++counters().requests;
    if (fields.is_too_large()) ++counters().header_lists_too_large;
    Event event(Event::Kind::request, id);
    event.request = &request;
    event.refusal = read.refusal;
    return event;
}

// The HEADERS frame of a response, interim or final (RFC 9113 §8.1).
Connection::Handled Connection::take_response(Stream& stream, const Step& step) {
    if (!decode(step.payload, Section::response)) return std::nullopt;
    FieldList& fields = context_->fields();
    if (fields.is_too_large()) {
        ++counters().header_lists_too_large;
        return fail_stream(stream.id, {ErrorCode::enhance_your_calm, "the head of the response is too large"});
    }
    fields.moved(stream.keep(fields.octets(), context_->pool().ledger()));
    http::Response& response = context_->response();
    const Ending ending = step.header.has(flag_end_stream) ? Ending::last : Ending::more;
    const std::string_view malformation = read_response(fields, ending, stream.method, response);
    if (!malformation.empty()) {
        ++counters().malformed;
        return fail_stream(stream.id, {ErrorCode::protocol_error, malformation});
    }
    if (http::code(response.status) >= 200) {
        stream.awaits_head = false;
        stream.content_left = response.content_length;
        if (!response.sends_content(stream.method)) stream.content_left = 0;
    }
    if (ending == Ending::last) end_receiving(stream);
    Event event(Event::Kind::response, stream.id);
    event.response = &response;
    event.ending = ending;
    return event;
}

// A HEADERS frame after the head (RFC 9113 §8.1).
Connection::Handled Connection::end_with_trailers(Stream& stream, const Step& step) {
    if (!decode(step.payload, Section::trailers)) return std::nullopt;
    const FieldList& fields = context_->fields();
    std::string_view malformation = fields.malformation();
    if (!step.header.has(flag_end_stream)) malformation = "a trailer section that is not the stream's end";
    if (stream.form == http::TargetForm::authority) malformation = "HEADERS in a tunnel";  // RFC 9113 §8.5
    if (!malformation.empty()) {
        ++counters().malformed;
        return fail_stream(stream.id, {ErrorCode::protocol_error, malformation});
    }
    if (fields.is_too_large()) {
        ++counters().header_lists_too_large;
        return fail_stream(stream.id, {ErrorCode::enhance_your_calm, "trailer section is too large"});
    }
    if (stream.content_left.value_or(0) > 0) {
        ++counters().malformed;
        return fail_stream(stream.id, {ErrorCode::protocol_error, "less content than Content-Length"});
    }
    http::FieldSection& trailers = context_->trailers();
    trailers.clear();
    for (const http::FieldLine& line : fields.lines()) trailers.add(line.known, line.name, line.value);
    return end_content(stream, &trailers);
}

void Connection::end_receiving(Stream& stream) {
    if (stream.state == StreamState::open) {
        stream.state = StreamState::half_closed_remote;
    } else {
        close(stream, Closing::complete);
    }
}

Event Connection::end_content(Stream& stream, const http::FieldSection* trailers) {
    end_receiving(stream);
    Event event(Event::Kind::content_end, stream.id);
    event.trailers = trailers;
    return event;
}

// --- DATA: RFC 9113 §6.1, §6.9

// Everything that the frame's size decides. Its content follows in pieces.
Connection::Handled Connection::begin_data(const Step& step) {
    const FrameHeader& header = step.header;
    const std::size_t content = header.length - step.padding;
    data_stream_ = 0;
    // Octets that nobody uses are the only work that such a frame makes.
    const bool is_empty = content == 0 && !header.has(flag_end_stream);
    if (is_empty || step.padding > content) count_control_frame();
    const auto octets = static_cast<std::int64_t>(header.length);
    receive_window_ -= octets;  // even if the frame is in error: RFC 9113 §6.9
    if (receive_window_ < 0) {
        end({ErrorCode::flow_control_error, "DATA over the connection's window"});
        return std::nullopt;
    }
    if (!is_clients(header.stream) || header.stream > last_id_) {
        end({ErrorCode::protocol_error, "DATA on an idle stream"});  // RFC 9113 §5.1
        return std::nullopt;
    }
    Stream* const stream = find(header.stream);
    if (stream == nullptr || !is_receiving(*stream)) {
        credit_connection(step.padding);
        const bool is_ignored = header.stream > last_accepted_ || how_closed(header.stream) == Closing::reset_by_us;
        if (is_ignored) return std::nullopt;
        return fail_stream(header.stream, {ErrorCode::stream_closed, "DATA after the end"});
    }
    stream->receive_window -= octets;
    // Until it has seen our settings, the peer may send as much as every connection allows at first (RFC 9113 §6.9.2).
    const auto ours = static_cast<std::int64_t>(limits().stream_window_octets);
    const std::int64_t least = are_settings_acknowledged_ ? 0 : std::min<std::int64_t>(ours - window_octets_initial, 0);
    credit_connection(step.padding);
    if (stream->receive_window < least) {
        return fail_stream(stream->id, {ErrorCode::flow_control_error, "DATA over the stream's window"});
    }
    if (stream->awaits_head) {  // RFC 9113 §8.1
        ++counters().malformed;
        return fail_stream(stream->id, {ErrorCode::protocol_error, "DATA before the head of the response"});
    }
    if (stream->content_left) {
        if (content > *stream->content_left) {
            ++counters().malformed;
            return fail_stream(stream->id, {ErrorCode::protocol_error, "more content than Content-Length"});
        }
        *stream->content_left -= content;
    }
    credit_stream(*stream, step.padding);
    data_stream_ = stream->id;
    return std::nullopt;
}

Connection::Handled Connection::take_data(const Step& step) {
    Stream* const stream = find(data_stream_);
    if (stream == nullptr || !is_receiving(*stream)) {
        credit_connection(step.payload.size());
        return std::nullopt;
    }
    stream->unused += step.payload.size();
    Event event(Event::Kind::content, stream->id);
    event.content = step.payload;
    return event;
}

Connection::Handled Connection::end_data(const Step& step) {
    Stream* const stream = find(data_stream_);
    if (stream == nullptr || !is_receiving(*stream) || !step.header.has(flag_end_stream)) return std::nullopt;
    if (stream->content_left.value_or(0) > 0) {
        ++counters().malformed;
        return fail_stream(stream->id, {ErrorCode::protocol_error, "less content than Content-Length"});
    }
    return end_content(*stream, nullptr);
}

void Connection::used(StreamId id, std::size_t octets) {
    Stream* const stream = find(id);
    if (stream == nullptr) return;  // its content was given up when it was released
    octets = std::min(octets, stream->unused);
    stream->unused -= octets;
    credit_connection(octets);
    credit_stream(*stream, octets);
}

// --- The other frames

// RFC 9113 §6.3. What it says is ignored (RFC 9218 §2.1), except for what RFC 7540 §5.3.1 calls an error.
Connection::Handled Connection::handle_priority(const Step& step) {
    count_control_frame();
    if (step.payload.size() != 5) {
        return fail_stream(step.header.stream, {ErrorCode::frame_size_error, "PRIORITY of wrong size"});
    }
    if (read_u31(step.payload.data()) == step.header.stream) {
        return fail_stream(step.header.stream, {ErrorCode::protocol_error, "stream depends on itself"});
    }
    return std::nullopt;
}

// RFC 9113 §6.4
Connection::Handled Connection::handle_rst_stream(const Step& step) {
    const StreamId id = step.header.stream;
    if (!is_clients(id) || id > last_id_) {
        end({ErrorCode::protocol_error, "RST_STREAM on an idle stream"});
        return std::nullopt;
    }
    ++counters().resets_received;
    if (!reset_pace_.allow(now_)) {
        ++counters().resets_floods;
        end({ErrorCode::enhance_your_calm, "too many streams were reset"});
        return std::nullopt;
    }
    Stream* const stream = find(id);
    if (stream == nullptr || stream->state == StreamState::closed) return std::nullopt;
    close(*stream, Closing::reset_by_peer);
    const auto error = static_cast<ErrorCode>(read_u32(step.payload.data()));
    Event event(Event::Kind::reset, id, {error, "the peer has reset the stream"});
    event.is_peers = true;
    return event;
}

// RFC 9113 §6.5
void Connection::handle_settings(const Step& step) {
    if (step.header.has(flag_ack)) {
        if (are_settings_acknowledged_) count_control_frame();  // there is nothing left to acknowledge
        are_settings_acknowledged_ = true;
        settings_sent_at_.reset();
        return;
    }
    count_control_frame();
    const std::int64_t before = peer_.initial_window_octets;
    if (const auto fault = read_settings(step.payload, role_, peer_)) return end(*fault);
    encoder_.set_table_octets_max(peer_.header_table_octets);
    for (const auto& stream : live_) {  // RFC 9113 §6.9.2
        if (stream->state == StreamState::closed) continue;
        stream->send_window += peer_.initial_window_octets - before;
        if (stream->send_window > window_octets_max) {
            return end({ErrorCode::flow_control_error, "a stream's window over 2^31-1"});
        }
        order_.update(*stream, now_);
    }
    write_control({.type = FrameType::settings, .flags = flag_ack}, {});
}

// RFC 9113 §6.7
void Connection::handle_ping(const Step& step) {
    count_control_frame();
    if (!step.header.has(flag_ack)) {
        write_control({.length = step.payload.size(), .type = FrameType::ping, .flags = flag_ack}, step.payload);
    } else if (phase_ == Phase::announced) {
        send_last_goaway();  // our only PING came after the first GOAWAY, so the peer has seen both
    }
}

// RFC 9113 §6.8. Of ours, nothing can have been left out by a client: we open no streams.
Connection::Handled Connection::handle_goaway(const Step& step) {
    count_control_frame();
    if (role_ == Role::client) {
        const StreamId last = read_u31(step.payload.data());
        if (last > peer_last_accepted_) {
            end({ErrorCode::protocol_error, "GOAWAY with a higher stream identifier than before"});
            return std::nullopt;
        }
        peer_last_accepted_ = last;
        if (phase_ == Phase::open) phase_ = Phase::draining;
    }
    const auto error = static_cast<ErrorCode>(read_u32(step.payload.data() + 4));
    return Event(Event::Kind::leaving, connection_stream, {error, "the peer has sent GOAWAY"});
}

// The next stream that the server's GOAWAY leaves out: it has done nothing for it, and will not.
Connection::Handled Connection::take_refusal() {
    if (peer_last_accepted_ == stream_id_max) return std::nullopt;
    for (std::size_t i = live_.size(); i-- > 0 && live_[i]->id > peer_last_accepted_;) {
        Stream& stream = *live_[i];
        if (stream.state == StreamState::closed) continue;
        close(stream, Closing::reset_by_peer);
        Event event(Event::Kind::reset, stream.id, {ErrorCode::refused_stream, "the server accepts no more requests"});
        event.is_peers = true;
        return event;
    }
    return std::nullopt;
}

// RFC 9113 §6.9
Connection::Handled Connection::handle_window_update(const Step& step) {
    const StreamId id = step.header.stream;
    const std::int64_t octets = read_u31(step.payload.data());
    Stream* const stream = find(id);
    const bool is_open = stream != nullptr && stream->state != StreamState::closed;
    const bool is_explained = (is_open || id == connection_stream) && window_updates_due_ > 0;
    if (is_explained) {
        --window_updates_due_;
    } else {
        count_control_frame();
    }
    if (id == connection_stream) {
        send_window_ += octets;
        if (octets == 0) end({ErrorCode::protocol_error, "WINDOW_UPDATE of 0"});
        if (send_window_ > window_octets_max) end({ErrorCode::flow_control_error, "a window over 2^31-1"});  // §6.9.1
        return std::nullopt;
    }
    if (!is_clients(id) || id > last_id_) {
        end({ErrorCode::protocol_error, "WINDOW_UPDATE on an idle stream"});  // RFC 9113 §5.1
        return std::nullopt;
    }
    if (!is_open) return std::nullopt;  // RFC 9113 §6.9: no error
    if (octets == 0) return fail_stream(id, {ErrorCode::protocol_error, "WINDOW_UPDATE of 0"});
    stream->send_window += octets;
    if (stream->send_window > window_octets_max) {
        return fail_stream(id, {ErrorCode::flow_control_error, "a window over 2^31-1"});
    }
    order_.update(*stream, now_);
    return std::nullopt;
}

// RFC 9218 §7.1
void Connection::handle_priority_update(const Step& step) {
    count_control_frame();
    const StreamId id = read_u31(step.payload.data());
    if (!is_clients(id)) return end({ErrorCode::protocol_error, "PRIORITY_UPDATE for no stream of the client"});
    const Priority priority = read_priority(step.payload.substr(4));
    if (id <= last_id_) {
        Stream* const stream = find(id);
        if (stream != nullptr && stream->state != StreamState::closed) order_.prioritise(*stream, priority);
        return;
    }
    const auto found = std::ranges::find(announced_, id, &std::pair<StreamId, Priority>::first);
    if (found != announced_.end()) {
        found->second = priority;
    } else if (announced_.size() + live_.size() >= limits().streams_max) {
        end({ErrorCode::protocol_error, "PRIORITY_UPDATE for too many streams"});
    } else {
        announced_.emplace_back(id, priority);
    }
}

// What a PRIORITY_UPDATE frame has said of the stream before it was opened; else `otherwise`. Streams before it can't
// be opened any more (RFC 9113 §5.1.1).
Priority Connection::take_announced_priority(StreamId id, Priority otherwise) {
    if (announced_.empty()) return otherwise;
    const auto found = std::ranges::find(announced_, id, &std::pair<StreamId, Priority>::first);
    const Priority priority = found == announced_.end() ? otherwise : found->second;
    std::erase_if(announced_, [id](const auto& announced) { return announced.first <= id; });
    return priority;
}

}  // namespace portico::h2
