// portico/http/html.cc — see html.h.
#include "portico/http/html.h"

#include "portico/http/utf8.h"

namespace portico::http {
namespace {

// The escape for an octet; empty if the octet needs none.
std::string_view escaped(char c) {
    switch (c) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '"': return "&quot;";
        case '\'': return "&#39;";
        default: break;
    }
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    return control ? "\xef\xbf\xbd" : std::string_view();
}

}  // namespace

void append_html(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t octets = utf8_octets(text);
        const std::string_view instead = octets == 0 ? "\xef\xbf\xbd" : escaped(text.front());
        out.append(instead.empty() ? text.substr(0, octets) : instead);
        text.remove_prefix(octets == 0 ? 1 : octets);
    }
}

}  // namespace portico::http
