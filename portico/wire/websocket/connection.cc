// portico/wire/websocket/connection.cc — see connection.h.
#include "portico/wire/websocket/connection.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

namespace portico::websocket {
namespace {

// A shorter message is not worth the work: it would hardly become smaller.
constexpr std::size_t compressed_octets_min = 64;

// Masked octets are decompressed in pieces of this size.
constexpr std::size_t piece_octets = 4 * 1024;

// How many octets a compressed message may have, as it is sent: more than any compressor makes of a message of the
// longest kind. Otherwise one that never becomes longer could go on for ever.
std::uint64_t payload_octets_max(std::size_t message_octets_max) {
    return message_octets_max + std::uint64_t{message_octets_max} / 8 + 256;
}

// At most `octets_max` octets of a UTF-8 text, without a part of a character at the end.
std::string_view cut_text(std::string_view text, std::size_t octets_max) {
    if (text.size() <= octets_max) return text;
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; };
    while (octets_max > 0 && continues(text[octets_max])) --octets_max;
    return text.substr(0, octets_max);
}

h2::Duration pace_of(const Limits& limits) {
    return std::chrono::duration_cast<h2::Duration>(std::chrono::seconds(1)) /
           static_cast<h2::Duration::rep>(limits.control_frames_max);
}

}  // namespace

Connection::Connection(Role role, const Limits& limits, const std::optional<DeflateParameters>& deflate, Ledger& ledger)
    : role_(role), limits_(limits), ledger_(&ledger), control_pace_(pace_of(limits), 2 * limits.control_frames_max) {
    if (!deflate) return;
    const bool is_server = role == Role::server;
    inflater_.emplace(is_server ? deflate->client_window_bits : deflate->server_window_bits,
                      is_server ? deflate->client_keeps_context : deflate->server_keeps_context, ledger);
    deflater_.emplace(is_server ? deflate->server_window_bits : deflate->client_window_bits,
                      is_server ? deflate->server_keeps_context : deflate->client_keeps_context, ledger);
}

void Connection::receive(std::string_view octets, TimePoint now) {
    assert(input_.empty() || next_ == Input::nothing);
    input_ = octets;
    now_ = now;
}

std::optional<Event> Connection::next_event() {
    std::optional<Event> event;
    while (next_ != Input::nothing && !event) {
        if (next_ == Input::frame_head) {
            if (input_.empty() || !reader_.read(input_)) break;
            event = begin_frame();
        } else if (frame_read_ < frame_.octets && input_.empty()) {
            break;
        } else {
            event = take_payload();
        }
    }
    if (next_ == Input::nothing) input_ = {};
    return event;
}

std::optional<Event> Connection::begin_frame() {
    frame_ = reader_.head();
    if (!reader_.fault().empty()) return fail(CloseCode::protocol_error, reader_.fault());
    if (frame_.is_masked != (role_ == Role::server)) {  // RFC 6455 §5.1
        return fail(CloseCode::protocol_error,
                    frame_.is_masked ? "a server's frame is masked" : "a client's frame is not masked");
    }
    next_ = Input::payload;
    frame_read_ = 0;
    if (!frame_.is_control()) return begin_data_frame(frame_);
    if (frame_.opcode != Opcode::close && !control_pace_.allow(now_)) {
        return fail(CloseCode::policy, "too many control frames");
    }
    return std::nullopt;
}

