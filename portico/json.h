// portico/json.h — JSON in handlers, by nlohmann's library: include it beside portico/portico.h.
//
//   server.post("/notes", [&](portico::Json note) { notes.push_back(note); return note; });
//
// Room embed: see embed/response.h. The one public header that includes a library's.
// Threads:   as the handlers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/embed/route.h"

namespace portico {

// A JSON value of any kind (https://json.nlohmann.me). Handlers take it from the content and return it.
using Json = nlohmann::json;

// As many arrays and objects may stand within each other in content: the library copies and writes a value by calling
// itself for each, and a stack ends.
inline constexpr std::size_t json_depth_max = 512;

// Content of at most 1 MiB. Answers: 415 a Content-Type that is not JSON's, or none (a page of another site can send
// content without one and ask nobody: Fetch standard, CORS); 400 what is no JSON or too deep, with line and column.
template <>
struct FromContent<Json> {
    // The whole content as one value, or the answer that says why not.
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
    // Where the bracket stands that opens one value too many within another, if there is one. Content that is no JSON
    // is read like it up to the octet where the library ends.
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
        return {Status::bad_request,
                what + ": line " + std::to_string(line) + ", column " + std::to_string(column) + "\n",
                "text/plain; charset=utf-8"};
    }
    // The library throws; nothing of that leaves this function.
    static std::expected<Json, Response> parse(const std::string& text) {
        const std::optional<std::size_t> too_deep = find_too_deep(text);
        if (too_deep) {
            const auto before = std::string_view(text).substr(0, *too_deep);
            return std::unexpected(
                refuse_after(before, "JSON of more than " + std::to_string(json_depth_max) + " levels"));
        }
        try {
            return Json::parse(text);
        } catch (const Json::parse_error& error) {
            const auto before = std::string_view(text).substr(0, error.byte > 0 ? error.byte - 1 : 0);
            return std::unexpected(refuse_after(before, "no JSON"));
        } catch (const Json::exception&) {
            return std::unexpected(Response(Status::bad_request));
        }
    }
};

// What a handler returns as JSON: 200 with application/json. Octets that are no UTF-8 become U+FFFD.
template <>
struct IntoResponse<Json> {
    // In the shortest form, without line breaks.
    static Response make(const Json& value, Status status = Status::ok) {
        return {status, value.dump(-1, ' ', false, Json::error_handler_t::replace), "application/json"};
    }
};

// JSON with another status than 200.
[[nodiscard]] inline Response json_response(Status status, const Json& value) {
    return IntoResponse<Json>::make(value, status);
}

}  // namespace portico
