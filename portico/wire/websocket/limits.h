// portico/wire/websocket/limits.h — how many resources one peer may use on one WebSocket.
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>

namespace portico::websocket {

// Each of them is described in portico/embed/websocket.h.
struct Limits {
    std::size_t message_octets_max = 1024 * 1024;  // after decompression: 1009
    std::size_t frames_max = 16 * 1024;            // of one message: 1008
    std::size_t control_frames_max = 100;          // per second on average, twice as many at once: 1008
};

}  // namespace portico::websocket
