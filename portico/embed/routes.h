// portico/embed/routes.h — finds the handler for a path.
//
// Room embed: see response.h.
// Threads:   built by one thread, then read by every core.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "portico/embed/route.h"
#include "portico/http/message.h"

namespace portico {

class Next;
// A function that requests pass on their way to a handler; `next` is the rest of the way. It answers by itself, or
// awaits next(request), once, and may change the response.
using Middleware = std::move_only_function<Task<Response>(Request& request, Next next)>;

// The middleware before a handler, outermost first.
using Way = std::vector<std::shared_ptr<Middleware>>;

// A place in the source, for messages: "notes.cc:6".
[[nodiscard]] std::string place_of(const std::source_location& where);

// One handler at one path.
struct Route {
    std::size_t number = 0;      // from 0, in the order in which routes were added
    std::string method;          // "GET"
    std::string pattern;         // "/notes/{id}"
    std::source_location where;  // the line that added it
    Way way;                     // the middleware that its requests go through
    Handle handle;               // the handler at the end of the way
};

// The rest of a request's way, for middleware. It is a value; the way and the handler outlive it.
class Next {
public:
    // `passed`: how many middleware functions of the way the request has passed.
    Next(const Way& way, Handle& handle, std::size_t passed) : way_(&way), handle_(&handle), passed_(passed) {}
    // Passes the request on: to further middleware, then to the handler. Never throws: an exception is reported on
    // standard error and becomes a response with the status 500.
    [[nodiscard]] Task<Response> operator()(Request& request) const;

private:
    const Way* way_;
    Handle* handle_;
    std::size_t passed_;
};

// All routes of a server. The most specific pattern wins, segment by segment: a literal wins over a parameter, a
// parameter over the rest of the path.
class Routes {
public:
    Routes();
    ~Routes();
    Routes(const Routes&) = delete;
    Routes& operator=(const Routes&) = delete;

    // Two routes that take the same requests are an error, which names both; the first one stays.
    void add(std::unique_ptr<Route> route);
    // Sets the middleware for requests at and below `prefix` that no pattern matches. The longest prefix applies; ""
    // applies to every path. If one prefix gets two ways, the longer one stays.
    void set_way_below(const std::string& prefix, const Way& way);
    [[nodiscard]] const std::vector<std::unique_ptr<Route>>& all() const { return routes_; }
    // One sentence for each route that could not be added.
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

    // The result of a search.
    struct Found {
        Route* route = nullptr;                    // null: no route has this path and method
        const Way* way = nullptr;                  // not null after find(): to the route, or to the error response
        std::vector<std::string_view> parameters;  // views of the path
        std::string allow;                         // the methods of all patterns that match; empty if none does
    };
    // `path`: decoded. GET's route also answers HEAD.
    [[nodiscard]] Found find(std::string_view method, std::string_view path) const;
    // The middleware for requests without a path: the server's own.
    [[nodiscard]] const Way& way_of_server() const { return ways_below_.begin()->second; }

private:
    struct Node;
    struct Search;
    void search(const Node& node, std::string_view rest, Search& search) const;
    [[nodiscard]] const Way& way_below(std::string_view path) const;

    std::unique_ptr<Node> root_;
    std::vector<std::unique_ptr<Route>> routes_;
    std::map<std::string, Way, std::less<>> ways_below_;
    std::vector<std::string> errors_;
};

}  // namespace portico
