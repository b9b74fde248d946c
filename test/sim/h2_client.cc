// test/sim/h2_client.cc — see h2_client.h.
#include "test/sim/h2_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "portico/wire/h2/client_for_test.h"

namespace portico::sim {
namespace {

using h2::FrameType;
using std::chrono::seconds;

constexpr std::size_t payload_octets_max = 16'384;

std::uint32_t number_at(std::string_view octets, std::size_t at, std::size_t size) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < size; ++i) number = number << 8 | static_cast<unsigned char>(octets.at(at + i));
    return number;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return result;
}

// An HTTP/1.1 request in the terms of HTTP/2.
struct Translated {
    std::string block;
    std::string content;
    bool is_withheld = false;  // Content-Length announces more, which is never sent
};

Translated translate(std::string_view octets, std::string_view scheme) {
    const std::size_t head_end = octets.find("\r\n\r\n");
    std::string_view head = octets.substr(0, head_end + 2);
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    Translated result;
    result.content = octets.substr(head_end + 4);
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    std::string_view target = line.substr(first + 1, last - first - 1);
    if (target.starts_with("http://")) target.remove_prefix(target.find('/', 7));  // Host says the same
    result.block =
        h2::line_of(":method", line.substr(0, first)) + h2::line_of(":scheme", scheme) + h2::line_of(":path", target);
    std::string fields;
    while (!head.empty()) {
        const std::string_view field = head.substr(0, head.find("\r\n"));
        head.remove_prefix(field.size() + 2);
        const std::size_t colon = field.find(": ");
        const std::string name = lower(field.substr(0, colon));
        const std::string_view value = field.substr(colon + 2);
        if (name == "host") {
            result.block += h2::line_of(":authority", value);
        } else if (name == "transfer-encoding") {
            result.content = without_chunks(result.content);
        } else if (name != "connection") {
            result.is_withheld |= name == "content-length" && value != std::to_string(result.content.size());
            fields += h2::line_of(name, value);
        }
    }
    result.block += fields;
    return result;
}

}  // namespace

std::string without_chunks(std::string_view octets) {
    std::string content;
    for (;;) {
        std::size_t size = 0;
        std::from_chars(octets.data(), octets.data() + octets.size(), size, 16);
        octets.remove_prefix(octets.find("\r\n") + 2);
        if (size == 0) return content;
        content += octets.substr(0, size);
        octets.remove_prefix(size + 2);
    }
}

H2Client::H2Client(World& world, Line& line, std::uint32_t window) : world_(&world), line_(&line), window_(window) {
    out_ = h2::client_preface;
    out_ += h2::settings_of({{4, window}});
}

void H2Client::add_frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload) {
    out_ += h2::frame_of(static_cast<unsigned>(payload.size()), type, flags, stream, payload);
}

void H2Client::wrong(const std::string& why) { world_->fail("HTTP/2: " + why); }

void H2Client::ask(Question question) {
    question.closes = false;
    question.asked_at = world_->core().now();
    Translated request = translate(question.octets, line_->is_secure() ? "https" : "http");
    const std::uint32_t stream = std::exchange(next_stream_, next_stream_ + 2);
    Open& open = open_[stream];
    open.window = initial_window_;
    open.unsent = std::move(request.content);
    open.is_withheld = request.is_withheld;
    open.has_ended = open.unsent.empty() && !open.is_withheld;
    if (open.has_ended) question.sent_at = world_->core().now();
    open.question = std::move(question);
    std::string_view block = request.block;
    unsigned type = 1;
    do {
        const std::string_view part = block.substr(0, payload_octets_max);
        block.remove_prefix(part.size());
        unsigned flags = block.empty() ? h2::flag_end_headers : 0;
        if (type == 1 && open.has_ended) flags |= h2::flag_end_stream;
        add_frame(type, flags, stream, part);
        type = 9;
    } while (!block.empty());
}

void H2Client::reset_one() {
    if (open_.empty()) return;
    const auto chosen = std::next(open_.begin(), static_cast<std::ptrdiff_t>(world_->chance().below(open_.size())));
    out_ += h2::reset_of(chosen->first);
    results_.push_back({std::move(chosen->second.question), {}, true, 0});
    open_.erase(chosen);
}

