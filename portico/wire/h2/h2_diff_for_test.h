// portico/wire/h2/h2_diff_for_test.h — what the comparisons of our engine with libnghttp2 share: their side, and
// frames.
//
// Room wire: see frame.h. Included by fuzz targets alone.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/wire/h2/client_for_test.h"

namespace portico::h2 {

// What happens to one side.
struct Side {
    std::string events;       // since the last frame
    std::string verdict;      // "ok", or the faults
    std::string_view reason;  // of ours
};

// --- explained differences

// Faults that only we find, in either role, by their reasons. RFC 9113 and 9110 allow or demand them; libnghttp2 leaves
// them to the program that uses it, or reads the older RFC 7540.
constexpr std::array<std::string_view, 17> only_ours_in_both = {
    "Content-Length is not one decimal number below 2^63",
    "HEADERS after the end",  // §5.1: it ignores HEADERS on closed streams
    "HEADERS on a closed stream",
    "DATA after the end",                   // §6.1: it ignores DATA on closed streams
    "DATA with more padding than payload",  // §6.1: the same
    "DATA without its pad length",
    "SETTINGS_MAX_FRAME_SIZE out of range",  // §6.5: of repeated settings, it checks only the last value
    "SETTINGS_INITIAL_WINDOW_SIZE over 2^31-1",
    "SETTINGS_ENABLE_PUSH is neither 0 nor 1",
    "SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1",
    "SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1",
    "too many CONTINUATION frames",  // our limits
    "field block too large",
    "trailer section is too large",
    "too many control frames",
    "too many streams were reset",
    "stream depends on itself",
};

template <std::size_t size>
bool is_in(const std::array<std::string_view, size>& reasons, std::string_view reason) {
    return std::ranges::find(reasons, reason) != reasons.end();
}

// Settings with which only libnghttp2 finds fault.
inline bool is_only_theirs_of_settings(std::string_view frame) {
    const FrameHeader header = read_frame_header(frame.data());
    if (header.type != FrameType::settings) return false;
    if (header.has(flag_ack)) return true;  // of settings that were never sent; we count them, as a possible flood
    // RFC 9218 §2.1: a change of SETTINGS_NO_RFC7540_PRIORITIES may be an error. We don't use its value.
    frame.remove_prefix(frame_header_octets);
    for (; frame.size() >= setting_octets; frame.remove_prefix(setting_octets)) {
        if (read_u16(frame.data()) == static_cast<unsigned>(Setting::no_rfc7540_priorities)) return true;
    }
    return false;
}

// --- libnghttp2

using FieldLines = std::vector<std::pair<std::string, std::string>>;

// Lines of Cookie become one (RFC 9113 §8.2.3).
inline void join_cookies(FieldLines& lines) {
    FieldLines joined;
    std::size_t cookie = SIZE_MAX;
    for (auto& line : lines) {
        if (line.first == "cookie" && cookie != SIZE_MAX) {
            joined[cookie].second += "; " + line.second;
            continue;
        }
        if (line.first == "cookie") cookie = joined.size();
        joined.push_back(std::move(line));
    }
    lines = std::move(joined);
}

struct Theirs {
    nghttp2_session* session = nullptr;
    std::map<StreamId, FieldLines> lines;
    std::string events;
    std::string sent;
    bool has_failed = false;
};

inline int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_octets,
                     const std::uint8_t* value, std::size_t value_octets, std::uint8_t, void* user) {
    auto& theirs = *static_cast<Theirs*>(user);
    theirs.lines[static_cast<StreamId>(frame->hd.stream_id)].emplace_back(
        std::string(reinterpret_cast<const char*>(name), name_octets),
        std::string(reinterpret_cast<const char*>(value), value_octets));
    return 0;
}

// A line that libnghttp2 would drop makes the message malformed.
inline int on_invalid_header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf*, nghttp2_rcbuf*, std::uint8_t,
                             void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

inline int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t octets,
                   void* user) {
    auto& theirs = *static_cast<Theirs*>(user);
    theirs.events += "content " + std::to_string(id) + " ";
    theirs.events.append(reinterpret_cast<const char*>(data), octets).append("\n");
    return 0;
}

