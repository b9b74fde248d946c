// portico/site/refusal_page.h — the answer to a request that is not served as asked.
//
// Room site: see options.h.
// Threads:   any; the pages are made only once.
#pragma once

#include <cstdint>
#include <memory>

#include "portico/http/message.h"
#include "portico/site/site.h"

namespace portico::site {

enum class PageFormat : std::uint8_t { html, text, json };

// The format that the request prefers (RFC 9110 §12.5.1). HTML if it doesn't say, or accepts none of them, because a
// refusal needs an answer in any case.
[[nodiscard]] PageFormat preferred_format(const http::Request& request);

// Fills the status, the fields that it needs — Allow (405), WWW-Authenticate (401), Retry-After (503) — and a page of a
// few lines. Allocates nothing; the response's owner is the site, and the pages are never freed.
void write_refusal(http::Status status, PageFormat format, const std::shared_ptr<const Site>& site,
                   http::Response& response);

}  // namespace portico::site
