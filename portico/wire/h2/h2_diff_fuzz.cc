// portico/wire/h2/h2_diff_fuzz.cc — compares our engine with a server session of libnghttp2, frame by frame.
//
// Both must find the same requests, contents and ends in the same octets, and both must find fault with the same frame.
// After a fault, each goes its own way, so the comparison ends there. The tables below explain the differences.
#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/wire/h2/client_for_test.h"
#include "portico/wire/h2/h2_diff_for_test.h"

namespace portico::h2 {
namespace {

// Faults that only we find, by their reasons. RFC 9113 and 9110 allow or demand them; libnghttp2 leaves them to the
// program that uses it, or reads the older RFC 7540. See also only_ours_in_both.
constexpr std::array<std::string_view, 12> only_ours = {
    ":path is malformed",                      // libnghttp2 also takes octets from 0x80
    ":authority is not a host and port",       // §8.3.1: it looks at the octets only
    "CONNECT without a host and port",         // §8.5: the same
    ":method is missing or not a token",       // libnghttp2 takes any visible octets
    ":scheme is missing or malformed",         // the same
    ":protocol is not a token",                // RFC 8441 §4: the same
    "Host is not :authority",                  // §8.3.1, a SHOULD
    "Host is repeated",                        // RFC 9110 §7.2
    "HEADERS with a lower stream identifier",  // §5.1.1: it ignores them, since it remembers no closed streams
    "PRIORITY_UPDATE on a stream",             // it ignores PRIORITY_UPDATE, unless it is told otherwise
    "PRIORITY_UPDATE too short",
    "PRIORITY_UPDATE for no stream of the client",
};

// Frames with which only libnghttp2 finds fault.
bool is_only_theirs(std::string_view frame) {
    // What a client's GOAWAY says of our streams, of which there are none.
    if (read_frame_header(frame.data()).type == FrameType::goaway) return true;
    return is_only_theirs_of_settings(frame);
}

// --- libnghttp2

std::string describe(StreamId id, std::string_view method, std::string_view path, std::string_view authority,
                     const FieldLines& fields) {
    std::string text = "request " + std::to_string(id) + " ";
    text.append(method).append(" ").append(path).append(" ").append(authority).append("\n");
    for (const auto& [name, value] : fields) text += name + "=" + value + "\n";
    return text;
}

std::string describe(StreamId id, FieldLines lines) {
    join_cookies(lines);
    std::map<std::string, std::string> pseudo;
    FieldLines fields;
    for (const auto& [name, value] : lines) {
        if (name.starts_with(':')) {
            pseudo[name] = value;
        } else {
            if (name == "host" && !pseudo.contains(":authority")) pseudo[":authority"] = value;
            fields.emplace_back(name, value);
        }
    }
    const std::string& path = pseudo[":method"] == "CONNECT" ? pseudo[":authority"] : pseudo[":path"];
    return describe(id, pseudo[":method"], path, pseudo[":authority"], fields);
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
        FieldLines fields;
        for (const auto& line : found.fields.lines()) fields.emplace_back(line.name, line.value);
        StreamId id = 0;
        std::from_chars(event.data() + event.find(' ') + 1, event.data() + event.size(), id);
        events += describe(id, found.method_token, found.target, found.authority, fields);
    }
    return {events, ours.verdict(), ours.connection().last_fault().reason};
}

void compare(std::string_view octets) {
    Theirs theirs;
    begin(theirs, Role::server, on_frame);
    Served ours;
    receive(theirs, hello());
    receive(ours, hello());
    for (std::string_view frame = take_unit(octets); !frame.empty(); frame = take_unit(octets)) {
        const Side their_side = receive(theirs, frame);
        const Side our_side = receive(ours, frame);
        const bool is_refused = !ours.refusals.empty() && ours.refusals.back().has_value();
        if (is_refused) break;  // what we answer with a status; libnghttp2 leaves that to the program
        if (!agree(our_side, their_side, frame, only_ours, is_only_theirs)) break;
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
