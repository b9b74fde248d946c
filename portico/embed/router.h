// portico/embed/router.h — where a program adds its routes.
//
// Room embed: see response.h.
// Threads:   one thread adds the routes, before a server answers with them.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "portico/embed/folder.h"
#include "portico/embed/hooks.h"
#include "portico/embed/next.h"
#include "portico/embed/openapi.h"
#include "portico/embed/route.h"
#include "portico/embed/websocket.h"

namespace portico::files {
class Folder;
}

namespace portico {

class Group;
struct Hooks;

// Where routes are added: a server, a group of them, or a set for later. Routes that are added once a server answers
// with them are ignored, with a sentence on standard error.
class Router {
public:
    // Adds a handler for a method and a path. Patterns have literal segments, "{name}" for any one segment, and
    // "{name...}" for the rest of the path. See bind_handler() for what a handler takes and returns. GET's handler also
    // answers HEAD; OPTIONS is answered from the table of routes. A handler may be a member function of an object that
    // outlives the server, or that a std::shared_ptr keeps: server.get("/notes/{id}", &Notes::get, notes). What is
    // returned takes notes for openapi().
    template <class Handler, class... Object>
    RouteNotes get(Pattern<detail::TargetOf<Handler, Object...>> pattern, Handler handler, Object&&... object) {
        return add("GET", pattern.text(), pattern.where(),
                   bind_handler(detail::target(std::move(handler), std::forward<Object>(object)...)));
    }
    template <class Handler, class... Object>
    RouteNotes post(Pattern<detail::TargetOf<Handler, Object...>> pattern, Handler handler, Object&&... object) {
        return add("POST", pattern.text(), pattern.where(),
                   bind_handler(detail::target(std::move(handler), std::forward<Object>(object)...)));
    }
    template <class Handler, class... Object>
    RouteNotes put(Pattern<detail::TargetOf<Handler, Object...>> pattern, Handler handler, Object&&... object) {
        return add("PUT", pattern.text(), pattern.where(),
                   bind_handler(detail::target(std::move(handler), std::forward<Object>(object)...)));
    }
    template <class Handler, class... Object>
    RouteNotes patch(Pattern<detail::TargetOf<Handler, Object...>> pattern, Handler handler, Object&&... object) {
        return add("PATCH", pattern.text(), pattern.where(),
                   bind_handler(detail::target(std::move(handler), std::forward<Object>(object)...)));
    }
    template <class Handler, class... Object>
    RouteNotes del(Pattern<detail::TargetOf<Handler, Object...>> pattern, Handler handler, Object&&... object) {
        return add("DELETE", pattern.text(), pattern.where(),
                   bind_handler(detail::target(std::move(handler), std::forward<Object>(object)...)));
    }
    template <class Handler, class... Object>
    RouteNotes route(std::string method, Pattern<detail::TargetOf<Handler, Object...>> pattern, Handler handler,
                     Object&&... object) {
        return add(std::move(method), pattern.text(), pattern.where(),
                   bind_handler(detail::target(std::move(handler), std::forward<Object>(object)...)));
    }

    // Like route(), for a pattern that is known only while the program runs, such as one from a file. If it is wrong,
    // or the handler takes another number of parameters, the server does not start: start() and replace() return why.
    template <class Handler>
    RouteNotes route_at(std::string method, const std::string& pattern, Handler handler,
                        std::source_location where = std::source_location::current()) {
        std::size_t taken = 0;
        if constexpr (detail::Callable<Handler>) taken = detail::parameters_taken<Handler>;
        BoundHandler bound = bind_handler(std::move(handler));
        if (!is_pattern(pattern, taken, where)) return no_notes();
        return add(std::move(method), pattern, where, std::move(bound));
    }

    // Adds a handler of WebSockets for a path: a function of WebSocket& and the path's parameters that returns a
    // Task<void>. Clients open them over HTTP/1.1 (RFC 6455) and HTTP/2 (RFC 8441). The request goes through middleware
    // first, which may refuse it. Other requests for the path get 426.
    template <class Handler>
    void websocket(Pattern<std::type_identity_t<Handler>> pattern, Handler handler,
                   WebSocketOptions options = WebSocketOptions()) {
        add_websocket(pattern.text(), pattern.where(), bind_websocket(std::move(handler)), std::move(options));
    }
    // The same for a member function and its object, as in get().
    template <class Member, class Object>
        requires(std::is_member_function_pointer_v<Member> &&
                 !std::same_as<std::remove_cvref_t<Object>, WebSocketOptions>)
    void websocket(Pattern<detail::TargetOf<Member, Object>> pattern, Member handler, Object&& object,
                   WebSocketOptions options = WebSocketOptions()) {
        add_websocket(pattern.text(), pattern.where(),
                      bind_websocket(detail::target(handler, std::forward<Object>(object))), std::move(options));
    }

    // Requests for the routes that are added from now on go through `middleware`, a function of Request& and Next that
    // returns a Task<Response>. It may answer by itself, or await next(request) and change the response. Requests that
    // no handler answers go through middleware too: 405 and OPTIONS through that of the routes that have the path; 404
    // through that of the group whose prefix the path has, or else the server's; a path that can't be decoded (400) and
    // OPTIONS * through the server's. A head that can't be read is answered without middleware: there is no request.
    template <class Function>
    void use(Function middleware, std::source_location where = std::source_location::current()) {
        if constexpr (std::is_constructible_v<Middleware, Function>) {
            pass_through(Middleware(std::move(middleware)), where);
        } else {
            static_assert(detail::never<Function>,
                          "middleware must be a function of Request& and Next that returns a Task<Response>");
        }
    }

