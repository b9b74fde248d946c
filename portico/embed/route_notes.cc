// portico/embed/route_notes.cc — see route_notes.h.
#include "portico/embed/route_notes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "portico/embed/openapi_text.h"
#include "portico/embed/route_description.h"

namespace portico {
namespace {

// Notes an error if this is not JSON.
std::string checked(std::string text, const char* what, RouteNotes::Description& description) {
    if (!nlohmann::json::accept(text)) {
        description.errors.push_back(std::string("the ") + what + " of " + description.method + " " +
                                     description.pattern + " is not JSON");
        return {};
    }
    return text;
}

}  // namespace

RouteNotes& RouteNotes::describe(std::string text) {
    description_->text = std::move(text);
    return *this;
}

RouteNotes& RouteNotes::parameter(std::string name, std::string text) {
    const std::vector<PathParameter> all = template_of(description_->pattern).parameters;
    if (std::ranges::find(all, name, &PathParameter::name) == all.end()) {
        description_->errors.push_back("the path of " + description_->method + " " + description_->pattern +
                                       " has no parameter '" + name + "'");
    }
    description_->parameters.insert_or_assign(std::move(name), std::move(text));
    return *this;
}

RouteNotes& RouteNotes::add(detail::ParameterPlace place, std::string name, std::string text, Presence presence,
                            detail::ValueType type, detail::Standard standard) {
    std::vector<Description::Parameter>& all = description_->others;
    const auto is_same = [&](const auto& one) { return one.place == place && one.name == name; };
    auto found = std::ranges::find_if(all, is_same);
    if (found == all.end()) found = all.emplace(all.end());
    *found = {place, std::move(name), std::move(text), presence, type, std::move(standard)};
    return *this;
}

RouteNotes& RouteNotes::content_schema(std::string json) {
    description_->content_schema = checked(std::move(json), "schema of the content", *description_);
    return *this;
}

RouteNotes& RouteNotes::content_example(std::string json) {
    description_->content_example = checked(std::move(json), "example of the content", *description_);
    return *this;
}

RouteNotes& RouteNotes::answer(http::Status status, std::string text, std::string json_schema) {
    if (!json_schema.empty()) json_schema = checked(std::move(json_schema), "schema of an answer", *description_);
    description_->answers.insert_or_assign(http::code(status),
                                           Description::Answer{std::move(text), std::move(json_schema)});
    return *this;
}

RouteNotes& RouteNotes::hide() {
    description_->is_hidden = true;
    return *this;
}

}  // namespace portico
