// portico/wire/h1/interpret.cc — see interpret.h.
#include "portico/wire/h1/interpret.h"

#include <limits>
#include <optional>

#include "portico/wire/h1/authority.h"
#include "portico/wire/h1/octets.h"

namespace portico::h1 {
namespace {

using http::FieldName;
using http::Refusal;
using http::Request;
using http::Status;

// The text after "http://" or "https://"; nothing for another scheme. Schemes are case-insensitive (RFC 3986 §3.1).
std::optional<std::string_view> after_scheme(std::string_view target, http::Scheme& scheme) {
    const auto begins = [target](std::string_view with) {
        return http::equals_ignoring_case(target.substr(0, with.size()), with);
    };
    constexpr std::string_view plain = "http://";
    constexpr std::string_view secure = "https://";
    scheme = begins(secure) ? http::Scheme::https : http::Scheme::http;
    if (begins(plain)) return target.substr(plain.size());
    if (begins(secure)) return target.substr(secure.size());
    return std::nullopt;
}

http::Result<void> interpret_absolute(Request& request) {
    const auto hierarchy = after_scheme(request.target, request.scheme);
    if (!hierarchy) return http::refuse(Status::bad_request, "target is neither a path nor an http or https URI");
    const std::size_t end = hierarchy->find_first_of("/?");
    request.form = http::TargetForm::absolute;
    request.authority = hierarchy->substr(0, end);
    if (!is_authority(request.authority, Port::optional)) {
        return http::refuse(Status::bad_request, "authority in the target is not a host and port");
    }
    split_path(end == std::string_view::npos ? std::string_view() : hierarchy->substr(end), request);
    if (request.path.empty()) request.path = "/";  // the same resource: RFC 9110 §4.2.3
    return {};
}

// The transfer codings of a request, from all its Transfer-Encoding lines in order (RFC 9112 §6.1).
class TransferCodings {
public:
    void add_line(std::string_view value) {
        while (fault_.empty()) {
            const std::size_t comma = value.find(',');
            add(http::trim(value.substr(0, comma)));
            if (comma == std::string_view::npos) return;
            value.remove_prefix(comma + 1);
        }
    }

    [[nodiscard]] std::optional<Refusal> refusal() const {
        if (!fault_.empty()) return Refusal{Status::bad_request, fault_};
        if (!chunked_) return Refusal{Status::bad_request, "Transfer-Encoding does not end in chunked"};
        if (other_) return Refusal{Status::not_implemented, "transfer coding is not known"};
        return std::nullopt;
    }

private:
    // Lists may have empty elements (RFC 9110 §5.6.1.2), but this one may not: one recipient skips an empty element
    // while another takes it for an unknown coding, and no sender needs it.
    void add(std::string_view coding) {
        const std::size_t semicolon = coding.find(';');
        const std::string_view name = http::trim(coding.substr(0, semicolon));
        if (chunked_) {
            fault_ = "chunked is not the last transfer coding, or not the only one of that name";
        } else if (!http::is_token(name) || coding.find('"') != std::string_view::npos) {
            fault_ = "Transfer-Encoding is malformed";
        } else if (!http::equals_ignoring_case(name, "chunked")) {
            other_ = true;
        } else if (semicolon != std::string_view::npos) {
            fault_ = "chunked has a parameter";  // RFC 9112 §7.1: to be treated as an error
        } else {
            chunked_ = true;
        }
    }

