// portico/wire/h2/client_for_test.h — a peer that says anything, and a connection that notes what it gets.
//
// Room wire: see frame.h. Included by tests and fuzz targets alone.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/wire/h2/connection.h"

namespace portico::h2 {

// --- what a client sends

inline std::string number_of(std::uint32_t number, std::size_t octets) {
    std::string text;
    for (std::size_t i = octets; i-- > 0;) text += static_cast<char>(number >> (8 * i));
    return text;
}

inline std::string frame_of(unsigned length, unsigned type, unsigned flags, StreamId stream, std::string_view payload) {
    return number_of(length, 3) + static_cast<char>(type) + static_cast<char>(flags) + number_of(stream, 4) +
           std::string(payload);
}

inline std::string frame_of(FrameType type, unsigned flags, StreamId stream, std::string_view payload) {
    return frame_of(static_cast<unsigned>(payload.size()), static_cast<unsigned>(type), flags, stream, payload);
}

using SettingList = std::initializer_list<std::pair<unsigned, std::uint32_t>>;

inline std::string settings_of(SettingList settings = {}) {
    std::string payload;
    for (const auto& [id, value] : settings) payload += number_of(id, 2) + number_of(value, 4);
    return frame_of(FrameType::settings, 0, 0, payload);
}

// What a client sends first: its preface, and the acknowledgment of our settings.
inline std::string hello(SettingList settings = {}) {
    return std::string(client_preface) + settings_of(settings) + frame_of(FrameType::settings, flag_ack, 0, "");
}

// RFC 7541 §5.1 with a prefix of 7 bits, and §5.2 without Huffman coding.
inline std::string hpack_string(std::string_view text) {
    std::string octets;
    std::size_t rest = text.size();
    if (rest < 127) {
        octets += static_cast<char>(rest);
    } else {
        octets += '\x7f';
        for (rest -= 127; rest >= 128; rest /= 128) octets += static_cast<char>(128 + rest % 128);
        octets += static_cast<char>(rest);
    }
    return octets.append(text);
}

// A literal field line without indexing (RFC 7541 §6.2.2).
inline std::string line_of(std::string_view name, std::string_view value) {
    return std::string(1, '\0') + hpack_string(name) + hpack_string(value);
}

using Lines = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline std::string block_of(Lines lines) {
    std::string block;
    for (const auto& [name, value] : lines) block += line_of(name, value);
    return block;
}

// The pseudo-header fields that a good request has, and further lines.
inline std::string request_block(Lines further = {}, std::string_view method = "GET", std::string_view path = "/") {
    return block_of({{":method", method}, {":scheme", "https"}, {":authority", "a.example"}, {":path", path}}) +
           block_of(further);
}

inline std::string headers_of(StreamId stream, std::string_view block,
                              unsigned flags = flag_end_headers | flag_end_stream) {
    return frame_of(FrameType::headers, flags, stream, block);
}
inline std::string get_of(StreamId stream) { return headers_of(stream, request_block()); }
// A request whose content is still to come.
inline std::string post_of(StreamId stream, Lines further = {}) {
    return headers_of(stream, request_block(further, "POST"), flag_end_headers);
}
inline std::string data_of(StreamId stream, std::string_view content, unsigned flags = flag_end_stream) {
    return frame_of(FrameType::data, flags, stream, content);
}
inline std::string continuation_of(StreamId stream, std::string_view fragment, unsigned flags = flag_end_headers) {
    return frame_of(FrameType::continuation, flags, stream, fragment);
}
inline std::string reset_of(StreamId stream, ErrorCode error = ErrorCode::cancel) {
    return frame_of(FrameType::rst_stream, 0, stream, number_of(static_cast<std::uint32_t>(error), 4));
}
inline std::string window_update_of(StreamId stream, std::uint32_t octets) {
    return frame_of(FrameType::window_update, 0, stream, number_of(octets, 4));
}
inline std::string ping_of(std::string_view octets = "12345678", unsigned flags = 0) {
    return frame_of(FrameType::ping, flags, 0, octets);
}
inline std::string priority_of(StreamId stream, StreamId depends_on) {
    return frame_of(FrameType::priority, 0, stream, number_of(depends_on, 4) + '\x10');
}
inline std::string priority_update_of(StreamId stream, std::string_view value) {
    return frame_of(FrameType::priority_update, 0, 0, number_of(stream, 4) + std::string(value));
}

// --- what a server sends

// What a server sends first: its settings, and the acknowledgment of ours.
inline std::string server_hello(SettingList settings = {}) {
    return settings_of(settings) + frame_of(FrameType::settings, flag_ack, 0, "");
}

// The head of a response.
inline std::string response_of(StreamId stream, Lines further = {}, std::string_view status = "200",
                               unsigned flags = flag_end_headers) {
    return headers_of(stream, block_of({{":status", status}}) + block_of(further), flags);
}
// A response without content.
inline std::string answer_of(StreamId stream, std::string_view status = "200") {
    return response_of(stream, {}, status, flag_end_headers | flag_end_stream);
}
inline std::string goaway_of(StreamId last, ErrorCode error = ErrorCode::no_error) {
    return frame_of(FrameType::goaway, 0, 0, number_of(last, 4) + number_of(static_cast<std::uint32_t>(error), 4));
}

// --- what a connection sends, as text

inline std::string name_of(ErrorCode error) {
    static constexpr std::string_view names[] = {
        "NO_ERROR",      "PROTOCOL_ERROR",    "INTERNAL_ERROR", "FLOW_CONTROL",     "SETTINGS_TIMEOUT",
        "STREAM_CLOSED", "FRAME_SIZE",        "REFUSED_STREAM", "CANCEL",           "COMPRESSION",
        "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_TLS", "HTTP_1_1_REQUIRED"};
    const auto code = static_cast<std::size_t>(error);
    return code < std::size(names) ? std::string(names[code]) : "ERROR_" + std::to_string(code);
}

struct SentFrame {
    FrameHeader header;
    std::string payload;
};

// The whole frames at the front of `octets`, which are removed.
inline std::vector<SentFrame> take_frames(std::string& octets) {
    std::vector<SentFrame> frames;
    std::size_t at = 0;
    while (octets.size() - at >= frame_header_octets) {
        const FrameHeader header = read_frame_header(octets.data() + at);
        if (octets.size() - at < frame_header_octets + header.length) break;
        frames.push_back({header, octets.substr(at + frame_header_octets, header.length)});
        at += frame_header_octets + header.length;
    }
    octets.erase(0, at);
    return frames;
}

inline std::string text_of(const SentFrame& frame) {
    const FrameHeader& header = frame.header;
    const char* const payload = frame.payload.data();
    const std::string stream = " " + std::to_string(header.stream);
    const std::string end = header.has(flag_end_stream) ? " end" : "";
    const auto error = [payload](std::size_t at) {
        return " " + name_of(static_cast<ErrorCode>(read_u32(payload + at)));
    };
    switch (header.type) {
        case FrameType::data: return "DATA" + stream + " " + std::to_string(header.length) + end;
        case FrameType::headers: return "HEADERS" + stream + end;
        case FrameType::continuation: return "CONTINUATION" + stream;
        case FrameType::rst_stream: return "RST_STREAM" + stream + error(0);
        case FrameType::settings: return header.has(flag_ack) ? "SETTINGS ack" : "SETTINGS";
        case FrameType::ping: return (header.has(flag_ack) ? "PING ack " : "PING ") + frame.payload;
        case FrameType::goaway: return "GOAWAY " + std::to_string(read_u31(payload)) + error(4);
        case FrameType::window_update: return "WINDOW_UPDATE" + stream + " " + std::to_string(read_u31(payload));
        case FrameType::priority:
        case FrameType::push_promise:
        case FrameType::priority_update: break;
    }
    return "frame of type " + std::to_string(static_cast<int>(header.type));
}

// --- a connection

// What the layer above does with the events.
enum class Server : std::uint8_t {
    silent,    // uses content at once, and answers nothing: a client too
    answers,   // also answers each request, with 204 and nothing more, and releases it
    releases,  // like `silent`, but releases streams that were reset
};

// One connection, and what has happened on it. What its peer would see is in `frames`, one line for each frame.
class Served {
public:
    explicit Served(Server server = Server::silent, const Limits& limits = {}, Role role = Role::server)
        : server_(server),
          limits_(limits),
          context_(pool_, limits_),
          connection_(std::make_unique<Connection>(context_, http::Scheme::https, role)) {
        if (role == Role::client) sent_preface_ = client_preface.size();
    }
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;
    ~Served() { connection_.reset(); }

