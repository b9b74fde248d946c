// portico/route/refusal_page.h — the answer to a request that is not served as asked.
//
// Room route: see handler.h.
// Threads:   any; the pages are made only once.
#pragma once

#include <cstdint>
#include <string_view>

#include "portico/http/message.h"

namespace portico::route {

enum class PageFormat : std::uint8_t { html, text, json };

// The format that the request prefers (RFC 9110 §12.5.1). `unstated` if it doesn't say, accepts every format equally,
// or accepts none of them, because a refusal needs an answer in any case.
[[nodiscard]] PageFormat preferred_format(const http::Request& request, PageFormat unstated = PageFormat::html);

// Fills the status, the fields that every refusal needs, Retry-After for 503, and a page of a few lines. `meaning` says
// for people what the status means here, in a sentence without characters that HTML or JSON escapes. If it is empty,
// the page says the usual, and nothing is allocated: these pages are never freed.
void write_refusal(http::Status status, PageFormat format, http::Response& response, std::string_view meaning = {});

// What the status means, for people: the sentence of its page.
[[nodiscard]] std::string_view meaning_of(http::Status status);

// The same page, for a response that is made before its request's preference is known.
[[nodiscard]] std::string_view refusal_text(http::Status status);

}  // namespace portico::route
