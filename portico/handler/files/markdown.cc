// portico/handler/files/markdown.cc — see markdown.h.
//
// cmark takes time in proportion to the text, whatever the text is (markdown_test.cc has the worst that we know). Its
// variant with tables does not: a table of 64 KiB can take ten seconds, and become 100 MB.
#include "portico/handler/files/markdown.h"

#include <cmark.h>

#include <algorithm>
#include <memory>

#include "portico/http/fields.h"

namespace portico::files {
namespace {

constexpr int levels_above = 2;  // the page's own headings
constexpr int level_max = 6;

void lower_heading(cmark_node& heading) {
    cmark_node_set_heading_level(&heading, std::min(cmark_node_get_heading_level(&heading) + levels_above, level_max));
}

// The rows of a table, which CommonMark does not know, stay lines.
void keep_line_of_table(cmark_node& line_end) {
    cmark_node* const first = cmark_node_first_child(cmark_node_parent(&line_end));
    const char* const text = cmark_node_get_literal(first);
    if (text == nullptr || text[0] != '|') return;
    if (cmark_node_replace(&line_end, cmark_node_new(CMARK_NODE_LINEBREAK)) == 1) cmark_node_free(&line_end);
}

void fit_to_page(cmark_node& document) {
    const std::unique_ptr<cmark_iter, decltype(&cmark_iter_free)> walk(cmark_iter_new(&document), cmark_iter_free);
    for (auto event = cmark_iter_next(walk.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(walk.get())) {
        cmark_node* const node = cmark_iter_get_node(walk.get());
        if (event != CMARK_EVENT_ENTER) continue;
        if (cmark_node_get_type(node) == CMARK_NODE_HEADING) lower_heading(*node);
        if (cmark_node_get_type(node) == CMARK_NODE_SOFTBREAK) keep_line_of_table(*node);
    }
}

}  // namespace

TextForm text_form_of(std::string_view name) {
    constexpr std::string_view ending = ".md";
    const bool is_markdown =
        name.size() > ending.size() && http::equals_ignoring_case(name.substr(name.size() - ending.size()), ending);
    return is_markdown ? TextForm::markdown : TextForm::plain;
}

std::string render_markdown(std::string_view text) {
    // Without CMARK_OPT_UNSAFE, raw HTML becomes a comment, and dangerous links lead nowhere.
    constexpr int options = CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8;
    const std::unique_ptr<cmark_node, decltype(&cmark_node_free)> document(
        cmark_parse_document(text.data(), text.size(), options), cmark_node_free);
    fit_to_page(*document);
    const std::unique_ptr<char, void (*)(void*)> html(cmark_render_html(document.get(), options),
                                                      cmark_get_default_mem_allocator()->free);
    return html.get();
}

}  // namespace portico::files
