// portico/embed/test_h2.cc — see test_h2.h.
#include "portico/embed/test_h2.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "portico/http/fields.h"
#include "portico/wire/hpack/encoder.h"

namespace portico {
namespace {

constexpr h2::StreamId only_stream = 1;
constexpr std::uint16_t initial_window_setting = 4;  // RFC 9113 §6.5.2
// A field line of an answer, at most.
constexpr std::size_t line_octets_max = 1'000'000;

std::string number_of(std::uint32_t number) {
    std::string octets(4, '\0');
    h2::write_u32(octets.data(), number);
    return octets;
}

void append_line(hpack::Encoder& encoder, std::string& block, std::string_view name, std::string_view value) {
    const std::size_t before = block.size();
    block.resize(before + hpack::Encoder::octets_at_most(name, value));
    std::span<char> room(block.data() + before, block.size() - before);
    encoder.encode(name, value, hpack::Indexing::allowed, room);
    block.resize(block.size() - room.size());
}

}  // namespace

TestH2::TestH2(std::string_view method, std::string_view target, const Fields& fields, std::string_view content)
    : unsent_(content), has_sent_all_(content.empty()) {
    begin();
    add_request(method, {}, target, fields);
}

TestH2::TestH2(std::string_view protocol, std::string_view target, const Fields& fields) : is_tunnel_(true) {
    begin();
    add_request("CONNECT", protocol, target, fields);
}

void TestH2::begin() {
    output_ = h2::client_preface;
    std::string settings(6, '\0');
    h2::write_u16(settings.data(), initial_window_setting);
    h2::write_u32(settings.data() + 2, static_cast<std::uint32_t>(h2::window_octets_max));
    add_frame(h2::FrameType::settings, 0, h2::connection_stream, settings);
    const auto further = static_cast<std::uint32_t>(h2::window_octets_max - h2::window_octets_initial);
    add_frame(h2::FrameType::window_update, 0, h2::connection_stream, number_of(further));
}

void TestH2::add_request(std::string_view method, std::string_view protocol, std::string_view target,
                         const Fields& fields) {
    std::string_view authority = "localhost";
    for (const auto& [name, value] : fields) {
        if (http::equals_ignoring_case(name, "Host")) authority = value;
    }
    hpack::Encoder encoder;
    std::string block;
    append_line(encoder, block, ":method", method);
    if (!protocol.empty()) append_line(encoder, block, ":protocol", protocol);
    append_line(encoder, block, ":scheme", "https");
    append_line(encoder, block, ":authority", authority);
    append_line(encoder, block, ":path", target);
    for (const auto& [name, value] : fields) {
        if (!http::equals_ignoring_case(name, "Host")) append_line(encoder, block, name, value);
    }
    add_head(block, has_sent_all_);
}

void TestH2::add_frame(h2::FrameType type, unsigned flags, h2::StreamId stream, std::string_view payload) {
    h2::FrameHeader header;
    header.length = payload.size();
    header.type = type;
    header.flags = static_cast<std::uint8_t>(flags);
    header.stream = stream;
    std::array<char, h2::frame_header_octets> octets;
    h2::write_frame_header(octets.data(), header);
    output_.append(octets.data(), octets.size()).append(payload);
}

void TestH2::add_head(std::string_view block, bool is_last) {
    h2::FrameType type = h2::FrameType::headers;
    do {
        const std::string_view part = block.substr(0, h2::payload_octets_max);
        block.remove_prefix(part.size());
        unsigned flags = block.empty() ? unsigned{h2::flag_end_headers} : 0U;
        if (type == h2::FrameType::headers && is_last) flags |= h2::flag_end_stream;
        add_frame(type, flags, only_stream, part);
        type = h2::FrameType::continuation;
    } while (!block.empty());
}

// As far as the windows allow (RFC 9113 §6.9).
void TestH2::add_content() {
    if (is_tunnel_ && answer_.status == 0) return;  // the server may refuse it
    while (!has_sent_all_ && window_ > 0 && connection_window_ > 0) {
        if (is_tunnel_ && unsent_.empty()) return;
        const auto size = std::min({unsent_.size(), static_cast<std::size_t>(window_),
                                    static_cast<std::size_t>(connection_window_), h2::payload_octets_max});
        has_sent_all_ = !is_tunnel_ && size == unsent_.size();
        const unsigned flags = has_sent_all_ ? unsigned{h2::flag_end_stream} : 0U;
        add_frame(h2::FrameType::data, flags, only_stream, std::string_view(unsent_).substr(0, size));
        unsent_.erase(0, size);
        window_ -= static_cast<std::int64_t>(size);
        connection_window_ -= static_cast<std::int64_t>(size);
    }
}

std::string TestH2::take_output() {
    if (state_ == State::open) add_content();
    return std::exchange(output_, std::string());
}

void TestH2::receive(std::string_view octets) {
    input_ += octets;
    std::string_view rest = input_;
    while (state_ == State::open && rest.size() >= h2::frame_header_octets) {
        const h2::FrameHeader header = h2::read_frame_header(rest.data());
        if (h2::check_frame_header(header, h2::Role::client)) state_ = State::failed;
        if (rest.size() < h2::frame_header_octets + header.length) break;
        const std::string_view payload = rest.substr(h2::frame_header_octets, header.length);
        rest.remove_prefix(h2::frame_header_octets + header.length);
        if (state_ == State::open) take(header, payload);
    }
    input_.erase(0, input_.size() - rest.size());
}

void TestH2::take(const h2::FrameHeader& header, std::string_view payload) {
    using h2::FrameType;
    const bool is_last = header.has(h2::flag_end_stream);
    switch (header.type) {
        case FrameType::data:
            answer_.content += payload;
            if (is_last) end_message();
            return;
        case FrameType::headers: block_is_last_ = is_last; [[fallthrough]];
        case FrameType::continuation:
            block_ += payload;
            if (header.has(h2::flag_end_headers)) take_block(std::exchange(block_, std::string()));
            return;
        case FrameType::settings:
            if (header.has(h2::flag_ack)) return;
            take_settings(payload);
            add_frame(FrameType::settings, h2::flag_ack, h2::connection_stream, {});
            return;
        case FrameType::ping:
            if (!header.has(h2::flag_ack)) add_frame(FrameType::ping, h2::flag_ack, h2::connection_stream, payload);
            return;
        case FrameType::window_update:
            (header.stream == h2::connection_stream ? connection_window_ : window_) += h2::read_u31(payload.data());
            return;
        case FrameType::rst_stream: state_ = State::failed; return;
        case FrameType::goaway:
            if (h2::read_u31(payload.data()) < only_stream) state_ = State::failed;
            return;
        case FrameType::priority:
        case FrameType::push_promise:
        case FrameType::priority_update: return;
    }
}

void TestH2::take_settings(std::string_view payload) {
    for (; payload.size() >= 6; payload.remove_prefix(6)) {
        if (h2::read_u16(payload.data()) != initial_window_setting) continue;
        const std::int64_t window = h2::read_u32(payload.data() + 2);
        window_ += window - std::exchange(initial_window_, window);  // RFC 9113 §6.9.2
    }
}

// The head of the answer, an interim one before it, or trailers after it, which are dropped.
void TestH2::take_block(std::string_view block) {
    std::string memory(line_octets_max, '\0');
    const bool is_head = answer_.status == 0;
    int status = 0;
    TestH2::Fields fields;
    decoder_.begin_block();
    for (;;) {
        std::span<char> room(memory);
        const auto line = decoder_.next(block, room);
        if (!line) state_ = State::failed;
        if (!line || !*line) break;
        if ((*line)->name == ":status") {
            const std::string_view digits = (*line)->value;
            std::from_chars(digits.data(), digits.data() + digits.size(), status);
        } else {
            fields.emplace_back((*line)->name, (*line)->value);
        }
    }
    const bool is_interim = status >= 100 && status < 200;
    if (is_head && !is_interim) {
        answer_.status = status;
        answer_.fields = std::move(fields);
        if (status < 100) state_ = State::failed;
    }
    if (block_is_last_) end_message();
}

void TestH2::end_message() {
    if (state_ != State::open) return;
    state_ = answer_.status == 0 ? State::failed : State::complete;
}

TestAnswer TestH2::take_answer() { return state_ == State::complete ? std::move(answer_) : TestAnswer(); }

}  // namespace portico
