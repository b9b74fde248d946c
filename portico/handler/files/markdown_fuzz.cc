// Markdown of any octets: the HTML is well-formed UTF-8, has no markup except what CommonMark has, and no link runs a
// script.
#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "portico/handler/files/markdown.h"
#include "portico/http/fields.h"
#include "portico/http/utf8.h"

namespace {

using namespace portico;

constexpr std::array<std::string_view, 18> elements{"p",  "h3", "h4", "h5",  "h6",     "blockquote",
                                                    "ul", "ol", "li", "em",  "pre",    "code",
                                                    "a",  "hr", "br", "img", "strong", "!--"};
constexpr std::array<std::string_view, 6> attributes{"href", "title", "src", "alt", "start", "class"};
constexpr std::array<std::string_view, 4> dangerous{"javascript:", "vbscript:", "file:", "data:"};

// Where browsers look for the scheme of a link: after white space and controls.
void check_link(std::string_view link) {
    while (!link.empty() && static_cast<unsigned char>(link.front()) <= ' ') link.remove_prefix(1);
    const auto begins_with = [link](std::string_view text) {
        return http::equals_ignoring_case(link.substr(0, text.size()), text);
    };
    assert(begins_with("data:image/") || std::ranges::none_of(dangerous, begins_with));
}

// name="value", with a space before it.
void check_attributes(std::string_view text) {
    while (!text.empty() && text != " /") {
        assert(text.front() == ' ');
        const std::size_t equals = text.find("=\"");
        assert(equals != text.npos);
        const std::string_view name = text.substr(1, equals - 1);
        assert(std::ranges::find(attributes, name) != attributes.end());
        text.remove_prefix(equals + 2);
        const std::size_t end = text.find('"');
        assert(end != text.npos);
        if (name == "href" || name == "src") check_link(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
}

void check_markup(std::string_view html) {
    std::vector<std::string_view> open;
    for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at)) {
        const std::size_t end = html.find('>', at);
        assert(end != html.npos);
        const std::string_view tag = html.substr(at + 1, end - at - 1);
        at = end;
        const bool closes = tag.starts_with('/');
        const std::string_view name = tag.substr(closes ? 1 : 0, tag.find(' ') - (closes ? 1 : 0));
        assert(std::ranges::find(elements, name) != elements.end());
        if (name == "!--") {
            assert(tag == "!-- raw HTML omitted --");
        } else if (closes) {
            assert(!open.empty() && open.back() == name);
            open.pop_back();
        } else {
            check_attributes(tag.substr(name.size()));
            if (!tag.ends_with('/')) open.push_back(name);
        }
    }
    assert(open.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string html = files::render_markdown({reinterpret_cast<const char*>(data), size});
    assert(http::is_utf8(html));
    check_markup(html);
    return 0;
}
