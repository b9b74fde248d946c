// portico/http/range_fuzz.cc — any octets as a Range, for a representation of any size.
//
// The first eight octets are the size; the rest is the field's value.
//
// Room http: see status.h.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "portico/http/range.h"

using portico::http::Selection;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::uint64_t octets = 0;
    if (size < sizeof(octets)) return 0;
    std::memcpy(&octets, data, sizeof(octets));
    const std::string_view value(reinterpret_cast<const char*>(data) + sizeof(octets), size - sizeof(octets));

    const Selection selection = portico::http::select_ranges(value, octets);
    const bool parts = selection.kind() == Selection::Kind::parts;
    assert(parts == !selection.parts().empty());
    assert(octets > 0 || selection.kind() == Selection::Kind::whole);
    std::uint64_t left = octets;
    for (const auto& range : selection.parts()) {
        assert(range.length > 0 && range.first < octets && range.length <= octets - range.first);
        assert(range.length <= left);
        left -= range.length;
        // The Content-Range that we write for a part selects the same part.
        const std::string said = portico::http::content_range(range, octets);
        const std::string asked = "bytes=" + said.substr(6, said.find('/') - 6);
        const Selection again = portico::http::select_ranges(asked, octets);
        assert(again.parts().size() == 1 && again.parts()[0] == range);
    }
    // What we would write is what we read, and what is read is within its whole.
    const auto sent = portico::http::parse_sent_range(value);
    if (sent && sent->range.length > 0) {
        assert(sent->range.first < sent->whole_octets);
        assert(sent->range.length <= sent->whole_octets - sent->range.first);
        const std::string written = portico::http::content_range(sent->range, sent->whole_octets);
        assert(portico::http::parse_sent_range(written) == sent);
    }
    return 0;
}
