// portico/wire/h1/read_chunked_fuzz.cc — any octets as chunked content.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "portico/wire/h1/feed_chunked.h"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico::h1;
    if (size < 1) return 0;
    // The first octet determines how long the pieces are and whether the limits are low.
    const std::size_t piece = 1 + (data[0] & 0x3f);
    const bool near = (data[0] & 0x80) != 0;
    const ChunkedLimits limits = near ? ChunkedLimits{.chunk_line_octets_max = 20,
                                                      .extension_octets_max = 30,
                                                      .trailer_octets_max = 20,
                                                      .trailer_count_max = 2}
                                      : ChunkedLimits{};
    const std::string_view received(reinterpret_cast<const char*>(data) + 1, size - 1);
    const ChunkedOutcome whole = feed_whole_chunked(received, limits);
    require(whole.used <= received.size() && whole.content.size() <= received.size());
    if (whole.done) require(received.substr(0, whole.used).ends_with("\r\n\r\n"));
    require(feed_chunked(received, 1, 1, limits) == whole);
    require(feed_chunked(received, piece, piece, limits) == whole);
    return 0;
}
