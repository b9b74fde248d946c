// portico/wire/h1/write_request.cc — see write_request.h.
#include "portico/wire/h1/write_request.h"

#include <algorithm>
#include <cassert>
#include <string_view>

namespace portico::h1 {
namespace {

using http::FieldName;

[[maybe_unused]] bool is_target(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

// Otherwise the server would read a part of a value as framing, and the rest as another request (request smuggling).
[[maybe_unused]] bool is_sound(const http::FieldSection& fields) {
    for (const FieldName framing :
         {FieldName::host, FieldName::content_length, FieldName::transfer_encoding, FieldName::connection}) {
        if (fields.has(framing)) return false;
    }
    return std::ranges::all_of(fields.lines(), [](const http::FieldLine& line) {
        return http::is_token(line.name) && http::is_field_value(line.value);
    });
}

}  // namespace

std::string request_head(const http::Request& request, const RequestExtras& extras) {
    assert(http::is_token(request.method_token) && is_target(request.target));
    assert(http::is_field_value(request.authority) && is_sound(request.fields));
    std::string head;
    head.append(request.method_token).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ");
    head.append(request.authority).append("\r\n");
    for (const http::FieldLine& line : request.fields.lines()) {
        head.append(line.name).append(": ").append(line.value).append("\r\n");
    }
    if (extras.content_length) {
        head.append("Content-Length: ").append(std::to_string(*extras.content_length)).append("\r\n");
    }
    if (extras.is_chunked) head.append("Transfer-Encoding: chunked\r\n");
    if (extras.persistence == Persistence::close) head.append("Connection: close\r\n");
    return head.append("\r\n");
}

}  // namespace portico::h1
