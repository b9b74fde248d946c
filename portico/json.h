// portico/json.h — JSON in handlers, by nlohmann's library: include it beside portico/portico.h.
//
//   server.post("/notes", [&](portico::Json note) { notes.push_back(note); return note; });
//
// Room embed: see embed/response.h. The one public header that includes a library's.
// Threads:   as the handlers.
#pragma once

#include <algorithm>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "portico/embed/route.h"

namespace portico {

// A JSON value of any kind (https://json.nlohmann.me). Handlers take it from the content and return it.
using Json = nlohmann::json;

// Content of at most 1 MiB. Answers: 415 a Content-Type that is not JSON's; 400 what is no JSON, with line and column.
template <>
struct FromContent<Json> {
    // The whole content as one value, or the answer that says why not.
    static Task<std::expected<Json, Response>> read(Request& request) {
        if (!is_json(request.field("Content-Type").value_or("application/json"))) {
            co_return std::unexpected(Response(Status::unsupported_media_type));
        }
        const Result<std::string> text = co_await request.content();
        if (!text) co_return std::unexpected(Response(text.error()));
        co_return parse(*text);
    }

private:
    static bool is_json(std::string_view type) {
        const std::string_view essence = http::trim(type.substr(0, type.find(';')));
        return http::equals_ignoring_case(essence, "application/json") || essence.ends_with("+json");
    }
    // The library throws; nothing of that leaves this function.
    static std::expected<Json, Response> parse(const std::string& text) {
        try {
            return Json::parse(text);
        } catch (const Json::parse_error& error) {
            const auto before = std::string_view(text).substr(0, error.byte > 0 ? error.byte - 1 : 0);
            const auto line = std::ranges::count(before, '\n') + 1;
            const std::size_t column = before.size() - (before.find_last_of('\n') + 1) + 1;
            Response answer(Status::bad_request, "", "text/plain; charset=utf-8");
            answer.set_content("no JSON: line " + std::to_string(line) + ", column " + std::to_string(column) + "\n");
            return std::unexpected(std::move(answer));
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
