// portico/acme/documents.h — what an authority answers, in JSON (RFC 8555 §7.1, RFC 9773 §4.2, RFC 9457).
//
// Room acme: see base64url.h.
// Threads:   none. Functions of their arguments.
//
// An authority is trusted with certificates, but not with this machine's memory: a document has limits, an address must
// be one of HTTPS, and a token must be base64url, because it becomes part of a path. Errors say what is wrong with the
// document, for people.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portico::acme {

inline constexpr std::size_t document_octets_max = 256 * 1024;
inline constexpr int document_depth_max = 16;
inline constexpr std::size_t list_length_max = 128;  // authorizations of an order, challenges of an authorization
inline constexpr std::size_t url_octets_max = 2048;
inline constexpr std::size_t token_octets_max = 256;
inline constexpr std::size_t detail_octets_max = 1024;  // longer explanations are cut

template <class Document>
using Read = std::expected<Document, std::string>;

// Where what is (§7.1.1).
struct Directory {
    std::string new_nonce;
    std::string new_account;
    std::string new_order;
    std::string revoke_certificate;
    std::string renewal_info;      // empty: the authority does not say when to renew
    std::string terms_of_service;  // for people; empty: there are none
    bool needs_external_account = false;
};
[[nodiscard]] Read<Directory> read_directory(std::string_view text);

// Why the authority refuses, or why a challenge failed (§6.7).
struct ProblemDocument {
    std::string type;    // "badNonce": what follows "urn:ietf:params:acme:error:"; otherwise the whole type
    std::string detail;  // for people: printable, cut to detail_octets_max
};
[[nodiscard]] Read<ProblemDocument> read_problem(std::string_view text);

// §7.1.6
enum class OrderStatus : std::uint8_t { pending, ready, processing, valid, invalid };
struct Order {
    OrderStatus status = OrderStatus::pending;
    std::vector<std::string> authorizations;
    std::string finalize;
    std::string certificate;  // empty until the status is `valid`
    std::optional<ProblemDocument> error;
};
[[nodiscard]] Read<Order> read_order(std::string_view text);

enum class ChallengeStatus : std::uint8_t { pending, processing, valid, invalid };
struct Challenge {
    std::string type;  // "http-01"
    ChallengeStatus status = ChallengeStatus::pending;
    std::string url;
    std::string token;  // empty for types that have none
    std::optional<ProblemDocument> error;
};
enum class AuthorizationStatus : std::uint8_t { pending, valid, invalid, deactivated, expired, revoked };
struct Authorization {
    AuthorizationStatus status = AuthorizationStatus::pending;
    std::string name;  // without "*."
    std::vector<Challenge> challenges;
};
[[nodiscard]] Read<Authorization> read_authorization(std::string_view text);

// When the authority would like a certificate to be renewed: at a random time between the two (RFC 9773 §4.2).
struct RenewalWindow {
    std::chrono::sys_seconds start;
    std::chrono::sys_seconds end;  // later than `start`
    friend bool operator==(const RenewalWindow&, const RenewalWindow&) = default;
};
[[nodiscard]] Read<RenewalWindow> read_renewal_info(std::string_view text);

// "2025-01-02T04:00:00Z", also with a fraction or an offset (RFC 3339 §5.6). Seconds are cut.
[[nodiscard]] std::optional<std::chrono::sys_seconds> read_time(std::string_view text);

// Whether it can be asked for: "https://", a host, and visible ASCII only (RFC 8555 §6.1).
[[nodiscard]] bool is_https(std::string_view url);

// Whether it consists of the characters of base64url, as tokens and nonces do (§6.5.1, §8.1).
[[nodiscard]] bool is_word(std::string_view text, std::size_t octets_max);

}  // namespace portico::acme