std::optional<Event> Connection::begin_data_frame(const FrameHead& head) {
    const bool continues = head.opcode == Opcode::continuation;
    if (continues != is_in_message()) {  // RFC 6455 §5.4
        return fail(CloseCode::protocol_error,
                    continues ? "a continuation without a message" : "a message inside another one");
    }
    if (head.is_compressed && (continues || !inflater_)) {  // RFC 7692 §6
        return fail(CloseCode::protocol_error, "a reserved bit is set");
    }
    if (!continues) {
        message_state_ = head.is_compressed ? MessageState::compressed : MessageState::plain;
        type_ = head.opcode == Opcode::text ? MessageType::text : MessageType::binary;
        frames_ = 0;
        payload_octets_ = 0;
        utf8_ = Utf8Reader();
        message_charge_ = Charge(*ledger_, 0);
    }
    if (++frames_ > limits_.frames_max) return fail(CloseCode::policy, "a message has too many frames");
    // Before its octets arrive; without a sum that could overflow.
    const bool is_compressed = message_state_ == MessageState::compressed;
    const std::uint64_t most =
        is_compressed ? payload_octets_max(limits_.message_octets_max) : limits_.message_octets_max;
    if (head.octets > most - payload_octets_) return fail(CloseCode::too_large, "the message is too large");
    payload_octets_ += head.octets;
    return std::nullopt;
}

// What there is of the frame's payload, and its end.
std::optional<Event> Connection::take_payload() {
    const std::size_t most = frame_.is_control() ? control_octets_max : piece_octets;
    const auto octets = std::min<std::uint64_t>({frame_.octets - frame_read_, input_.size(), most});
    std::array<char, piece_octets> piece;
    char* const to = frame_.is_control() ? control_.data() + frame_read_ : piece.data();
    if (octets > 0) std::memcpy(to, input_.data(), octets);
    input_.remove_prefix(octets);
    if (frame_.is_masked) apply_mask({to, octets}, frame_.mask, frame_read_);
    frame_read_ += octets;
    if (!frame_.is_control() && octets > 0) {
        std::optional<Event> failed = take_data({to, octets});
        if (failed) return failed;
    }
    return frame_read_ < frame_.octets ? std::nullopt : end_frame();
}

std::optional<Event> Connection::take_data(std::string_view octets) {
    if (ledger_->is_full()) return fail(CloseCode::try_again_later, "there is no memory for the message");
    const std::size_t before = message_.size();
    auto end = Inflater::End::done;
    if (message_state_ == MessageState::compressed) {
        end = inflater_->read(octets, message_, limits_.message_octets_max);
    } else {
        message_ += octets;
    }
    return check_grown(before, end);
}

// Charges what the message has grown by since it had `before` octets, and checks that (RFC 6455 §8.1). `end`: whether
// there would have been more.
std::optional<Event> Connection::check_grown(std::size_t before, Inflater::End end) {
    if (message_.capacity() > message_charge_.octets()) {
        message_charge_.grow(message_.capacity() - message_charge_.octets());
    }
    if (type_ == MessageType::text && !utf8_.read(std::string_view(message_).substr(before))) {
        return fail(CloseCode::invalid_data, "a text is not UTF-8");
    }
    switch (end) {
        case Inflater::End::done: break;
        case Inflater::End::too_large: return fail(CloseCode::too_large, "the message is too large");
        case Inflater::End::invalid: return fail(CloseCode::invalid_data, "the message can't be decompressed");
        case Inflater::End::no_memory: return fail(CloseCode::try_again_later, "there is no memory for the message");
    }
    return std::nullopt;
}

std::optional<Event> Connection::end_frame() {
    next_ = Input::frame_head;
    switch (frame_.opcode) {
        case Opcode::continuation:
        case Opcode::text:
        case Opcode::binary: return frame_.is_final ? end_message() : std::nullopt;
        case Opcode::close: return take_close();
        case Opcode::ping: pong_ = std::string(control_.data(), frame_read_); return std::nullopt;  // RFC 6455 §5.5.3
        case Opcode::pong: return Event(Event::Kind::pong);
    }
    return std::nullopt;
}

