// portico/wire/h1/read_response_fuzz.cc — any octets as the head of a response.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "portico/wire/h1/feed_head.h"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico::h1;
    if (size < 1) return 0;
    // The first octet determines the method, how long the pieces are and whether the limits are low.
    constexpr portico::http::Method methods[] = {portico::http::Method::get, portico::http::Method::head,
                                                 portico::http::Method::connect, portico::http::Method::post};
    const portico::http::Method method = methods[data[0] & 3];
    const std::size_t piece = 1 + ((data[0] >> 2) & 0x1f);
    const HeadLimits limits =
        (data[0] & 0x80) != 0 ? HeadLimits{.head_octets_max = 100, .field_count_max = 3} : HeadLimits{};
    const std::string_view received(reinterpret_cast<const char*>(data) + 1, size - 1);
    const HeadOutcome whole = feed_response(received, received.size(), 1, method, limits);
    if (whole.octets) {
        require(*whole.octets <= received.size() && *whole.octets <= limits.head_octets_max);
        require(received.substr(0, *whole.octets).ends_with("\r\n\r\n"));
    }
    if (whole.refusal) require(whole.refusal == portico::http::Status::bad_gateway && !whole.reason.empty());
    for (const std::size_t step : {std::size_t{1}, piece}) {
        const HeadOutcome pieces = feed_response(received, step, step, method, limits);
        if (pieces == whole) continue;
        // In pieces, a refusal may need more octets: until the head is complete.
        require(whole.refusal.has_value() && pieces == HeadOutcome{});
        require(feed_response(std::string(received) + "\r\n\r\n", step, step, method, limits) == whole);
    }
    return 0;
}
