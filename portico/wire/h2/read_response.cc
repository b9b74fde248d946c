// portico/wire/h2/read_response.cc — see read_response.h.
#include "portico/wire/h2/read_response.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "portico/wire/h1/interpret.h"
#include "portico/wire/h1/octets.h"

namespace portico::h2 {
namespace {

using http::FieldName;

// RFC 9110 §15; nothing if it is not three digits, from 100 on: as in HTTP/1.1.
std::optional<http::Status> read_status(std::string_view text) {
    const auto is_digit = [](char c) { return h1::is(h1::digit_octet, c); };
    if (text.size() != 3 || text.front() == '0' || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    unsigned code = 0;
    for (const char c : text) code = 10 * code + static_cast<unsigned>(c - '0');
    return static_cast<http::Status>(code);
}

// RFC 9110 §8.6: neither an interim response nor a 204 has a length. Some servers give a 204 the length 0, which is
// true.
bool is_length_wrong(const http::Response& response) {
    const auto length = response.fields.find(FieldName::content_length);
    if (!length) return false;
    return http::code(response.status) < 200 || (response.status == http::Status::no_content && *length != "0");
}

// Returns why the response is malformed; empty if it isn't.
std::string_view interpret_length(Ending ending, http::Method method, http::Response& response) {
    const std::size_t lengths = response.fields.count(FieldName::content_length);
    if (lengths == 0) return {};
    if (lengths > 1) return "Content-Length is repeated";
    response.content_length = h1::read_content_length(*response.fields.find(FieldName::content_length));
    if (!response.content_length) return "Content-Length is not one decimal number below 2^63";
    // RFC 9113 §8.1.1. An answer to HEAD, and a 304, announce what they don't have.
    const bool is_missed = ending == Ending::last && response.sends_content(method) && *response.content_length > 0;
    return is_missed ? "Content-Length without content" : std::string_view();
}

}  // namespace

std::string_view read_response(const FieldList& list, Ending ending, http::Method method, http::Response& response) {
    response.clear();
    if (!list.malformation().empty()) return list.malformation();
    const std::optional<http::Status> status = list.pseudo().status ? read_status(*list.pseudo().status) : std::nullopt;
    if (!status) return ":status is missing or malformed";
    response.status = *status;
    for (const http::FieldLine& line : list.lines()) response.fields.add(line.known, line.name, line.value);
    if (is_length_wrong(response)) return "Content-Length in a response without content";
    if (http::code(*status) >= 200) return interpret_length(ending, method, response);
    if (*status == http::Status::switching_protocols) return "101 (Switching Protocols)";  // RFC 9113 §8.6
    if (ending == Ending::last) return "an interim response that ends the stream";         // RFC 9113 §8.1
    return {};
}

}  // namespace portico::h2
