// portico/wire/h2/frame_reader.cc — see frame_reader.h.
#include "portico/wire/h2/frame_reader.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "portico/wire/h2/output.h"

namespace portico::h2 {
namespace {

constexpr Fault no_memory{ErrorCode::internal_error, "no memory left"};

// Appends to `buffer`. False if there is no memory left.
bool append(Buffer& buffer, std::string_view octets, BufferPool& pool) {
    if (octets.empty()) return true;
    if (!make_room(buffer, octets.size(), pool, Lending::input)) return false;
    std::memcpy(buffer.room().data(), octets.data(), octets.size());
    buffer.grow(octets.size());
    return true;
}

bool is_known(FrameType type) { return type <= FrameType::continuation || type == FrameType::priority_update; }

}  // namespace

Step FrameReader::next(std::string_view& input) {
    for (;;) {
        Read read;
        switch (state_) {
            case State::preface: read = read_preface(input); break;
            case State::header: read = read_header(input); break;
            case State::pad_length: read = read_pad_length(input); break;
            case State::data: read = read_data(input); break;
            case State::data_padding: read = read_padding(input); break;
            case State::payload: read = read_payload(input); break;
            case State::skip:
                skip(input);
                if (left_ > 0) return Step{};
                state_ = State::header;
                break;
        }
        if (read) return *read;
    }
}

std::uint64_t FrameReader::incomplete() const {
    const bool is_data = state_ == State::data || state_ == State::data_padding || state_ == State::pad_length;
    if (is_data || (state_ == State::header && begun_ == 0 && !is_in_block())) return 0;
    return number_;
}

void FrameReader::release_memory() {
    partial_ = Buffer();
    block_.octets = Buffer();
}

// RFC 9113 §3.4
FrameReader::Read FrameReader::read_preface(std::string_view& input) {
    const std::string_view rest = client_preface.substr(begun_);
    const std::size_t octets = std::min(rest.size(), input.size());
    if (input.substr(0, octets) != rest.substr(0, octets)) {
        return fail({ErrorCode::protocol_error, "no HTTP/2 connection preface"});
    }
    begun_ += octets;
    input.remove_prefix(octets);
    if (begun_ < client_preface.size()) return Step{};
    begun_ = 0;
    state_ = State::header;
    return std::nullopt;
}

FrameReader::Read FrameReader::read_header(std::string_view& input) {
    // The payload of the frame before may have been passed on: it is not needed any more.
    partial_ = Buffer();
    if (!is_in_block()) block_.octets = Buffer();
    const char* from = input.data();
    if (begun_ > 0 || input.size() < frame_header_octets) {
        const std::size_t octets = std::min(frame_header_octets - begun_, input.size());
        std::copy_n(input.data(), octets, header_octets_.data() + begun_);
        begun_ += octets;
        input.remove_prefix(octets);
        if (begun_ < frame_header_octets) return Step{};
        from = header_octets_.data();
    }
    header_ = read_frame_header(from);
    if (begun_ == 0) input.remove_prefix(frame_header_octets);
    begun_ = 0;
    return begin_frame();
}

// Which frames may follow the ones before.
std::optional<Fault> FrameReader::check_sequence() const {
    const bool is_settings = header_.type == FrameType::settings && !header_.has(flag_ack);
    if (!has_settings_ && !is_settings) {
        return Fault{ErrorCode::protocol_error, "the first frame is not SETTINGS"};  // RFC 9113 §3.4
    }
    const bool is_continuation = header_.type == FrameType::continuation;
    if (is_in_block() && (!is_continuation || header_.stream != block_.stream)) {
        return Fault{ErrorCode::protocol_error, "a frame inside a field block"};  // RFC 9113 §4.3
    }
    if (!is_in_block() && is_continuation) {
        return Fault{ErrorCode::protocol_error, "CONTINUATION without a field block"};  // RFC 9113 §6.10
    }
    return std::nullopt;
}

FrameReader::Read FrameReader::begin_frame() {
    // The sequence first: whether the octets are HTTP/2 at all is known only after the first frame.
    if (const auto fault = check_sequence()) return fail(*fault);
    if (const auto fault = check_frame_header(header_, role_)) return fail(*fault);
    has_settings_ = true;
    if (!is_in_block()) ++number_;
    left_ = header_.length;
    if (header_.type == FrameType::data) {
        if (!header_.has(flag_padded)) return begin_data(0);
        state_ = State::pad_length;
        return std::nullopt;
    }
    if (!is_known(header_.type)) {
        state_ = State::skip;
        Step step;
        step.kind = Step::Kind::frame;
        step.header = header_;
        return step;
    }
    state_ = State::payload;
    return std::nullopt;
}

FrameReader::Read FrameReader::read_pad_length(std::string_view& input) {
    if (left_ == 0) return fail({ErrorCode::frame_size_error, "DATA without its pad length"});
    if (input.empty()) return Step{};
    const auto padding = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    // RFC 9113 §6.1: the padding must be shorter than the payload.
    if (padding >= left_) return fail({ErrorCode::protocol_error, "DATA with more padding than payload"});
    return begin_data(padding + 1U);
}

FrameReader::Read FrameReader::begin_data(std::size_t padding) {
    padding_ = padding > 0 ? padding - 1 : 0;
    left_ = header_.length - padding;
    state_ = State::data;
    Step step;
    step.kind = Step::Kind::data_begin;
    step.header = header_;
    step.padding = padding;
    return step;
}

FrameReader::Read FrameReader::read_data(std::string_view& input) {
    if (left_ == 0) {
        left_ = padding_;
        state_ = State::data_padding;
        return std::nullopt;
    }
    if (input.empty()) return Step{};
    Step step;
    step.kind = Step::Kind::data;
    step.header = header_;
    step.payload = input.substr(0, std::min(left_, input.size()));
    left_ -= step.payload.size();
    input.remove_prefix(step.payload.size());
    return step;
}

FrameReader::Read FrameReader::read_padding(std::string_view& input) {
    skip(input);
    if (left_ > 0) return Step{};
    state_ = State::header;
    Step step;
    step.kind = Step::Kind::data_end;
    step.header = header_;
    return step;
}

FrameReader::Read FrameReader::read_payload(std::string_view& input) {
    if (input.size() >= left_ && partial_.empty()) {
        const std::string_view payload = input.substr(0, left_);
        input.remove_prefix(left_);
        return end_frame(payload);
    }
    const std::string_view octets = input.substr(0, std::min(left_, input.size()));
    if (!append(partial_, octets, *pool_)) return fail(no_memory);
    left_ -= octets.size();
    input.remove_prefix(octets.size());
    if (left_ > 0) return Step{};
    return end_frame(partial_.octets());
}

FrameReader::Read FrameReader::end_frame(std::string_view payload) {
    state_ = State::header;
    if (header_.type == FrameType::headers) return read_headers(payload);
    if (header_.type == FrameType::continuation) return read_continuation(payload);
    Step step;
    step.kind = Step::Kind::frame;
    step.header = header_;
    step.payload = payload;
    return step;
}

// RFC 9113 §6.2. That the payload has the octets that the flags announce has been checked.
FrameReader::Read FrameReader::read_headers(std::string_view payload) {
    Step step;
    step.kind = Step::Kind::headers;
    step.header = header_;
    std::size_t padding = 0;
    if (header_.has(flag_padded)) {
        padding = static_cast<unsigned char>(payload.front());
        step.padding = padding + 1;
        payload.remove_prefix(1);
    }
    if (header_.has(flag_priority)) {
        step.has_dependency = true;
        step.depends_on = read_u31(payload.data());
        payload.remove_prefix(5);
    }
    if (padding > payload.size()) return fail({ErrorCode::protocol_error, "HEADERS with more padding than payload"});
    payload.remove_suffix(padding);
    if (header_.has(flag_end_headers)) {
        step.payload = payload;
        return step;
    }
    block_.stream = header_.stream;
    block_.step = step;
    block_.continuations = 0;
    return add_fragment(payload);
}

FrameReader::Read FrameReader::read_continuation(std::string_view payload) {
    if (++block_.continuations > limits_->continuations_max) {
        ++counters_->blocks_too_large;
        return fail({ErrorCode::enhance_your_calm, "too many CONTINUATION frames"});
    }
    if (auto failed = add_fragment(payload)) return failed;
    if (!header_.has(flag_end_headers)) return std::nullopt;
    block_.stream = 0;
    Step step = block_.step;
    step.payload = block_.octets.octets();
    return step;
}

FrameReader::Read FrameReader::add_fragment(std::string_view fragment) {
    if (fragment.size() > limits_->block_octets_max - block_.octets.size()) {
        ++counters_->blocks_too_large;
        return fail({ErrorCode::enhance_your_calm, "field block too large"});
    }
    if (!append(block_.octets, fragment, *pool_)) return fail(no_memory);
    return std::nullopt;
}

void FrameReader::skip(std::string_view& input) {
    const std::size_t octets = std::min(left_, input.size());
    left_ -= octets;
    input.remove_prefix(octets);
}

Step FrameReader::fail(Fault fault) const {
    Step step;
    step.kind = Step::Kind::fault;
    step.header = header_;
    step.fault = fault;
    return step;
}

}  // namespace portico::h2
