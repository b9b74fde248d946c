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

// RFC 9110 §15, RFC 6585, RFC 7725, RFC 4918: the codes that this server sends, and those that programs do.
enum class Status : std::uint16_t {
    continue_ = 100,
    switching_protocols = 101,
    ok = 200,
    created = 201,
    accepted = 202,
    no_content = 204,
    partial_content = 206,
    multiple_choices = 300,
    moved_permanently = 301,
    found = 302,
    see_other = 303,
    not_modified = 304,
    temporary_redirect = 307,
    permanent_redirect = 308,
    bad_request = 400,
    unauthorized = 401,
    payment_required = 402,
    forbidden = 403,
    not_found = 404,
    method_not_allowed = 405,
    not_acceptable = 406,
    request_timeout = 408,
    conflict = 409,
    gone = 410,
    length_required = 411,
    precondition_failed = 412,
    content_too_large = 413,
    uri_too_long = 414,
    unsupported_media_type = 415,
    range_not_satisfiable = 416,
    expectation_failed = 417,
    misdirected_request = 421,
    unprocessable_content = 422,
    upgrade_required = 426,
    precondition_required = 428,
    too_many_requests = 429,
    request_header_fields_too_large = 431,
    unavailable_for_legal_reasons = 451,
    internal_server_error = 500,
    not_implemented = 501,
    bad_gateway = 502,
    service_unavailable = 503,
    gateway_timeout = 504,
    http_version_not_supported = 505,
    insufficient_storage = 507,
};

// The three digits that are sent: 404.
constexpr std::uint16_t code(Status status) { return static_cast<std::uint16_t>(status); }

// The reason phrase that goes with the code, "OK" for 200. Empty for a code we do not know.
std::string_view reason_phrase(Status status);

// Whether a response may have content: 1xx, 204 and 304 end with their header section, whatever their fields say (RFC
// 9112 §6.3).
constexpr bool may_have_content(Status status) {
    return code(status) >= 200 && status != Status::no_content && status != Status::not_modified;
}

// Why a request is not served as asked. `reason` is for our log and is never sent. Trivially copyable on
// purpose: a refusal costs no allocation, so nobody can make us allocate by sending nonsense.
struct Refusal {
    Status status;            // of the answer
    std::string_view reason;  // a string literal: it must outlive everything
};

// A value, or why the request that asked for it is not served.
template <class T>
using Result = std::expected<T, Refusal>;

// return refuse(Status::not_found, "there is no such note"); `reason` is a string literal.
inline std::unexpected<Refusal> refuse(Status status, std::string_view reason) {
    return std::unexpected(Refusal{status, reason});
}

}  // namespace portico::http
