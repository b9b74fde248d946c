// portico/embed/form.cc — see form.h.
#include "portico/embed/form.h"

#include <algorithm>

#include "portico/http/fields.h"
#include "portico/http/html.h"

namespace portico {

Form::Form(std::string_view text) {
    std::string_view name;
    std::string_view value;
    while (next_in_form(text, name, value)) values_.emplace_back(decode_form(name), decode_form(value));
}

std::optional<std::string_view> Form::find(std::string_view name) const {
    const auto at = std::ranges::find(values_, name, [](const auto& pair) { return std::string_view(pair.first); });
    return at == values_.end() ? std::nullopt : std::optional<std::string_view>(at->second);
}

Task<std::expected<Form, Response>> FromContent<Form>::read(Request& request) {
    std::string_view type = request.field("Content-Type").value_or("");
    const auto essence = http::next_element(type, ';');
    if (!essence || !http::equals_ignoring_case(*essence, "application/x-www-form-urlencoded")) {
        co_return std::unexpected(Response(Status::unsupported_media_type));
    }
    const Result<std::string> text = co_await request.content();
    if (!text) co_return std::unexpected(Response(text.error()));
    co_return Form(*text);
}

Url& Url::segment(std::string_view name) {
    if (name.empty() || name == "." || name == "..") is_valid_ = false;
    if (!path_.ends_with('/')) path_ += '/';
    append_percent_encoded(path_, name);
    return *this;
}

Url& Url::query(std::string_view name, std::string_view value) {
    append_to_form(query_, name, value);
    return *this;
}

std::string Url::text() const {
    if (!is_valid_) return {};
    return query_.empty() ? path_ : path_ + "?" + query_;
}

std::string escape_html(std::string_view text) {
    std::string escaped;
    http::append_html(escaped, text);
    return escaped;
}

}  // namespace portico
