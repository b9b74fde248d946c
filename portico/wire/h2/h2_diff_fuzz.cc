// portico/wire/h2/h2_diff_fuzz.cc — compares our engine with a server session of libnghttp2, frame by frame.
//
// Both must find the same requests, contents and ends in the same octets, and both must find fault with the same frame.
// After a fault, each goes its own way, so the comparison ends there. The tables below explain the differences.
#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/wire/h2/client_for_test.h"

namespace portico::h2 {
namespace {

// Faults that only we find, by their reasons. RFC 9113 and 9110 allow or demand them; libnghttp2 leaves them to the
// program that uses it, or reads the older RFC 7540.
constexpr std::array<std::string_view, 27> only_ours = {
    ":path is malformed",                 // libnghttp2 also takes octets from 0x80
    ":authority is not a host and port",  // §8.3.1: it looks at the octets only
    "CONNECT without a host and port",    // §8.5: the same
    ":method is missing or not a token",  // libnghttp2 takes any visible octets
    ":scheme is missing or malformed",    // the same
    "Host is not :authority",             // §8.3.1, a SHOULD
    "Host is repeated",                   // RFC 9110 §7.2
    "Content-Length is not one decimal number below 2^63",
    "HEADERS with a lower stream identifier",  // §5.1.1: it ignores them, since it remembers no closed streams
    "HEADERS after the end",
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
    "too many control frames",
    "too many streams were reset",
    "PRIORITY_UPDATE on a stream",  // it ignores PRIORITY_UPDATE, unless it is told otherwise
    "PRIORITY_UPDATE too short",
    "PRIORITY_UPDATE for no stream of the client",
    "stream depends on itself",
};

// Frames with which only libnghttp2 finds fault.
bool is_only_theirs(std::string_view frame) {
    const FrameHeader header = read_frame_header(frame.data());
    frame.remove_prefix(frame_header_octets);
    // What a client's GOAWAY says of our streams, of which there are none.
    if (header.type == FrameType::goaway) return true;
    if (header.type == FrameType::settings) {
        if (header.has(flag_ack)) return true;  // of settings that were never sent; we count them, as a possible flood
        // RFC 9218 §2.1: a change of SETTINGS_NO_RFC7540_PRIORITIES may be an error. We don't use its value.
        for (; frame.size() >= setting_octets; frame.remove_prefix(setting_octets)) {
            if (read_u16(frame.data()) == static_cast<unsigned>(Setting::no_rfc7540_priorities)) return true;
        }
    }
    return false;
}

// What happens to one side.
struct Side {
    std::string events;       // since the last frame
    std::string verdict;      // "ok", or the faults
    std::string_view reason;  // of ours
};

// --- libnghttp2

struct Theirs {
    nghttp2_session* session = nullptr;
    std::map<StreamId, std::vector<std::pair<std::string, std::string>>> lines;
    std::string events;
    std::string sent;
    bool has_failed = false;
};

std::string describe(StreamId id, std::string_view method, std::string_view path, std::string_view authority,
                     const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string text = "request " + std::to_string(id) + " ";
    text.append(method).append(" ").append(path).append(" ").append(authority).append("\n");
    for (const auto& [name, value] : fields) text += name + "=" + value + "\n";
    return text;
}

std::string describe(StreamId id, const std::vector<std::pair<std::string, std::string>>& lines) {
    std::map<std::string, std::string> pseudo;
    std::vector<std::pair<std::string, std::string>> fields;
    std::optional<std::size_t> cookie;
    for (const auto& [name, value] : lines) {
        if (name.starts_with(':')) {
            pseudo[name] = value;
        } else if (name == "cookie" && cookie) {
            fields[*cookie].second += "; " + value;
        } else {
            if (name == "cookie") cookie = fields.size();
            if (name == "host" && !pseudo.contains(":authority")) pseudo[":authority"] = value;
            fields.emplace_back(name, value);
        }
    }
    const std::string& path = pseudo[":method"] == "CONNECT" ? pseudo[":authority"] : pseudo[":path"];
    return describe(id, pseudo[":method"], path, pseudo[":authority"], fields);
}

int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_octets,
              const std::uint8_t* value, std::size_t value_octets, std::uint8_t, void* user) {
    auto& theirs = *static_cast<Theirs*>(user);
    theirs.lines[static_cast<StreamId>(frame->hd.stream_id)].emplace_back(
        std::string(reinterpret_cast<const char*>(name), name_octets),
        std::string(reinterpret_cast<const char*>(value), value_octets));
    return 0;
}

// A line that libnghttp2 would drop makes the message malformed.
int on_invalid_header(nghttp2_session*, const nghttp2_frame*, nghttp2_rcbuf*, nghttp2_rcbuf*, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& theirs = *static_cast<Theirs*>(user);
    const auto id = static_cast<StreamId>(frame->hd.stream_id);
    const bool is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        const auto lines = std::exchange(theirs.lines[id], {});
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
            theirs.events += describe(id, lines);
        } else {
            theirs.events += "end " + std::to_string(id) + "\n";
            for (const auto& [name, value] : lines) theirs.events += "trailer " + name + "=" + value + "\n";
        }
    } else if (frame->hd.type == NGHTTP2_DATA && is_end) {
        theirs.events += "end " + std::to_string(id) + "\n";
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        theirs.events += "leaving\n";
    }
    return 0;
}

