// portico/wire/h2/settings.h — the settings of both ends of a connection (RFC 9113 §6.5).
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "portico/wire/h2/frame.h"
#include "portico/wire/h2/limits.h"

namespace portico::h2 {

// RFC 9113 §6.5.2; the last two are RFC 8441 §3 and RFC 9218 §2.1.
enum class Setting : std::uint16_t {
    header_table_size = 0x01,
    enable_push = 0x02,
    max_concurrent_streams = 0x03,
    initial_window_size = 0x04,
    max_frame_size = 0x05,
    max_header_list_size = 0x06,
    enable_connect_protocol = 0x08,
    no_rfc7540_priorities = 0x09,
};

// What the peer has set, as far as we need it. There is no server push.
struct PeerSettings {
    std::size_t header_table_octets = 4096;
    std::int64_t initial_window_octets = window_octets_initial;
    std::size_t frame_octets_max = payload_octets_max;
    // Of a server: how many streams a client may have open. At first there is no limit (RFC 9113 §6.5.2).
    std::size_t streams_max = std::numeric_limits<std::uint32_t>::max();
};

// Reads the payload of a SETTINGS frame into `settings`, in its order. `role` is ours. Unknown settings are ignored.
// Returns why the connection ends, if a value is out of its range.
[[nodiscard]] std::optional<Fault> read_settings(std::string_view payload, Role role, PeerSettings& settings);

inline constexpr std::size_t setting_octets = 6;
inline constexpr std::size_t our_settings_octets_max = 5 * setting_octets;

// How many octets the payload of our SETTINGS frame has.
[[nodiscard]] constexpr std::size_t our_settings_octets(Role role) {
    return role == Role::server ? our_settings_octets_max : our_settings_octets_max - setting_octets;
}
// Writes that payload.
void write_our_settings(char* to, const Limits& limits, Role role);

}  // namespace portico::h2
