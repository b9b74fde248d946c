// portico/http/json.cc — see json.h.
#include "portico/http/json.h"

#include <algorithm>

#include "portico/http/hex.h"
#include "portico/http/utf8.h"

namespace portico::http {
namespace {

// The octets that need no escape, whatever is beside them.
bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// `number` is below 0x100.
void append_escape(std::string& out, unsigned number) {
    switch (number) {
        case '"': out.append("\\\""); return;
        case '\\': out.append("\\\\"); return;
        case '\n': out.append("\\n"); return;
        case '\r': out.append("\\r"); return;
        case '\t': out.append("\\t"); return;
        default: break;
    }
    out.append("\\u00");
    out.push_back(hex_digits_lower[number >> 4]);
    out.push_back(hex_digits_lower[number & 15]);
}

// Appends the character at the front of `text` and returns how many octets it took.
std::size_t append_special(std::string& out, std::string_view text) {
    const std::size_t octets = utf8_octets(text);
    if (octets == 0) {
        out.append("\\ufffd");
        return 1;
    }
    const auto first = static_cast<unsigned char>(text[0]);
    if (octets == 1) {
        append_escape(out, first);
    } else if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {
        append_escape(out, static_cast<unsigned char>(text[1]));  // a control character of ISO 6429
    } else {
        out.append(text.substr(0, octets));
    }
    return octets;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    for (;;) {
        const auto special = std::find_if_not(text.begin(), text.end(), is_plain);
        const auto run = static_cast<std::size_t>(special - text.begin());
        out.append(text.substr(0, run));
        text.remove_prefix(run);
        if (text.empty()) break;
        text.remove_prefix(append_special(out, text));
    }
    out.push_back('"');
}

}  // namespace portico::http
