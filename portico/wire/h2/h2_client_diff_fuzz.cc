// portico/wire/h2/h2_client_diff_fuzz.cc — compares our engine in a client's role with a client session of libnghttp2,
// frame by frame.
//
// Both have asked GET, HEAD, and POST with content that goes on, on the streams 1, 3 and 5. Both must find the same
// responses, contents and ends in the same octets, and both must find fault with the same frame. After a fault, each
// goes its own way, so the comparison ends there. The tables below explain the differences.
#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "portico/http/message.h"
#include "portico/wire/h2/client_for_test.h"
#include "portico/wire/h2/h2_diff_for_test.h"

namespace portico::h2 {
namespace {

// Faults that only we find, by their reasons. RFC 9113 and 9110 allow or demand them; libnghttp2 leaves them to the
// program that uses it, or reads the older RFC 7540. See also only_ours_in_both.
constexpr std::array<std::string_view, 5> only_ours = {
    ":status is missing or malformed",        // RFC 9110 §15: it takes any three digits, also below 100
    "PRIORITY_UPDATE from a server",          // RFC 9218 §7.1: it ignores PRIORITY_UPDATE, unless it is told otherwise
    "DATA before the head of the response",   // RFC 9113 §8.1: it lets DATA without content pass
    "the head of the response is too large",  // our limit
    "SETTINGS_ENABLE_PUSH is 1 from a server",  // RFC 9113 §6.5.2: of repeated settings, it checks only the last value
};

// Frames with which only libnghttp2 finds fault.
bool is_only_theirs(std::string_view frame) {
    if (read_frame_header(frame.data()).type != FrameType::goaway) return is_only_theirs_of_settings(frame);
    // A last stream that is the server's own. RFC 9113 §6.8 lets it say any, and we have opened none of those.
    const StreamId last = read_u31(frame.data() + frame_header_octets);
    return last != 0 && last % 2 == 0;
}

// --- libnghttp2

int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& theirs = *static_cast<Theirs*>(user);
    const auto id = static_cast<StreamId>(frame->hd.stream_id);
    const std::string stream = std::to_string(id);
    const bool is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        FieldLines lines = std::exchange(theirs.lines[id], {});
        join_cookies(lines);
        const bool is_head = !lines.empty() && lines.front().first == ":status";
        theirs.events += is_head ? "response " + stream + " " + lines.front().second + (is_end ? " end" : "") + "\n"
                                 : "end " + stream + "\n";
        for (const auto& [name, value] : lines) {
            if (name == ":status") continue;
            theirs.events += (is_head ? "field " : "trailer ") + name + "=" + value + "\n";
        }
    } else if (frame->hd.type == NGHTTP2_DATA && is_end) {
        theirs.events += "end " + stream + "\n";
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        theirs.events += "leaving\n";
    }
    return 0;
}

ssize_t read_nothing_yet(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t, std::uint32_t*,
                         nghttp2_data_source*, void*) {
    return NGHTTP2_ERR_DEFERRED;
}

nghttp2_nv line(std::string_view name, std::string_view value) {
    const auto octets = [](std::string_view text) {
        return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    return {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

constexpr std::array<std::string_view, 3> methods = {"GET", "HEAD", "POST"};

void ask(Theirs& theirs) {
    begin(theirs, Role::client, on_frame);
    nghttp2_data_provider content{};
    content.read_callback = read_nothing_yet;
    for (const std::string_view method : methods) {
        const std::array<nghttp2_nv, 4> head = {line(":method", method), line(":scheme", "https"),
                                                line(":authority", "a.example"), line(":path", "/")};
        const auto* const source = method == "POST" ? &content : nullptr;
        if (nghttp2_submit_request(theirs.session, nullptr, head.data(), head.size(), source, nullptr) < 0)
            std::abort();
    }
    const std::uint8_t* data = nullptr;
    while (nghttp2_session_mem_send(theirs.session, &data) > 0) {
    }
}

// --- Ours

void ask(Served& ours) {
    for (const std::string_view method : methods) {
        http::Request request;
        request.method_token = method;
        request.method = http::recognise_method(method);
        request.target = "/";
        request.authority = "a.example";
        const Ending ending = method == "POST" ? Ending::more : Ending::last;
        static_cast<void>(ours.connection().open(request, {}, ending));
    }
    ours.flush();
}

Side receive(Served& ours, std::string_view octets) {
    ours.events.clear();
    ours.receive(octets);
    const std::string_view reason = ours.connection().last_fault().reason;
    if (static_cast<FrameType>(octets[3]) == FrameType::data) return {ours.events, ours.verdict(), reason};
    std::string events;
    const bool is_no_content = ours.events.find(" 204") != std::string::npos;
    for (std::string_view rest = ours.events; !rest.empty();) {
        const std::string_view event = rest.substr(0, rest.find('\n') + 1);
        rest.remove_prefix(event.size());
        // libnghttp2 tells of each RST_STREAM frame, and we of each stream that is reset. And it takes the length 0 out
        // of a 204.
        const bool is_ours_alone =
            event.starts_with("reset ") || (is_no_content && event == "field content-length=0\n");
        if (!is_ours_alone) events += event;
    }
    return {events, ours.verdict(), reason};
}

void compare(std::string_view octets) {
    Theirs theirs;
    ask(theirs);
    Served ours(Server::silent, {}, Role::client);
    ask(ours);
    receive(theirs, server_hello());
    receive(ours, server_hello());
    for (std::string_view frame = take_unit(octets); !frame.empty(); frame = take_unit(octets)) {
        const Side their_side = receive(theirs, frame);
        const Side our_side = receive(ours, frame);
        if (!agree(our_side, their_side, frame, only_ours, is_only_theirs)) break;
        if (our_side.events.ends_with("leaving\n"))
            break;  // the streams that are left out end on each side's own terms
    }
    nghttp2_session_del(theirs.session);
}

}  // namespace
}  // namespace portico::h2

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    portico::h2::compare({reinterpret_cast<const char*>(data), size});
    return 0;
}
