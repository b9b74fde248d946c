// portico/route/routes.h — a server's routes, which all of its cores share.
//
// Room route: see handler.h.
// Threads:   built by one thread, then read by every core.
#pragma once

#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/http/message.h"
#include "portico/route/for_core.h"
#include "portico/route/guard.h"
#include "portico/route/handler.h"
#include "portico/route/hosts.h"
#include "portico/route/middleware.h"
#include "portico/route/refusal_page.h"

namespace portico::route {

// Before a handler: the middleware that its requests go through, outermost first. Ways with a common beginning share
// its elements, so that a core makes each middleware once.
using Way = std::vector<std::shared_ptr<const ForCore<Middleware>>>;

class TrustedProxies;

// One route, as it is added.
struct Definition {
    std::string host;            // "api.example.org", "*.example.org"; empty: every host without routes of its own
    std::string method;          // "GET", which HEAD uses too; empty: every method
    std::string pattern;         // "/notes/{id}": see check_pattern()
    std::source_location where;  // the line that added it
    ForCore<Guard> guard;        // empty: everyone is admitted
    Way way;
    ForCore<Handler> handler;
};

// What is answered before everything else, such as an authority's request for a proof (RFC 8555 §8.3): whatever host it
// names, without guards and middleware, and without TLS at listeners that demand it.
struct Precedence {
    std::function<bool(const http::Request&)> takes;  // every core asks it; empty: it takes nothing
    ForCore<Handler> handler;
};

// Finds routes. A host's own routes are all that it has; other hosts share the routes without a host. The most specific
// pattern wins, segment by segment: a literal wins over a parameter, a parameter over the rest of the path.
class Routes {
public:
    Routes();
    ~Routes();
    Routes(const Routes&) = delete;
    Routes& operator=(const Routes&) = delete;

    // Which hosts requests may name; those of the routes are added to them.
    HostOptions hosts;
    Precedence precedence;
    // The proxies that are trusted to name their clients; null: none is.
    std::shared_ptr<const TrustedProxies> proxies;
    // Whether the content of a request is left unread if there is no route for it, or it is read and dropped before
    // the refusal.
    ContentUse content_of_refused = ContentUse::none;
    // The format of error pages for clients that name none.
    PageFormat unstated_format = PageFormat::html;
    // Comes before everything else on the way of every request, even one that has no other middleware or whose head
    // can't be read. It waits for nothing but the rest of the way. Null: there is none.
    std::shared_ptr<const ForCore<Middleware>> outermost;
    // What the error page says to a person whose request is for a foreign host; a literal. Empty: the usual.
    std::string_view foreign_host_advice;

    // Two routes that take the same requests are an error, which names both; the first one stays.
    void add(Definition definition);
    // A handler that no path leads to, for functions that use what it caches: each core has it as long as the routes.
    void keep(ForCore<Handler> handler) { kept_.push_back(std::move(handler)); }
    // Sets the middleware for requests at and below `prefix` that no pattern matches. The longest prefix applies; ""
    // applies to every path of the host. If one prefix gets two ways, the longer one stays.
    void set_way_below(const std::string& host, const std::string& prefix, const Way& way);
    // One sentence for each route that could not be added.
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

    // A host's routes, for find().
    struct Tree;
    // The result of a search.
    struct Found {
        const Definition* route = nullptr;  // null: no route has this path and method
        // If `route` is null: the definition of the most specific pattern that matches, for another method. Its way
        // leads to the answer that says so. Null: no pattern matches.
        const Definition* other_method = nullptr;
    };
    [[nodiscard]] const Tree& tree_of(std::string_view authority) const;
    // `path`: decoded. Sets `parameters` to views of it: what the pattern's parameters matched.
    [[nodiscard]] static Found find(const Tree& tree, std::string_view method, std::string_view path,
                                    std::vector<std::string_view>& parameters);
    // The methods of all patterns that match the path, in the form of an Allow field. "*": of all patterns that have no
    // further middleware than the tree, because a group's methods may be nobody's business.
    static void list_methods(const Tree& tree, std::string_view path, std::string& list);
    // A definition with a guard; null if there is none.
    [[nodiscard]] static const Definition* guarded(const Tree& tree);
    // Whether any route of the tree has this method.
    [[nodiscard]] static bool knows_method(const Tree& tree, std::string_view method);
    // The middleware for a path that no pattern matches. Empty path: for requests without a path.
    [[nodiscard]] static const Way& way_below(const Tree& tree, std::string_view path);

    // Everything that a router has to make for its core.
    [[nodiscard]] const std::vector<std::unique_ptr<const Definition>>& all() const { return definitions_; }
    [[nodiscard]] const std::vector<ForCore<Handler>>& kept() const { return kept_; }
    [[nodiscard]] std::vector<const Way*> ways_below() const;
    // `hosts`, with those that routes are for.
    [[nodiscard]] HostOptions all_hosts() const;

private:
    [[nodiscard]] Tree& tree_for(const std::string& host);

    std::vector<std::unique_ptr<Tree>> trees_;  // the first one is that of all hosts without routes of their own
    std::vector<std::unique_ptr<const Definition>> definitions_;
    std::vector<ForCore<Handler>> kept_;
    std::vector<std::string> errors_;
};

}  // namespace portico::route