    [[nodiscard]] Connection& connection() { return *connection_; }
    [[nodiscard]] Counters& counters() { return context_.counters(); }
    [[nodiscard]] Ledger& ledger() { return ledger_; }
    [[nodiscard]] TimePoint now() const { return now_; }
    void wait(Duration time) { now_ += time; }

    // Receives the octets, in pieces of at most `piece`, and notes what happens.
    Served& receive(std::string_view octets, std::size_t piece = SIZE_MAX) {
        do {
            // At an address of their own, so that a sanitizer sees reads after their end.
            const std::string_view part = octets.substr(0, piece);
            const std::vector<char> copy(part.begin(), part.end());
            connection_->receive({copy.data(), copy.size()}, now_);
            while (const auto event = connection_->next_event()) note(*event);
            octets.remove_prefix(part.size());
        } while (!octets.empty());
        flush();
        return *this;
    }
    // Moves what the connection has to send to `frames`.
    void flush() {
        if (!is_reading_) return;
        while (!connection_->output().empty()) {
            sent_ += connection_->output();
            connection_->output_sent(connection_->output().size());
        }
        sent_.erase(0, std::exchange(sent_preface_, 0));
        for (SentFrame& frame : take_frames(sent_)) {
            frames.push_back(text_of(frame));
            headers.push_back(frame.header);
            payloads.push_back(std::move(frame.payload));
        }
    }
    void stop_reading() { is_reading_ = false; }