// Content, as far as the windows allow.
void H2Client::add_content() {
    for (auto& [stream, open] : open_) {
        while (!open.has_ended && !open.is_withheld && open.window > 0 && send_window_ > 0) {
            const auto size = std::min({open.unsent.size(), static_cast<std::size_t>(open.window),
                                        static_cast<std::size_t>(send_window_), payload_octets_max});
            open.has_ended = size == open.unsent.size();
            add_frame(0, open.has_ended ? h2::flag_end_stream : 0, stream,
                      std::string_view(open.unsent).substr(0, size));
            open.unsent.erase(0, size);
            open.window -= static_cast<std::int64_t>(size);
            send_window_ -= static_cast<std::int64_t>(size);
            if (open.has_ended) open.question.sent_at = world_->core().now();
        }
    }
}

Task<bool> H2Client::send() {
    add_content();
    const std::string octets = std::exchange(out_, std::string());
    if (octets.empty()) co_return true;
    const io::Result<void> written = co_await line_->write_all(octets, world_->core().now() + seconds(2000));
    co_return written.has_value();
}

Task<bool> H2Client::read(io::Duration patience) {
    std::array<char, 5000> room;
    const io::Result<std::size_t> got = co_await line_->read(room, world_->core().now() + patience);
    if (!got || *got == 0) {
        is_late_ = !got && got.error().number == ETIMEDOUT;
        co_return false;
    }
    in_.append(room.data(), *got);
    while (in_.size() >= 9) {
        const std::size_t length = number_at(in_, 0, 3);
        if (length > payload_octets_max) wrong("a frame that is too large");
        if (in_.size() < 9 + length) break;
        take(static_cast<unsigned char>(in_[3]), static_cast<unsigned char>(in_[4]), number_at(in_, 5, 4),
             std::string_view(in_).substr(9, length));
        in_.erase(0, 9 + length);
    }
    co_return true;
}

void H2Client::take(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload) {
    const bool is_continued = block_stream_ != 0;
    if (is_continued && (type != 9 || stream != block_stream_)) wrong("a field block is interrupted");
    switch (static_cast<FrameType>(type)) {
        case FrameType::data: return take_data(stream, payload, (flags & h2::flag_end_stream) != 0);
        case FrameType::headers: block_is_last_ = (flags & h2::flag_end_stream) != 0; [[fallthrough]];
        case FrameType::continuation:
            block_ += payload;
            block_stream_ = stream;
            if ((flags & h2::flag_end_headers) == 0) return;
            block_stream_ = 0;
            return take_head(stream, std::exchange(block_, std::string()), block_is_last_);
        case FrameType::rst_stream: {
            const auto found = open_.find(stream);
            if (found == open_.end()) return;
            results_.push_back(
                {std::move(found->second.question), std::move(found->second.answer), false, number_at(payload, 0, 4)});
            results_.back().answer.end = Answer::End::ended;
            open_.erase(found);
            return;
        }
        case FrameType::settings:
            if ((flags & h2::flag_ack) != 0) return;
            take_settings(payload);
            add_frame(4, h2::flag_ack, 0, {});
            return;
        case FrameType::ping:
            if ((flags & h2::flag_ack) == 0) add_frame(6, h2::flag_ack, 0, payload);
            return;
        case FrameType::goaway: {
            last_stream_ = number_at(payload, 0, 4);
            const std::uint32_t error = number_at(payload, 4, 4);
            if (error != 0 && !world_->mood().may_go_unanswered()) wrong("GOAWAY " + std::to_string(error));
            return;
        }
        case FrameType::window_update: {
            const std::uint32_t octets = number_at(payload, 0, 4);
            if (stream == 0) send_window_ += octets;
            if (const auto found = open_.find(stream); found != open_.end()) found->second.window += octets;
            return;
        }
        default: wrong("a frame of type " + std::to_string(type));
    }
}

