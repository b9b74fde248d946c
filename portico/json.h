// portico/json.h — JSON in handlers, with nlohmann's library: include it together with portico/portico.h.
//
//   server.post("/notes", [&](portico::Json note) { notes.push_back(note); return note; });
//
// Room embed: see embed/response.h. The only public header that includes another library's.
// Threads:   those of the handlers.
#pragma once

#if __cplusplus <= 202002L
#error "Portico needs C++23: compile with -std=c++23"
#else

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "portico/embed/route.h"
#include "portico/embed/validation.h"

namespace portico {

// A JSON value of any kind (https://json.nlohmann.me). Handlers take it as an argument, read from the content, and
// return it.
using Json = nlohmann::json;

// How deep arrays and objects may be nested in content. The JSON library copies and writes values recursively, so that
// deeper ones would overflow the stack.
inline constexpr std::size_t json_depth_max = 512;

// Reads content of at most 1 MiB, or as content_in_memory_at_most() says: 413 for more. Other refusals: 415 the
// Content-Type is missing or not that of JSON (a page of another site may send content without one, and without a
// preflight: Fetch standard, CORS); 400 the content is not JSON, or nested too deeply, with line and column.
template <>
struct FromContent<Json> {
    // For descriptions of routes.
    static constexpr std::string_view content_type() { return "application/json"; }
    // Returns the value, or the answer that explains why there is none.
    static Task<std::expected<Json, Response>> read(Request& request) {
        if (!is_json(request.field("Content-Type").value_or(""))) {
            co_return std::unexpected(Response(Status::unsupported_media_type));
        }
        const Result<std::string> text = co_await request.content();
        if (!text) co_return std::unexpected(Response(text.error()));
        co_return parse(*text);
    }

private:
    static bool is_json(std::string_view type) {
        const std::string_view essence = http::trim(type.substr(0, type.find(';')));
        constexpr std::string_view suffix = "+json";  // RFC 6839 §3.1
        return http::equals_ignoring_case(essence, "application/json") ||
               (essence.size() > suffix.size() &&
                http::equals_ignoring_case(essence.substr(essence.size() - suffix.size()), suffix));
    }
    // The position of the first bracket that opens one level too many, if there is one. Content that is not JSON is
    // scanned in the same way; the parser then refuses it.
    static std::optional<std::size_t> find_too_deep(std::string_view text) {
        std::size_t depth = 0;
        bool is_in_string = false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char octet = text[i];
            if (octet == '"') is_in_string = !is_in_string;
            if (is_in_string) {
                if (octet == '\\') ++i;
            } else if (octet == '[' || octet == '{') {
                if (++depth > json_depth_max) return i;
            } else if ((octet == ']' || octet == '}') && depth > 0) {
                --depth;
            }
        }
        return std::nullopt;
    }
    // 400, with the line and column of the octet that follows `before`.
    static Response refuse_after(std::string_view before, const std::string& what) {
        const auto line = std::ranges::count(before, '\n') + 1;
        const std::size_t column = before.size() - (before.find_last_of('\n') + 1) + 1;
        return Response::error(Status::bad_request,
                               what + ": line " + std::to_string(line) + ", column " + std::to_string(column));
    }
    // The JSON library throws; its exceptions do not leave this function.
    static std::expected<Json, Response> parse(const std::string& text) {
        const std::optional<std::size_t> too_deep = find_too_deep(text);
        if (too_deep) {
            const auto before = std::string_view(text).substr(0, *too_deep);
            return std::unexpected(refuse_after(
                before, "the JSON is nested more than " + std::to_string(json_depth_max) + " levels deep"));
        }
        try {
            return Json::parse(text);
        } catch (const Json::parse_error& error) {
            const auto before = std::string_view(text).substr(0, error.byte > 0 ? error.byte - 1 : 0);
            return std::unexpected(refuse_after(before, "the content is not JSON"));
        } catch (const Json::exception&) {
            return std::unexpected(Response(Status::bad_request));
        }
    }
};

namespace detail {

// Writes a value in the shortest form, without line breaks. Unlike dump(), it allocates nothing but the text.
class JsonTextWriter {
public:
    explicit JsonTextWriter(std::string& out) : out_(&out) {}

    void append(const Json& value) {
        switch (value.type()) {
            case Json::value_t::object: return append_members(value.get_ref<const Json::object_t&>());
            case Json::value_t::array: return append_elements(value.get_ref<const Json::array_t&>());
            case Json::value_t::string: return append_json_string(*out_, value.get_ref<const Json::string_t&>());
            case Json::value_t::number_integer: return append_json_number(*out_, value.get<std::int64_t>());
            case Json::value_t::number_unsigned: return append_json_number(*out_, value.get<std::uint64_t>());
            case Json::value_t::number_float: return append_json_number(*out_, value.get<double>());
            case Json::value_t::boolean: *out_ += value.get<bool>() ? "true" : "false"; return;
            default: *out_ += value.dump();  // null, and octets, which JSON does not have
        }
    }

private:
    void append_members(const Json::object_t& members) {
        char separator = '{';
        for (const auto& [name, value] : members) {
            *out_ += separator;
            append_json_string(*out_, name);
            *out_ += ':';
            append(value);
            separator = ',';
        }
        *out_ += members.empty() ? "{}" : "}";
    }
    void append_elements(const Json::array_t& elements) {
        char separator = '[';
        for (const Json& element : elements) {
            *out_ += separator;
            append(element);
            separator = ',';
        }
        *out_ += elements.empty() ? "[]" : "]";
    }

    std::string* out_;
};

}  // namespace detail

// What Response::json() sends.
template <class Value>
struct detail::JsonText {
    static void append(std::string& out, const Json& value) { JsonTextWriter(out).append(value); }
    static std::string of(const Json& value) {
        std::string text = json_buffer();
        append(text, value);
        return text;
    }
};

// The member of an object as a number, a bool, a std::string or a Json. If it is missing, the result is `standard`; if
// there is none either, or the member is of another kind or out of T's range, `check` notes that, and the result is
// T().
template <class T>
    requires detail::QueryParameter<T> || std::same_as<T, Json>
T read_member(Validation& check, const Json& object, const std::string& name,
              std::optional<std::type_identity_t<T>> standard = std::nullopt) {
    const auto found = object.find(name);
    if (found == object.end()) {
        if (!standard) check.add(name, "is missing");
        return standard ? *std::move(standard) : T();
    }
    bool is_right = true;
    if constexpr (std::same_as<T, bool>) {
        is_right = found->is_boolean();
    } else if constexpr (std::integral<T>) {
        is_right = found->is_number_unsigned()  ? std::in_range<T>(found->template get<std::uint64_t>())
                   : found->is_number_integer() ? std::in_range<T>(found->template get<std::int64_t>())
                                                : false;
    } else if constexpr (std::floating_point<T>) {
        is_right = found->is_number();
    } else if constexpr (std::same_as<T, std::string>) {
        is_right = found->is_string();
    }
    if (is_right) return found->template get<T>();
    check.add(name, "must be " + std::string(detail::kind_of<T>()));
    return T();
}

// A handler's JSON becomes an answer with 200 and application/json: see Response::json().
template <>
struct IntoResponse<Json> {
    // For descriptions of routes.
    static constexpr std::string_view content_type() { return "application/json"; }
    // The answer.
    static Response make(const Json& value) { return Response::json(Status::ok, value); }
};

}  // namespace portico

#endif
