// portico/http/status.h — status codes and the refusals that carry them.
//
// Room http: what a message means (RFC 9110).
// May use:   base.
// May not:   make a system call, read a clock, log, or know how a message is framed.
// Threads:   none. Everything here is a value.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace portico::http {

// RFC 9110 §15, RFC 6585, RFC 7725, RFC 4918: the codes that this server sends, and those that programs send.
enum class Status : std::uint16_t {
    continue_ = 100,                        // RFC 9110 §15.2.1
    switching_protocols = 101,              // RFC 9110 §15.2.2
    early_hints = 103,                      // RFC 8297 §2
    ok = 200,                               // RFC 9110 §15.3.1
    created = 201,                          // RFC 9110 §15.3.2
    accepted = 202,                         // RFC 9110 §15.3.3
    no_content = 204,                       // RFC 9110 §15.3.5
    partial_content = 206,                  // RFC 9110 §15.3.7
    multiple_choices = 300,                 // RFC 9110 §15.4.1
    moved_permanently = 301,                // RFC 9110 §15.4.2
    found = 302,                            // RFC 9110 §15.4.3
    see_other = 303,                        // RFC 9110 §15.4.4
    not_modified = 304,                     // RFC 9110 §15.4.5
    temporary_redirect = 307,               // RFC 9110 §15.4.8
    permanent_redirect = 308,               // RFC 9110 §15.4.9
    bad_request = 400,                      // RFC 9110 §15.5.1
    unauthorized = 401,                     // RFC 9110 §15.5.2
    payment_required = 402,                 // RFC 9110 §15.5.3
    forbidden = 403,                        // RFC 9110 §15.5.4
    not_found = 404,                        // RFC 9110 §15.5.5
    method_not_allowed = 405,               // RFC 9110 §15.5.6
    not_acceptable = 406,                   // RFC 9110 §15.5.7
    request_timeout = 408,                  // RFC 9110 §15.5.9
    conflict = 409,                         // RFC 9110 §15.5.10
    gone = 410,                             // RFC 9110 §15.5.11
    length_required = 411,                  // RFC 9110 §15.5.12
    precondition_failed = 412,              // RFC 9110 §15.5.13
    content_too_large = 413,                // RFC 9110 §15.5.14
    uri_too_long = 414,                     // RFC 9110 §15.5.15
    unsupported_media_type = 415,           // RFC 9110 §15.5.16
    range_not_satisfiable = 416,            // RFC 9110 §15.5.17
    expectation_failed = 417,               // RFC 9110 §15.5.18
    misdirected_request = 421,              // RFC 9110 §15.5.20
    unprocessable_content = 422,            // RFC 9110 §15.5.21
    too_early = 425,                        // RFC 8470 §5.2
    upgrade_required = 426,                 // RFC 9110 §15.5.22
    precondition_required = 428,            // RFC 6585 §3
    too_many_requests = 429,                // RFC 6585 §4
    request_header_fields_too_large = 431,  // RFC 6585 §5
    unavailable_for_legal_reasons = 451,    // RFC 7725 §3
    internal_server_error = 500,            // RFC 9110 §15.6.1
    not_implemented = 501,                  // RFC 9110 §15.6.2
    bad_gateway = 502,                      // RFC 9110 §15.6.3
    service_unavailable = 503,              // RFC 9110 §15.6.4
    gateway_timeout = 504,                  // RFC 9110 §15.6.5
    http_version_not_supported = 505,       // RFC 9110 §15.6.6
    insufficient_storage = 507,             // RFC 4918 §11.5
};

// The three digits that are sent: 404.
constexpr std::uint16_t code(Status status) { return static_cast<std::uint16_t>(status); }

// The reason phrase for the code, "OK" for 200. Empty for an unknown code.
std::string_view reason_phrase(Status status);

// Whether a response may have content: 1xx, 204 and 304 end with their header section, whatever their fields say (RFC
// 9112 §6.3).
constexpr bool may_have_content(Status status) {
    return code(status) >= 200 && status != Status::no_content && status != Status::not_modified;
}

// Why a request is not served as asked. `reason` is for our log and is never sent. Trivially copyable on purpose: a
// refusal costs no allocation, so a peer cannot make us allocate by sending nonsense.
struct Refusal {
    Status status;            // of the answer
    std::string_view reason;  // a string literal, because it must outlive everything
};

// A value, or why the request that asked for it is not served.
template <class T>
using Result = std::expected<T, Refusal>;

// For use as return refuse(Status::not_found, "there is no such note"); `reason` is a string literal.
inline std::unexpected<Refusal> refuse(Status status, std::string_view reason) {
    return std::unexpected(Refusal{status, reason});
}

}  // namespace portico::http
