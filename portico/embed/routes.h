// portico/embed/routes.h — which handler a path leads to.
//
// Room embed: see response.h.
// Threads:   built by one, then read by every core.
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
// What a request goes through on its way to a handler; `next` is the rest of the way. It answers by itself, or awaits
// next(request), once, and may change what comes back.
using Middleware = std::move_only_function<Task<Response>(Request& request, Next next)>;

// What requests go through before a handler, outermost first.
using Way = std::vector<std::shared_ptr<Middleware>>;

// "notes.cc:6", for messages.
[[nodiscard]] std::string place_of(const std::source_location& where);

// One handler at one path.
struct Route {
    std::string method;          // "GET"
    std::string pattern;         // "/notes/{id}"
    std::source_location where;  // it was added
    Way way;                     // the middleware that its requests go through
    Handle handle;               // at the end of the way
};

// The rest of a request's way, for middleware. A value; the way and the handler outlive it.
class Next {
public:
    // `passed`: how much of the way lies behind.
    Next(const Way& way, Handle& handle, std::size_t passed) : way_(&way), handle_(&handle), passed_(passed) {}
    // The rest of the way: further middleware, then the handler. Nothing of it throws: an exception is told on standard
    // error, and becomes a response with the status 500.
    [[nodiscard]] Task<Response> operator()(Request& request) const;

private:
    const Way* way_;
    Handle* handle_;
    std::size_t passed_;
};

// The most specific pattern wins, segment by segment: a literal before a parameter, a parameter before the rest of the
// path.
class Routes {
public:
    Routes();
    ~Routes();
    Routes(const Routes&) = delete;
    Routes& operator=(const Routes&) = delete;

    // Two routes that take the same requests are an error: it names both, and the first one stays.
    void add(std::unique_ptr<Route> route);
    // What requests go through at and below `prefix` that no pattern matches; the longest prefix counts. "": all paths.
    // Of two for one prefix the longer stays.
    void set_way_below(const std::string& prefix, const Way& way);
    // Sentences, one for each route that could not be added.
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

    // What there is for a request.
    struct Found {
        Route* route = nullptr;                    // null: there is none for this method
        const Way* way = nullptr;                  // never null: to the route, or to the answer that there is none
        std::vector<std::string_view> parameters;  // views of the path
        std::string allow;                         // the methods of all patterns that match; empty where none does
    };
    // `path`: decoded. HEAD is answered by GET's route.
    [[nodiscard]] Found find(std::string_view method, std::string_view path) const;
    // What requests go through that have no path: the server's own middleware.
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