int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t octets, void* user) {
    auto& theirs = *static_cast<Theirs*>(user);
    theirs.events += "content " + std::to_string(id) + " ";
    theirs.events.append(reinterpret_cast<const char*>(data), octets).append("\n");
    return 0;
}

void begin(Theirs& theirs) {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) std::abort();
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    if (nghttp2_session_server_new(&theirs.session, callbacks, &theirs) != 0) std::abort();
    nghttp2_session_callbacks_del(callbacks);
    const std::array<nghttp2_settings_entry, 2> settings = {
        {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 128}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 128 * 1024}}};
    nghttp2_submit_settings(theirs.session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(theirs.session, NGHTTP2_FLAG_NONE, 0, 1024 * 1024);
}

Side receive(Theirs& theirs, std::string_view octets) {
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

// --- Ours

Side receive(Served& ours, std::string_view octets) {
    ours.events.clear();
    ours.requests.clear();
    ours.receive(octets);
    if (static_cast<FrameType>(octets[3]) == FrameType::data) {  // its content may look like anything
        return {ours.events, ours.verdict(), ours.connection().last_fault().reason};
    }
    std::string events;
    std::size_t request = 0;
    for (std::string_view rest = ours.events; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        const std::string_view event = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        if (!event.starts_with("request ")) {
            // libnghttp2 tells of each RST_STREAM frame, and we of each stream that is reset.
            if (!event.starts_with("reset ")) events.append(event).append("\n");
            continue;
        }
        const http::Request& found = ours.requests.at(request++);
        std::vector<std::pair<std::string, std::string>> fields;
        for (const auto& line : found.fields.lines()) fields.emplace_back(line.name, line.value);
        StreamId id = 0;
        std::from_chars(event.data() + event.find(' ') + 1, event.data() + event.size(), id);
        events += describe(id, found.method_token, found.target, found.authority, fields);
    }
    return {events, ours.verdict(), ours.connection().last_fault().reason};
}

[[noreturn]] void report(const Side& ours, const Side& theirs, std::string_view frame) {
    std::fprintf(stderr, "ours: %s (%.*s)\n%s\ntheirs: %s\n%s\nframe of type %d:\n", ours.verdict.c_str(),
                 static_cast<int>(ours.reason.size()), ours.reason.data(), ours.events.c_str(), theirs.verdict.c_str(),
                 theirs.events.c_str(), frame.size() > 3 ? frame[3] : -1);
    for (const char c : frame) std::fprintf(stderr, "%02x ", static_cast<unsigned>(static_cast<unsigned char>(c)));
    std::abort();
}

// The octets of the first frame, and of those that continue its field block; 0 if they are not complete. One side may
// find fault with a part of a frame or block, and the other with the whole.
std::size_t unit_octets(std::string_view octets) {
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

void compare(std::string_view octets) {
    Theirs theirs;
    begin(theirs);
    Served ours;
    receive(theirs, hello());
    receive(ours, hello());
    while (!octets.empty()) {
        const std::size_t size = unit_octets(octets);
        if (size == 0) break;
        const std::string_view frame = octets.substr(0, size);
        octets.remove_prefix(size);
        const Side their_side = receive(theirs, frame);
        const Side our_side = receive(ours, frame);
        const bool is_refused = !ours.refusals.empty() && ours.refusals.back().has_value();
        const bool is_our_fault = our_side.verdict != "ok";
        const bool is_their_fault = their_side.verdict != "ok";
        if (is_our_fault && is_their_fault) break;
        if (is_refused) break;  // what we answer with a status; libnghttp2 leaves that to the program
        if (is_our_fault && std::ranges::find(only_ours, our_side.reason) != only_ours.end()) break;
        if (is_their_fault && is_only_theirs(frame)) break;
        if (is_our_fault || is_their_fault) report(our_side, their_side, frame);
        if (our_side.events != their_side.events) report(our_side, their_side, frame);
        if (our_side.events == "leaving\n") break;  // libnghttp2 then reads no more, unless there are streams
    }
    nghttp2_session_del(theirs.session);
}

}  // namespace
}  // namespace portico::h2

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    portico::h2::compare({reinterpret_cast<const char*>(data), size});
    return 0;
}
