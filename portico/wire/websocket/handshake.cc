// portico/wire/websocket/handshake.cc — see handshake.h.
#include "portico/wire/websocket/handshake.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "portico/http/fields.h"

namespace portico::websocket {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(std::span<const unsigned char> octets) {
    std::string text;
    for (std::size_t at = 0; at < octets.size(); at += 3) {
        const std::size_t here = std::min<std::size_t>(3, octets.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i) bits = bits << 8U | (i < here ? octets[at + i] : 0U);
        for (std::size_t i = 0; i < 4; ++i) text += i <= here ? alphabet[bits >> (18 - 6 * i) & 0x3fU] : '=';
    }
    return text;
}

using Block = std::array<std::uint32_t, 5>;

void add_block(Block& state, std::span<const unsigned char, 64> octets) {
    std::array<std::uint32_t, 80> words{};
    for (std::size_t i = 0; i < 64; ++i) words[i / 4] = words[i / 4] << 8U | octets[i];
    for (std::size_t i = 16; i < 80; ++i) {
        words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i < 80; ++i) {
        std::uint32_t mixed = b ^ c ^ d;
        std::uint32_t constant = i < 40 ? 0x6ed9eba1U : 0xca62c1d6U;
        if (i < 20) {
            mixed = (b & c) | (~b & d);
            constant = 0x5a827999U;
        } else if (i >= 40 && i < 60) {
            mixed = (b & c) | (b & d) | (c & d);
            constant = 0x8f1bbcdcU;
        }
        const std::uint32_t next = std::rotl(a, 5) + mixed + e + constant + words[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

bool lists(std::string_view list, std::string_view wanted) {
    while (const auto element = http::next_element(list)) {
        if (http::equals_ignoring_case(*element, wanted)) return true;
    }
    return false;
}

// RFC 6455 §4.2.1. An HTTP/1.0 client can't ask for it (RFC 9110 §7.8).
bool asks_for_upgrade(const http::Request& request, http::Version version) {
    return version == http::Version::http_1_1 && request.method == http::Method::get &&
           lists(list_of(request, "Upgrade"), "websocket") && lists(list_of(request, "Connection"), "upgrade");
}

std::string_view without_port(std::string_view authority, std::string_view port) {
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
    return authority;
}

}  // namespace

std::array<unsigned char, 20> sha1(std::string_view octets) {
    Block state{0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U};
    std::string padded(octets);
    padded += '\x80';
    while (padded.size() % 64 != 56) padded += '\0';
    const std::uint64_t bits = std::uint64_t{8} * octets.size();
    for (unsigned shift = 64; shift > 0; shift -= 8) padded += static_cast<char>(bits >> (shift - 8));
    for (std::size_t at = 0; at < padded.size(); at += 64) {
        const auto* const from = reinterpret_cast<const unsigned char*>(padded.data()) + at;
        add_block(state, std::span<const unsigned char, 64>(from, 64));
    }
    std::array<unsigned char, 20> digest{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
        digest[i] = static_cast<unsigned char>(state[i / 4] >> (24 - 8 * (i % 4)));
    }
    return digest;
}

bool is_key(std::string_view text) {
    // 22 characters are 132 bits; the last one has four of the 128.
    return text.size() == 24 && text.ends_with("==") &&
           text.substr(0, 22).find_first_not_of(alphabet) == std::string_view::npos &&
           std::string_view("AQgw").find(text[21]) != std::string_view::npos;
}

std::string accept_of_key(std::string_view key) {
    return base64(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

std::string list_of(const http::Request& request, std::string_view name) {
    std::string list;
    for (const http::FieldLine& line : request.fields.lines()) {
        if (!http::equals_ignoring_case(line.name, name)) continue;
        if (!list.empty()) list += ", ";
        list += line.value;
    }
    return list;
}

http::Result<void> check_opening(const http::Request& request, http::Version version) {
    using http::Status;
    const bool is_h1 = version == http::Version::http_1_0 || version == http::Version::http_1_1;
    if (is_h1 ? !asks_for_upgrade(request, version) : request.protocol.empty()) {
        return http::refuse(Status::upgrade_required, "not a WebSocket handshake");
    }
    if (!is_h1 && request.protocol != "websocket") {
        return http::refuse(Status::not_implemented, "another protocol than websocket");
    }
    if (list_of(request, "Sec-WebSocket-Version") != "13") {
        return http::refuse(Status::upgrade_required, "another version of the WebSocket protocol than 13");
    }
    if (!is_h1) return {};  // RFC 8441 §5: the key is not used
    if (!is_key(list_of(request, "Sec-WebSocket-Key"))) {
        return http::refuse(Status::bad_request, "Sec-WebSocket-Key is not one key of 16 octets");
    }
    if (request.has_content) return http::refuse(Status::bad_request, "a WebSocket handshake with content");
    return {};
}

std::string_view choose_subprotocol(std::string_view theirs, std::span<const std::string> ours) {
    while (const auto wanted = http::next_element(theirs)) {
        const auto found = std::ranges::find(ours, *wanted);
        if (found != ours.end()) return *found;
    }
    return {};
}

bool is_same_origin(std::string_view origin, std::string_view authority, http::Scheme own_scheme) {
    const std::size_t end = origin.find("://");
    if (end == std::string_view::npos) return false;  // "null"
    const std::string_view scheme = origin.substr(0, end);
    const std::string_view origins_port = http::equals_ignoring_case(scheme, "https") ? ":443" : ":80";
    const std::string_view own_port = own_scheme == http::Scheme::https ? ":443" : ":80";
    return http::equals_ignoring_case(without_port(origin.substr(end + 3), origins_port),
                                      without_port(authority, own_port));
}

}  // namespace portico::websocket
