// portico/embed/validation.cc — see validation.h.
#include "portico/embed/validation.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "portico/embed/problem_writer.h"
#include "portico/http/utf8.h"

namespace portico {
namespace {

template <class Number>
std::string written(Number number) {
    std::array<char, 32> room;
    const auto end = std::to_chars(room.data(), room.data() + room.size(), number).ptr;
    return {room.data(), end};
}

// Nothing if the text is not UTF-8.
std::optional<std::size_t> characters_of(std::string_view text) {
    std::size_t characters = 0;
    while (!text.empty()) {
        const std::size_t octets = http::utf8_octets(text);
        if (octets == 0) return std::nullopt;
        text.remove_prefix(octets);
        ++characters;
    }
    return characters;
}

}  // namespace

std::string detail::number_text(std::int64_t number) { return written(number); }
std::string detail::number_text(std::uint64_t number) { return written(number); }
std::string detail::number_text(double number) { return written(number); }

void Validation::add(std::string_view field, std::string message) {
    if (errors_.size() == errors_max) return;
    if (std::ranges::any_of(errors_, [field](const Error& one) { return one.field == field; })) return;
    errors_.emplace_back(std::string(field), std::move(message));
}

bool Validation::that(bool holds, std::string_view field, std::string_view message) {
    if (!holds) add(field, std::string(message));
    return holds;
}

bool Validation::has_length(std::string_view field, std::string_view text, std::size_t least, std::size_t most) {
    const std::optional<std::size_t> characters = characters_of(text);
    const bool holds = characters && *characters >= least && *characters <= most;
    if (!holds) {
        add(field,
            characters ? "must have " + written(least) + " to " + written(most) + " characters" : "must be UTF-8");
    }
    return holds;
}

Response Validation::response() const {
    std::string text;
    http::JsonWriter json(text);
    begin_problem(json, Status::unprocessable_content, "Some of what was sent is not as it must be.");
    json.name("errors");
    json.open_array();
    for (const Error& error : errors_) {
        json.open_object();
        json.member("field", error.field);
        json.member("message", error.message);
        json.close_object();
    }
    json.close_array();
    json.close_object();
    Response response(Status::unprocessable_content, std::move(text), "application/problem+json");
    if (!errors_.empty()) response.set_reason(errors_.front().field + " " + errors_.front().message);
    return response;
}

}  // namespace portico