void H2Client::take_settings(std::string_view payload) {
    for (std::size_t at = 0; at + 6 <= payload.size(); at += 6) {
        if (number_at(payload, at, 2) != 4) continue;
        const std::int64_t window = number_at(payload, at + 2, 4);
        for (auto& [stream, open] : open_) open.window += window - initial_window_;
        initial_window_ = window;
    }
}

void H2Client::take_head(std::uint32_t stream, std::string_view block, bool is_last) {
    std::array<char, 20'000> memory;
    std::span<char> room = memory;
    const auto found = open_.find(stream);
    Answer ignored;
    Answer& answer = found == open_.end() ? ignored : found->second.answer;
    const bool are_trailers = answer.status >= 200;
    int status = 0;
    decoder_.begin_block();
    for (;;) {
        const auto line = decoder_.next(block, room);
        if (!line) return wrong("a field block that can't be decoded");
        if (!*line) break;
        const std::string name((*line)->name);
        const std::string value((*line)->value);
        if (name == ":status") {
            status = std::atoi(value.c_str());
        } else if (lower(name) != name || name == "connection" || name == "transfer-encoding") {
            wrong("a field that HTTP/2 does not have: " + name);
        } else {
            if (answer.find(name) && name != "set-cookie") wrong("a field twice: " + name);
            if (status >= 200) answer.fields.emplace_back(name, value);
        }
    }
    if (found == open_.end()) return;
    answer.octets += 1;
    if (are_trailers) {
        if (status != 0 || !is_last) wrong("a second head");
    } else {
        if (status < 100) wrong("a head without a status");
        answer.status = status;
        if (status < 200) {
            if (is_last) wrong("an interim answer that is the last");
            return;
        }
    }
    if (is_last) settle(stream, Answer::End::whole);
}

void H2Client::take_data(std::uint32_t stream, std::string_view payload, bool is_last) {
    unused_ += static_cast<std::uint32_t>(payload.size());
    received_ += payload.size();
    const auto found = open_.find(stream);
    if (found == open_.end()) return;
    Open& open = found->second;
    if (open.answer.status < 200) wrong("content without a head");
    if (open.question.is_head && !payload.empty()) wrong("content in answer to HEAD");
    open.unused += static_cast<std::uint32_t>(payload.size());
    if (open.unused > window_) wrong("more content than the window allows");
    open.answer.octets += payload.size();
    open.answer.content += payload;
    if (is_last) settle(stream, Answer::End::whole);
}

// Says what has been used: all of it, or some at random.
void H2Client::give_windows(bool all) {
    if (unused_ > 0 && (all || world_->chance().happens(0.5))) {
        out_ += h2::window_update_of(0, std::exchange(unused_, 0));
    }
    for (auto& [stream, open] : open_) {
        if (open.unused > 0 && (all || world_->chance().happens(0.7))) {
            out_ += h2::window_update_of(stream, std::exchange(open.unused, 0));
        }
    }
}

void H2Client::settle(std::uint32_t stream, Answer::End end) {
    Open& open = open_.at(stream);
    Answer& answer = open.answer;
    answer.end = end;
    // The connection was too slow, or none of its streams was.
    if (end == Answer::End::ended) answer.octets = received_;
    const auto length = answer.find("content-length");
    const bool has_content = !open.question.is_head && answer.status != 304 && answer.status != 204;
    if (end == Answer::End::whole && length && has_content && *length != std::to_string(answer.content.size())) {
        wrong("another length than Content-Length");
    }
    results_.push_back({std::move(open.question), std::move(answer), false, 0});
    open_.erase(stream);
}

void H2Client::settle_all(Answer::End end) {
    while (!open_.empty()) settle(open_.begin()->first, end);
}

Task<std::vector<H2Client::Result>> H2Client::finish(io::Duration patience) {
    while (!open_.empty()) {
        give_windows(in_.empty() || world_->chance().happens(0.5));
        const bool sent = co_await send();
        static_cast<void>(sent);  // a failure shows up when the answer is read
        const bool goes_on = co_await read(patience);
        if (!goes_on) settle_all(is_late_ ? Answer::End::timed_out : Answer::End::ended);
    }
    received_ = 0;
    co_return std::exchange(results_, {});
}

}  // namespace portico::sim