    // Answers GET for `path` with a description of the routes in JSON (OpenAPI 3.1), made from the handlers' types and
    // what their RouteNotes, their arguments' types and the middleware on their way say; and, if the options name a
    // page, with a page for people. It has all routes that are for the same host(), also those that are added later,
    // without these two, files() and WebSockets.
    void openapi(const std::string& path, OpenApiOptions options,
                 std::source_location where = std::source_location::current());

    // `hook` answers requests that the server, middleware or a handler refuses with an error page: 404, 405, 413, 500,
    // 503, a handler's `return Status::conflict` or Response::error(). It is not asked about errors that have other
    // content of their own. Its answer replaces the page: it keeps fields such as Allow, WWW-Authenticate and
    // Retry-After unless the hook sets them, and middleware that is further out sees it like any other. Write
    // Response(refused.status(), …): the status of the response is the status of the answer. If the hook throws, or
    // returns a Status alone, the page stays.
    //
    // The hook of a server or RouteSet itself answers all of its requests, wherever it is added, even those that pass
    // no middleware: requests for a foreign host (421), and those whose head can't be read (400, 408, 414, 431, 505).
    // Of these, the request has only what has been read, often not even a method. Exceptions: requests that lead from
    // http:// to https://, and streams that fail before their first octet. The hook of a group is in the place where it
    // is first added, as middleware is; if it has answered, the server's is not asked.
    void on_refusal(RefusalHook hook, std::source_location where = std::source_location::current());

    // `hook` is told when a handler, middleware, a stream's producer or a WebSocket's handler throws, a response can't
    // be sent, or one of them answers with the status 500 and its error page. The response that it returns takes the
    // page's place, as on_refusal() says, unless part of another has been sent; if it returns nothing or throws,
    // on_refusal() is asked. Of a group's hook and the server's, the group's is told. The operator is told in any case.
    void on_error(ErrorHook hook, std::source_location where = std::source_location::current());

    // A folder whose files the handlers of these routes send by names that they choose.
    [[nodiscard]] Folder folder(std::string path, std::source_location where = std::source_location::current());

    // A group of routes below `prefix`, such as "/api", which has no parameters. The group begins with this router's
    // current middleware and may add its own. Its pattern "" is the prefix itself, "/" the prefix followed by a slash.
    // Requests below the prefix that no route takes go through the group's middleware too, unless the prefix is empty.
    [[nodiscard]] Group group(std::string prefix, std::source_location where = std::source_location::current()) const;

    // A group of routes for one host: "api.example.org", or "*.example.org" for the names below it. Such a host has
    // only the routes of its groups, and a request may name it whatever Options::hosts says. The group begins with this
    // router's prefix and current middleware.
    [[nodiscard]] Group host(std::string name, std::source_location where = std::source_location::current()) const;

    // Serves the files of a folder below `prefix`, as `portico serve` does: with ranges, validators, compression and
    // index files, but without listings of folders. More specific routes win.
    void files(std::string prefix, std::string folder, std::source_location where = std::source_location::current());

    struct State;  // for the library itself

protected:
    // `state` is shared by a router, its groups, and the server that answers with it.
    explicit Router(std::shared_ptr<State> state) : state_(std::move(state)) {}
    [[nodiscard]] const std::shared_ptr<State>& state() const { return state_; }
    // Appends the middleware.
    void pass_through(const Middleware& middleware, std::source_location where);

private:
    // Those that on_refusal() and on_error() set. They get their place on the way when they are first needed.
    [[nodiscard]] Hooks& hooks(std::source_location where);
    // `prefix` with a slash at its front and none at its end. Notes an error if it can't be a prefix.
    std::string check_prefix(std::string prefix, std::source_location where) const;
    // Whether this can be the pattern of a handler that takes so many parameters; if not, notes an error.
    [[nodiscard]] bool is_pattern(const std::string& pattern, std::size_t parameters, std::source_location where) const;
    RouteNotes add(std::string method, const std::string& pattern, std::source_location where, BoundHandler handler);
    // For a route that can't be added.
    [[nodiscard]] static RouteNotes no_notes();
    void add_websocket(const std::string& pattern, std::source_location where, BoundWebSocket handler,
                       WebSocketOptions options);
    void add_handler(std::string method, const std::string& pattern, std::source_location where,
                     route::ForCore<route::Handler> handler);
    // Null, and an error is noted, if the folder can't be opened.
    [[nodiscard]] std::shared_ptr<const files::Folder> open_folder(const std::string& path, const char* purpose) const;
    [[nodiscard]] std::vector<std::shared_ptr<const Middleware::ForCore>> way() const;

    std::shared_ptr<State> state_;  // shared with the groups
    std::string host_;              // empty: every host without routes of its own
    std::string prefix_;
    std::vector<Middleware> way_;
    bool has_own_prefix_ = true;  // the server's is ""
    bool is_group_ = false;
    std::shared_ptr<Hooks> hooks_;  // null: there are none
};

// Routes with a common prefix and common middleware; see Router::group().
class Group final : public Router {
private:
    friend class Router;
    using Router::Router;
};

// Routes for Server::replace(). Copies refer to the same routes.
class RouteSet final : public Router {
public:
    RouteSet();

private:
    friend class Server;
};

}  // namespace portico
