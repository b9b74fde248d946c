// portico/http/basic_auth.cc — see basic_auth.h.
#include "portico/http/basic_auth.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "portico/http/fields.h"

namespace portico::http {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// RFC 4648 §4
int sextet(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    text.remove_suffix(padding);

    std::string octets;
    octets.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    unsigned count = 0;  // number of bits not yet written
    for (const char c : text) {
        const int value = sextet(c);
        if (value < 0) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            octets.push_back(static_cast<char>(bits >> count & 0xff));
        }
    }
    // The bits that fill the last character must be zero, so that each user has only one spelling (RFC 4648 §3.5).
    if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return octets;
}

// RFC 4648 §4
std::string encode_base64(std::string_view octets) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((octets.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        const std::string_view group = octets.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            text.push_back(k <= group.size() ? letters[bits >> (18 - 6 * k) & 63] : '=');
        }
    }
    return text;
}

}  // namespace

std::optional<Credentials> parse_basic(std::string_view authorization) {
    constexpr std::string_view scheme = "Basic";
    if (!equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return std::nullopt;
    authorization.remove_prefix(scheme.size());
    const std::size_t spaces = std::min(authorization.find_first_not_of(' '), authorization.size());
    if (spaces == 0) return std::nullopt;
    const auto user_pass = decode_base64(authorization.substr(spaces));
    if (!user_pass || std::any_of(user_pass->begin(), user_pass->end(), is_control)) return std::nullopt;
    const std::size_t colon = user_pass->find(':');
    if (colon == std::string::npos) return std::nullopt;
    return Credentials{user_pass->substr(0, colon), user_pass->substr(colon + 1)};
}

std::optional<Credentials> basic_credentials(const FieldSection& fields) {
    if (fields.count(FieldName::authorization) != 1) return std::nullopt;
    return parse_basic(*fields.find(FieldName::authorization));
}

std::string basic_authorization(const Credentials& credentials) {
    assert(credentials.user.find(':') == std::string::npos);
    const std::string user_pass = credentials.user + ":" + credentials.password;
    assert(std::none_of(user_pass.begin(), user_pass.end(), is_control));
    return "Basic " + encode_base64(user_pass);
}

std::string basic_challenge(std::string_view realm) {
    std::string challenge = "Basic realm=\"";
    for (const char c : realm) {
        assert(!is_control(c));
        if (c == '"' || c == '\\') challenge.push_back('\\');
        challenge.push_back(c);
    }
    challenge.append("\", charset=\"UTF-8\"");
    return challenge;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    volatile unsigned char difference = 0;  // volatile: the compiler must not stop at the first difference
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
    }
    return difference == 0;
}

}  // namespace portico::http
