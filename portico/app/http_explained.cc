// portico/app/http_explained.cc — see http_explained.h.
//
// Room app: see command.h.
#include "portico/app/http_explained.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "portico/base/printable.h"
#include "portico/http/html.h"

namespace portico::app {
namespace {

using Meaning = std::pair<std::string_view, std::string_view>;

// In the order of the alphabet. The sections are those of RFC 9110 unless another document is named.
constexpr std::array meanings_of_fields{
    Meaning{"Accept", "which media types it can use, the best ones with the largest q (§12.5.1)"},
    Meaning{"Accept-Encoding", "which compressions it can undo (§12.5.3)"},
    Meaning{"Accept-Language", "which languages its user reads (§12.5.4)"},
    Meaning{"Authorization", "who it is, with a proof such as a password (§11.6.2)"},
    Meaning{"Cache-Control", "what caches on the way may do (RFC 9111 §5.2)"},
    Meaning{"Connection", "what is to become of the connection, and which fields are for this hop only (§7.6.1)"},
    Meaning{"Content-Length", "how many octets of content follow the empty line (§8.6)"},
    Meaning{"Content-Type", "what the content is (§8.3)"},
    Meaning{"Cookie", "what this server has asked it to remember (RFC 6265 §4.2)"},
    Meaning{"DNT", "the user does not want to be tracked"},
    Meaning{"Expect", "it waits for 100 (Continue) before it sends its content (§10.1.1)"},
    Meaning{"Host", "which site it wants: one address can have many, so this field is required (§7.2)"},
    Meaning{"If-Modified-Since", "it has a copy of that time, and wants another only if that is older (§13.1.3)"},
    Meaning{"If-None-Match", "it has a copy with that entity tag, and wants another only if the tag differs (§13.1.2)"},
    Meaning{"Keep-Alive", "how long it would like to use this connection"},
    Meaning{"Origin", "which site's page has made it send this (Fetch §3.2)"},
    Meaning{"Pragma", "what Cache-Control was called before HTTP/1.1 (RFC 9111 §5.4)"},
    Meaning{"Priority", "how urgent the answer is (RFC 9218 §4)"},
    Meaning{"Range", "which part it wants (§14.2)"},
    Meaning{"Referer", "the page whose link was followed; the misspelling is the field's name (§10.1.3)"},
    Meaning{"TE", "which transfer codings it can undo, and whether it wants trailers (§10.1.4)"},
    Meaning{"Transfer-Encoding", "how the content's end can be found (RFC 9112 §6.1)"},
    Meaning{"Upgrade", "which other protocols it would speak on this connection (§7.8)"},
    Meaning{"Upgrade-Insecure-Requests", "it would rather have the page over HTTPS"},
    Meaning{"User-Agent", "the program and its version (§10.1.5)"},
};

std::string_view meaning_of(std::string_view name) {
    const auto* const found = std::ranges::find_if(
        meanings_of_fields, [name](const Meaning& one) { return http::equals_ignoring_case(one.first, name); });
    if (found != meanings_of_fields.end()) return found->second;
    const auto begins = [name](std::string_view prefix) {
        return http::equals_ignoring_case(name.substr(0, prefix.size()), prefix);
    };
    if (begins("sec-fetch-")) return "how the page that wants this will use it (Fetch Metadata)";
    if (begins("sec-ch-")) return "what kind of browser and device it is (client hint)";
    if (begins("sec-websocket-")) return "it wants to open a WebSocket (RFC 6455 §11.3)";
    return "a field that RFC 9110 does not define";
}

std::string_view meaning_of(http::Method method) {
    switch (method) {
        case http::Method::get: return "send me this (§9.3.1)";
        case http::Method::head: return "tell me what GET would be answered with, without the content (§9.3.2)";
        case http::Method::post: return "process this content (§9.3.3)";
        case http::Method::put: return "store this content here (§9.3.4)";
        case http::Method::delete_: return "remove this (§9.3.5)";
        case http::Method::connect: return "open a tunnel to there (§9.3.6)";
        case http::Method::options: return "tell me what can be done with this (§9.3.7)";
        case http::Method::trace: return "send this back, as a test (§9.3.8)";
        case http::Method::patch: return "change this as the content says (RFC 5789)";
        case http::Method::other: return "a method that RFC 9110 does not define";
    }
    return {};
}

std::string response(std::string_view status, std::string_view content) {
    return fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:\r\n"
        "Connection: close\r\n\r\n{}",
        status, content.size(), content);
}

std::string page(std::string_view title, std::string_view markup) {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>{0}</title>\n"
        "<style>body{{max-width:50rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}}"
        "pre{{white-space:pre-wrap;overflow-wrap:anywhere}}</style>\n</head>\n<body>\n<h1>{0}</h1>\n{1}</body>\n</"
        "html>\n",
        title, markup);
}

}  // namespace

std::string explain_request(const http::Request& request, http::Version version) {
    std::string text = printable(request.method_token) + " " + printable(request.target) + "\n";
    text += fmt::format("    the method: {}\n", meaning_of(request.method));
    text += fmt::format("    the path: {}\n", printable(request.path));
    if (request.has_query)
        text += fmt::format("    the query, after the question mark: {}\n", printable(request.query));
    text += fmt::format("    the version: HTTP/{}\n", version == http::Version::http_1_0 ? "1.0" : "1.1");
    for (const http::FieldLine& line : request.fields.lines()) {
        text += fmt::format("{}: {}\n    {}\n", printable(line.name), printable(line.value), meaning_of(line.name));
    }
    text += "\n    the empty line: the head ends here";
    text += request.has_content ? ", and content follows\n" : "\n";
    return text;
}

std::string page_about_request(std::string_view head) {
    std::string markup = "<p>This is what was sent to get this page:</p>\n<pre>";
    while (!head.empty()) {
        const std::size_t end = std::min(head.find("\r\n"), head.size());
        http::append_html(markup, head.substr(0, end));
        markup += '\n';
        head.remove_prefix(std::min(end + 2, head.size()));
    }
    markup += "</pre>\n";
    return response("200 OK", page("It works", markup));
}

std::string page_about_refusal(const http::Refusal& refusal) {
    std::string markup = "<p>";
    http::append_html(markup, refusal.reason);
    markup += "</p>\n";
    const std::string status = fmt::format("{} {}", http::code(refusal.status), http::reason_phrase(refusal.status));
    return response(status, page(status, markup));
}

}  // namespace portico::app
