// portico/handler/files/markdown.h — Markdown as HTML, by cmark (CommonMark 0.30).
//
// Room handler: see options.h.
// Threads:   any; a pure function. 64 KiB take up to some tens of milliseconds: not on a core's thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace portico::files {

// How the text of a file is shown below a listing.
enum class TextForm : std::uint8_t { plain, markdown };

// By the file's name: ".md" is Markdown, in any case.
[[nodiscard]] TextForm text_form_of(std::string_view name);

// Renders the text as HTML for the middle of a page that has headings of its own: each heading is two levels lower.
// Nothing of the text becomes markup except what Markdown has: HTML in it is left out, and so are links with schemes
// that run scripts or read files. Octets that aren't UTF-8 become U+FFFD.
[[nodiscard]] std::string render_markdown(std::string_view text);

}  // namespace portico::files
