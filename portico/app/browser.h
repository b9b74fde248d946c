// portico/app/browser.h — opens a page in the user's browser.
//
// Room app: see command.h.
#pragma once

#include <optional>
#include <string>

namespace portico::app {

// Asks the desktop to open `url` (xdg-open) and returns without waiting. Error: a sentence that gives the reason.
std::optional<std::string> why_not_opened(const std::string& url);

}  // namespace portico::app
