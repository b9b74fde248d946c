// portico/embed/json_text.cc — see json_text.h.
#include "portico/embed/json_text.h"

#include <nlohmann/json.hpp>

#include "portico/http/json.h"

namespace portico::detail {

std::string json_buffer() {
    constexpr std::size_t octets_usual = 256;
    std::string text;
    text.reserve(octets_usual);
    return text;
}

void append_json_string(std::string& out, std::string_view text) { http::append_json_string(out, text); }
void append_json_number(std::string& out, std::int64_t number) { http::append_json_number(out, number); }
void append_json_number(std::string& out, std::uint64_t number) { http::append_json_number(out, number); }
void append_json_number(std::string& out, double number) { out += nlohmann::json(number).dump(); }

void JsonMember::append_object(std::string& out, const JsonMember& member) {
    append_all(out, static_cast<const JsonMember*>(member.value_), member.members_);
}

void JsonMember::append_all(std::string& out, const JsonMember* members, std::size_t count) {
    char separator = '{';
    for (const JsonMember* member = members; member != members + count; ++member) {
        out += separator;
        append_json_string(out, member->name_);
        out += ':';
        member->append_(out, *member);
        separator = ',';
    }
    out += count == 0 ? "{}" : "}";
}

}  // namespace portico::detail
