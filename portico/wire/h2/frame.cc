// portico/wire/h2/frame.cc — see frame.h.
#include "portico/wire/h2/frame.h"

#include <span>

#include "portico/base/byte_order.h"

namespace portico::h2 {
namespace {

std::optional<Fault> wrong_size(std::string_view reason) { return Fault{ErrorCode::frame_size_error, reason}; }
std::optional<Fault> wrong_stream(std::string_view reason) { return Fault{ErrorCode::protocol_error, reason}; }

// RFC 9113 §6.5
std::optional<Fault> check_settings(const FrameHeader& header) {
    if (header.stream != connection_stream) return wrong_stream("SETTINGS on a stream");
    if (header.has(flag_ack) && header.length != 0) return wrong_size("SETTINGS acknowledgment with settings");
    if (header.length % 6 != 0) return wrong_size("SETTINGS of broken size");
    return std::nullopt;
}

}  // namespace

std::uint32_t read_u16(const char* from) { return load_big<std::uint16_t>(std::span(from, 2)); }

std::uint32_t read_u32(const char* from) { return load_big<std::uint32_t>(std::span(from, 4)); }

std::uint32_t read_u31(const char* from) { return read_u32(from) & 0x7fffffffU; }

void write_u16(char* to, std::uint32_t number) { store_big(std::span(to, 2), static_cast<std::uint16_t>(number)); }

void write_u32(char* to, std::uint32_t number) { store_big(std::span(to, 4), number); }

FrameHeader read_frame_header(const char* from) {
    FrameHeader header;
    header.length = read_u32(from) >> 8;  // 24 bits, and then 8 of the type
    header.type = static_cast<FrameType>(from[3]);
    header.flags = static_cast<std::uint8_t>(from[4]);
    header.stream = read_u31(from + 5);
    return header;
}

void write_frame_header(char* to, const FrameHeader& header) {
    write_u32(to, static_cast<std::uint32_t>(header.length) << 8 | static_cast<std::uint32_t>(header.type));
    to[4] = static_cast<char>(header.flags);
    write_u32(to + 5, header.stream);
}

std::string_view spelling(ErrorCode error) {
    switch (error) {
        case ErrorCode::no_error: return "NO_ERROR";
        case ErrorCode::protocol_error: return "PROTOCOL_ERROR";
        case ErrorCode::internal_error: return "INTERNAL_ERROR";
        case ErrorCode::flow_control_error: return "FLOW_CONTROL_ERROR";
        case ErrorCode::settings_timeout: return "SETTINGS_TIMEOUT";
        case ErrorCode::stream_closed: return "STREAM_CLOSED";
        case ErrorCode::frame_size_error: return "FRAME_SIZE_ERROR";
        case ErrorCode::refused_stream: return "REFUSED_STREAM";
        case ErrorCode::cancel: return "CANCEL";
        case ErrorCode::compression_error: return "COMPRESSION_ERROR";
        case ErrorCode::connect_error: return "CONNECT_ERROR";
        case ErrorCode::enhance_your_calm: return "ENHANCE_YOUR_CALM";
        case ErrorCode::inadequate_security: return "INADEQUATE_SECURITY";
        case ErrorCode::http_1_1_required: return "HTTP_1_1_REQUIRED";
    }
    return "an unknown error";
}

std::optional<Fault> check_frame_header(const FrameHeader& header, Role role) {
    // RFC 9113 §4.2. A connection error for all types: RFC 9113 §5.4.1 allows it, and nobody sends such frames.
    if (header.length > payload_octets_max) return wrong_size("frame over SETTINGS_MAX_FRAME_SIZE");
    const bool has_stream = header.stream != connection_stream;
    switch (header.type) {
        case FrameType::data: return has_stream ? std::nullopt : wrong_stream("DATA without a stream");  // §6.1
        case FrameType::headers: {                                                                       // §6.2
            if (!has_stream) return wrong_stream("HEADERS without a stream");
            if (!is_clients(header.stream)) return wrong_stream("HEADERS on a stream of the server");  // §5.1.1
            const std::size_t least = (header.has(flag_padded) ? 1U : 0U) + (header.has(flag_priority) ? 5U : 0U);
            return header.length >= least ? std::nullopt : wrong_size("HEADERS too short");
        }
        case FrameType::priority: return has_stream ? std::nullopt : wrong_stream("PRIORITY without a stream");  // §6.3
        case FrameType::rst_stream:                                                                              // §6.4
            if (!has_stream) return wrong_stream("RST_STREAM without a stream");
            return header.length == 4 ? std::nullopt : wrong_size("RST_STREAM of wrong size");
        case FrameType::settings: return check_settings(header);
        case FrameType::push_promise:
            return wrong_stream("PUSH_PROMISE");  // §8.4: none from a client, and ours allows none
        case FrameType::ping:                     // §6.7
            if (has_stream) return wrong_stream("PING on a stream");
            return header.length == 8 ? std::nullopt : wrong_size("PING of wrong size");
        case FrameType::goaway:  // §6.8
            if (has_stream) return wrong_stream("GOAWAY on a stream");
            return header.length >= 8 ? std::nullopt : wrong_size("GOAWAY too short");
        case FrameType::window_update:  // §6.9
            return header.length == 4 ? std::nullopt : wrong_size("WINDOW_UPDATE of wrong size");
        case FrameType::continuation:  // §6.10
            return has_stream ? std::nullopt : wrong_stream("CONTINUATION without a stream");
        case FrameType::priority_update:  // RFC 9218 §7.1
            if (role == Role::client) return wrong_stream("PRIORITY_UPDATE from a server");
            if (has_stream) return wrong_stream("PRIORITY_UPDATE on a stream");
            return header.length >= 4 ? std::nullopt : wrong_size("PRIORITY_UPDATE too short");
    }
    return std::nullopt;  // an unknown type: RFC 9113 §5.5
}

}  // namespace portico::h2
