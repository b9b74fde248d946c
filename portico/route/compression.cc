// portico/route/compression.cc — see compression.h.
#include "portico/route/compression.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/http/content_type.h"
#include "portico/http/etag.h"
#include "portico/http/negotiate.h"

namespace portico::route {
namespace {

using http::FieldName;

bool forbids_transformation(const http::FieldSection& fields) {
    bool forbids = false;
    fields.for_each(FieldName::cache_control, [&forbids](std::string_view list) {
        while (const auto directive = http::next_element(list)) {
            forbids = forbids || http::equals_ignoring_case(*directive, "no-transform");
        }
    });
    return forbids;
}

http::Coding preferred_coding(const http::Request& request) {
    http::CodingSet codings;
    codings.add(http::Coding::gzip);
    codings.add(http::Coding::zstd);
    codings.add(http::Coding::br);
    return http::choose_coding(request.fields, codings).value_or(http::Coding::identity);
}

// The entity tag of the encoded content, if the response has a strong tag of the content itself; in the form that files
// have. Nothing if there is none, or a weak one: that stands for all octets with the same meaning.
std::optional<std::string> tag_of_encoded(const http::Response& response, http::Coding coding) {
    const auto parsed = http::parse_entity_tag(response.fields.find(FieldName::etag).value_or(std::string_view()));
    if (!parsed || parsed->weak) return std::nullopt;
    std::string encoded(parsed->opaque.substr(0, parsed->opaque.size() - 1));
    encoded += '-';
    encoded += http::spelling(coding);
    encoded += "-made\"";
    return encoded;
}

// Whether the client already has the content that `tag` names (RFC 9110 §13.1.2).
bool has_already(const http::Request& request, const std::string& tag) {
    if (request.method != http::Method::get && request.method != http::Method::head) return false;
    const auto ours = http::parse_entity_tag(tag);
    bool has = false;
    request.fields.for_each(FieldName::if_none_match, [&](std::string_view list) {
        while (const auto theirs = http::next_entity_tag(list)) has = has || http::match_weakly(*theirs, *ours);
    });
    return has;
}

void set_tag(http::Response& response, std::string tag) {
    response.fields.remove(FieldName::etag);
    response.add_made(FieldName::etag, std::move(tag));
}

}  // namespace

bool Compression::may_be_encoded(const http::Response& response) const {
    const bool is_in_memory = response.content.size() == 1 && !response.content.front().file && !response.producer;
    if (!is_in_memory || response.is_negotiated || response.status == http::Status::partial_content) return false;
    const std::size_t octets = response.content.front().octets.size();
    const auto type = response.fields.find(FieldName::content_type);
    return octets >= options_.octets_min && octets <= options_.octets_max && type && http::is_compressible(*type) &&
           !response.fields.has(FieldName::content_encoding) && !response.fields.has(FieldName::content_range) &&
           !forbids_transformation(response.fields);  // RFC 9111 §5.2.2.6
}

Task<void> Compression::pass(link::Exchange& exchange, Route rest) {
    co_await rest.answer(exchange);
    http::Response& response = exchange.response();
    if (!may_be_encoded(response)) co_return;
    response.fields.add(FieldName::vary, "Accept-Encoding");
    const http::Coding coding = preferred_coding(exchange.request());
    if (coding == http::Coding::identity) co_return;
    std::optional<std::string> tag = tag_of_encoded(response, coding);
    if (tag && response.status == http::Status::ok && has_already(exchange.request(), *tag)) {
        response.status = http::Status::not_modified;
        response.content.clear();
        set_tag(response, *std::move(tag));
        co_return;
    }
    // The response may be replaced while a helper thread still reads: a time-out that is further out has passed.
    const http::Piece original = response.content.front();
    const SharedText encoded = co_await encoded_.obtain(coding, original.octets);
    if (encoded == nullptr) co_return;
    response.content.front() = http::Piece::memory(*encoded, encoded);
    response.fields.add(FieldName::content_encoding, http::spelling(coding));
    if (tag) set_tag(response, *std::move(tag));
}

}  // namespace portico::route
