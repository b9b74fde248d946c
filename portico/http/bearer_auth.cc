// portico/http/bearer_auth.cc — see bearer_auth.h.
#include "portico/http/bearer_auth.h"

#include <algorithm>

namespace portico::http {
namespace {

// RFC 6750 §2.1: b64token, without the padding at its end.
bool is_token_octet(char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || std::string_view("-._~+/").find(c) != std::string_view::npos;
}

bool is_bearer_token(std::string_view text) {
    const std::size_t padding = std::min(text.find('='), text.size());
    return padding > 0 && std::ranges::all_of(text.substr(0, padding), is_token_octet) &&
           std::ranges::all_of(text.substr(padding), [](char c) { return c == '='; });
}

}  // namespace

std::expected<std::string_view, NoBearer> parse_bearer(std::string_view authorization) {
    const std::size_t end = std::min(authorization.find(' '), authorization.size());
    if (!equals_ignoring_case(authorization.substr(0, end), "Bearer")) return std::unexpected(NoBearer::absent);
    const std::string_view token = trim(authorization.substr(end));
    if (!is_bearer_token(token)) return std::unexpected(NoBearer::malformed);
    return token;
}

std::expected<std::string_view, NoBearer> bearer_token(const FieldSection& fields) {
    std::expected<std::string_view, NoBearer> found = std::unexpected(NoBearer::absent);
    fields.for_each(FieldName::authorization, [&](std::string_view value) {
        const auto one = parse_bearer(value);
        if (one || one.error() == NoBearer::malformed) found = one;
    });
    if (fields.count(FieldName::authorization) > 1 && (found || found.error() == NoBearer::malformed)) {
        return std::unexpected(NoBearer::malformed);
    }
    return found;
}

std::string bearer_challenge(std::string_view realm, std::string_view error) {
    std::string challenge = "Bearer realm=\"";
    for (const char c : realm) {
        if (c == '"' || c == '\\') challenge += '\\';
        challenge += c;
    }
    challenge += '"';
    if (!error.empty()) challenge.append(", error=\"").append(error).append("\"");
    return challenge;
}

}  // namespace portico::http
