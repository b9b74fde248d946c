// portico/route/refusal_page.cc — see refusal_page.h.
#include "portico/route/refusal_page.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/http/json.h"
#include "portico/http/negotiate.h"
#include "portico/route/style_sheet.h"

namespace portico::route {
namespace {

using http::FieldName;
using http::Status;

struct Page {
    std::array<std::string, 3> by_format;  // PageFormat
};

std::string json_page(Status status, std::string_view meaning) {
    std::string text;
    http::JsonWriter json(text);
    json.open_object();
    json.member("status", http::code(status));
    json.member("error", http::reason_phrase(status));
    json.member("detail", meaning);
    json.close_object();
    text += '\n';
    return text;
}

Page make_page(Status status, std::string_view meaning_of_it) {
    const std::string number = std::to_string(http::code(status));
    const std::string phrase(http::reason_phrase(status));
    const std::string meaning(meaning_of_it);
    Page page;
    std::string& html = page.by_format[static_cast<std::size_t>(PageFormat::html)];
    html += page_start;
    html += "<title>" + number + " " + phrase + "</title>\n<style>";
    html += refusal_style;
    html += "</style>\n</head>\n<body>\n<main>\n<h1><span>" + number + "</span> " + phrase + "</h1>\n<p>" + meaning +
            "</p>\n</main>\n</body>\n</html>\n";
    page.by_format[static_cast<std::size_t>(PageFormat::text)] = number + " " + phrase + "\n" + meaning + "\n";
    page.by_format[static_cast<std::size_t>(PageFormat::json)] = json_page(status, meaning);
    return page;
}

constexpr std::uint16_t first_code = 300;
constexpr std::uint16_t end_code = 600;

std::vector<Page> make_pages() {
    std::vector<Page> pages(end_code - first_code);
    for (std::uint16_t code = first_code; code < end_code; ++code) {
        const auto status = static_cast<Status>(code);
        if (!http::reason_phrase(status).empty()) pages[code - first_code] = make_page(status, meaning_of(status));
    }
    return pages;
}

std::string_view page_of(Status status, PageFormat format) {
    static const std::vector<Page> pages = make_pages();
    const std::uint16_t code = http::code(status);
    if (code < first_code || code >= end_code) return {};
    return pages[code - first_code].by_format[static_cast<std::size_t>(format)];
}

constexpr std::array<std::string_view, 3> media_types = {"text/html", "text/plain", "application/json"};
constexpr std::array<std::string_view, 3> content_types = {"text/html; charset=utf-8", "text/plain; charset=utf-8",
                                                           "application/json"};

}  // namespace

PageFormat preferred_format(const http::Request& request, PageFormat unstated) {
    // The first of several equals is chosen.
    std::array<std::size_t, 3> order = {0, 1, 2};
    std::swap(order[0], order[static_cast<std::size_t>(unstated)]);
    std::array<std::string_view, 3> offered;
    for (std::size_t i = 0; i < order.size(); ++i) offered[i] = media_types[order[i]];
    const auto chosen = http::choose_media_type(request.fields, offered);
    return static_cast<PageFormat>(order[chosen.value_or(0)]);
}

void write_refusal(http::Status status, PageFormat format, http::Response& response, std::string_view meaning) {
    response.status = status;
    response.is_standard_page = http::code(status) >= 400;
    http::FieldSection& fields = response.fields;
    fields.add(FieldName::content_type, content_types[static_cast<std::size_t>(format)]);
    if (status == Status::service_unavailable) fields.add(FieldName::retry_after, "1");
    // Otherwise 404, 405, 414 and 501 could be cached and reused (RFC 9110 §15.1).
    fields.add(FieldName::cache_control, "no-store");
    fields.add(FieldName::x_content_type_options, "nosniff");
    if (format == PageFormat::html) {
        fields.add(FieldName::content_security_policy, "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    }
    if (meaning.empty()) {
        response.content.push_back(http::Piece::memory(page_of(status, format)));
    } else {
        Page page = make_page(status, meaning);
        response.content.push_back(http::Piece::text(std::move(page.by_format[static_cast<std::size_t>(format)])));
    }
}

// Nothing from the request is repeated, so nothing needs to be escaped.
std::string_view meaning_of(Status status) {
    switch (status) {
        case Status::moved_permanently: return "What you asked for has another address.";
        case Status::bad_request: return "The server could not understand the request.";
        case Status::unauthorized: return "Access to this address needs a user name and a password, or a token.";
        case Status::forbidden: return "Access to this address is not allowed.";
        case Status::not_found: return "There is nothing at this address.";
        case Status::method_not_allowed: return "This address does not support the method of the request.";
        case Status::not_acceptable: return "There is no version of this that your client accepts.";
        case Status::request_timeout: return "The request took too long to arrive.";
        case Status::precondition_failed: return "What you asked for has changed, or has not, against your condition.";
        case Status::unsupported_media_type: return "The server does not accept content of this type here.";
        case Status::content_too_large: return "The request's content is too large.";
        case Status::uri_too_long: return "The address is too long.";
        case Status::range_not_satisfiable: return "There is no such part of it.";
        case Status::misdirected_request: return "The server does not answer for the host name in the address.";
        case Status::too_early: return "The request came too early to be safe. Try again.";
        case Status::expectation_failed: return "The request expects what this server does not do.";
        case Status::request_header_fields_too_large: return "The request's header section is too large.";
        case Status::too_many_requests: return "There were too many requests. Try again later.";
        case Status::internal_server_error: return "The server failed to answer the request.";
        case Status::not_implemented: return "The server does not support what the request asks for.";
        case Status::bad_gateway: return "Another server, which this one needs for the answer, has failed.";
        case Status::gateway_timeout: return "Another server, which this one needs for the answer, took too long.";
        case Status::service_unavailable: return "The server is busy. Try again in a moment.";
        case Status::http_version_not_supported: return "The server does not speak this version of HTTP.";
        default: return "The request could not be answered.";
    }
}

std::string_view refusal_text(http::Status status) { return page_of(status, PageFormat::text); }

}  // namespace portico::route