// A session that calls `on_frame` for each frame.
inline void begin(Theirs& theirs, Role role, nghttp2_on_frame_recv_callback on_frame) {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) std::abort();
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    const auto open = role == Role::server ? nghttp2_session_server_new : nghttp2_session_client_new;
    if (open(&theirs.session, callbacks, &theirs) != 0) std::abort();
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry own = role == Role::server
                                           ? nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 128}
                                           : nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
    const std::array<nghttp2_settings_entry, 3> settings = {
        {own, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 128 * 1024}, {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}}};
    const std::size_t count = role == Role::server ? 3 : 2;  // only a server has the last one
    nghttp2_submit_settings(theirs.session, NGHTTP2_FLAG_NONE, settings.data(), count);
    nghttp2_session_set_local_window_size(theirs.session, NGHTTP2_FLAG_NONE, 0, 1024 * 1024);
}

inline Side receive(Theirs& theirs, std::string_view octets) {
    theirs.events.clear();
    const auto* const from = reinterpret_cast<const std::uint8_t*>(octets.data());
    if (nghttp2_session_mem_recv(theirs.session, from, octets.size()) < 0) theirs.has_failed = true;
    std::string output;
    const std::uint8_t* data = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(theirs.session, &data)) > 0;) {
        output.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    std::string verdict = theirs.has_failed ? "failed" : "";
    for (const SentFrame& frame : take_frames(output)) {
        const bool is_fault = frame.header.type == FrameType::goaway || frame.header.type == FrameType::rst_stream;
        if (is_fault) verdict += text_of(frame) + "; ";
    }
    return {theirs.events, verdict.empty() ? "ok" : verdict, {}};
}

// --- frames

[[noreturn]] inline void report(const Side& ours, const Side& theirs, std::string_view frame) {
    std::fprintf(stderr, "ours: %s (%.*s)\n%s\ntheirs: %s\n%s\nframe of type %d:\n", ours.verdict.c_str(),
                 static_cast<int>(ours.reason.size()), ours.reason.data(), ours.events.c_str(), theirs.verdict.c_str(),
                 theirs.events.c_str(), frame.size() > 3 ? frame[3] : -1);
    for (const char c : frame) std::fprintf(stderr, "%02x ", static_cast<unsigned>(static_cast<unsigned char>(c)));
    std::abort();
}

// The octets of the first frame, and of those that continue its field block; 0 if they are not complete. One side may
// find fault with a part of a frame or block, and the other with the whole.
inline std::size_t unit_octets(std::string_view octets) {
    std::size_t at = 0;
    while (octets.size() - at >= frame_header_octets) {
        const FrameHeader header = read_frame_header(octets.data() + at);
        if (octets.size() - at < frame_header_octets + header.length) return 0;
        at += frame_header_octets + header.length;
        const bool is_block = header.type == FrameType::headers || header.type == FrameType::continuation;
        if (!is_block || header.has(flag_end_headers)) return at;
    }
    return 0;
}

// Removes such a unit from the front of `octets`, and returns it; empty if there is none.
inline std::string_view take_unit(std::string_view& octets) {
    const std::string_view unit = octets.substr(0, unit_octets(octets));
    octets.remove_prefix(unit.size());
    return unit;
}

// Whether the comparison goes on after this frame: it ends with the first fault. Reports each difference that the
// tables do not explain. `only_ours` and only_ours_in_both have the faults that only we find; is_only_theirs() knows
// the frames with which only libnghttp2 finds fault.
template <std::size_t size>
bool agree(const Side& ours, const Side& theirs, std::string_view frame,
           const std::array<std::string_view, size>& only_ours, bool (*is_only_theirs)(std::string_view)) {
    const bool is_our_fault = ours.verdict != "ok";
    const bool is_their_fault = theirs.verdict != "ok";
    if (is_our_fault && is_their_fault) return false;
    if (is_our_fault && (is_in(only_ours, ours.reason) || is_in(only_ours_in_both, ours.reason))) return false;
    if (is_their_fault && is_only_theirs(frame)) return false;
    if (is_our_fault || is_their_fault || ours.events != theirs.events) report(ours, theirs, frame);
    return true;
}

}  // namespace portico::h2
