// portico/wire/websocket/frame.h — the frames of the WebSocket protocol (RFC 6455 §5).
//
// Room wire: octets in, messages out, and back; no system call, no clock. See portico/wire/h1/read_head.h.
// Threads:   none. An object here belongs to one connection, which belongs to one core.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace portico::websocket {

// Which end we are: a client masks what it sends, and a server doesn't (RFC 6455 §5.1).
enum class Role : std::uint8_t { server, client };

// RFC 6455 §5.2; the others are reserved.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// RFC 6455 §7.4.1; the last one is from IANA's registry. `none` and `abnormal` are never sent: they say that a close
// frame had no code, and that there was no close frame.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported = 1003,
    none = 1005,
    abnormal = 1006,
    invalid_data = 1007,
    policy = 1008,
    too_large = 1009,
    internal_error = 1011,
    try_again_later = 1013,
};

// Whether a close frame may have this code (RFC 6455 §7.4): 1000 to 1014 without those that are reserved, and 3000 to
// 4999.
[[nodiscard]] bool is_close_code(unsigned code);

inline constexpr std::size_t control_octets_max = 125;  // of a control frame's payload (RFC 6455 §5.5)
inline constexpr std::size_t reason_octets_max = control_octets_max - 2;
inline constexpr std::size_t frame_head_octets_max = 14;

using Mask = std::array<char, 4>;

struct FrameHead {
    bool is_final = true;
    bool is_compressed = false;  // RSV1, of a message's first frame (RFC 7692 §6)
    Opcode opcode = Opcode::text;
    bool is_masked = false;
    Mask mask{};
    std::uint64_t octets = 0;  // of the payload

    [[nodiscard]] bool is_control() const { return (static_cast<unsigned>(opcode) & 8U) != 0; }
};

// Reads the head of one frame, from as many pieces as it comes in.
class FrameHeadReader {
public:
    // Takes the head's octets from the front of `octets`. True: the head is complete, see head() and fault().
    [[nodiscard]] bool read(std::string_view& octets);
    // The head that is complete.
    [[nodiscard]] const FrameHead& head() const { return head_; }
    // Why the head breaks RFC 6455 §5.2 or §5.5 whatever came before; empty if it doesn't: bits or an opcode that are
    // reserved, a length that is longer than it need be, a control frame that is long or a fragment.
    [[nodiscard]] std::string_view fault() const { return fault_; }
    // Whether part of a head has been read.
    [[nodiscard]] bool has_begun() const { return used_ > 0; }

private:
    [[nodiscard]] std::size_t octets_of_head() const;
    void interpret();

    std::array<char, frame_head_octets_max> octets_{};
    std::size_t used_ = 0;
    FrameHead head_;
    std::string_view fault_;
};

// Appends the head of a frame.
void append_frame_head(std::string& to, const FrameHead& head);

// Masks or unmasks octets whose first one is the payload's octet number `offset` (RFC 6455 §5.3).
void apply_mask(std::span<char> octets, const Mask& mask, std::uint64_t offset);

}  // namespace portico::websocket
