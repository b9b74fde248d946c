// portico/http/bearer_auth.h — the Bearer authentication scheme (RFC 6750).
//
// Room http: see status.h.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "portico/http/fields.h"

namespace portico::http {

// Why a request has no bearer token.
enum class NoBearer : std::uint8_t {
    absent,     // there are no credentials, or those of another scheme
    malformed,  // several credentials, or something that is not a token (RFC 6750 §2.1)
};

// The token in a request's only Authorization line, as sent. Two lines are not one list, and a proxy in front of us may
// have read the other one: they are malformed if any of them is for this scheme.
[[nodiscard]] std::expected<std::string_view, NoBearer> bearer_token(const FieldSection& fields);

// Reads one value of Authorization.
[[nodiscard]] std::expected<std::string_view, NoBearer> parse_bearer(std::string_view authorization);

// A value of WWW-Authenticate (RFC 6750 §3) for a realm without control octets. `error`: one of §3.1, such as
// "invalid_token"; empty if the request had no credentials.
[[nodiscard]] std::string bearer_challenge(std::string_view realm, std::string_view error = {});

}  // namespace portico::http
