// portico/embed/openapi_text.cc — see openapi_text.h.
#include "portico/embed/openapi_text.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "portico/http/status.h"

namespace portico {
namespace {

using Json = nlohmann::ordered_json;
using detail::AnswerType;
using detail::ValueType;
using Description = RouteNotes::Description;

Json parse(const std::string& text) { return Json::parse(text, nullptr, false); }

template <class Int>
Json integer_schema() {
    return {{"type", "integer"},
            {"minimum", std::numeric_limits<Int>::min()},
            {"maximum", std::numeric_limits<Int>::max()}};
}

template <class One, class Two, class Four, class Eight>
Json integer_schema_of(std::size_t octets) {
    switch (octets) {
        case 1: return integer_schema<One>();
        case 2: return integer_schema<Two>();
        case 4: return integer_schema<Four>();
        default: return integer_schema<Eight>();
    }
}

Json schema_of(const ValueType& type) {
    switch (type.kind) {
        case ValueType::Kind::text: return {{"type", "string"}};
        case ValueType::Kind::boolean: return {{"type", "boolean"}};
        case ValueType::Kind::number: return {{"type", "number"}};
        case ValueType::Kind::integer:
            return integer_schema_of<std::int8_t, std::int16_t, std::int32_t, std::int64_t>(type.octets);
        case ValueType::Kind::unsigned_integer:
            return integer_schema_of<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>(type.octets);
    }
    return {};
}

Json json_of(const detail::Standard& standard) {
    return std::visit(
        [](const auto& value) -> Json {
            if constexpr (std::same_as<decltype(value), const std::monostate&>) {
                return {};
            } else {
                return value;
            }
        },
        standard);
}

const char* name_of(detail::ParameterPlace place) {
    switch (place) {
        case detail::ParameterPlace::query: return "query";
        case detail::ParameterPlace::field: return "header";
        case detail::ParameterPlace::cookie: return "cookie";
    }
    return "";
}

Json parameters_of(const Description& route, const PathTemplate& path, const std::vector<PathParameter>& names) {
    Json all = Json::array();
    for (std::size_t i = 0; i < path.parameters.size(); ++i) {
        const auto noted = route.parameters.find(path.parameters[i].name);
        std::string text = noted == route.parameters.end() ? std::string() : noted->second;
        if (path.parameters[i].is_rest) text += text.empty() ? "The rest of the path." : " (The rest of the path.)";
        Json one = {{"name", names[i].name}, {"in", "path"}, {"required", true}};
        if (!text.empty()) one["description"] = text;
        one["schema"] = schema_of(i < route.types.path.size() ? route.types.path[i] : ValueType());
        all.push_back(std::move(one));
    }
    for (const Description::Parameter& other : route.others) {
        Json one = {
            {"name", other.name}, {"in", name_of(other.place)}, {"required", other.presence == Presence::required}};
        if (!other.text.empty()) one["description"] = other.text;
        one["schema"] = schema_of(other.type);
        if (other.standard.index() > 0) one["schema"]["default"] = json_of(other.standard);
        all.push_back(std::move(one));
    }
    return all;
}

// The schemes of a description, each with a name that no other one has.
class Schemes {
public:
    std::string name_of(const SecurityScheme& scheme) {
        const auto known = std::ranges::find(all_, scheme, &Named::scheme);
        if (known != all_.end()) return known->name;
        const std::string base = base_name_of(scheme);
        std::string name = base;
        for (int number = 2; json_.contains(name); ++number) name = base + std::to_string(number);
        json_[name] = json_of(scheme);
        all_.push_back(Named{scheme, name});
        return name;
    }
    [[nodiscard]] const Json& json() const { return json_; }

private:
    struct Named {
        SecurityScheme scheme;
        std::string name;
    };

