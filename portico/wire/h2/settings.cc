// portico/wire/h2/settings.cc — see settings.h.
#include "portico/wire/h2/settings.h"

namespace portico::h2 {
namespace {

// RFC 9113 §6.5.2
std::optional<Fault> read_setting(Setting setting, std::uint32_t value, Role role, PeerSettings& settings) {
    switch (setting) {
        case Setting::header_table_size: settings.header_table_octets = value; break;
        case Setting::enable_push:
            if (value > 1) return Fault{ErrorCode::protocol_error, "SETTINGS_ENABLE_PUSH is neither 0 nor 1"};
            if (value == 1 && role == Role::client) {
                return Fault{ErrorCode::protocol_error, "SETTINGS_ENABLE_PUSH is 1 from a server"};
            }
            break;
        case Setting::max_concurrent_streams: settings.streams_max = value; break;
        case Setting::initial_window_size:
            if (value > window_octets_max) {
                return Fault{ErrorCode::flow_control_error, "SETTINGS_INITIAL_WINDOW_SIZE over 2^31-1"};
            }
            settings.initial_window_octets = value;
            break;
        case Setting::max_frame_size:
            if (value < payload_octets_max || value > 0xffffff) {
                return Fault{ErrorCode::protocol_error, "SETTINGS_MAX_FRAME_SIZE out of range"};
            }
            settings.frame_octets_max = value;
            break;
        case Setting::max_header_list_size: break;  // only advice, and what we send is small
        case Setting::enable_connect_protocol:      // RFC 8441 §3: a client's has no effect
            if (value > 1) {
                return Fault{ErrorCode::protocol_error, "SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1"};
            }
            break;
        case Setting::no_rfc7540_priorities:  // RFC 9218 §2.1
            if (value > 1) return Fault{ErrorCode::protocol_error, "SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1"};
            break;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Fault> read_settings(std::string_view payload, Role role, PeerSettings& settings) {
    for (; payload.size() >= setting_octets; payload.remove_prefix(setting_octets)) {
        const auto setting = static_cast<Setting>(read_u16(payload.data()));
        const auto fault = read_setting(setting, read_u32(payload.data() + 2), role, settings);
        if (fault) return fault;
    }
    return std::nullopt;
}

void write_our_settings(char* to, const Limits& limits, Role role) {
    const auto write = [&to](Setting setting, std::size_t value) {
        write_u16(to, static_cast<std::uint16_t>(setting));
        write_u32(to + 2, static_cast<std::uint32_t>(value));
        to += setting_octets;
    };
    if (role == Role::server) {
        write(Setting::max_concurrent_streams, limits.streams_max);
        write(Setting::enable_connect_protocol, 1);  // RFC 8441 §3
    } else {
        write(Setting::enable_push, 0);
    }
    write(Setting::initial_window_size, limits.stream_window_octets);
    write(Setting::max_header_list_size, limits.header_list_octets_max);
    write(Setting::no_rfc7540_priorities, 1);
}

}  // namespace portico::h2
