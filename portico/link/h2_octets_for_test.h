// portico/link/h2_octets_for_test.h — what a client of HTTP/2 sends and reads, for tests of rooms that know no version.
//
// Room link: see h1_inbound.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/wire/h2/client_for_test.h"

namespace portico::link {

// What every connection begins with.
inline std::string h2_beginning() { return h2::hello(); }

// A GET request, on this stream: 1, 3, 5 and so on.
inline std::string h2_get(std::uint32_t stream) { return h2::get_of(stream); }
// A POST request with this content.
inline std::string h2_post(std::uint32_t stream, std::string_view content) {
    return h2::post_of(stream) + h2::data_of(stream, content);
}

// The contents in what the server has sent, with their streams, each in one frame.
inline std::vector<std::pair<std::uint32_t, std::string>> h2_contents(std::string received) {
    std::vector<std::pair<std::uint32_t, std::string>> contents;
    for (h2::SentFrame& frame : h2::take_frames(received)) {
        if (frame.header.type != h2::FrameType::data || frame.payload.empty()) continue;
        contents.emplace_back(frame.header.stream, std::move(frame.payload));
    }
    return contents;
}

}  // namespace portico::link