    // Letters, digits, and ".-_" (OpenAPI 3.1 §4.8.7).
    static std::string base_name_of(const SecurityScheme& scheme) {
        if (scheme.kind() == SecurityScheme::Kind::bearer) return "bearer";
        if (scheme.kind() == SecurityScheme::Kind::basic) return "basic";
        if (scheme.kind() == SecurityScheme::Kind::mutual_tls) return "mutual_tls";
        std::string name = scheme.name();
        constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
        for (std::size_t at = 0; (at = name.find_first_not_of(allowed, at)) != std::string::npos;) name[at] = '_';
        return name;
    }
    static Json json_of(const SecurityScheme& scheme) {
        Json json = Json::object();
        const auto is_key = [&](const char* place) {
            json = {{"type", "apiKey"}, {"in", place}, {"name", scheme.name()}};
        };
        switch (scheme.kind()) {
            case SecurityScheme::Kind::bearer: json = {{"type", "http"}, {"scheme", "bearer"}}; break;
            case SecurityScheme::Kind::basic: json = {{"type", "http"}, {"scheme", "basic"}}; break;
            case SecurityScheme::Kind::field: is_key("header"); break;
            case SecurityScheme::Kind::cookie: is_key("cookie"); break;
            case SecurityScheme::Kind::query: is_key("query"); break;
            case SecurityScheme::Kind::mutual_tls: json = {{"type", "mutualTLS"}}; break;
        }
        if (!scheme.text().empty()) json["description"] = scheme.text();
        return json;
    }

