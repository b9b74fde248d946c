// portico/wire/h2/connection_send.cc — what a connection writes: see connection.h.
#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <utility>

#include "portico/wire/h2/connection.h"

namespace portico::h2 {
namespace {

using http::FieldName;

constexpr Fault no_memory{ErrorCode::internal_error, "no memory left"};

// A DATA frame that is smaller because of a window explains no WINDOW_UPDATE, unless it is its stream's last: a client
// that opens its window an octet at a time makes us write as many frames as it does.
constexpr std::size_t explaining_octets_min = 256;
constexpr std::size_t window_updates_due_max = 1000;

// RFC 9113 §8.2.2, and what the connection adds itself.
bool is_left_out(FieldName known) {
    switch (known) {
        case FieldName::connection:
        case FieldName::keep_alive:
        case FieldName::proxy_connection:
        case FieldName::transfer_encoding:
        case FieldName::upgrade:
        case FieldName::te:
        case FieldName::content_length: return true;
        default: return false;
    }
}

// The decimal digits of a number.
class Digits {
public:
    explicit Digits(std::uint64_t number)
        : end_(std::to_chars(octets_.data(), octets_.data() + octets_.size(), number).ptr) {}
    [[nodiscard]] std::string_view text() const { return {octets_.data(), end_}; }

private:
    std::array<char, 20> octets_;
    char* end_;
};

}  // namespace

// RFC 9113 §3.4: our preface.
void Connection::write_settings() {
    if (role_ == Role::client) {
        const std::span<char> room = output_.room(client_preface.size());
        if (room.empty()) return end(no_memory);
        client_preface.copy(room.data(), client_preface.size());
        output_.grow(client_preface.size());
    }
    std::array<char, our_settings_octets_max> memory;
    write_our_settings(memory.data(), limits(), role_);
    const std::string_view payload(memory.data(), our_settings_octets(role_));
    write_control({.length = payload.size(), .type = FrameType::settings}, payload);
    // The connection's window can only be opened by a frame of its own: RFC 9113 §6.9.2.
    const std::int64_t further = receive_window_ - window_octets_initial;
    if (further > 0) write_window_update(connection_stream, static_cast<std::size_t>(further));
}

// Writes a frame that must not wait. They are small, but a peer that reads nothing must not make us pile them up.
void Connection::write_control(FrameHeader header, std::string_view payload) {
    if (phase_ == Phase::ended && header.type != FrameType::goaway) return;
    if (phase_ != Phase::ended && output_.size() > 2 * limits().output_octets_max) {
        ++counters().outputs_unread;
        return end({ErrorCode::enhance_your_calm, "the output is not read"});
    }
    header.length = payload.size();
    const std::span<char> room = output_.room(frame_header_octets + payload.size());
    if (room.empty()) return end(no_memory);
    write_frame_header(room.data(), header);
    if (!payload.empty()) std::memcpy(room.data() + frame_header_octets, payload.data(), payload.size());
    output_.grow(frame_header_octets + payload.size());
}

// RFC 9113 §6.8
void Connection::write_goaway(StreamId last, Fault fault) {
    std::array<char, 128> payload;
    const std::string_view reason = fault.reason.substr(0, payload.size() - 8);
    write_u32(payload.data(), last);
    write_u32(payload.data() + 4, static_cast<std::uint32_t>(fault.error));
    reason.copy(payload.data() + 8, reason.size());
    write_control({.type = FrameType::goaway}, {payload.data(), 8 + reason.size()});
}

// RFC 9113 §6.4
void Connection::write_reset(StreamId id, ErrorCode error) {
    if (phase_ == Phase::ended) return;
    ++counters().resets_sent;
    std::array<char, 4> payload;
    write_u32(payload.data(), static_cast<std::uint32_t>(error));
    write_control({.type = FrameType::rst_stream, .stream = id}, {payload.data(), payload.size()});
}

// RFC 9113 §6.9
void Connection::write_window_update(StreamId id, std::size_t octets) {
    if (phase_ == Phase::ended) return;
    std::array<char, 4> payload;
    write_u32(payload.data(), static_cast<std::uint32_t>(octets));
    write_control({.type = FrameType::window_update, .stream = id}, {payload.data(), payload.size()});
}

// The peer may send so many octets again. It is told when half a window has come together: RFC 9113 §6.9.1.
void Connection::credit_connection(std::size_t octets) {
    used_ += octets;
    if (used_ < limits().connection_window_octets / 2) return;
    receive_window_ += static_cast<std::int64_t>(used_);
    write_window_update(connection_stream, std::exchange(used_, 0));
}

void Connection::credit_stream(Stream& stream, std::size_t octets) {
    stream.used += octets;
    const bool is_receiving = stream.state == StreamState::open || stream.state == StreamState::half_closed_local;
    if (!is_receiving || stream.used < limits().stream_window_octets / 2) return;
    stream.receive_window += static_cast<std::int64_t>(stream.used);
    write_window_update(stream.id, std::exchange(stream.used, 0));
}

bool Connection::has_room_for_head() const {
    return phase_ != Phase::ended && output_.size() < limits().output_octets_max;
}

void Connection::respond(StreamId id, const http::Response& response, const HeadExtras& extras, Ending ending) {
    Stream* const stream = find_sendable(id);
    if (stream == nullptr || stream->sending != Sending::awaited) return;
    const bool is_interim = http::code(response.status) < 200;
    assert(!is_interim || ending == Ending::more);                 // RFC 9113 §8.1
    assert(response.status != http::Status::switching_protocols);  // RFC 9113 §8.6
    write_section(*stream, response.fields, Head{.response = &response}, extras, ending);
    if (is_interim) return;
    stream->sending = Sending::begun;
    if (ending == Ending::last) end_sending(*stream);
}

void Connection::write_trailers(StreamId id, const http::FieldSection& trailers) {
    Stream* const stream = find_sendable(id);
    if (stream == nullptr || stream->sending != Sending::begun) return;
    write_section(*stream, trailers, Head{}, {}, Ending::last);
    end_sending(*stream);
}

bool Connection::can_open() const {
    const auto open = std::ranges::count_if(live_, [](const auto& s) { return s->state != StreamState::closed; });
    return role_ == Role::client && phase_ == Phase::open && last_id_ <= stream_id_max - 2 &&
           static_cast<std::size_t>(open) < std::min(limits().streams_max, peer_.streams_max);
}

StreamId Connection::open(const http::Request& request, const HeadExtras& extras, Ending ending) {
    assert(can_open());
    last_id_ += last_id_ == 0 ? 1 : 2;  // RFC 9113 §5.1.1
    auto owned = context_->borrow();
    Stream& stream = *owned;
    stream.keep({}, context_->pool().ledger());
    stream.id = last_id_;
    stream.state = StreamState::open;
    stream.sending = Sending::begun;
    stream.awaits_head = true;
    stream.method = request.method;
    stream.send_window = peer_.initial_window_octets;
    stream.receive_window = static_cast<std::int64_t>(limits().stream_window_octets);
    live_.push_back(std::move(owned));
    ++counters().requests;
    write_section(stream, request.fields, Head{.request = &request}, extras, ending);
    if (ending == Ending::last && stream.state != StreamState::closed) end_sending(stream);
    return last_id_;
}

// RFC 9113 §8.3.1
void Connection::encode_request(const http::Request& request, std::span<char>& out) {
    constexpr auto allowed = hpack::Indexing::allowed;
    encoder_.encode(":method", request.method_token, allowed, out);
    encoder_.encode(":scheme", scheme_ == http::Scheme::https ? "https" : "http", allowed, out);
    encoder_.encode(":authority", request.authority, allowed, out);
    encoder_.encode(":path", request.target, allowed, out);
}

// A field section: a head, or a trailer section.
void Connection::write_section(Stream& stream, const http::FieldSection& fields, const Head& head,
                               const HeadExtras& extras, Ending ending) {
    const Digits length(extras.content_length.value_or(0));
    std::size_t octets_max = hpack::Encoder::block_beginning_octets_at_most + hpack::Encoder::status_octets_at_most +
                             hpack::Encoder::octets_at_most("date", extras.date) +
                             hpack::Encoder::octets_at_most("content-length", length.text());
    if (const http::Request* const request = head.request) {
        octets_max += hpack::Encoder::octets_at_most(":method", request->method_token) +
                      hpack::Encoder::octets_at_most(":scheme", "https") +
                      hpack::Encoder::octets_at_most(":authority", request->authority) +
                      hpack::Encoder::octets_at_most(":path", request->target);
    }
    for (const http::FieldLine& line : fields.lines()) {
        octets_max += hpack::Encoder::octets_at_most(line.name, line.value);
    }
    const std::size_t frames_max = 1 + octets_max / payload_octets_max;
    const std::span<char> room = output_.room(octets_max + frames_max * frame_header_octets);
    if (room.empty()) return end(no_memory);
    std::span<char> out = room.subspan(frame_header_octets);
    encoder_.begin_block(out);
    if (head.response != nullptr) encoder_.encode_status(head.response->status, out);
    if (head.request != nullptr) encode_request(*head.request, out);
    constexpr auto allowed = hpack::Indexing::allowed;
    if (!extras.date.empty()) encoder_.encode(FieldName::date, extras.date, allowed, out);
    for (const http::FieldLine& line : fields.lines()) {
        if (is_left_out(line.known)) continue;
        if (line.known != FieldName::other) {
            encoder_.encode(line.known, line.value, allowed, out);
            continue;
        }
        encoder_.encode(line.name, line.value, allowed, out);
        if (head.response != nullptr && http::equals_ignoring_case(line.name, "priority")) {
            order_.prioritise(stream, read_priority(line.value, stream.priority));  // RFC 9218 §8
        }
    }
    if (extras.content_length) encoder_.encode(FieldName::content_length, length.text(), allowed, out);
    frame_block(stream.id, room.size() - frame_header_octets - out.size(), ending);
}

// A field block of `octets` has been written after the place for a frame header: makes it HEADERS and, if it is too
// large, CONTINUATION frames (RFC 9113 §4.3). All peers accept frames of payload_octets_max.
void Connection::frame_block(StreamId id, std::size_t octets, Ending ending) {
    const std::size_t frames = std::max<std::size_t>(1, (octets + payload_octets_max - 1) / payload_octets_max);
    char* const begin = output_.room(0).data();
    for (std::size_t i = frames; i-- > 0;) {  // from the last, so that none is overwritten before it is moved
        char* const frame = begin + i * (frame_header_octets + payload_octets_max);
        const std::size_t size = std::min(payload_octets_max, octets - i * payload_octets_max);
        if (i > 0)
            std::memmove(frame + frame_header_octets, begin + frame_header_octets + i * payload_octets_max, size);
        FrameHeader header{.length = size, .type = FrameType::continuation, .stream = id};
        if (i == 0) {
            header.type = FrameType::headers;
            if (ending == Ending::last) header.flags |= flag_end_stream;
        }
        if (i + 1 == frames) header.flags |= flag_end_headers;
        write_frame_header(frame, header);
    }
    output_.grow(octets + frames * frame_header_octets);
}

std::size_t Connection::room_for_data(StreamId id) const {
    const Stream* const stream = find_sendable(id);
    return stream == nullptr ? 0 : room_on(*stream);
}

// How much content can be sent on a stream on which something can be sent.
std::size_t Connection::room_on(const Stream& stream) const {
    if (stream.sending != Sending::begun) return 0;
    const std::int64_t window = std::min(stream.send_window, send_window_);  // RFC 9113 §6.9.1
    const std::size_t queued = output_.size();
    if (window <= 0 || queued >= limits().output_octets_max) return 0;
    // The headers of the frames need room too, so that what fits now still fits when the first frame has been written.
    const std::size_t room = limits().output_octets_max - queued;
    const std::size_t headers = (room / (payload_octets_max + frame_header_octets) + 1) * frame_header_octets;
    return room <= headers ? 0 : std::min(static_cast<std::size_t>(window), room - headers);
}

std::span<char> Connection::data_room(StreamId id, std::size_t octets) {
    octets = std::min({octets, room_for_data(id), payload_octets_max});
    if (octets == 0) return {};
    const std::span<char> room = output_.room(frame_header_octets + octets);
    if (room.empty()) {
        end(no_memory);
        return {};
    }
    return room.subspan(frame_header_octets, octets);
}

void Connection::data_written(StreamId id, std::size_t octets, Ending ending) {
    Stream* const stream = find_sendable(id);
    if (stream == nullptr || (octets == 0 && ending == Ending::more)) return;
    assert(octets <= room_on(*stream));
    const std::span<char> room = output_.room(frame_header_octets + octets);
    if (room.empty()) return end(no_memory);
    write_data_frame(*stream, room, octets, ending);
}

// The frame's payload is in its place in `room` already.
void Connection::write_data_frame(Stream& stream, std::span<char> room, std::size_t octets, Ending ending) {
    const bool is_last = ending == Ending::last;
    FrameHeader header{.length = octets, .type = FrameType::data, .stream = stream.id};
    if (is_last) header.flags = flag_end_stream;
    write_frame_header(room.data(), header);
    output_.grow(frame_header_octets + octets);
    stream.send_window -= static_cast<std::int64_t>(octets);
    send_window_ -= static_cast<std::int64_t>(octets);
    // The peer opens the stream's window again, and the connection's.
    const bool is_cut_short = stream.send_window <= 0 || send_window_ <= 0;
    if (is_last || octets >= explaining_octets_min || !is_cut_short) {
        window_updates_due_ = std::min(window_updates_due_ + 2, window_updates_due_max);
    }
    order_.has_sent(stream);
    order_.update(stream, now_);
    if (is_last) end_sending(stream);
    note_stall();
}

void Connection::write_data(StreamId id, std::string_view octets, Ending ending) {
    do {
        Stream* const stream = find_sendable(id);
        if (stream == nullptr || (octets.empty() && ending == Ending::more)) return;
        const std::size_t size = std::min({octets.size(), room_on(*stream), payload_octets_max});
        assert(octets.empty() || size > 0);
        const std::span<char> room = output_.room(frame_header_octets + size);
        if (room.empty()) return end(no_memory);
        octets.copy(room.data() + frame_header_octets, size);
        octets.remove_prefix(size);
        write_data_frame(*stream, room, size, octets.empty() ? ending : Ending::more);
    } while (!octets.empty());
}

void Connection::end_sending(Stream& stream) {
    order_.remove(stream);
    stream.sending = Sending::complete;
    if (stream.state == StreamState::open) {
        stream.state = StreamState::half_closed_local;
    } else {
        close(stream, Closing::complete);
    }
}

void Connection::has_data(StreamId id, TimePoint now) {
    now_ = std::max(now_, now);
    Stream* const stream = find_sendable(id);
    if (stream == nullptr || stream->sending != Sending::begun || stream->place != Place::none) return;
    order_.add(*stream, now_);
    note_stall();
}

void Connection::has_no_data(StreamId id) {
    if (Stream* const stream = find(id)) order_.remove(*stream);
    note_stall();
}

std::optional<StreamId> Connection::next_to_send(TimePoint now) {
    now_ = std::max(now_, now);
    note_stall();
    const Stream* const stream = order_.next();
    return stream == nullptr || room_for_data(stream->id) == 0 ? std::nullopt : std::optional(stream->id);
}

}  // namespace portico::h2
