// portico/link/target_uri_fuzz.cc — any octets as a URI, and as a reference: what is accepted can be sent, and has one
// reading.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "portico/link/target_uri.h"
#include "portico/wire/h1/authority.h"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_sendable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c != 0x7f; });
}

void check(const portico::link::TargetUri& uri) {
    using namespace portico;
    require(uri.port != 0 && !uri.host.empty());
    require(h1::is_authority(uri.authority, h1::Port::optional));
    require(is_sendable(uri.authority) && is_sendable(uri.target));
    require(uri.target.starts_with('/'));
    const auto again = link::parse_target_uri(uri.text());
    // Escaping may have made it longer than a URI may be.
    if (!again) require(uri.text().size() > link::target_uri_octets_max);
    if (!again) return;
    require(again->has_origin_of(uri) && again->target == uri.target && again->text() == uri.text());
    require(!again->credentials);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto uri = link::parse_target_uri(text);
    if (uri) {
        check(*uri);
    } else {
        require(!uri.error().empty());
    }
    const auto base = link::parse_target_uri("https://user:secret@example.org:8443/a/b?c");
    const auto resolved = link::resolve_reference(*base, text);
    if (!resolved) return 0;
    check(*resolved);
    // Nothing but the reference itself leads to another host or gives credentials.
    if (text.find("//") == std::string_view::npos) require(resolved->has_origin_of(*base) && !resolved->credentials);
    return 0;
}
