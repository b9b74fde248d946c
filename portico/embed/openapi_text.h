// portico/embed/openapi_text.h — the texts of a description of routes, and of the page that shows it.
//
// Room embed: see response.h. Internal.
// Threads:   none. Functions of their arguments.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portico/embed/openapi.h"
#include "portico/embed/route_description.h"

namespace portico {

// One parameter of a pattern: "{id}", or "{path...}" for the rest of the path.
struct PathParameter {
    std::string name;
    bool is_rest;
};

// A pattern, as OpenAPI writes paths.
struct PathTemplate {
    std::string shape;  // without names: two templates of the same shape are the same path
    std::string text;
    std::vector<PathParameter> parameters;
};

[[nodiscard]] PathTemplate template_of(std::string_view pattern);

// The description of the routes without a host of their own, or with `host`, in the order in which their paths were
// added.
[[nodiscard]] std::string openapi_text(const std::vector<std::shared_ptr<RouteNotes::Description>>& routes,
                                       std::string_view host, const OpenApiOptions& options);

// The page for the description at `json_path`. Script and style are at its own path with ".js" and ".css".
[[nodiscard]] std::string openapi_page(std::string_view page_path, std::string_view json_path, std::string_view title);
[[nodiscard]] std::string_view openapi_script();
[[nodiscard]] std::string_view openapi_style();

}  // namespace portico