    // The frames that say what went wrong, joined; "ok" if there are none.
    [[nodiscard]] std::string verdict() const {
        std::string all;
        for (const std::string& frame : frames) {
            const bool is_goaway = frame.starts_with("GOAWAY");
            if (!is_goaway && !frame.starts_with("RST_STREAM")) continue;
            if (!all.empty()) all += ", ";
            // The last stream of GOAWAY is another matter.
            all += is_goaway ? "GOAWAY" + frame.substr(frame.rfind(' ')) : frame;
        }
        return all.empty() ? "ok" : all;
    }
    [[nodiscard]] std::size_t count(std::string_view frame) const {
        return static_cast<std::size_t>(std::ranges::count(frames, frame));
    }

    std::vector<std::string> frames;    // that were sent
    std::vector<FrameHeader> headers;   // theirs
    std::vector<std::string> payloads;  // theirs
    std::string events;                 // one in a line; adjacent content of a stream is joined
    std::vector<http::Request> requests;
    std::vector<std::optional<http::Refusal>> refusals;

private:
    void note(const Event& event) {
        const std::string stream = std::to_string(event.stream);
        switch (event.kind) {
            case Event::Kind::request:
                add("request " + stream + (event.refusal ? " refused" : ""));
                requests.push_back(*event.request);
                refusals.push_back(event.refusal);
                if (server_ == Server::answers) answer(event.stream);
                return;
            case Event::Kind::response:
                add("response " + stream + " " + std::to_string(http::code(event.response->status)) +
                    (event.ending == Ending::last ? " end" : ""));
                for (const auto& line : event.response->fields.lines()) {
                    add("field " + std::string(line.name) + "=" + std::string(line.value));
                }
                return;
            case Event::Kind::content:
                if (!events.ends_with(last_content_) || last_stream_ != event.stream || last_content_.empty()) {
                    last_content_ = "content " + stream + " ";
                    events += last_content_;
                } else {
                    events.pop_back();
                }
                events.append(event.content).append("\n");
                last_content_ = "\n";
                last_stream_ = event.stream;
                connection_->used(event.stream, event.content.size());
                return;
            case Event::Kind::content_end:
                add("end " + stream);
                if (event.trailers == nullptr) return;
                for (const auto& line : event.trailers->lines()) {
                    add("trailer " + std::string(line.name) + "=" + std::string(line.value));
                }
                return;
            case Event::Kind::reset:
                add("reset " + stream + " " + name_of(event.fault.error));
                if (server_ == Server::releases) connection_->released(event.stream);
                return;
            case Event::Kind::leaving: return add("leaving");
            case Event::Kind::ended: return add("ended " + name_of(event.fault.error));
        }
    }
    void add(const std::string& text) {
        events += text + "\n";
        last_content_.clear();
    }
    void answer(StreamId id) {
        http::Response response;
        response.status = http::Status::no_content;
        connection_->respond(id, response, {}, Ending::last);
        connection_->released(id);
    }

    Server server_;
    Limits limits_;
    Ledger ledger_{64 * 1024 * 1024};
    BufferPool pool_{ledger_};
    Context context_;
    std::unique_ptr<Connection> connection_;
    TimePoint now_{std::chrono::hours(1)};
    std::string sent_;
    std::size_t sent_preface_ = 0;  // of a client: octets that precede the first frame
    bool is_reading_ = true;
    std::string last_content_;
    StreamId last_stream_ = 0;
};

}  // namespace portico::h2