    bool chunked_ = false;
    bool other_ = false;
    std::string_view fault_;
};

// RFC 9112 §6.3, as far as it is the same for requests and responses.
std::optional<Refusal> interpret_framing(const http::FieldSection& fields, http::Version version, ReadHead& head) {
    const bool has_length = fields.has(FieldName::content_length);
    if (fields.has(FieldName::transfer_encoding)) {
        if (version == http::Version::http_1_0) return Refusal{Status::bad_request, "Transfer-Encoding in HTTP/1.0"};
        if (has_length) return Refusal{Status::bad_request, "both Transfer-Encoding and Content-Length"};
        TransferCodings codings;
        fields.for_each(FieldName::transfer_encoding, [&codings](std::string_view value) { codings.add_line(value); });
        if (const auto refusal = codings.refusal()) return refusal;
        head.framing = Framing::chunked;
    } else if (has_length) {
        const auto octets = read_content_length(*fields.find(FieldName::content_length));
        if (!octets) return Refusal{Status::bad_request, "Content-Length is not one decimal number below 2^63"};
        head.framing = Framing::length;
        head.content_length = *octets;
    }
    return std::nullopt;
}

// RFC 9112 §9.3: close takes precedence, then the version decides.
Persistence persistence_of(const http::FieldSection& fields, http::Version version) {
    bool close = false;
    bool keep_alive = false;
    fields.for_each(FieldName::connection, [&](std::string_view value) {
        while (const auto option = http::next_element(value)) {
            close = close || http::equals_ignoring_case(*option, "close");
            keep_alive = keep_alive || http::equals_ignoring_case(*option, "keep-alive");
        }
    });
    if (close) return Persistence::close;
    if (version == http::Version::http_1_0 && !keep_alive) return Persistence::close;
    return Persistence::keep;
}

}  // namespace

void split_path(std::string_view text, Request& request) {
    const std::size_t mark = text.find('?');
    request.path = text.substr(0, mark);
    request.has_query = mark != std::string_view::npos;
    if (request.has_query) request.query = text.substr(mark + 1);
}

std::optional<Refusal> interpret_host(Request& request, http::Version version) {
    if (!request.fields.has(FieldName::host)) {
        if (version == http::Version::http_1_0) return std::nullopt;
        return Refusal{Status::bad_request, "Host is missing"};
    }
    const std::string_view host = *request.fields.find(FieldName::host);
    // A target URI without authority gives an empty Host: RFC 9110 §7.2.
    if (!host.empty() && !is_authority(host, Port::optional)) {
        return Refusal{Status::bad_request, "Host is not a host and port"};
    }
    // The authority in a target wins over Host: RFC 9112 §3.2.2.
    if (request.authority.empty()) request.authority = host;
    return std::nullopt;
}

// RFC 9110 §8.6, up to 63 bits, so that adding to it can't overflow. RFC 9112 §6.3 allows us to repair a list of equal
// numbers, but it is refused: a proxy in front of us may have repaired it differently.
std::optional<std::uint64_t> read_content_length(std::string_view value) {
    constexpr std::uint64_t octets_max = std::numeric_limits<std::int64_t>::max();
    if (value.empty()) return std::nullopt;
    std::uint64_t octets = 0;
    for (const char c : value) {
        if (!is(digit_octet, c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (octets > (octets_max - digit) / 10) return std::nullopt;
        octets = octets * 10 + digit;
    }
    return octets;
}

// RFC 9110 §10.1.1
std::optional<Refusal> interpret_expectation(Request& request, http::Version version) {
    bool met = true;
    bool expects_continue = false;
    request.fields.for_each(FieldName::expect, [&](std::string_view value) {
        while (const auto expectation = http::next_element(value)) {
            const bool known = http::equals_ignoring_case(*expectation, "100-continue");
            met = met && known;
            expects_continue = expects_continue || known;
        }
    });
    if (!met) return Refusal{Status::expectation_failed, "an expectation other than 100-continue"};
    // An HTTP/1.0 client would not understand the interim response.
    if (expects_continue && version != http::Version::http_1_0) {
        request.expectation = http::Expectation::continue_;
    }
    return std::nullopt;
}

http::Result<void> interpret_target(Request& request) {
    if (request.method == http::Method::connect) {  // RFC 9112 §3.2.3
        request.form = http::TargetForm::authority;
        request.authority = request.target;
        if (!is_authority(request.target, Port::required)) {
            return http::refuse(Status::bad_request, "target of CONNECT is not a host and port");
        }
        return {};
    }
    if (request.target.starts_with('/')) {  // RFC 9112 §3.2.1
        split_path(request.target, request);
        return {};
    }
    if (request.target == "*" && request.method == http::Method::options) {  // RFC 9112 §3.2.4
        request.form = http::TargetForm::asterisk;
        request.path = request.target;
        return {};
    }
    return interpret_absolute(request);
}

http::Result<void> interpret_fields(http::Version version, Request& request, ReadHead& head) {
    if (const auto refusal = interpret_host(request, version)) return std::unexpected(*refusal);
    if (const auto refusal = interpret_framing(request.fields, version, head)) return std::unexpected(*refusal);
    request.has_content = head.framing != Framing::none;
    if (head.framing == Framing::length) request.content_length = head.content_length;
    head.persistence = persistence_of(request.fields, version);
    if (const auto refusal = interpret_expectation(request, version)) return std::unexpected(*refusal);
    return {};
}

http::Result<void> interpret_fields(http::Method method, http::Version version, http::Response& response,
                                    ReadHead& head) {
    if (const auto refusal = interpret_framing(response.fields, version, head)) {
        return http::refuse(Status::bad_gateway, refusal->reason);
    }
    if (head.framing == Framing::length) response.content_length = head.content_length;
    head.persistence = persistence_of(response.fields, version);
    const bool is_tunnel = method == http::Method::connect && http::code(response.status) / 100 == 2;
    if (is_tunnel || !http::may_have_content(response.status)) {
        // RFC 9112 §6.1. A Content-Length means nothing here, or tells the length that another method would get.
        const bool is_not_modified = response.status == Status::not_modified;
        if (head.framing == Framing::chunked && !is_not_modified) {
            return http::refuse(Status::bad_gateway, "Transfer-Encoding in an answer without content");
        }
        // A sender that announces content which must not be there may send it all the same.
        if (!is_not_modified && response.content_length.value_or(0) > 0) head.persistence = Persistence::close;
        if (!is_not_modified) response.content_length.reset();
        head.framing = Framing::none;
    } else if (method == http::Method::head) {
        head.framing = Framing::none;
    } else if (head.framing == Framing::none) {
        head.framing = Framing::to_close;
        head.persistence = Persistence::close;
    }
    return {};
}

}  // namespace portico::h1
