// portico/server/web_endpoint.cc — see web_endpoint.h.
#include "portico/server/web_endpoint.h"

#include <array>
#include <utility>

namespace portico::server {

std::expected<WebEndpoint, io::EndpointError> parse_web_endpoint(std::string_view text) {
    struct Scheme {
        std::string_view written;
        Speech speech;
    };
    constexpr std::array<Scheme, 3> schemes{
        {{"http://", Speech::plain}, {"https://", Speech::tls}, {"tls://", Speech::tls}}};
    Speech speech = Speech::unsaid;
    for (const Scheme& scheme : schemes) {
        if (!text.starts_with(scheme.written)) continue;
        text.remove_prefix(scheme.written.size());
        if (text.ends_with('/')) text.remove_suffix(1);
        speech = scheme.speech;
        break;
    }
    auto endpoint = io::parse_endpoint(text);
    if (!endpoint) return std::unexpected(endpoint.error());
    return WebEndpoint{*std::move(endpoint), speech};
}

}  // namespace portico::server
