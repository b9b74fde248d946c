// portico/wire/h1/read_chunked.cc — see read_chunked.h.
#include "portico/wire/h1/read_chunked.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "portico/wire/h1/octets.h"

namespace portico::h1 {
namespace {

using http::Refusal;
using http::Status;

constexpr std::uint64_t size_max = std::numeric_limits<std::int64_t>::max();

}  // namespace

// chunk-size = 1*HEXDIG. White space may come before the ";" of an extension (BWS, RFC 9112 §7.1.1), but not before the
// end of the line: attackers have used the difference between recipients that strip it there and those that don't.
ChunkedReader::Next ChunkedReader::after_size(char octet) {
    if (is(hex_octet, octet) && state_ != State::size_white) {
        const unsigned digit = hex_value(octet);
        if (left_ > (size_max - digit) / 16) return std::nullopt;
        left_ = left_ * 16 + digit;
        return State::size;
    }
    if (state_ == State::size_first) return std::nullopt;
    if (octet == ';') return State::extension_name_first;
    if (is_white(octet)) return State::size_white;
    if (octet == '\r' && state_ == State::size) return State::size_lf;
    return std::nullopt;
}

// *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ), up to the "="; RFC 9112 §7.1.1
ChunkedReader::Next ChunkedReader::after_extension_name(char octet) const {
    if (is(token_octet, octet) && state_ != State::extension_name_white) return State::extension_name;
    if (state_ == State::extension_name_first) return is_white(octet) ? Next(state_) : std::nullopt;
    if (octet == '=') return State::extension_value_first;
    if (octet == ';') return State::extension_name_first;
    if (is_white(octet)) return State::extension_name_white;
    if (octet == '\r' && state_ == State::extension_name) return State::size_lf;
    return std::nullopt;
}

// chunk-ext-val = token / quoted-string
ChunkedReader::Next ChunkedReader::after_extension_value(char octet) const {
    switch (state_) {
        case State::extension_quoted:
            if (octet == '"') return State::extension_quoted_end;
            if (octet == '\\') return State::extension_quoted_pair;
            return is(quoted_octet, octet) ? Next(state_) : std::nullopt;
        case State::extension_quoted_pair:
            if (is(control_octet, octet)) return std::nullopt;
            return State::extension_quoted;
        case State::extension_value_first:
            if (is_white(octet)) return state_;
            if (octet == '"') return State::extension_quoted;
            return is(token_octet, octet) ? Next(State::extension_token) : std::nullopt;
        case State::extension_token:
            if (is(token_octet, octet)) return state_;
            break;
        default: break;  // after the value
    }
    if (octet == ';') return State::extension_name_first;
    if (is_white(octet)) return State::extension_value_white;
    if (octet == '\r' && state_ != State::extension_value_white) return State::size_lf;
    return std::nullopt;
}

// Field lines as in read_head.cc, then an empty one (RFC 9112 §7.1.2).
ChunkedReader::Next ChunkedReader::after_trailer(char octet) {
    switch (state_) {
        case State::trailer_first:
            if (octet == '\r') return State::end_lf;
            if (!is(token_octet, octet)) return std::nullopt;
            ++trailer_count_;
            return State::trailer_name;
        case State::trailer_name:
            if (octet == ':') return State::trailer_value;
            return is(token_octet, octet) ? Next(state_) : std::nullopt;
        default:
            if (octet == '\r') return State::trailer_lf;
            return is(control_octet, octet) ? std::nullopt : Next(state_);
    }
}

ChunkedReader::Next ChunkedReader::after(char octet) {
    switch (state_) {
        case State::size_first:
        case State::size:
        case State::size_white: return after_size(octet);
        case State::extension_name_first:
        case State::extension_name:
        case State::extension_name_white: return after_extension_name(octet);
        case State::extension_value_first:
        case State::extension_token:
        case State::extension_quoted:
        case State::extension_quoted_pair:
        case State::extension_quoted_end:
        case State::extension_value_white: return after_extension_value(octet);
        case State::size_lf:
            if (octet != '\n') return std::nullopt;
            line_octets_ = 0;
            return left_ == 0 ? State::trailer_first : State::data;
        case State::data_cr: return octet == '\r' ? Next(State::data_lf) : std::nullopt;
        case State::data_lf: return octet == '\n' ? Next(State::size_first) : std::nullopt;
        case State::trailer_first:
        case State::trailer_name:
        case State::trailer_value: return after_trailer(octet);
        case State::trailer_lf: return octet == '\n' ? Next(State::trailer_first) : std::nullopt;
        case State::end_lf: return octet == '\n' ? Next(State::done) : std::nullopt;
        case State::data:
        case State::done: break;
    }
    assert(false && "data is not read octet by octet, and nothing is read after the end");
    return std::nullopt;
}

std::string_view ChunkedReader::fault() const {
    if (state_ >= State::trailer_first) return "trailer field line is malformed";
    if (state_ >= State::data) return "chunk data is not followed by CRLF";
    if (state_ >= State::extension_name_first) return "chunk extension is malformed";
    return "chunk size is not one hexadecimal number below 2^63";
}

std::optional<Refusal> ChunkedReader::charge() {
    if (state_ >= State::trailer_first) {
        // One octet beyond the limit passes: the CR of the empty line, which ends the section and isn't part of it.
        if (state_ != State::end_lf && trailer_octets_++ > limits_.trailer_octets_max) {
            return Refusal{Status::request_header_fields_too_large, "trailer section is too long"};
        }
    } else if (state_ < State::data) {
        if (++line_octets_ > limits_.chunk_line_octets_max) {
            return Refusal{Status::bad_request, "chunk-size line is too long"};
        }
        if (state_ > State::size && state_ < State::size_lf && ++extension_octets_ > limits_.extension_octets_max) {
            return Refusal{Status::bad_request, "chunk extensions are too long"};
        }
    }
    return std::nullopt;
}

http::Result<ChunkedReader::Step> ChunkedReader::read(std::string_view received) {
    Step step;
    while (step.used < received.size() && state_ != State::done) {
        if (state_ == State::data) {
            const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(left_, received.size() - step.used));
            step.content = received.substr(step.used, here);
            step.used += here;
            left_ -= here;
            if (left_ == 0) state_ = State::data_cr;
            return step;
        }
        if (const auto refusal = charge()) return std::unexpected(*refusal);
        const Next next = after(received[step.used]);
        if (!next) return http::refuse(Status::bad_request, fault());
        if (trailer_count_ > limits_.trailer_count_max) {
            return http::refuse(Status::request_header_fields_too_large, "too many trailer fields");
        }
        state_ = *next;
        ++step.used;
    }
    return step;
}

}  // namespace portico::h1
