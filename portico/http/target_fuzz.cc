// portico/http/target_fuzz.cc — any octets as a path: it is refused, or decoded to the one form that is safe to open.
//
// Room http: see status.h.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>

#include "portico/http/html.h"
#include "portico/http/json.h"
#include "portico/http/target.h"

namespace {

using portico::http::decode_path;

// Checks what target.h promises about a decoded path.
void check_decoded(std::string_view path, std::string_view raw) {
    assert(path.starts_with('/'));
    assert(path.size() <= raw.size() || raw.empty());
    assert(path.find("//") == std::string_view::npos);
    bool hidden = false;
    std::size_t depth = 0;
    for (std::string_view left = path.substr(1); !left.empty(); ++depth) {
        const std::string_view segment = left.substr(0, left.find('/'));
        assert(segment != "." && segment != "..");
        hidden = hidden || (segment.starts_with('.') && !(depth == 0 && segment == ".well-known"));
        left.remove_prefix(segment.size() == left.size() ? segment.size() : segment.size() + 1);
    }
    assert(portico::http::is_hidden(path) == hidden);
    assert(path.find('\0') == std::string_view::npos);
}

// Checks the forms in which a name is written in links, pages and logs.
void check_written(std::string_view text) {
    std::string html;
    portico::http::append_html(html, text);
    assert(html.find_first_of("<>\"'\n") == std::string::npos);
    std::string json;
    portico::http::append_json_string(json, text);
    assert(json.size() >= 2 && json.front() == '"' && json.back() == '"');
    assert(json.find_first_of("\n\x7f") == std::string::npos);
    std::string link;
    portico::http::append_encoded_path(link, text);
    for (const char c : link) assert(c > 0x20 && c < 0x7f && c != ':' && c != '&' && c != '?' && c != '#');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view raw(reinterpret_cast<const char*>(data), size);
    check_written(raw);
    std::string buffer;
    const auto decoded = decode_path(raw, buffer);
    if (!decoded) return 0;
    check_decoded(*decoded, raw);

    // Encoded and decoded again it is unchanged. If it contains nothing to decode, it is unchanged too.
    std::string link;
    portico::http::append_encoded_path(link, *decoded);
    std::string buffer_again;
    const auto again = decode_path(link, buffer_again);
    assert(again && *again == *decoded);
    return 0;
}
