// portico/embed/openapi.h — a description of the routes for programs (OpenAPI 3.1), and a page that shows it.
//
//   server.openapi("/openapi.json", {"Notes", "1.0"});
//
// Room embed: see response.h.
// Threads:   values.
#pragma once

#include <string>
#include <utility>

namespace portico {

// What the description says of the whole service, and where the page is.
class OpenApiOptions {
public:
    // A title and a version, as in server.openapi("/openapi.json", {"Notes", "1.0"}).
    // NOLINTNEXTLINE(google-explicit-constructor): see above
    OpenApiOptions(std::string the_title, std::string the_version)
        : title(std::move(the_title)), version(std::move(the_version)) {}

    std::string title;           // of the service
    std::string version;         // of the service
    std::string description;     // may be empty
    std::string page = "/docs";  // the page's path. Empty: there is none
};

}  // namespace portico
