// portico/route/extra_fields.cc — see extra_fields.h.
#include "portico/route/extra_fields.h"

#include <algorithm>
#include <array>

#include "portico/http/fields.h"

namespace portico::route {
namespace {

using http::FieldName;

// What the connection writes itself, and what only the code that makes the content knows.
constexpr std::array not_for_owners{FieldName::content_length,
                                    FieldName::transfer_encoding,
                                    FieldName::connection,
                                    FieldName::date,
                                    FieldName::keep_alive,
                                    FieldName::upgrade,
                                    FieldName::trailer,
                                    FieldName::te,
                                    FieldName::content_encoding,
                                    FieldName::content_range,
                                    FieldName::content_type,
                                    FieldName::accept_ranges,
                                    FieldName::etag,
                                    FieldName::last_modified,
                                    FieldName::location,
                                    FieldName::allow,
                                    FieldName::www_authenticate,
                                    FieldName::retry_after,
                                    FieldName::content_location};

}  // namespace

std::expected<ExtraField, std::string> parse_extra_field(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::unexpected("has no colon after the name");
    const std::string_view name = text.substr(0, colon);
    const std::string_view value = http::trim(text.substr(colon + 1));
    if (!http::is_token(name)) return std::unexpected("is not the name of a field");
    if (!http::is_field_value(value)) return std::unexpected("has a control character in its value");
    if (std::ranges::find(not_for_owners, http::recognise(name)) != not_for_owners.end()) {
        return std::unexpected("is a field that the server itself has to set");
    }
    return ExtraField(name, value);
}

void ExtraFields::add_to(http::Response& response) const {
    for (const auto& [name, value] : fields_) {
        if (http::recognise(name) != FieldName::vary) response.fields.remove(std::string_view(name));
    }
    for (const auto& [name, value] : fields_) response.fields.add(std::string_view(name), value);
}

bool ExtraFields::pass_at_once(link::Exchange& exchange, const Route& rest) {
    if (!rest.answer_at_once(exchange)) return false;
    add_to(exchange.response());
    return true;
}

Task<void> ExtraFields::pass(link::Exchange& exchange, Route rest) {
    co_await rest.answer(exchange);
    add_to(exchange.response());
}

}  // namespace portico::route