std::optional<Event> Connection::end_message() {
    const MessageState ended = std::exchange(message_state_, MessageState::none);
    if (ended == MessageState::compressed) {
        const std::size_t before = message_.size();
        const Inflater::End end = inflater_->end_message(message_, limits_.message_octets_max);
        std::optional<Event> failed = check_grown(before, end);
        if (failed) return failed;
    }
    if (type_ == MessageType::text && !utf8_.is_complete()) {
        return fail(CloseCode::invalid_data, "a text ends within a character");
    }
    Event event(Event::Kind::message);
    event.type = type_;
    event.octets = std::exchange(message_, std::string());
    event.charge = std::exchange(message_charge_, Charge());
    return event;
}

// RFC 6455 §5.5.1
std::optional<Event> Connection::take_close() {
    const std::string_view payload(control_.data(), frame_read_);
    if (payload.size() == 1) return fail(CloseCode::protocol_error, "a close frame has half a code");
    Event event(Event::Kind::closed);
    if (payload.size() >= 2) {
        const auto octet = [payload](std::size_t at) { return unsigned{static_cast<unsigned char>(payload[at])}; };
        const unsigned code = octet(0) << 8U | octet(1);
        if (!is_close_code(code)) return fail(CloseCode::protocol_error, "a close frame has a reserved code");
        Utf8Reader text;
        if (!text.read(payload.substr(2)) || !text.is_complete()) {
            return fail(CloseCode::invalid_data, "the reason in a close frame is not UTF-8");
        }
        event.code = static_cast<CloseCode>(code);
        event.octets = payload.substr(2);
    }
    next_ = Input::nothing;
    return event;
}

// RFC 6455 §7.1.7
Event Connection::fail(CloseCode code, std::string_view fault) {
    next_ = Input::nothing;
    message_ = std::string();
    message_charge_ = Charge();
    close(code, fault);
    Event event(Event::Kind::closed);
    event.code = code;
    event.fault = fault;
    return event;
}

void Connection::send(MessageType type, std::string_view octets) {
    if (is_closing_) return;
    const Opcode opcode = type == MessageType::text ? Opcode::text : Opcode::binary;
    if (deflater_ && octets.size() >= compressed_octets_min) {
        const std::optional<std::string> compressed = deflater_->compress(octets);
        if (compressed) return write_frame(opcode, *compressed, true);
    }
    write_frame(opcode, octets, false);
}

void Connection::ping() {
    if (!is_closing_) write_frame(Opcode::ping, {}, false);
}

void Connection::close(CloseCode code, std::string_view reason) {
    if (std::exchange(is_closing_, true)) return;
    std::string payload;
    if (code != CloseCode::none) {
        assert(is_close_code(static_cast<unsigned>(code)));
        payload += static_cast<char>(static_cast<unsigned>(code) >> 8U);
        payload += static_cast<char>(static_cast<unsigned>(code) & 0xffU);
        payload += cut_text(reason, reason_octets_max);
    }
    // An answer to a ping may come before it, and nothing after it (RFC 6455 §5.5.1).
    if (pong_) write_frame(Opcode::pong, *std::exchange(pong_, std::nullopt), false);
    write_frame(Opcode::close, payload, false);
}

std::string Connection::take_output() {
    if (pong_ && !is_closing_) write_frame(Opcode::pong, *pong_, false);
    pong_.reset();
    return std::exchange(output_, std::string());
}

void Connection::write_frame(Opcode opcode, std::string_view payload, bool is_compressed) {
    FrameHead head;
    head.opcode = opcode;
    head.is_compressed = is_compressed;
    head.octets = payload.size();
    head.is_masked = role_ == Role::client;
    if (head.is_masked) {
        // xorshift, which is enough for octets that nobody attacks.
        mask_state_ ^= mask_state_ << 13U;
        mask_state_ ^= mask_state_ >> 17U;
        mask_state_ ^= mask_state_ << 5U;
        std::memcpy(head.mask.data(), &mask_state_, sizeof mask_state_);
    }
    append_frame_head(output_, head);
    const std::size_t from = output_.size();
    output_ += payload;
    if (head.is_masked) apply_mask(std::span(output_).subspan(from), head.mask, 0);
}

}  // namespace portico::websocket
