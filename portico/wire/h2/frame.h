// portico/wire/h2/frame.h — the frames of HTTP/2: their types, flags and error codes, and the header that begins each.
//
// Room wire: octets in, messages out, and back (RFC 9112, 9113, 9114).
// May use:   base, http.
// May not:   make a system call, read a clock, log, hold a lock, or allocate without a bound. Octets and the
//            time arrive as arguments, so that a test can replay any connection to the nanosecond.
// Threads:   none. An object here belongs to one connection, which belongs to one core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace portico::h2 {

// RFC 9113 §5.1.1: 31 bits. 0 is the connection itself, and the client's streams are odd.
using StreamId = std::uint32_t;
inline constexpr StreamId connection_stream = 0;
inline constexpr StreamId stream_id_max = 0x7fffffff;

// Which end of a connection we are.
enum class Role : std::uint8_t { server, client };

// Whether a stream is one that the client opens (RFC 9113 §5.1.1).
constexpr bool is_clients(StreamId id) { return id % 2 == 1; }

// RFC 9113 §6; PRIORITY_UPDATE is RFC 9218 §7.1. A received frame may have any other type: it is ignored.
enum class FrameType : std::uint8_t {
    data = 0x00,
    headers = 0x01,
    priority = 0x02,
    rst_stream = 0x03,
    settings = 0x04,
    push_promise = 0x05,
    ping = 0x06,
    goaway = 0x07,
    window_update = 0x08,
    continuation = 0x09,
    priority_update = 0x10,
};

// Bits of FrameHeader::flags. The same bit means different things in different types of frames.
enum Flag : std::uint8_t {
    flag_end_stream = 0x01,   // DATA, HEADERS
    flag_ack = 0x01,          // SETTINGS, PING
    flag_end_headers = 0x04,  // HEADERS, CONTINUATION
    flag_padded = 0x08,       // DATA, HEADERS
    flag_priority = 0x20,     // HEADERS
};

// RFC 9113 §7. A received code may be any other number.
enum class ErrorCode : std::uint32_t {
    no_error = 0x00,
    protocol_error = 0x01,
    internal_error = 0x02,
    flow_control_error = 0x03,
    settings_timeout = 0x04,
    stream_closed = 0x05,
    frame_size_error = 0x06,
    refused_stream = 0x07,
    cancel = 0x08,
    compression_error = 0x09,
    connect_error = 0x0a,
    enhance_your_calm = 0x0b,
    inadequate_security = 0x0c,
    http_1_1_required = 0x0d,
};

// As RFC 9113 §7 writes it; "an unknown error" for other codes.
[[nodiscard]] std::string_view spelling(ErrorCode error);

// Why a connection or a stream can't go on. `reason` is a string literal, for the log and GOAWAY's debug data.
struct Fault {
    ErrorCode error;
    std::string_view reason;
};

inline constexpr std::size_t frame_header_octets = 9;
// The largest payload that we accept: the initial value of SETTINGS_MAX_FRAME_SIZE, which we don't raise.
inline constexpr std::size_t payload_octets_max = 16 * 1024;
// RFC 9113 §6.9.1, §6.9.2
inline constexpr std::int64_t window_octets_max = 0x7fffffff;
inline constexpr std::int64_t window_octets_initial = 65'535;

// What every client sends first (RFC 9113 §3.4).
inline constexpr std::string_view client_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113 §4.1
struct FrameHeader {
    std::size_t length = 0;  // octets of the payload
    FrameType type = FrameType::data;
    std::uint8_t flags = 0;
    StreamId stream = 0;

    [[nodiscard]] bool has(Flag flag) const { return (flags & flag) != 0; }
};

// Big-endian numbers, as all of HTTP/2's are. The caller has checked that there are enough octets.
[[nodiscard]] std::uint32_t read_u16(const char* from);
[[nodiscard]] std::uint32_t read_u31(const char* from);  // without the reserved bit
[[nodiscard]] std::uint32_t read_u32(const char* from);
void write_u16(char* to, std::uint32_t number);
void write_u32(char* to, std::uint32_t number);

// Reads a header from frame_header_octets octets. The reserved bit is ignored (RFC 9113 §4.1).
[[nodiscard]] FrameHeader read_frame_header(const char* from);
// Writes frame_header_octets octets.
void write_frame_header(char* to, const FrameHeader& header);

// Checks what the type alone demands of a frame that we receive in this role: its size, and whether it names a stream.
// Returns why the connection ends, if it does. A PRIORITY frame of the wrong size is left to the caller, since it is
// only its stream's error (RFC 9113 §6.3).
[[nodiscard]] std::optional<Fault> check_frame_header(const FrameHeader& header, Role role);

}  // namespace portico::h2
