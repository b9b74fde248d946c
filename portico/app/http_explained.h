// portico/app/http_explained.h — a request of a browser in words, and the page that answers it.
//
// Room app: see command.h.
// Threads:   none. Pure.
#pragma once

#include <string>
#include <string_view>

#include "portico/http/message.h"

namespace portico::app {

// Each line of the request's head with what it means below, for a terminal: nothing in it can control that.
std::string explain_request(const http::Request& request, http::Version version);

// The whole response: a page that shows the request's head, as it was received.
std::string page_about_request(std::string_view head);

// The whole response to a head that is refused.
std::string page_about_refusal(const http::Refusal& refusal);

}  // namespace portico::app
