// portico/wire/h2/read_request.cc — see read_request.h.
#include "portico/wire/h2/read_request.h"

#include <algorithm>

#include "portico/wire/h1/authority.h"
#include "portico/wire/h1/interpret.h"
#include "portico/wire/h1/octets.h"

namespace portico::h2 {
namespace {

using http::FieldName;
using http::Request;
using http::Status;

// Far longer than any method we know: as in HTTP/1.1.
constexpr std::size_t method_octets_max = 64;

// RFC 3986 §3.1
bool is_scheme(std::string_view text) {
    if (text == "https" || text == "http") return true;
    const auto is_alpha = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !text.empty() && is_alpha(text.front()) && std::ranges::all_of(text, [&](char c) {
        return is_alpha(c) || h1::is(h1::digit_octet, c) || c == '+' || c == '-' || c == '.';
    });
}

// Whether `text` is a path and perhaps a query, of the octets that HTTP/1.1 allows.
bool is_path(std::string_view text) {
    const std::size_t mark = std::min(text.find('?'), text.size());
    return text.starts_with('/') &&
           std::ranges::all_of(text.substr(0, mark), [](char c) { return h1::is(h1::path_octet, c); }) &&
           std::ranges::all_of(text.substr(mark), [](char c) { return h1::is(h1::query_octet, c); });
}

// Without the port, if it is the scheme's own (RFC 3986 §6.2.3).
std::string_view without_default_port(std::string_view authority, http::Scheme scheme) {
    const std::string_view port = scheme == http::Scheme::https ? ":443" : ":80";
    if (authority.ends_with(port)) authority.remove_suffix(port.size());
    if (authority.ends_with(':')) authority.remove_suffix(1);
    return authority;
}

// RFC 9113 §8.3.1: Host must not name another entity than :authority.
bool is_same_authority(std::string_view a, std::string_view b, http::Scheme scheme) {
    return http::equals_ignoring_case(without_default_port(a, scheme), without_default_port(b, scheme));
}

// RFC 9113 §8.5. Returns why it is malformed; empty if it isn't.
std::string_view interpret_connect(const FieldList::Pseudo& pseudo, Request& request) {
    if (pseudo.scheme || pseudo.path) return "CONNECT with :scheme or :path";
    if (!pseudo.authority || !h1::is_authority(*pseudo.authority, h1::Port::required)) {
        return "CONNECT without a host and port";
    }
    request.form = http::TargetForm::authority;
    request.target = request.authority = *pseudo.authority;
    return {};
}

// RFC 9113 §8.3.1. Returns why it is malformed; empty if it isn't.
std::string_view interpret_pseudo(const FieldList::Pseudo& pseudo, Request& request) {
    if (!pseudo.method || !http::is_token(*pseudo.method)) return ":method is missing or not a token";
    request.method_token = *pseudo.method;
    request.method = http::recognise_method(request.method_token);
    if (pseudo.protocol) {  // RFC 8441 §4
        if (request.method != http::Method::connect) return ":protocol without CONNECT";
        if (!http::is_token(*pseudo.protocol)) return ":protocol is not a token";
        if (!pseudo.authority) return ":protocol without :authority";
        request.protocol = *pseudo.protocol;
    } else if (request.method == http::Method::connect) {
        return interpret_connect(pseudo, request);
    }
    if (!pseudo.scheme || !is_scheme(*pseudo.scheme)) return ":scheme is missing or malformed";
    if (!pseudo.path) return ":path is missing";
    request.scheme = http::equals_ignoring_case(*pseudo.scheme, "https") ? http::Scheme::https : http::Scheme::http;
    request.target = *pseudo.path;
    if (request.target == "*" && request.method == http::Method::options) {
        request.form = http::TargetForm::asterisk;
        request.path = request.target;
    } else {
        if (!is_path(request.target)) return ":path is malformed";
        h1::split_path(request.target, request);
    }
    if (pseudo.authority) {
        if (!h1::is_authority(*pseudo.authority, h1::Port::optional)) return ":authority is not a host and port";
        request.authority = *pseudo.authority;
    }
    return {};
}

// Host and Content-Length. Returns why the request is malformed; empty if it isn't.
std::string_view interpret_fields(Ending ending, Request& request) {
    const http::FieldSection& fields = request.fields;
    if (fields.count(FieldName::host) > 1) return "Host is repeated";
    const auto host = fields.find(FieldName::host);
    if (host && !request.authority.empty() && !is_same_authority(*host, request.authority, request.scheme)) {
        return "Host is not :authority";
    }
    request.has_content = ending == Ending::more;
    const std::size_t lengths = fields.count(FieldName::content_length);
    if (lengths == 0 || request.method == http::Method::connect) return {};
    if (lengths > 1) return "Content-Length is repeated";
    const auto octets = h1::read_content_length(*fields.find(FieldName::content_length));
    if (!octets) return "Content-Length is not one decimal number below 2^63";
    if (!request.has_content && *octets > 0) return "Content-Length without content";  // RFC 9113 §8.1.1
    if (request.has_content) request.content_length = octets;
    return {};
}

std::optional<http::Refusal> refusal_of(const FieldList::Pseudo& pseudo, const Limits& limits, Request& request) {
    if (request.method_token.size() > method_octets_max) {
        return http::Refusal{Status::not_implemented, "method is too long"};
    }
    if (request.target.size() > limits.target_octets_max) {
        return http::Refusal{Status::uri_too_long, "target is too long"};
    }
    if (request.form != http::TargetForm::authority) {
        if (request.scheme == http::Scheme::http && !http::equals_ignoring_case(*pseudo.scheme, "http")) {
            return http::Refusal{Status::bad_request, "scheme is neither http nor https"};
        }
        if (request.authority.empty()) {
            if (const auto refusal = h1::interpret_host(request, http::Version::http_2)) return refusal;
            if (request.authority.empty() && request.form != http::TargetForm::asterisk) {
                return http::Refusal{Status::bad_request, "Host is empty"};  // RFC 9110 §4.2.1, §4.2.2
            }
        }
    }
    return h1::interpret_expectation(request, http::Version::http_2);
}

}  // namespace

ReadRequest read_request(const FieldList& list, Ending ending, const Limits& limits, Request& request) {
    request.clear();
    if (!list.malformation().empty()) return {.malformation = list.malformation(), .refusal = {}};
    const std::string_view malformation = interpret_pseudo(list.pseudo(), request);
    if (list.is_too_large()) {
        // Even a pseudo-header field may be missing. What is there is for the log.
        request.has_content = ending == Ending::more;
        return {.malformation = {},
                .refusal = http::Refusal{Status::request_header_fields_too_large, "field section is too large"}};
    }
    if (!malformation.empty()) return {.malformation = malformation, .refusal = {}};
    for (const http::FieldLine& line : list.lines()) request.fields.add(line.known, line.name, line.value);
    if (const auto found = interpret_fields(ending, request); !found.empty()) {
        return {.malformation = found, .refusal = {}};
    }
    return {.malformation = {}, .refusal = refusal_of(list.pseudo(), limits, request)};
}

}  // namespace portico::h2
