// portico/wire/h1/read_head_fuzz.cc — any octets as a request head.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "portico/wire/h1/feed_head.h"

namespace portico::h1 {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool lies_in(std::string_view view, std::string_view octets) {
    return view.empty() || (view.data() >= octets.data() && view.data() + view.size() <= octets.data() + octets.size());
}

// Every part of a head lies inside it, and an empty line ends it.
void check_head(std::string_view received, const HeadLimits& limits) {
    http::Request request;
    HeadNotes notes;
    const auto octets = read_head(received, notes, limits, request);
    require(notes.searched <= received.size());
    if (!octets) return require(!octets.error().reason.empty());
    if (!*octets) return require(received.size() < limits.head_octets_max);
    require((*octets)->octets <= received.size() && (*octets)->octets <= limits.head_octets_max);
    require((*octets)->framing != Framing::to_close);
    const std::string_view head = received.substr(0, (*octets)->octets);
    require(head.ends_with("\r\n\r\n"));
    require(lies_in(request.method_token, head) && lies_in(request.target, head) && lies_in(request.query, head));
    require(lies_in(request.path, head) || request.path == "/");  // "/" for an absolute form without a path
    require(lies_in(request.authority, head));
    require(request.target.size() <= limits.target_octets_max && request.fields.size() <= limits.field_count_max);
    for (const http::FieldLine& line : request.fields.lines()) {
        require(lies_in(line.name, head) && lies_in(line.value, head) && http::is_token(line.name));
        require(line.value == http::trim(line.value) && line.value.find_first_of("\r\n") == std::string_view::npos);
    }
}

}  // namespace
}  // namespace portico::h1

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico::h1;
    if (size < 1) return 0;
    // The first octet determines how long the pieces are and whether the limits are low.
    const std::size_t piece = 1 + (data[0] & 0x3f);
    const bool near = (data[0] & 0x80) != 0;
    const HeadLimits limits =
        near ? HeadLimits{.head_octets_max = 100, .target_octets_max = 20, .field_count_max = 3} : HeadLimits{};
    const std::string_view received(reinterpret_cast<const char*>(data) + 1, size - 1);
    check_head(received, limits);
    require(same_in_pieces(received, 1, 1, limits));
    require(same_in_pieces(received, piece, piece, limits));
    return 0;
}
