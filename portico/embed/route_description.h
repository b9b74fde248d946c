// portico/embed/route_description.h — the notes on a route, as a router keeps them.
//
// Room embed: see response.h. Internal.
// Threads:   one thread's, then constant.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "portico/embed/middleware_notes.h"
#include "portico/embed/route_notes.h"

namespace portico {

struct RouteNotes::Description {
    // A parameter that is not in the path.
    struct Parameter {
        detail::ParameterPlace place;
        std::string name;
        std::string text;
        Presence presence;
        detail::ValueType type;
        detail::Standard standard;
    };
    struct Answer {
        std::string text;
        std::string schema;  // JSON; empty: none
    };

    std::string host;  // of its group; empty: every host
    std::string method;
    std::string pattern;
    std::source_location where;
    detail::HandlerTypes types;
    std::vector<std::shared_ptr<const MiddlewareNotes>> way;  // from the outermost one; never null
    std::string text;
    std::map<std::string, std::string> parameters;  // of the path
    std::vector<Parameter> others;                  // in the order of their first notes
    std::string content_schema;                     // JSON; empty: none
    std::string content_example;                    // the same
    std::map<std::uint16_t, Answer> answers;
    bool is_hidden = false;
    std::vector<std::string> errors;
};

}  // namespace portico
