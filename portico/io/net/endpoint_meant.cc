// portico/io/net/endpoint_meant.cc — see endpoint_meant.h.
#include "portico/io/net/endpoint_meant.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "portico/base/nearest.h"
#include "portico/io/net/ports.h"

namespace portico::io {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::string with_port(std::string_view host, std::uint16_t port) {
    return std::string(host) + ":" + std::to_string(port);
}

// Returns "localhost:http" for "localhost:htpt".
std::optional<std::string> with_nearest_service(std::string_view text, EndpointScheme scheme) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
    std::vector<std::string_view> names;
    for (const KnownPort& known : known_ports()) {
        if (known.transport == scheme) names.push_back(known.name);
    }
    const auto meant = nearest(text.substr(colon + 1), names);
    if (!meant) return std::nullopt;
    return std::string(text.substr(0, colon + 1)) + std::string(*meant);
}

// Joins a host and a port separated by a blank, as telnet takes them.
std::string joined(std::string_view text) {
    const std::size_t blank = text.find_first_of(" \t");
    if (blank == std::string_view::npos) return std::string(text);
    return std::string(text.substr(0, blank)) + ":" + std::string(trimmed(text.substr(blank)));
}

// Returns guesses for the text after a scheme, the likeliest first. `port` is used if the text has none.
std::vector<std::string> guesses_of(std::string_view text, std::uint16_t port, EndpointScheme scheme) {
    std::vector<std::string> guesses;
    text = text.substr(0, text.find_first_of("/?#"));  // without a URL's path
    if (text.starts_with('*')) text.remove_prefix(1);  // other programs write "every interface" as "*"
    guesses.emplace_back(text);
    if (text.ends_with(':') && !text.ends_with("::"))
        guesses.push_back(with_port(text.substr(0, text.size() - 1), port));
    guesses.push_back(with_port(text, port));
    guesses.push_back(with_port("[" + std::string(text) + "]", port));
    auto service = with_nearest_service(text, scheme);
    if (service) guesses.push_back(*std::move(service));
    return guesses;
}

bool is_path(std::string_view text) {
    return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") || text.ends_with(".sock");
}

}  // namespace

std::optional<std::string> endpoint_meant_by(std::string_view text, std::uint16_t port, EndpointScheme unless_said) {
    text = trimmed(text);
    if (text.empty()) return std::nullopt;
    if (text.starts_with("unix://")) return endpoint_meant_by(text.substr(6), port, unless_said);
    if (is_path(text)) {
        std::string path = "unix:" + std::string(text);
        return parse_endpoint(path) ? std::optional(std::move(path)) : std::nullopt;
    }
    std::string scheme;
    const std::size_t scheme_end = text.find("://");
    if (scheme_end != std::string_view::npos) {
        const std::string_view written = text.substr(0, scheme_end);
        text.remove_prefix(scheme_end + 3);
        constexpr std::string_view schemes[] = {"tcp", "udp"};
        const auto meant = nearest(written, schemes);
        const auto service = port_named(written, EndpointScheme::tcp);
        if (service) {
            port = *service;
        } else if (meant) {
            scheme = std::string(*meant) + "://";
            unless_said = *meant == "udp" ? EndpointScheme::udp : EndpointScheme::tcp;
        }
    }
    for (const std::string& guess : guesses_of(joined(text), port, unless_said)) {
        if (parse_endpoint(scheme + guess, unless_said)) return scheme + guess;
    }
    return std::nullopt;
}

}  // namespace portico::io
