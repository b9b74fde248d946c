// portico/route/trusted_proxies.cc — see trusted_proxies.h.
#include "portico/route/trusted_proxies.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "portico/http/fields.h"
#include "portico/http/forwarded.h"

namespace portico::route {
namespace {

// A longer chain of proxies is not followed: only its last elements are kept.
constexpr std::size_t hops_max = 32;

enum class Quotations : std::uint8_t { none, are_whole };

// Takes the last element from a list, which is not empty. It is read from its end, because the proxies have written
// there: a quotation that a client has opened in front can't contain what they have said.
std::string_view take_last_element(std::string_view& list, Quotations quotations) {
    bool is_quoted = false;
    std::size_t begin = list.size();
    for (; begin > 0; --begin) {
        const char octet = list[begin - 1];
        if (octet == ',' && !is_quoted) break;
        const bool is_escaped = begin > 1 && list[begin - 2] == '\\';
        if (octet == '"' && quotations == Quotations::are_whole && !is_escaped) is_quoted = !is_quoted;
    }
    const std::string_view element = http::trim(list.substr(begin));
    list = list.substr(0, begin == 0 ? 0 : begin - 1);
    return element;
}

// The last elements of a list over all of its lines, in order.
std::vector<std::string_view> last_elements(const http::Request& request, std::string_view name,
                                            Quotations quotations = Quotations::none) {
    std::vector<std::string_view> elements;
    const std::vector<http::FieldLine>& lines = request.fields.lines();
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        if (!http::equals_ignoring_case(line->name, name)) continue;
        std::string_view list = line->value;
        while (!list.empty() && elements.size() < hops_max) {
            const std::string_view element = take_last_element(list, quotations);
            if (!element.empty()) elements.push_back(element);
        }
    }
    std::ranges::reverse(elements);
    return elements;
}

std::optional<io::SocketAddress> address_of(std::string_view text) {
    const auto node = http::parse_forwarded_node(text);
    if (!node) return std::nullopt;
    const auto ip = io::IpAddress::parse(node->address);
    if (!ip) return std::nullopt;
    return io::SocketAddress::of(ip->unmapped(), node->port);
}

std::optional<http::Scheme> scheme_of(std::string_view text) {
    if (http::equals_ignoring_case(text, "https")) return http::Scheme::https;
    if (http::equals_ignoring_case(text, "http")) return http::Scheme::http;
    return std::nullopt;
}

bool has_prefix(const io::IpAddress& address, const io::IpAddress& prefix, unsigned bits) {
    if (address.family() != prefix.family()) return false;
    for (unsigned i = 0; i < bits; ++i) {
        const unsigned difference = address.octets()[i / 8] ^ prefix.octets()[i / 8];
        if ((difference >> (7 - i % 8) & 1U) != 0) return false;
    }
    return true;
}

}  // namespace

std::expected<std::shared_ptr<const TrustedProxies>, std::string> TrustedProxies::make(
    const std::vector<std::string>& texts, ForwardedFields fields) {
    if (texts.empty()) return nullptr;
    auto made = std::make_shared<TrustedProxies>();
    made->fields_ = fields;
    for (const std::string& text : texts) {
        if (text == "unix") {
            made->trusts_unix_ = true;
            continue;
        }
        const std::size_t slash = text.find('/');
        const auto prefix = io::IpAddress::parse(std::string_view(text).substr(0, slash));
        const unsigned bits_max = prefix && prefix->family() == io::Family::ipv4 ? 32 : 128;
        unsigned bits = bits_max;
        bool is_right = prefix && prefix->zone() == 0;
        if (slash != std::string::npos) {
            const char* const end = text.data() + text.size();
            const auto [stopped_at, failure] = std::from_chars(text.data() + slash + 1, end, bits);
            is_right = is_right && failure == std::errc{} && stopped_at == end && bits <= bits_max;
        }
        if (!is_right) {
            return std::unexpected("'" + text + "' is not an address, a network such as 10.0.0.0/8, or unix");
        }
        made->networks_.push_back(Network{*prefix, bits});
    }
    return made;
}

bool TrustedProxies::trusts(const io::SocketAddress& address) const {
    if (address.family == io::Family::unix_path) return trusts_unix_;
    const io::IpAddress ip = address.ip.unmapped();
    return std::ranges::any_of(networks_, [&](const Network& one) { return has_prefix(ip, one.prefix, one.bits); });
}

// Each element is what the proxy at `client.address` has said, or would have said, of its own client.
link::ForwardedClient TrustedProxies::of_forwarded(const http::Request& request, link::ForwardedClient client) const {
    std::vector<std::string_view> elements = last_elements(request, "Forwarded", Quotations::are_whole);
    while (!elements.empty() && trusts(client.address)) {
        const auto element = http::parse_forwarded_element(elements.back());
        elements.pop_back();
        auto address = element ? address_of(element->node) : std::nullopt;
        if (!address) break;
        client.address = *std::move(address);
        client.scheme = scheme_of(element->scheme);
        client.host = http::is_forwarded_host(element->host) ? element->host : std::string();
    }
    return client;
}

// The three lists are independent. A scheme or host is taken from the client's own place if its list is as long as that
// of the addresses; otherwise from the end, where the nearest proxy has written.
link::ForwardedClient TrustedProxies::of_x_forwarded(const http::Request& request, link::ForwardedClient client) const {
    const std::vector<std::string_view> addresses = last_elements(request, "X-Forwarded-For");
    std::size_t place = addresses.size();
    while (place > 0 && trusts(client.address)) {
        auto address = address_of(addresses[place - 1]);
        if (!address) break;
        client.address = *std::move(address);
        --place;
    }
    const auto said_of_client = [&](std::string_view name) {
        const std::vector<std::string_view> said = last_elements(request, name);
        if (said.empty()) return std::string_view();
        return said.size() == addresses.size() && place < said.size() ? said[place] : said.back();
    };
    client.scheme = scheme_of(said_of_client("X-Forwarded-Proto"));
    const std::string_view host = said_of_client("X-Forwarded-Host");
    if (http::is_forwarded_host(host)) client.host = host;
    return client;
}

std::optional<link::ForwardedClient> TrustedProxies::client_of(const http::Request& request,
                                                               const io::SocketAddress& peer) const {
    if (!trusts(peer)) return std::nullopt;
    link::ForwardedClient client;
    client.address = peer;
    return fields_ == ForwardedFields::forwarded ? of_forwarded(request, std::move(client))
                                                 : of_x_forwarded(request, std::move(client));
}

}  // namespace portico::route