    std::vector<Named> all_;
    Json json_ = Json::object();
};

Json content_of(const Description& route) {
    Json media = Json::object();
    if (!route.content_schema.empty()) media["schema"] = parse(route.content_schema);
    if (!route.content_example.empty()) media["example"] = parse(route.content_example);
    const std::string_view known = route.types.content_type;
    const bool is_json = known.empty() && !media.empty();
    return {{std::string(is_json ? "application/json" : known.empty() ? "*/*" : known), std::move(media)}};
}

std::string text_of(std::uint16_t status) {
    if (status == 0) return "Another answer, which the service decides.";
    const std::string_view phrase = http::reason_phrase(static_cast<http::Status>(status));
    return phrase.empty() ? std::to_string(status) : std::string(phrase);
}

// What the handler's types and the middleware on the way say, and the refusals that follow from its arguments.
std::vector<AnswerType> answers_of(const Description& route) {
    std::vector<AnswerType> answers = route.types.answers;
    const auto add = [&](std::uint16_t status) {
        const bool is_new = std::ranges::find(answers, status, &AnswerType::status) == answers.end();
        if (is_new) answers.push_back(AnswerType{status, {}});
    };
    const auto is_number = [](const ValueType& type) { return type.kind != ValueType::Kind::text; };
    if (std::ranges::any_of(route.types.path, is_number)) add(404);
    if (std::ranges::any_of(route.others, [&](const auto& other) { return is_number(other.type); })) add(400);
    if (route.types.reads_content) add(413);
    if (route.types.content_type == "application/json") add(400);
    if (!route.types.content_type.empty()) add(415);
    for (const auto& notes : route.way) {
        for (const MiddlewareNotes::Answer& answer : notes->answers) add(http::code(answer.status));
    }
    for (const auto& [status, noted] : route.answers) add(status);
    std::ranges::stable_sort(answers, {}, [](const AnswerType& one) { return one.status == 0 ? 999 : one.status; });
    return answers;
}

// What the middleware on the way says of its answers with a status. Of several texts, the outermost one counts.
struct FromWay {
    std::string text;
    Json fields = Json::object();
};
FromWay of_way(const Description& route, std::uint16_t status) {
    FromWay found;
    for (const auto& notes : route.way) {
        for (const MiddlewareNotes::Answer& answer : notes->answers) {
            if (http::code(answer.status) != status) continue;
            if (found.text.empty()) found.text = answer.text;
            for (const AnswerField& field : answer.fields) {
                Json one = Json::object();
                if (!field.text().empty()) one["description"] = field.text();
                one["schema"] = schema_of(field.type());
                found.fields.emplace(field.name(), std::move(one));  // unless it is there
            }
        }
    }
    return found;
}

Json responses_of(const Description& route) {
    Json all = Json::object();
    for (const AnswerType& answer : answers_of(route)) {
        const std::string key = answer.status == 0 ? "default" : std::to_string(answer.status);
        if (all.contains(key)) continue;
        const auto noted = route.answers.find(answer.status);
        const bool is_noted = noted != route.answers.end();
        FromWay from_way = of_way(route, answer.status);
        if (from_way.text.empty()) from_way.text = text_of(answer.status);
        Json one = {{"description", is_noted ? noted->second.text : from_way.text}};
        if (!from_way.fields.empty()) one["headers"] = std::move(from_way.fields);
        const bool has_schema = is_noted && !noted->second.schema.empty();
        if (has_schema || !answer.content_type.empty()) {
            Json media = Json::object();
            if (has_schema) media["schema"] = parse(noted->second.schema);
            const std::string_view type = answer.content_type.empty() ? "application/json" : answer.content_type;
            one["content"] = {{std::string(type), std::move(media)}};
        }
        all[key] = std::move(one);
    }
    return all;
}

// What clients show of themselves, by the names of the schemes (OpenAPI 3.1 §4.8.30): all that is required, or, which
// is the alternative in front of it, what is optional too. Empty: nothing.
Json security_of(const Description& route, Schemes& schemes) {
    Json required = Json::object();
    Json all = Json::object();
    for (const auto& notes : route.way) {
        for (const MiddlewareNotes::Security& security : notes->security) {
            const std::string name = schemes.name_of(security.scheme);
            all[name] = Json::array();
            if (security.presence == Presence::required) required[name] = Json::array();
        }
    }
    Json alternatives = Json::array();
    if (all.empty()) return alternatives;
    alternatives.push_back(all);
    if (required.size() < all.size()) alternatives.push_back(std::move(required));
    return alternatives;
}

Json operation_of(const Description& route, const PathTemplate& path, const std::vector<PathParameter>& names,
                  Schemes& schemes) {
    Json operation = Json::object();
    const std::size_t end = std::min(route.text.find("\n\n"), route.text.size());
    if (!route.text.empty()) operation["summary"] = route.text.substr(0, end);
    if (end < route.text.size()) operation["description"] = route.text.substr(end + 2);
    Json parameters = parameters_of(route, path, names);
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    if (route.types.reads_content || !route.content_schema.empty() || !route.content_example.empty()) {
        operation["requestBody"] = {{"required", true}, {"content", content_of(route)}};
    }
    operation["responses"] = responses_of(route);
    Json security = security_of(route, schemes);
    if (!security.empty()) operation["security"] = std::move(security);
    return operation;
}

// The methods that a description can have, in lower case.
std::optional<std::string> name_of_method(const std::string& method) {
    constexpr std::array<std::string_view, 8> known{"GET",     "PUT",  "POST",  "DELETE",
                                                    "OPTIONS", "HEAD", "PATCH", "TRACE"};
    if (std::ranges::find(known, method) == known.end()) return std::nullopt;
    std::string name;
    for (const char letter : method) name += static_cast<char>(letter | 0x20);
    return name;
}

}  // namespace

PathTemplate template_of(std::string_view pattern) {
    PathTemplate made;
    while (!pattern.empty()) {
        const std::size_t end = std::min(pattern.find('/', 1), pattern.size());
        std::string_view segment = pattern.substr(1, end - 1);
        pattern.remove_prefix(end);
        if (!segment.starts_with('{')) {
            made.shape.append("/").append(segment);
            made.text.append("/").append(segment);
            continue;
        }
        segment = segment.substr(1, segment.size() - 2);
        const bool is_rest = segment.ends_with("...");
        if (is_rest) segment.remove_suffix(3);
        made.shape += is_rest ? "/{...}" : "/{}";
        made.text.append("/{").append(segment).append("}");
        made.parameters.push_back(PathParameter{std::string(segment), is_rest});
    }
    return made;
}

std::string openapi_text(const std::vector<std::shared_ptr<Description>>& routes, std::string_view host,
                         const OpenApiOptions& options) {
    Json info = {{"title", options.title}, {"version", options.version}};
    if (!options.description.empty()) info["description"] = options.description;
    Json paths = Json::object();
    Schemes schemes;
    std::map<std::string, PathTemplate> known;  // the first template of each shape names the parameters
    for (const auto& route : routes) {
        const auto method = name_of_method(route->method);
        if (route->is_hidden || route->host != host || !method) continue;
        const PathTemplate path = template_of(route->pattern);
        const PathTemplate& first = known.try_emplace(path.shape, path).first->second;
        paths[first.text][*method] = operation_of(*route, path, first.parameters, schemes);
    }
    Json whole = {{"openapi", "3.1.0"}, {"info", std::move(info)}, {"paths", std::move(paths)}};
    if (!schemes.json().empty()) whole["components"] = {{"securitySchemes", schemes.json()}};
    return whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace portico
